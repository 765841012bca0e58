"""A whole deployment in one small document, for whoever looks at many: no address, no secret, below 10 kB. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from connector.check import fresh, overall
from connector.checks import Answer, Check
from connector.credential import RotationState
from connector.document import Document
from connector.finding import Finding
from connector.model import Connection
from connector.rotation import state_of, used
from connector.standing import Standing
from connector.steps import SETTLED, ConnectionState, MailboxState, StepName

MOST = 20
"""Connections that are listed; the others that need somebody are counted."""
_CODES = 4
"""Findings that are named of each."""
_SHOWN = 40
"""Characters of the customer's name: of the longest label as many as a table has room for, and no more bytes."""
_AT_WORK = frozenset({ConnectionState.RUNNING, ConnectionState.WAITING})
_BROKEN = frozenset({ConnectionState.ACTION_REQUIRED, ConnectionState.FAILED, ConnectionState.INTERRUPTED})


class Overall(StrEnum):
    """How a connection, or a deployment, is: what is not known is never ``ok``."""

    OK = "ok"
    ATTENTION = "attention"
    UNKNOWN = "unknown"
    BROKEN = "broken"


_ORDER = [*Overall]
"""From the best to the worst."""


class StatusEntry(Document):
    """A connection that needs somebody."""

    name: str
    overall: Overall
    state: ConnectionState
    provider: str | None
    expires_on: datetime | None
    days_left: int | None
    rotation: RotationState | None
    last_proven: datetime | None = Field(description="When all its mailboxes were last seen to open.")
    mailboxes: dict[MailboxState, int]
    health: Answer | None
    findings: list[str] = Field(description="Codes, at most 4.")


class Coverage(Document):
    """What could not be read, and why."""

    complete: bool
    unread: dict[str, int] = Field(default={}, description="How many connections, by why.")


class StatusView(Document):
    """A whole deployment: no address of a mailbox, no secret, below 10 kB."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    version: str
    customer: str
    tenant: str | None
    checked_at: datetime
    overall: Overall
    connections: int
    by_state: dict[ConnectionState, int]
    needing: list[StatusEntry] = Field(description="The worst first, at most 20.")
    more: int = Field(description="How many others need somebody.")
    next_end: datetime | None = Field(description="When the next credential in use comes to its end.")
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one connection; of one whose document cannot be read only its name."""

    name: str
    connection: Connection | None = None
    standing: Standing | None = None
    check: Check | None = None
    provider: str | None = None


def status(
    known: Sequence[Known], *, version: str, customer: str, now: datetime, missing: Iterable[str] = ()
) -> StatusView:
    """Return the document; ``missing`` says why anything else could not be read."""
    there = [one for one in known if one.connection is None or one.connection.removed is None]
    unread = Counter(missing)
    unread.update(why for one in there if (why := _unread(one, now)) is not None)
    needing = sorted(
        (_entry(one, now) for one in there if _how(one, now) is not Overall.OK),
        key=lambda one: (-_ORDER.index(one.overall), one.days_left if one.days_left is not None else 10**6, one.name),
    )
    ends = [secret.expires_on for one in there if one.connection and (secret := used(one.connection)) is not None]
    worst = max((one.overall for one in needing), key=_ORDER.index, default=Overall.OK)
    return StatusView(
        version=version,
        customer=customer[:_SHOWN],
        tenant=next(
            (one.connection.ids.tenant_id for one in there if one.connection and one.connection.ids.tenant_id), None
        ),
        checked_at=now,
        overall=max(worst, Overall.UNKNOWN if unread else Overall.OK, key=_ORDER.index),
        connections=len(there),
        by_state=dict(Counter(_state(one) for one in there)),
        needing=needing[:MOST],
        more=max(0, len(needing) - MOST),
        next_end=min(ends, default=None),
        coverage=Coverage(complete=not unread, unread=dict(unread)),
    )


def _state(one: Known) -> ConnectionState:
    return one.standing.state if one.standing is not None else ConnectionState.UNREADABLE


def _unread(one: Known, now: datetime) -> str | None:
    """Return why nobody knows how a connection is."""
    if one.connection is None or one.standing is None or _state(one) is ConnectionState.UNREADABLE:
        return "document-unreadable"
    if _state(one) is ConnectionState.CANCELLED or (_state(one) in _AT_WORK and fresh(one.connection.since, now)):
        return None
    ended = one.connection.operation.ended
    if ended is not None and fresh(ended, now):  # an operation has looked as well
        return None
    answer = overall(one.check, now) if one.check is not None else None
    if answer is None:
        return "not-looked-at"
    return "not-readable" if answer is Answer.NOT_READABLE else None


def _how(one: Known, now: datetime) -> Overall:
    state = _state(one)
    if state in _BROKEN:
        return Overall.BROKEN
    if _unread(one, now) is not None:
        return Overall.UNKNOWN
    warned = one.standing is not None and any(finding.severity != "info" for finding in one.standing.findings)
    return Overall.ATTENTION if warned or state is ConnectionState.CANCELLED else Overall.OK


def _entry(one: Known, now: datetime) -> StatusEntry:
    connection, standing = one.connection, one.standing
    secret = used(connection) if connection is not None else None
    told = standing.findings if standing is not None else ()
    codes = list(dict.fromkeys(found.code for found in sorted(told, key=_severe) if found.severity != "info"))
    return StatusEntry(
        name=one.name,
        overall=_how(one, now),
        state=_state(one),
        provider=one.provider,
        expires_on=secret.expires_on if secret is not None else None,
        days_left=max(0, (secret.expires_on - now).days) if secret is not None else None,
        rotation=state_of(connection.rotation) if connection is not None else None,
        last_proven=_proven(connection, one.check) if connection is not None else None,
        mailboxes=connection.counts() if connection is not None else {},
        health=overall(one.check, now) if one.check is not None else None,
        findings=codes[:_CODES],
    )


def _severe(finding: Finding) -> int:
    return ("error", "warning", "info").index(finding.severity)


def _proven(connection: Connection, check: Check | None) -> datetime | None:
    """Return when a verification or a look has last opened all mailboxes."""
    step = connection.steps.get(StepName.VERIFICATION)
    found = [step.ended] if step is not None and step.state in SETTLED and step.ended is not None else []
    seen = check.seen if check is not None else None
    if seen is not None and any(
        item.step is StepName.VERIFICATION and item.answer is Answer.GOOD for item in seen.items
    ):
        found.append(seen.on)
    return max(found, default=None)
