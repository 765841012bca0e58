"""What is asked at once ends together."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from connector.errors import ForbiddenError, ServiceError, ThrottledError, UnavailableError
from connector.together import together

ROOT = Path(__file__).parents[2]


async def test_answers_come_in_order_and_are_asked_at_once() -> None:
    met = asyncio.Barrier(2)

    async def answer(value: int) -> int:
        await met.wait()
        return value

    async with asyncio.timeout(30):
        assert await together(answer(1), answer(2)) == (1, 2)


async def test_the_first_error_is_raised_when_nothing_runs_any_more() -> None:
    ended: list[str] = []

    async def late(error: Exception | None = None) -> None:
        await asyncio.sleep(0)
        ended.append("late")
        if error is not None:
            raise error

    async def early() -> None:
        ended.append("early")
        raise LookupError

    with pytest.raises(KeyError):
        await together(late(KeyError()), early(), late())
    assert ended == ["early", "late", "late"]


SHORT, LONG = (ThrottledError("graph", "throttled", "", None, seconds) for seconds in (5, 40))
SILENT = ThrottledError("graph", "throttled", "", None, None)


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ((SHORT, LONG), LONG),
        ((LONG, SHORT, SILENT), LONG),
        ((SILENT, SHORT), SHORT),
        ((SHORT, ThrottledError("vault", "throttled", "", None, 90)), SHORT),
        ((SHORT, UnavailableError("graph", "unavailable", "", None, 90)), SHORT),
        ((ForbiddenError("graph", "x", ""), LONG), None),
        ((SILENT, ThrottledError("graph", "throttled", "", None, None)), SILENT),
    ],
)
async def test_of_several_that_say_when_to_come_back_the_latest_counts(
    errors: tuple[ServiceError, ...], raised: ServiceError | None
) -> None:
    async def failing(error: ServiceError) -> None:
        raise error

    with pytest.raises(ServiceError) as caught:
        await together(*(failing(error) for error in errors))
    assert caught.value is (raised or errors[0])


def test_nothing_else_asks_several_things_at_once() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("activities", "connector", "orchestrations", "triggers")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\b(?:gather|TaskGroup|as_completed)\(", path.read_text("utf-8"))
    }
    assert found == {"connector/together.py"}
