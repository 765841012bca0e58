"""A look that is repeated for a few seconds, and then given up."""

from __future__ import annotations

import asyncio
import time

import pytest

from connector import patience
from connector.errors import ForbiddenError, ServiceError, ThrottledError, UnavailableError
from connector.patience import patiently


class Service:
    """A service that says no a few times."""

    def __init__(self, *errors: ServiceError) -> None:
        self.errors = [*errors]
        self.asked = 0

    async def ask(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def throttled(seconds: float | None) -> ThrottledError:
    return ThrottledError("graph", "throttled", "", None, seconds)


async def test_who_is_throttled_for_a_moment_asks_again() -> None:
    service = Service(throttled(0.01), throttled(None))
    assert await patiently("graph", service.ask, 30.0) == "answer"
    assert service.asked == 3


@pytest.mark.parametrize(
    ("error", "asked"), [(throttled(60.0), 1), (throttled(86_400.0), 1), (ForbiddenError("graph", "403", ""), 1)]
)
async def test_nobody_waits_for_longer_than_a_look_is_worth(error: ServiceError, asked: int) -> None:
    service, began = Service(*[error] * 9), time.monotonic()
    with pytest.raises(type(error)):
        await patiently("graph", service.ask, 30.0)
    assert (service.asked, time.monotonic() - began < 30.0) == (asked, True)


async def test_a_look_that_does_not_come_back_is_given_up() -> None:
    async def silent() -> None:
        await asyncio.sleep(60)

    assert patience._LONGEST < 60
    with pytest.raises(UnavailableError) as caught:
        await patiently("vault", silent, 0.1, longest=0.1)
    assert (caught.value.service, caught.value.code) == ("vault", "too-slow")
