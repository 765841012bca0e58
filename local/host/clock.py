"""The host's clock: real time, or faster, or leaping to the next moment at which something is due."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Begins at the real time and runs ``factor`` times as fast."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self._skipped = timedelta()
        self._real = time.monotonic()
        self._start = datetime.now(UTC)
        self._leapt = 0.0
        self._asleep: dict[asyncio.Future[None], float] = {}
        """Who sleeps, and at which second awake each is to be woken."""

    def now(self) -> datetime:
        """Return the present time on this clock."""
        return self._start + self._skipped + timedelta(seconds=self._awake())

    def _awake(self) -> float:
        """Return the seconds that have passed for whoever sleeps."""
        return (time.monotonic() - self._real) * self.factor + self._leapt

    def skip(self, seconds: float) -> None:
        """Let seconds pass at once. Who sleeps sleeps on as before, as if the host had been away meanwhile."""
        self._skipped += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asleep[woken] = self._awake() + seconds
        try:
            await asyncio.wait([woken], timeout=seconds / self.factor)
        finally:
            del self._asleep[woken]

    def leap(self) -> float:
        """Let time pass at once until the first of those who sleep is to wake, and wake it; return the seconds.

        Nobody else may be at work: its work would take no time.
        """
        first = min(self._asleep.values(), default=0.0)
        seconds = max(first - self._awake(), 0.0) if self._asleep else 0.0
        self._leapt += seconds
        for woken in [one for one, due in self._asleep.items() if due <= first and not one.done()]:
            woken.set_result(None)
        return seconds
