"""The tenant in a file: who serves it again finds what was set up, and time goes on where it stood."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from local.tenant.chance import Chance
from local.tenant.clock import Clock
from local.tenant.world import World

FILE = "simulated-tenant.json"


class UnreadableTenantError(Exception):
    """The file holds no tenant; ``file`` is where it is."""

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        self.file = file


@dataclass(frozen=True, slots=True)
class Kept:
    """What a tenant is made of again."""

    world: World
    began: datetime
    seconds: float
    seed: int
    asked: list[tuple[tuple[str, ...], int]]
    addresses: list[str]
    ports: dict[str, int]
    """By service: the store's documents name the vault with its port."""

    def clock(self, factor: float) -> Clock:
        """Return a clock that goes on where this one stood, or at the present time where that is later."""
        away = (datetime.now(UTC) - self.began).total_seconds()
        return Clock(factor, began=self.began, advanced=max(self.seconds, away))

    def chance(self) -> Chance:
        """Return the chance that goes on from here: no id is drawn twice."""
        chance = Chance(self.seed)
        chance.asked = Counter(dict(self.asked))
        return chance


_KEPT = TypeAdapter(Kept)


def read(folder: Path) -> Kept | None:
    """Return the tenant that a folder keeps; None where it keeps none.

    Raises:
        UnreadableTenantError: its file holds something else.
    """
    file = folder / FILE
    try:
        return _KEPT.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise UnreadableTenantError(file) from None


def write(folder: Path, kept: Kept) -> None:
    """Keep a tenant in a folder, wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{FILE}.new"
    beside.write_bytes(_KEPT.dump_json(kept))
    os.replace(beside, folder / FILE)  # noqa: PTH105 - Path.replace is the same call
