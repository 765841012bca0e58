"""What the API shows of the mailboxes: of those that are wanted, or of those that a removal takes back."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.address import international
from connector.document import Document
from connector.mailbox import MailboxRecord
from connector.messages import Language
from connector.model import Connection
from connector.remedy import Context
from connector.steps import MailboxState, StepName, StepState
from connector.wanted import Absent
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
    """One page of the mailboxes: of those on the list; while a removal is under way, of those that it takes back."""

    total: int
    counts: dict[MailboxState, int]
    next: str | None
    items: list[MailboxView]


def takes_back(connection: Connection) -> bool:
    """Return whether nothing is wanted of the mailboxes any more but their access back."""
    return isinstance(connection.goal, Absent) and connection.operation.begun and connection.removed is None


def taken_back(connection: Connection) -> dict[MailboxState, int]:
    """Return how many mailboxes a removal has taken the access from, and how many are left."""
    left = sum(len(chunk.leaving) for chunk in connection.chunks)
    counts = {MailboxState.REMOVED: sum(chunk.taken for chunk in connection.chunks), _left(connection): left}
    return {state: number for state, number in counts.items() if number}


def in_removal(record: MailboxRecord, connection: Connection) -> MailboxRecord:
    """Return a mailbox as a removal has left it; what a set-up had found of it says nothing any more."""
    if record.taken_on is None:
        return record.model_copy(update={"state": _left(connection), "finding": None})
    return record.model_copy(update={"state": MailboxState.REMOVED, "finding": None, "access": None, "proven_on": None})


def _left(connection: Connection) -> MailboxState:
    """Return how one stands whose access is not taken back: as the step that does it."""
    state = connection.step(StepName.MAILBOXES).state
    known = {StepState.PENDING: MailboxState.PENDING, StepState.ACTION_REQUIRED: MailboxState.ACTION_REQUIRED}
    return known.get(state, MailboxState.WAITING)


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
