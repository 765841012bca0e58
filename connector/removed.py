"""What a removal takes back, and what is kept of a connection that was taken back."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, Field

from connector.caller import KeptBy
from connector.document import Document
from connector.finding import Finding
from connector.steps import StepName


class Taken(Document):
    """Something that a removal takes back: kept before it is tried."""

    step: StepName
    action: str
    subject: str
    on: AwareDatetime | None = None
    """When it was read to be gone, whoever took it back."""

    def through(self, step: StepName, now: datetime) -> Taken:
        """Return it when a step is settled: gone now, where it is of that step and was not gone before."""
        return self.model_copy(update={"on": now}) if self.step is step and self.on is None else self


class Removed(Document):
    """What is kept of a connection that was taken back."""

    on: AwareDatetime
    asked_on: AwareDatetime
    by: KeptBy = None
    """Who has asked for it."""
    taken: list[Taken] = Field(default_factory=list)
    mailboxes: list[str] = Field(default_factory=list)
    """From which the access was taken."""
    imap: list[str] = Field(default_factory=list)
    """On which we had switched IMAP on, and it stays so: other programs may use it by now."""
    application_id: str | None = None
    """Of the application, which can be restored for 30 days; None where none was deleted."""
    gone: str | None = None
    """The id of an application of ours that somebody else had deleted before: what it held then comes back with it."""
    stays: str | None = None
    """The id of an application that was not ours, and is still there."""
    findings: list[Finding] = Field(default_factory=list)
    """What was to be said."""
