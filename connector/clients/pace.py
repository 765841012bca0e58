"""How often a service is asked for what nobody waits for: one request at a time, and not too many in a row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from connector.background import nobody_waits
from connector.clock import now

_SLICE = 0.05
"""Seconds for which it is slept at a time: the app's clock may be faster than the machine's."""


class Pace:
    """Lets through at once whatever somebody waits for."""

    def __init__(self, every: float) -> None:
        self._every = timedelta(seconds=every)
        self._turn = asyncio.Lock()
        self._next = datetime.min.replace(tzinfo=UTC)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn: one at a time, and ``every`` seconds from the beginning of one to that of the next."""
        if not nobody_waits():
            yield
            return
        async with self._turn:
            while (left := (self._next - now()).total_seconds()) > 0:  # noqa: ASYNC110 - for a time, not an event
                await asyncio.sleep(min(left, _SLICE))
            self._next = now() + self._every
            yield
