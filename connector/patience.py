"""A look that somebody waits for: repeated for a few seconds while a service asks to wait, then given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from connector.clock import Budget
from connector.errors import ServiceName, UnavailableError, WaitError

T = TypeVar("T")
SECONDS = 8.0
"""For how long a look is repeated: as long as a person, or a page, waits without thinking that nothing happens."""
_LONGEST = 20.0
"""Seconds after which a look that has not come back is given up, repeated or not."""
_FIRST_PAUSE = 0.5


async def patiently(
    service: ServiceName, ask: Callable[[], Awaitable[T]], seconds: float = SECONDS, longest: float = _LONGEST
) -> T:
    """Return what ``ask`` returns, asked again while the service asks to wait and there is time for it.

    Raises:
        WaitError: there was no answer in that time.
    """
    budget, pause = Budget(seconds), _FIRST_PAUSE
    while True:
        try:
            async with asyncio.timeout(longest):
                return await ask()
        except TimeoutError:
            raise UnavailableError(service, "too-slow", "no answer within the time for a look") from None
        except WaitError as error:
            wait = max(error.seconds or 0.0, pause)
            if wait > budget.left:
                raise
        await asyncio.sleep(wait)
        pause *= 2
