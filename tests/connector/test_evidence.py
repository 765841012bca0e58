"""What Entra's record of sign-ins proves, and that it never proves that nobody uses a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import (
    ForbiddenError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.evidence import LastUses, Unknown, by_others, not_known

KEY = "6f1c0d2e-0000-4000-8000-00000000000a"
OURS = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("used", "ours", "proves"),
    [
        (at(6), OURS, True),
        (at(5), OURS, False),  # ours of half past nine may be rounded up to it
        (at(4), OURS, False),
        (at(5, 9, 39), OURS, False),  # a day later, but for what clocks differ by
        (at(5, 9, 40), OURS, True),
        (at(5), at(4), False),
        (at(5, 0, 10), at(4), True),
        (at(11), OURS, True),  # dated by a zone ahead of ours
        (at(11, 9), OURS, False),  # nobody has used it tomorrow
        (at(6), None, False),  # we may be using it ourselves
        (NEVER, OURS, False),
        (datetime.max.replace(tzinfo=UTC), OURS, False),
    ],
)
def test_a_use_is_somebody_else_s_when_it_is_dated_a_day_after_ours(
    used: datetime, ours: datetime | None, proves: bool
) -> None:
    found = by_others(LastUses({KEY: used}), KEY.upper(), ours, NOW)
    assert found == (used if proves else None)


def test_a_key_that_is_not_in_the_record_is_not_known() -> None:
    assert by_others(LastUses(), KEY, OURS, NOW) is None
    assert by_others(LastUses({"another": at(6)}), KEY, OURS, NOW) is None


@given(
    ours=st.datetimes(OURS.replace(tzinfo=None), NOW.replace(tzinfo=None), timezones=st.just(UTC)),
    hours=st.integers(0, 24),
)
def test_no_rounding_makes_our_own_use_somebody_else_s(ours: datetime, hours: int) -> None:
    """Down to midnight, up to it, in any zone: a date lies within a day of what it dates."""
    assert by_others(LastUses({KEY: ours + timedelta(hours=hours)}), KEY, ours, NOW) is None


def test_nothing_known_is_never_a_no() -> None:
    """There is no answer that says that a key is not used: only a date, or nothing."""
    for why in Unknown:
        assert by_others(LastUses(unknown=why), KEY, OURS, NOW) is None


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ForbiddenError("graph", "Authentication_MSGraphPermissionMissing", ""), Unknown.REFUSED),
        (ForbiddenError("graph", "Authentication_RequestFromNonPremiumTenantOrB2CTenant", ""), Unknown.NO_LICENCE),
        (UnexpectedAnswerError("graph", "x", "Tenant does not have premium license."), Unknown.NO_LICENCE),
        (UnexpectedAnswerError("graph", "BadRequest", "Resource not found for the segment"), Unknown.NOT_OFFERED),
        (RefusedError("graph", "x", ""), Unknown.NOT_OFFERED),
        (UnavailableError("graph", "unavailable", ""), Unknown.UNREADABLE),
        (ThrottledError("graph", "throttled", ""), Unknown.UNREADABLE),
    ],
)
def test_every_error_says_why_nothing_is_known(error: ServiceError, why: Unknown) -> None:
    assert not_known(error) == LastUses(unknown=why)
