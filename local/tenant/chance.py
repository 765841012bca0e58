"""Repeatable chance: what is drawn depends on the seed and on what is asked, never on time or on threads."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws that come out alike in every run with the same seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: Counter[tuple[str, ...]] = Counter()

    def nth(self, *what: str) -> int:
        """Return how often this has been asked before, and count it."""
        count = self.asked[what]
        self.asked[what] += 1
        return count

    def draw(self, *what: str) -> float:
        """Return a number from 0 up to, not including, 1; always the same for the same question."""
        return int.from_bytes(self._digest(*what)[:7]) / (1 << 56)

    def between(self, bounds: tuple[float, float], *what: str) -> float:
        """Return a number within bounds."""
        low, high = bounds
        return low + (high - low) * self.draw(*what)

    def choose(self, options: Sequence[T], *what: str) -> T:
        """Return one of the options."""
        return options[int(self.draw(*what) * len(options))]

    def guid(self, *what: str) -> str:
        """Return a GUID."""
        return str(uuid.UUID(bytes=self._digest(*what)[:16], version=4))

    def text(self, length: int, *what: str) -> str:
        """Return letters and digits, for secrets and the like; at most 128."""
        return hashlib.sha512(self._digest(*what)).hexdigest()[:length]

    def _digest(self, *what: str) -> bytes:
        return hashlib.sha256("\0".join((str(self.seed), *what)).encode()).digest()
