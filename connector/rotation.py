"""The life of a secret: what is handed out, what is used, when the next one is due, and when the old one goes. Pure.

A person has to type a new value into the UTM. So it is made early, proven before anybody hears of it, handed out beside
the old one, and the old one is taken away a day after somebody has said that the new one is entered.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from connector.caller import By
from connector.credential import CredentialRecord, Rotation, RotationState
from connector.hours import at_its_hour
from connector.model import Connection
from connector.steps import OperationKind

REMINDERS = (14, 7, 3, 1)
"""Days before the end of the old one on which somebody is reminded that the new one is not entered."""
RETIRES_AFTER = timedelta(hours=24)
"""For so long after the confirmation the old one stays: who was wrong can still go back."""
LATE = timedelta(days=4)
"""A use of the old one that is older, and the last that Entra's record shows, was the last: the record is a day or two
late, and dated at midnight. For no longer than that is waited for a record that shows nothing new."""
URGENT = timedelta(days=7)
"""For so long before the end of the old one a person is needed, and no longer only warned."""
PROOFS = 5
"""How often in a row the token endpoint has to accept a new one: single servers learn of it late (AADSTS7000215)."""
PROVEN_FOR = timedelta(minutes=1)
TRIED = 3
"""Into so many mailboxes is logged in with a new one."""
AFTER_FAILURE = timedelta(days=1)
AFTER_ABANDON = timedelta(days=7)
_EARLIEST = timedelta(days=30)
_SPACED = timedelta(seconds=2)
"""Two deliveries of one activity are one proof."""
_LIVES = timedelta(days=90)
"""What a secret is taken to live whose beginning nobody has kept."""


WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


class Mode(StrEnum):
    """Who begins a rotation."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


def state_of(rotation: Rotation | None) -> RotationState | None:
    """Return how far it is; None where there is none."""
    return rotation.state if rotation is not None else None


def offered(connection: Connection) -> Rotation | None:
    """Return the rotation whose new secret somebody has to enter."""
    rotation = connection.rotation
    return rotation if rotation is not None and rotation.state is RotationState.OFFERED else None


def used(connection: Connection) -> CredentialRecord | None:
    """Return the secret with which what is ours logs in: never the next one, as long as the present one can be used.

    Otherwise nobody could tell by the use of the new one that the UTM has it.
    """
    rotation = offered(connection)
    return rotation.next if rotation is not None and rotation.alone else connection.secret


def dead(rotation: Rotation, now: datetime) -> bool:
    """Return whether the next secret must not be entered any more: others have taken it away, or it has expired."""
    return rotation.gone or (rotation.next is not None and rotation.next.expires_on <= now)


def open_for(rotation: Rotation | None, now: datetime) -> bool:
    """Return whether a rotation has come so far that no other one is begun: its secret is offered, or confirmed."""
    if rotation is None or rotation.state is RotationState.PREPARING:
        return False
    return not dead(rotation, now)


def given_up(connection: Connection) -> bool:
    """Return whether the next secret is just being taken away."""
    return connection.operation.kind is OperationKind.ABANDON and connection.operation.ended is None


def handed_out(connection: Connection, now: datetime) -> CredentialRecord | None:
    """Return the secret that a person is to enter in the UTM; None where none is ready, or it must not be entered."""
    rotation = connection.rotation
    if rotation is None or rotation.state is RotationState.RETIRING:
        return connection.secret
    if rotation.state is RotationState.PREPARING:
        return None if rotation.alone else connection.secret
    return None if dead(rotation, now) or given_up(connection) else rotation.next


def old_works_until(connection: Connection) -> datetime | None:
    """Return until when the UTM goes on with the secret that it has; None where it has none that works."""
    rotation, old = connection.rotation, connection.secret
    if rotation is None:
        return None
    if rotation.state is RotationState.RETIRING:
        return retires_on(rotation)
    return old.expires_on if old is not None and offered(connection) is not None and not rotation.alone else None


def retires_on(rotation: Rotation) -> datetime | None:
    """Return when the old one is taken away; None before the confirmation.

    A day later; where Entra's record can be read, not before that could show that the old one is used all the same.
    That takes more than a day, so a person's word is not acted upon before the record could speak against it.
    """
    if rotation.confirmed_on is None:
        return None
    return rotation.confirmed_on + (LATE if rotation.record_behind else RETIRES_AFTER)


def still_used(rotation: Rotation, now: datetime) -> bool:
    """Return whether the old one has been used of late, though the UTM is said to have the new one."""
    used_on = rotation.old_used_on
    return rotation.state is RotationState.RETIRING and used_on is not None and now - used_on < LATE


def needs_person(connection: Connection, now: datetime) -> bool:
    """Return whether mail stops, or stops soon, unless somebody enters the new one."""
    rotation, old = offered(connection), connection.secret
    return rotation is not None and (rotation.alone or old is None or old.expires_on - now <= URGENT)


def begins_on(secret: CredentialRecord) -> datetime:
    """Return when the next one is due: at two thirds of the lifetime, or 30 days before the end if that is earlier.

    Never in the first half: under a policy of 30 days each secret would be replaced as soon as it is made.
    """
    lives = _lives(secret)
    made = secret.expires_on - lives
    return min(made + lives * 2 / 3, max(secret.expires_on - _EARLIEST, made + lives / 2))


def begins(connection: Connection, mode: Mode, weekdays: Collection[int], now: datetime) -> bool:
    """Return whether a rotation is to be begun, or gone on with, by itself; ``weekdays`` are those on which it may be.

    In the last sixth of the lifetime any day will do (Monday is 0). It begins from the connection's own hour on, less
    than a day early, so that not all begin at once. What somebody has begun is gone on with in either mode: another
    operation may have taken its place, and nobody would come to it.
    """
    secret, rotation, rest = connection.secret, connection.rotation, connection.rest
    if state_of(rotation) is RotationState.PREPARING:
        return mode is Mode.AUTOMATIC or (rotation is not None and not rotation.stopped)
    if mode is Mode.MANUAL or (rest is not None and now < rest.until):
        return False
    late = secret is None or now >= secret.expires_on - _lives(secret) / 6
    if not (late or now.weekday() in weekdays):
        return False
    if rotation is not None:
        return rotation.kind == "secret" and dead(rotation, now)
    if secret is None or secret.kind == "certificate":
        return False  # the UTM makes the next certificate, and a person brings it
    half = secret.expires_on - _lives(secret) / 2
    return now >= max(half, at_its_hour(connection.name, begins_on(secret)))


def stopped(connection: Connection) -> Rotation | None:
    """Return the rotation as it is when somebody cancels what works: where that prepares it, it is stopped."""
    rotation = connection.rotation
    if rotation is None or connection.operation.kind is not OperationKind.ROTATE:
        return rotation
    return rotation.model_copy(update={"stopped": rotation.state is RotationState.PREPARING})


def retires(connection: Connection, now: datetime) -> bool:
    """Return whether the old one is to be taken away: a day after the confirmation, or after its end at once."""
    rotation, old = connection.rotation, connection.secret
    if rotation is None or rotation.state is RotationState.PREPARING:
        return False
    if rotation.state is RotationState.OFFERED:
        return old is not None and old.expires_on <= now
    expired = rotation.old is None or rotation.old.expires_on <= now
    on = retires_on(rotation)
    return expired or on is None or (now >= on and not still_used(rotation, now))


def reminds(connection: Connection, now: datetime) -> int | None:
    """Return the days before the end of the old one for which somebody is to be reminded now, or None.

    Only the nearest counts, as for the end of a secret.
    """
    rotation, old = offered(connection), connection.secret
    if rotation is None or rotation.alone or old is None:
        return None
    nearest = min((days for days in REMINDERS if old.expires_on - now <= timedelta(days=days)), default=None)
    return nearest if nearest not in rotation.reminded else None


def reminded(connection: Connection, days: int) -> None:
    """Note that somebody was reminded, so many days before the end of the old one."""
    if connection.rotation is not None:
        told = sorted({*connection.rotation.reminded, days})
        connection.rotation = connection.rotation.model_copy(update={"reminded": told})


def confirmed(connection: Connection, now: datetime, by: By | None) -> None:
    """Note that the UTM has the secret that is offered: it is the connection's from now on, and the old one retires."""
    rotation = offered(connection)
    if rotation is None or rotation.next is None:
        return
    old, connection.secret = connection.secret, rotation.next.model_copy(update={"confirmed_by": by})
    connection.rotation = retiring(rotation, old, now) if old is not None else None
    connection.rest = None  # what came to nothing before is over


def not_to_be_entered(connection: Connection, key_id: str) -> None:
    """Note that the secret with this key id is being taken away, where it is the one that is offered."""
    rotation = offered(connection)
    if rotation is not None and rotation.next is not None and rotation.next.key_id == key_id:
        connection.rotation = rotation.model_copy(update={"gone": True})


def offer(rotation: Rotation, now: datetime) -> Rotation:
    """Return a rotation whose new secret is handed out from now on."""
    return rotation.model_copy(update={"state": RotationState.OFFERED, "offered_on": now})


def retiring(rotation: Rotation, old: CredentialRecord, confirmed_on: datetime) -> Rotation:
    """Return a rotation whose new secret is the connection's, and of which only the old one is left."""
    left = {"state": RotationState.RETIRING, "old": old, "next": None, "alone": False, "confirmed_on": confirmed_on}
    return rotation.model_copy(update=left)


def counted(rotation: Rotation, now: datetime, *, accepted: bool) -> Rotation:
    """Return the rotation after the token endpoint was asked once more for the new one."""
    if not accepted:
        return rotation.model_copy(update={"accepted": 0, "accepted_since": None, "accepted_on": None})
    if rotation.accepted_on is not None and now - rotation.accepted_on < _SPACED:
        return rotation
    more = {"accepted": rotation.accepted + 1, "accepted_since": rotation.accepted_since or now, "accepted_on": now}
    return rotation.model_copy(update=more)


def proven(rotation: Rotation) -> bool:
    """Return whether the token endpoint knows the new one, on all its servers as far as that can be seen."""
    if rotation.accepted_since is None or rotation.accepted_on is None:
        return False
    return rotation.accepted >= PROOFS and rotation.accepted_on - rotation.accepted_since >= PROVEN_FOR


def _lives(secret: CredentialRecord) -> timedelta:
    return secret.expires_on - secret.made_on if secret.made_on is not None else _LIVES
