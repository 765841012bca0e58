"""The host's clock: real time, or time that passes faster."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Begins at the real time and runs ``factor`` times as fast."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor
        self._real = time.monotonic()
        self._start = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the present time on this clock."""
        return self._start + timedelta(seconds=(time.monotonic() - self._real) * self._factor)

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        await asyncio.sleep(seconds / self._factor)
