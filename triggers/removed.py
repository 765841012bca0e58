"""What is shown of a connection that was taken back: what was, when, on whose word, and what stays for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from connector.dates import TIMES, Time
from connector.document import Document
from connector.messages import Language, text, times
from connector.plans.plan import Action
from connector.removed import Removed
from connector.steps import StepName
from connector.visible import visible
from triggers.by_view import ByView, by_view

_APPLICATION = timedelta(days=30)
"""learn.microsoft.com/graph/api/resources/directory: a deleted application can be restored for so long."""
_SECRET = timedelta(days=90)
"""The longest that a vault keeps one: learn.microsoft.com/azure/key-vault/general/soft-delete-overview."""


class TakenView(Document):
    """Something that was taken back."""

    step: StepName
    action: str
    text: str
    subject: str
    on: datetime | None


class RemovedView(Document):
    """What was taken back of a connection, and what stays."""

    on: datetime
    asked_on: datetime
    by: ByView | None = Field(description="Who has asked for it.")
    taken: list[TakenView]
    mailboxes: list[str] = Field(description="From which the access was taken.")
    imap: list[str] = Field(description="On which IMAP was switched on for the connection, and stays so.")
    application_id: str | None
    stays: list[str] = Field(description="What is still there, for how long and why, in words.")
    times: list[Time] = Field(default=[], description=TIMES)


def removed_view(record: Removed, lang: Language) -> RemovedView:
    """Return the record in words."""
    stays = [*_stays(record, lang)]
    return RemovedView(
        on=record.on,
        asked_on=record.asked_on,
        by=by_view(record.by),
        taken=[
            TakenView(
                step=one.step,
                action=one.action,
                text=text(lang, "action", one.action),
                subject=visible(one.subject),
                on=one.on,
            )
            for one in record.taken
        ],
        mailboxes=record.mailboxes,
        imap=record.imap,
        application_id=record.application_id,
        stays=[said for said, _ in stays],
        times=[one for _, told in stays for one in told],
    )


def _stays(record: Removed, lang: Language) -> Iterator[tuple[str, list[Time]]]:
    def told(key: str, **values: str | int | datetime) -> tuple[str, list[Time]]:
        return text(lang, "label", key, values=values), times(lang, "label", key, values=values)

    if record.application_id is not None:
        yield told("staysApplication", id=record.application_id, until=record.on + _APPLICATION)
    if record.gone is not None:
        # From when on nobody has said to us: from before this removal.
        yield told("staysRestorable", id=record.gone, until=record.on + _APPLICATION)
    if record.stays is not None:
        yield told("staysForeign", id=record.stays)
    if any(one.action == Action.DELETE_SECRET for one in record.taken):
        yield told("staysSecret", until=record.on + _SECRET)
    if record.imap:
        yield told("staysImap", number=len(record.imap))
