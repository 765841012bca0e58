"""What time it is: the one clock of triggers, timers, activities and clients, and what goes by the real one instead.

An orchestration has Durable's clock (``current_utc_datetime``) and hands it on; what is pure is told the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def _machine() -> datetime:
    return datetime.now(UTC)


_clock: Callable[[], datetime] = _machine


def keep_time(clock: Callable[[], datetime] | None = None) -> None:
    """Go by another clock than the machine's, as a host does whose time passes faster; without one by that again."""
    global _clock  # noqa: PLW0603 - the worker gives a function nothing in which to keep it
    _clock = clock or _machine


def now() -> datetime:
    """Return the time, aware and in UTC."""
    return _clock()


def real() -> datetime:
    """Return the time that others go by, who compare it with their own: the machine's, whatever ours is."""
    return _machine()


def until(moment: datetime) -> float:
    """Return the seconds until a moment that a service has named: its clock is the real one, whatever ours is."""
    return (moment - _machine()).total_seconds()


def passed() -> float:
    """Return real seconds since some moment: for who asks a service not more often than it may be asked."""
    return time.monotonic()


class Budget:
    """How long somebody works on one thing, in real seconds.

    A socket, a person who waits and the limit of an activity know of no other: however fast a host lets time pass, a
    server takes as long to answer.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left; below zero when it is over."""
        return self._ends - time.monotonic()
