"""The tenant's own time: it may run faster than real time, and a test may let some of it pass by hand."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Tenant time. Only tokens carry real dates: the SDKs compare these with the machine's clock.

    A factor of 0 lets time stand still but for ``advance``: then nothing in a run depends on how fast it is.
    """

    def __init__(self, factor: float = 1.0, *, began: datetime | None = None, advanced: float = 0.0) -> None:
        self._factor = factor
        self._start = time.monotonic()
        self.began = began or datetime.now(UTC)
        """The date of second 0."""
        self._advanced = advanced

    def now(self) -> float:
        """Return the tenant seconds that have passed since the start."""
        return (time.monotonic() - self._start) * self._factor + self._advanced

    def begin(self) -> datetime:
        """Let time begin now: what has passed since the start counts for nothing. Return the date."""
        self._start = time.monotonic()
        return self.date()

    def date(self) -> datetime:
        """Return the tenant's date and time; it runs as fast as its seconds."""
        return self.began + timedelta(seconds=self.now())

    def advance(self, seconds: float) -> None:
        """Let tenant seconds pass at once."""
        self._advanced += seconds

    def real(self, tenant_seconds: float) -> float:
        """Return how many real seconds the tenant's take."""
        return tenant_seconds / self._factor if self._factor else math.inf
