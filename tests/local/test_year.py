"""A year of simulated days: mail stops on the days on which the UTM's own credential opens no mailbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.model import Connection
from connector.operation import Operation
from connector.steps import ConnectionState, OperationKind
from connector.wanted import Wanted
from local.year import Stopped, rests, spans, year
from local.year.happenings import Deed, Happenings, calm

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _silent(_day: int, _what: str) -> None: ...


async def test_in_a_calm_year_the_utm_has_another_secret_and_no_day_is_without_mail() -> None:
    """Until after the first renewal, now and then a day; ``make soak`` has each day of the whole year."""
    async with year(calm(), _silent) as one:
        assert await one.run(175, 25) == []
    assert len({*one.utm.entered}) == 2


async def test_mail_stops_when_nobody_enters_the_new_secret_and_when_others_take_something_away() -> None:
    happenings = Happenings({20: Deed.TAKE_ACCESS}, after=[0], never=0, noticed=20)
    async with year(happenings, _silent) as one:
        stopped = await one.run(200, 20)
    assert [each.day for each in stopped] == [20, 40, 180, 200]
    assert stopped[0] == Stopped(20, f"IMAP refuses the mailbox: {Deed.TAKE_ACCESS}")
    assert "came to its end" in stopped[2].why
    assert "was not entered" in stopped[2].why


@pytest.mark.parametrize(
    ("kind", "left", "done"),
    [
        (OperationKind.SET_UP, {}, True),
        (OperationKind.SET_UP, {"cancelled": True}, False),
        (OperationKind.SET_UP, {"cancelled": True, "ended": NOW}, True),
        (OperationKind.ROTATE, {}, False),
        (OperationKind.ROTATE, {"ended": NOW}, True),
    ],
)
def test_a_run_that_is_being_ended_is_waited_for(kind: OperationKind, left: dict[str, Any], *, done: bool) -> None:
    one = Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"]),
        operation=Operation.model_validate({"id": "op", "kind": kind, "started": NOW, **left}),
        state=ConnectionState.ACTION_REQUIRED,
        since=NOW,
        last_change=NOW,
    )
    assert rests(one) is done


def test_days_that_follow_one_another_for_one_reason_are_one_line() -> None:
    stopped = [Stopped(day, "a") for day in (3, 4, 9, 10)] + [Stopped(11, "b")]
    assert spans(stopped) == [("3 to 4", "a"), ("9 to 10", "a"), ("11", "b")]
