"""What a step or a look has seen: its kind, what it is about, and whether somebody may accept it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.document import Document
from connector.steps import StepName

Severity = Literal["error", "warning", "info"]

OF_OTHERS = frozenset(
    {
        "foreign-application",
        "foreign-owner",
        "foreign-credential",
        "foreign-enterprise-application",
        "foreign-enterprise-owner",
        "foreign-enterprise-credential",
        "maker-unknown",
    }
)
"""The findings that somebody else has made an application, owns it, or can sign in as it."""
ACCEPTABLE = OF_OTHERS | {"application-deleted", "principal-stale"}
"""The findings that somebody may accept: the set-up then goes on."""

PROVEN_BY_LOGIN = "proven-by-login"
LAST_KEPT = "last-secret-kept"
"""Nothing is taken away, since the secret in use was seen to be dead."""


class Finding(Document):
    """What a step or a look has seen. Its texts are in ``connector/messages`` under ``code``; ``values`` fill them."""

    code: str
    severity: Severity = "error"
    step: StepName
    subject: str = ""
    values: dict[str, str | int] = Field(default_factory=dict)
    causes: list[str] = Field(default_factory=list)
    """What it may come from, where we may not look: keys of ``cause`` in ``connector/messages``."""
    request_id: str | None = None

    @classmethod
    def of(
        cls, step: StepName, code: str, subject: str = "", severity: Severity = "error", **values: str | int
    ) -> Finding:
        """Return one with its values; who says much of one step names that once, by ``partial``."""
        return cls(code=code, severity=severity, step=step, subject=subject, values=dict(values))

    @property
    def id(self) -> str:
        """Return what an acceptance names: the code, what it is about, and the seal of what others could exchange."""
        return ":".join(part for part in (self.code, self.subject, str(self.values.get("seal", ""))) if part)

    @property
    def application_id(self) -> str | None:
        """Return which application it is about, where an acceptance could be bound to one."""
        return str(self.values["applicationId"]) if "applicationId" in self.values else None

    @property
    def acceptable(self) -> bool:
        """Return whether it may be accepted at all, for the one application that it is about."""
        return self.code in ACCEPTABLE and self.application_id is not None

    @property
    def awaits_acceptance(self) -> bool:
        """Return whether accepting it lets the set-up go on; what was accepted is only information."""
        return self.acceptable and self.severity != "info"
