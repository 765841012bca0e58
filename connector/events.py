"""Which events a change of a connection's document makes: what it was before, and what it is now. Pure.

Asked in one place, when a document is written (``Documents``), and of nothing but the two documents: who changes one
need not think of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connector.caller import RENEWS, WATCHES
from connector.credential import CredentialRecord, Rest, Rotation, RotationState
from connector.event import Data, Event, EventType, event
from connector.steps import ConnectionState, OperationKind

if TYPE_CHECKING:
    from connector.model import Connection

_TOLD = {
    ConnectionState.READY: EventType.READY,
    ConnectionState.ACTION_REQUIRED: EventType.ACTION_REQUIRED,
    ConnectionState.FAILED: EventType.FAILED,
}
"""The states that somebody is told of; the others pass."""
_HEARD = {EventType.READY: "warning"}
"""The severity of the findings that an event names, where it is not ``error``."""
_NOT_TOLD = frozenset({"rotation-abandoned"})
"""What became of a rotation because somebody wanted it so."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What events are made of, taken from a document before it is changed."""

    standing: str | None
    secret: CredentialRecord | None
    rotation: Rotation | None
    rest: Rest | None
    removed: bool
    outbox: tuple[Event, ...]
    told: str
    events: int


def facts(connection: Connection) -> Facts:
    """Return what the events of the next change are compared with."""
    return Facts(
        standing=_standing(connection),
        secret=connection.secret,
        rotation=connection.rotation,
        rest=connection.rest,
        removed=connection.removed is not None,
        outbox=tuple(connection.outbox),
        told=connection.told,
        events=connection.events,
    )


def note(before: Facts, after: Connection, at: datetime) -> None:
    """Put the events of a change into the outbox of the document, behind those that wait there; ``at`` is its time.

    The change may have left the outbox out, as one does that makes the document anew: nothing is lost by that.
    """
    after.events = before.events
    told = [*_of_state(before, after, at), *_of_secret(before, after, at), *_of_rotation(before, after, at)]
    if (standing := _standing(after)) is not None and any(one.type in _TOLD.values() for one in told):
        after.told = standing
    elif not after.told:
        after.told = before.told
    waiting = [*before.outbox, *told]
    if waiting != after.outbox:
        after.outbox = waiting


def _standing(connection: Connection) -> str | None:
    """Return what somebody is told of a connection's state once, and again when it is another; None where it passes."""
    kind = _TOLD.get(connection.state)
    if kind is None:
        return None
    codes = () if kind is EventType.READY else _codes(connection, kind)
    return " ".join((kind, str(connection.wanted.revision), *codes))


def _codes(connection: Connection, kind: EventType) -> tuple[str, ...]:
    severity = _HEARD.get(kind, "error")
    return tuple(sorted({one.code for one in connection.findings() if one.severity == severity}))


def _of_state(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    if after.removed is not None:
        if not before.removed:
            said = Data(state=after.state, revision=after.wanted.revision, removed_on=after.removed.on)
            yield _event(EventType.REMOVED, after, at, said)
        return
    standing, kind = _standing(after), _TOLD.get(after.state)
    if kind is None or standing in {before.standing, before.told}:
        return
    said = Data(state=after.state, revision=after.wanted.revision, findings=list(_codes(after, kind)))
    yield _event(kind, after, at, said, standing)


def _of_secret(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    secret, earlier = after.secret, before.secret
    if secret is None:
        return
    known = earlier.warned_days if earlier is not None and earlier.key_id == secret.key_id else []
    for days in sorted({*secret.warned_days} - {*known}):
        left = max(0, (secret.expires_on - at).days)
        said = _of_key(secret).model_copy(update={"days_left": left, "by": WATCHES})
        yield _event(EventType.EXPIRING, after, at, said, secret.key_id, days)


def _of_rotation(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    yield from _offered(before, after, at)
    yield from _overdue(before, after, at)
    yield from _confirmed(before, after, at)
    yield from _retired(before, after, at)
    rest = after.rest
    if rest is not None and rest != before.rest and rest.code not in _NOT_TOLD and after.removed is None:
        said = _begun_by(before.rotation, Data(findings=[rest.code], tries_again_on=rest.until))
        yield _event(EventType.ROTATION_FAILED, after, at, said, rest.code, rest.on)


def _offered(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    new = _offer(after.rotation)
    if new is not None and (_offer(before.rotation) is None or _key(_offer(before.rotation)) != new.key_id):
        said = _begun_by(after.rotation, _beside(new, after.secret))
        yield _event(EventType.OFFERED, after, at, said, new.key_id)


def _overdue(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    new, old, rotation = _offer(after.rotation), after.secret, after.rotation
    if new is None or old is None or rotation is None:
        return
    known = before.rotation.reminded if before.rotation is not None and before.rotation.id == rotation.id else []
    for days in sorted({*rotation.reminded} - {*known}):
        left = max(0, (old.expires_on - at).days)
        said = _beside(new, old).model_copy(update={"days_left": left, "by": RENEWS})
        yield _event(EventType.OVERDUE, after, at, said, new.key_id, days)


def _confirmed(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    new = _offer(before.rotation)
    if new is None or after.secret is None or after.secret.key_id != new.key_id or _offer(after.rotation) is not None:
        return
    rotation = after.rotation
    said = _of_key(after.secret).model_copy(update={"by": after.secret.confirmed_by})
    old = rotation.old if rotation is not None else None
    if old is not None:
        said = said.model_copy(update={"old_key_id": old.key_id, "old_works_until": old.expires_on})
    yield _event(EventType.CONFIRMED, after, at, said, new.key_id)


def _retired(before: Facts, after: Connection, at: datetime) -> Iterator[Event]:
    """Yield that the old one is taken away: by the operation that does so, since others only find one gone."""
    old = before.rotation.old if before.rotation is not None and before.rotation.old is not None else before.secret
    left = {_key(one) for one in after.secret_records()}
    if after.operation.kind is not OperationKind.RETIRE or old is None or old.key_id in left:
        return
    now = after.secret or _offer(after.rotation)
    yield _event(EventType.RETIRED, after, at, Data(key_id=_key(now), old_key_id=old.key_id), old.key_id)


def _offer(rotation: Rotation | None) -> CredentialRecord | None:
    """Return what somebody has to enter."""
    return rotation.next if rotation is not None and rotation.state is RotationState.OFFERED else None


def _key(secret: CredentialRecord | None) -> str | None:
    return secret.key_id if secret is not None else None


def _begun_by(rotation: Rotation | None, said: Data) -> Data:
    """Return what is said with who has begun the rotation: the operation that goes on with it may be a timer's."""
    by = rotation.by if rotation is not None else None
    return said.model_copy(update={"by": by}) if by is not None else said


def _of_key(secret: CredentialRecord) -> Data:
    return Data(key_id=secret.key_id, expires_on=secret.expires_on)


def _beside(new: CredentialRecord, old: CredentialRecord | None) -> Data:
    if old is None:
        return _of_key(new)
    return _of_key(new).model_copy(update={"old_key_id": old.key_id, "old_works_until": old.expires_on})


def _event(kind: EventType, connection: Connection, at: datetime, said: Data, *content: object) -> Event:
    """Return an event; who has asked for it is who has asked for the operation, unless ``said`` knows better."""
    connection.events += 1
    by = said.by if "by" in said.model_fields_set else connection.operation.by
    data = said.model_copy(update={"connection": connection.name, "by": by})
    return event(kind, at, connection.operation.id, connection.name, connection.events, *content, data=data)
