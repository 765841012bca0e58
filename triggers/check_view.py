"""What the daily check has seen of a connection, as it is shown."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.check import drift, holds, looking, overall
from connector.checks import Answer, Check, Snooze
from connector.document import Document
from connector.finding import Finding
from connector.hours import hour_of
from connector.messages import Language
from connector.model import Connection
from connector.remedy import Context
from connector.steps import StepName
from triggers.findings import FindingView, finding_view


class ItemView(Document):
    """What was seen of one step's things."""

    step: StepName
    answer: Answer


class SnoozeView(Document):
    """A finding that nobody is told of for a while."""

    key: str = Field(description="What `DELETE …/snooze/{id}` takes.")
    id: str = Field(description="The finding's.")
    code: str
    message: str = Field(description="The finding in words; empty where it is not seen any more.")
    reason: str
    until: datetime
    on: datetime
    by: str


class HealthView(Document):
    """What the last look has seen. It is looked once a day, and nothing is changed by it."""

    answer: Answer | None = Field(
        description="`good`, `drifted`, or `not-readable`, which is neither; null where nobody has looked yet."
    )
    looked_on: datetime | None
    looking: bool = Field(description="Whether it is looked at this moment.")
    current: bool = Field(description="Whether an operation since has left what was seen as it was.")
    hour: int = Field(description="From which hour of the day on, in UTC, it is looked.")
    items: list[ItemView] = Field(default=[])
    mailboxes: dict[Answer, int] = Field(default={}, description="How many were seen to be each.")
    drift: list[str] = Field(default=[], description="Ids of those of the connection's findings that a look has found.")
    unread: list[FindingView] = Field(default=[], description="What could not be looked at.")
    more: int = Field(default=0, description="How many findings were too many to be kept.")
    snoozed: list[SnoozeView] = Field(default=[])


def health_view(check: Check, connection: Connection, now: datetime, lang: Language, context: Context) -> HealthView:
    """Return what was seen of a connection, in words."""
    seen = check.seen
    found = (*seen.drift, *seen.unread, *check.shared) if seen is not None else ()
    return HealthView(
        answer=overall(check, now),
        looked_on=seen.on if seen is not None else None,
        looking=looking(check, now),
        current=holds(check, connection),
        hour=hour_of(connection.name),
        items=[ItemView(step=one.step, answer=one.answer) for one in seen.items] if seen is not None else [],
        mailboxes=seen.mailboxes if seen is not None else {},
        drift=[one.id for one in drift(check, connection, now)],
        unread=[finding_view(one, lang, context) for one in seen.unread] if seen is not None else [],
        more=seen.more if seen is not None else 0,
        snoozed=[_snooze_view(one, found, lang, context) for one in check.snoozed if one.until > now],
    )


def _snooze_view(one: Snooze, found: tuple[Finding, ...], lang: Language, context: Context) -> SnoozeView:
    meant = next((finding for finding in found if finding.id == one.id), None)
    message = finding_view(meant, lang, context).message if meant is not None else ""
    return SnoozeView(**one.model_dump(exclude={"digest"}), key=one.digest, message=message)
