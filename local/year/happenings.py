"""What happens in a simulated year besides the app: what people do, and leave undone, and what others do to it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum

SHORT = 45
"""Days."""


class Deed(StrEnum):
    """What others do."""

    SHORTEN = f"a policy of the tenant allows secrets for {SHORT} days only"
    REMOVE_SECRET = "an administrator deletes the present client secret in Entra"  # noqa: S105 - a deed, no secret
    DELETE_APPLICATION = "an administrator deletes the application"
    TAKE_ACCESS = "an administrator takes the access to a mailbox away"


@dataclass(slots=True)
class Happenings:
    """A year. Days count from 0."""

    deeds: dict[int, Deed] = field(default_factory=dict)
    holiday: range = range(0)
    """Nobody is there."""
    after: list[int] = field(default_factory=list)
    """After how many days each offered secret is entered, in turn; the last one counts on."""
    never: int | None = None
    """Which offered secret, counted from 0, nobody enters before mail has stopped."""
    noticed: int = 2
    """So many days after mail has stopped somebody looks why."""

    def waits(self, number: int) -> int:
        """Return after how many days the offered secret of that number is entered."""
        return self.after[min(number, len(self.after) - 1)]


def calm() -> Happenings:
    """Return a year in which everybody does his part."""
    return Happenings(after=[2])


def rough(seed: int) -> Happenings:
    """Return a year by a seed: confirmations late, one never, a holiday, a shorter policy, and an administrator."""
    dice = random.Random(seed)
    begins = dice.randrange(100, 320)
    deletes = dice.choice([Deed.REMOVE_SECRET, Deed.DELETE_APPLICATION, Deed.TAKE_ACCESS])
    return Happenings(
        deeds={dice.randrange(90, 200): Deed.SHORTEN, dice.randrange(210, 340): deletes},
        holiday=range(begins, begins + 21),
        after=[dice.randrange(10, 58), dice.randrange(0, 15), dice.randrange(0, 12)],
        never=dice.choice([1, 2]),
        noticed=dice.randrange(1, 5),
    )
