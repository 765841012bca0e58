"""How long a service asks to wait, as it says it and as it should not."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.clients.retry_after import retry_after

DAY = 86_400


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), (" 7 ", 7), ("0", 0), ("90000", DAY), ("9" * 400, DAY), ("", None), (None, None), ("soon", None)],
)
def test_a_number_is_seconds_up_to_a_day(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_a_date_is_the_time_until_then() -> None:
    now = datetime.now(UTC)
    later = retry_after(format_datetime(now + timedelta(seconds=60), usegmt=True))
    assert later is not None
    assert 55 < later <= 60
    assert retry_after(format_datetime(now - timedelta(seconds=60), usegmt=True)) == 0
    assert retry_after(format_datetime(now + timedelta(days=9), usegmt=True)) == DAY
    without_zone = (now + timedelta(seconds=60)).strftime("%a, %d %b %Y %H:%M:%S -0000")
    assert 55 < (retry_after(without_zone) or 0) <= 60


@given(st.text())
@example("²")
@example("-3")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_anything_is_a_wait_that_a_timer_can_make_or_none(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= DAY)
