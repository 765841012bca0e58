"""The host's clock: real time, or time that passes faster."""

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

    def now(self) -> datetime:
        """Return the present time on this clock."""
        return self._start + self._skipped + timedelta(seconds=(time.monotonic() - self._real) * self.factor)

    def skip(self, seconds: float) -> None:
        """Let seconds pass at once. Who sleeps sleeps on as before, as if the host had been away meanwhile."""
        self._skipped += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        await asyncio.sleep(seconds / self.factor)
