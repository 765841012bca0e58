"""Whether the run that a connection waits for is lost: pure, with the clock passed in.

Durable loses runs: a start message is dropped, an instance stays ``Pending`` for ever, fails, or is gone with its
storage. The document then says that a run works, and nobody does. What is lost is begun anew as another attempt under
another instance id. Never is one terminated and started again under its own: the two messages may meet
(github.com/Azure/azure-functions-durable-extension, #1380 and #2060).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.model import Connection
from connector.operation import Lost, Operation
from connector.orders import Progress
from connector.steps import StepName, StepState, unsettled
from connector.waiting import TIMER_SLACK

ALIVE = frozenset({"Pending", "Running", "ContinuedAsNew", "Suspended"})
"""Durable's words for an instance that may still do something."""
SILENCE = timedelta(minutes=10)
"""Nothing that a run does on its own takes so long: an activity 4 minutes at most, and a wait is announced."""
STARTING = timedelta(minutes=2)
"""For so long after it was written an attempt is taken to be about to start: more than all tries of a start."""
HOST = "host"
"""The reason of a wait for the Functions host."""
_PROMPT = timedelta(seconds=20)
"""A host that is there takes up a start, and a timer that is due, within seconds."""
_ACTIVITY = timedelta(minutes=4)
_LONGEST_WAIT = 3_600.0


@dataclass(frozen=True, slots=True)
class Live:
    """What Durable says of an attempt."""

    runtime: str | None = None
    """Durable's ``runtimeStatus``; None where it knows no such instance."""
    updated: datetime | None = None
    """When the instance last did anything; of one that never has, when it was created."""
    status: Progress = field(default_factory=Progress)
    """The custom status."""

    @property
    def alive(self) -> bool:
        """Return whether it may still do something."""
        return self.runtime in ALIVE

    @property
    def step(self) -> StepName | None:
        """Return the step that it says it is in."""
        return next((step for step in StepName if step == self.status.step), None)

    @property
    def waits(self) -> bool:
        """Return whether it says that it waits."""
        return self.status.state == StepState.WAITING

    def quiet(self, now: datetime) -> timedelta:
        """Return for how long nothing has been heard beyond the wait that was announced; negative while it lasts."""
        announced = min(_LONGEST_WAIT, max(0.0, self.status.seconds or 0.0))
        return now - (self.updated or now) - timedelta(seconds=announced)


def lost(connection: Connection, live: Live, now: datetime) -> str | None:
    """Return how the run that the document waits for was lost, in Durable's word for it; None where none is."""
    operation = connection.operation
    if operation.ended is not None:
        return None
    starting = operation.attempted is not None or not operation.begun
    if starting and not live.alive and now - (operation.attempted or operation.started) < STARTING:
        return None
    return gone(live, now)


def gone(live: Live, now: datetime) -> str | None:
    """Return how an instance that should work was lost; None where it may still come to something.

    One that has completed has left what it was to do to somebody else, or to nobody.
    """
    if live.runtime is None:
        return "absent"
    if not live.alive:
        return live.runtime.lower()
    if live.quiet(now) < SILENCE + TIMER_SLACK:
        return None
    return "pending" if live.runtime == "Pending" else "silent"


def another(operation: Operation, how: str, now: datetime) -> Operation:
    """Return the operation with another attempt, which takes the place of the one that was lost."""
    told = Lost(attempt=operation.attempt, how=how, on=now)
    return operation.model_copy(update={"attempt": operation.attempt + 1, "attempted": now, "lost": told})


def shown(connection: Connection, live: Live, now: datetime) -> Progress:
    """Return the status to show: the run's own; or that it waits for the host, not for Microsoft.

    A host that was killed takes its messages up again after a minute (``host.json``). An activity that works says
    nothing meanwhile, so of one the host is suspected only after the time that none may take.
    """
    if not live.alive:
        return Progress()
    works = live.runtime == "Running" and live.status.state == StepState.RUNNING
    if live.quiet(now) < (_ACTIVITY if works else _PROMPT):
        return live.status
    left = unsettled(connection.progress(), connection.operation.kind) or [StepName.VERIFICATION]
    return Progress(connection.wanted.revision, live.status.step or left[0], StepState.WAITING, HOST)
