"""What the API shows of the mailboxes."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.address import international
from connector.document import Document
from connector.mailbox import MailboxRecord
from connector.messages import Language
from connector.remedy import Context
from connector.steps import MailboxState
from triggers.findings import FindingView, finding_view


class MailboxView(Document):
    """One mailbox."""

    requested: str
    address: str | None = Field(description="The user principal name: what the UTM must use.")
    written: str | None = Field(
        default=None, description="The address as people write it, where its domain is an international one."
    )
    state: MailboxState
    access_given: bool = Field(
        description="Whether this connection gave the access, and takes it back with the mailbox."
    )
    proven_on: datetime | None
    finding: FindingView | None


class MailboxPage(Document):
    """One page of the mailboxes."""

    total: int
    counts: dict[MailboxState, int]
    next: str | None
    items: list[MailboxView]


def mailbox_view(record: MailboxRecord, lang: Language, context: Context) -> MailboxView:
    """Return one mailbox."""
    return MailboxView(
        requested=record.requested,
        address=record.address,
        written=international(record.address or record.requested),
        state=record.state,
        access_given=record.held,
        proven_on=record.proven_on,
        finding=finding_view(record.finding, lang, context) if record.finding is not None else None,
    )
