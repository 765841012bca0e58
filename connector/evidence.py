"""Whether somebody else signs in with a credential, by Entra's record of when each was last used. Pure.

The record is beta, comes late (a day or two, nobody says how much), is dated at midnight, and holds our own sign-ins
too (learn.microsoft.com/graph/api/resources/appcredentialsigninactivity). It needs a right of its own, Entra ID P1 and
the global cloud, and there are tenants in which it holds nothing. So it can say "yes, since", and otherwise nothing:
**what is not known is never a no**.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from connector.caller import RENEWS
from connector.credential import Rotation, RotationState
from connector.errors import ForbiddenError, ServiceError, WaitError
from connector.microsoft import CLOCKS, NO_LICENCE, NO_LICENCE_WORDS
from connector.model import Connection
from connector.rotation import confirmed, given_up, offered

_DAY = timedelta(days=1)
_MARGIN = _DAY + 2 * CLOCKS
"""A date is rounded to a midnight, by an unknown rule and in an unknown zone: a use is later than ours for certain only
when its date is a day later. The rest is what clocks may differ by, there and here."""


class Heard(StrEnum):
    """What the record has told."""

    CONFIRMED = "confirmed"
    """The UTM has the secret that is offered."""
    OLD_STILL_USED = "old-still-used"
    RECORD = "record"
    """How far it reaches."""


class Unknown(StrEnum):
    """Why nothing is known."""

    NOT_GRANTED = "not-granted"
    """The identity lacks the right; it is off by default, and not missing."""
    NO_LICENCE = "no-licence"
    NOT_OFFERED = "not-offered"
    """This cloud has no such record."""
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    """The service did not answer, or with what cannot be read; later it may."""


@dataclass(frozen=True, slots=True)
class LastUses:
    """When each credential of one application was last used, as far as the record knows by now."""

    dates: Mapping[str, datetime] = field(default_factory=dict)
    """By key id, in lower case."""
    unknown: Unknown | None = None
    """Why there are none."""


def by_others(uses: LastUses, key_id: str, ours_until: datetime | None, now: datetime) -> datetime | None:
    """Return the date by which somebody else has used a credential for certain; None where that is not known.

    Args:
        uses: the record.
        key_id: which credential.
        ours_until: nobody of ours has used it after this; None where that cannot be said.
        now: no use can be later, whatever the record says.
    """
    used = uses.dates.get(key_id.lower())
    if used is None or ours_until is None or used > now + _DAY:
        return None
    return used if used - ours_until >= _MARGIN else None


def not_known(error: ServiceError) -> LastUses:
    """Return what an error of the record says: nothing, and why."""
    if isinstance(error, WaitError):
        return LastUses(unknown=Unknown.UNREADABLE)
    if error.code in NO_LICENCE or any(word in error.reason.lower() for word in NO_LICENCE_WORDS):
        return LastUses(unknown=Unknown.NO_LICENCE)
    return LastUses(unknown=Unknown.REFUSED if isinstance(error, ForbiddenError) else Unknown.NOT_OFFERED)


def next_used(connection: Connection, uses: LastUses, now: datetime) -> datetime | None:
    """Return by which day the UTM has used the secret that is offered; None where that is not known.

    From the offer on nobody of ours uses it, unless there is no other one that works, and then it is noted.
    """
    rotation = offered(connection)
    if rotation is None or rotation.next is None or rotation.gone or rotation.alone or given_up(connection):
        return None
    ours = max(rotation.offered_on, rotation.ours_on or rotation.offered_on) if rotation.offered_on else None
    return by_others(uses, rotation.next.key_id, ours, now)


def old_used(connection: Connection, uses: LastUses, now: datetime) -> datetime | None:
    """Return when the old secret was used after the UTM was said to have the new one; None where that is not known.

    Nobody of ours uses it then. A suspicion is enough here: who leaves it for some days more breaks nothing.
    """
    rotation = connection.rotation
    if rotation is None or rotation.state is not RotationState.RETIRING:
        return None
    old, since = rotation.old, rotation.confirmed_on
    if old is None or since is None:
        return None
    used = uses.dates.get(old.key_id.lower())
    return used if used is not None and since < used <= now + _DAY else None


def heed(connection: Connection, uses: LastUses, now: datetime) -> Heard | None:
    """Note what the record proves: the UTM has the secret that is offered, or somebody has the old one still.

    Returns what was noted; None where that is nothing.
    """
    used = next_used(connection, uses, now)
    if used is not None:
        confirmed(connection, now, RENEWS)
        if connection.secret is not None:
            connection.secret = connection.secret.model_copy(update={"used_since": used})
        return Heard.CONFIRMED
    rotation = connection.rotation
    if rotation is None or rotation.state is not RotationState.RETIRING or uses.unknown is not None:
        return None
    old, behind = old_used(connection, uses, now) or rotation.old_used_on, _behind(connection, rotation, uses, now)
    connection.rotation = rotation.model_copy(update={"old_used_on": old, "record_behind": behind})
    if rotation.old_used_on != old:
        return Heard.OLD_STILL_USED
    return Heard.RECORD if rotation.record_behind != behind else None


def _behind(connection: Connection, rotation: Rotation, uses: LastUses, now: datetime) -> bool:
    """Return whether the record does not reach beyond a confirmation by a person.

    With what it has last shown of any credential of the application it has come so far. One that holds nothing is not
    waited for: there are such tenants. Nor is it where it has confirmed itself.
    """
    by_itself = connection.secret is not None and connection.secret.used_since is not None
    shown = [used for used in uses.dates.values() if used <= now + _DAY]
    if by_itself or not shown or rotation.confirmed_on is None:
        return False
    return max(shown) - rotation.confirmed_on < _MARGIN
