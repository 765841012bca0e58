"""Whether what is asked now is asked for nobody who waits: then it lets everybody else go first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_nobody_waits = ContextVar("nobody_waits", default=False)


@contextmanager
def background(*, really: bool = True) -> Iterator[None]:
    """Say of all that is asked within that nobody waits for it."""
    before = _nobody_waits.set(really)
    try:
        yield
    finally:
        _nobody_waits.reset(before)


def nobody_waits() -> bool:
    """Return whether that was said."""
    return _nobody_waits.get()
