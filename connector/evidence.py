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

from connector.errors import ForbiddenError, ServiceError, WaitError
from connector.microsoft import CLOCKS, NO_LICENCE, NO_LICENCE_WORDS

_DAY = timedelta(days=1)
_MARGIN = _DAY + 2 * CLOCKS
"""A date is rounded to a midnight, by an unknown rule and in an unknown zone: a use is later than ours for certain only
when its date is a day later. The rest is what clocks may differ by, there and here."""


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
