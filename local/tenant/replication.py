"""Replication: what was written is not everywhere at once, so reads flap between the old and the new.

A write reaches three replicas after none, half and all of its lag; each request is answered by one of them, chosen by
chance. That is why Terraform's provider for Entra waits until it has seen a change five times in a row.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from local.tenant.clock import Clock

T = TypeVar("T")
REPLICAS = (0.0, 0.5, 1.0)
"""The share of a write's lag after which each replica has it."""


@dataclass(frozen=True, slots=True)
class _Write:
    at: float
    lag: float
    before: Any


class Replication:
    """Remembers what objects were before writes that still travel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._writes: dict[str, list[_Write]] = {}

    def writing(self, key: str, before: object | None, arrives: float) -> None:
        """Note a write that is about to happen: what the object is now, and when all replicas have the new one."""
        now = self._clock.now()
        if arrives > now:
            self._writes.setdefault(key, []).append(_Write(now, arrives - now, copy.deepcopy(before)))

    def seen(self, key: str, current: T | None, replica: float) -> T | None:
        """Return the object as this replica shows it."""
        now = self._clock.now()
        for write in self._travelling(key):
            if now < write.at + write.lag * replica:
                before: T | None = write.before
                return before
        return current

    def seen_all(self, prefix: str, current: Mapping[str, T], replica: float) -> dict[str, T]:
        """Return all objects of one kind as this replica shows them; their keys are ``prefix`` and their id."""
        gone = [key.removeprefix(prefix) for key in self._writes if key.startswith(prefix)]
        shown = {id_: self.seen(prefix + id_, current.get(id_), replica) for id_ in dict.fromkeys([*current, *gone])}
        return {id_: value for id_, value in shown.items() if value is not None}

    def _travelling(self, key: str) -> list[_Write]:
        writes = [write for write in self._writes.get(key, ()) if self._clock.now() < write.at + write.lag]
        if writes:
            self._writes[key] = writes
        else:
            self._writes.pop(key, None)
        return writes
