"""What can become of a start, and of what is under way when the process is killed.

A start message may be dropped, an instance stay ``Pending``, fail by its host's fault, or be gone with its storage
(github.com/Azure/azure-functions-durable-extension, #1380, #2060 and the issues that name them). What a killed host was
doing stays invisible in its queues for ``controlQueueVisibilityTimeout`` and ``workItemQueueVisibilityTimeout`` (five
minutes unless host.json says otherwise; 91 s were measured with one minute, 307 s with the default).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Literal

Fate = Literal["lost", "pending", "failed", "vanished"]
"""Dropped although it was accepted; never taken up; failed, or gone, after the first activity."""
FATES: tuple[Fate, ...] = ("lost", "pending", "failed", "vanished")
Fates = Callable[[str], Fate | None]
"""Return what becomes of the instance of that id; None: nothing out of the ordinary."""
_DEFAULT = "00:05:00"
_RATE = 0.6


def drawn(seed: int) -> Fates:
    """Return fates by chance, each time the same for the same seed and instance; mostly a bad one."""

    def fate(instance_id: str) -> Fate | None:
        chance = Random(f"{seed}/{instance_id}")
        return chance.choice(FATES) if chance.random() < _RATE else None

    return fate


def ordinary(_: str) -> Fate | None:
    """Return that nothing becomes of a start but a run."""
    return None


def visibility(host_json: Mapping[str, Any]) -> float:
    """Return for how many seconds a message that a killed host was working on is not seen."""
    provider = host_json.get("extensions", {}).get("durableTask", {}).get("storageProvider", {})
    times = (provider.get(f"{queue}QueueVisibilityTimeout", _DEFAULT) for queue in ("control", "workItem"))
    return max(_seconds(time) for time in times)


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
