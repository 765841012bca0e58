"""One instance of an orchestration: its history, the episodes that Python is asked for, and what comes of them."""

from __future__ import annotations

import asyncio
import json
import math
import time
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from local.host import history
from local.host.history import Event
from local.host.losses import Fate

if TYPE_CHECKING:
    from local.host.durable import DurableEngine

CALL_ACTIVITY, CALL_ACTIVITY_RETRY, CALL_SUB, CALL_SUB_RETRY = 0, 1, 2, 3
CONTINUE_AS_NEW, CREATE_TIMER, WAIT_EVENT = 4, 5, 6
_COMPOUND = {11, 12}
MAX_STATUS_BYTES = 16 * 1024
"""Of the custom status as JSON in UTF-16; beyond it the orchestration fails."""
_OUT_OF_PROCESS = "\n\n$OutOfProcData$:"
ENDED = frozenset({"Completed", "Failed", "Terminated"})
_EPISODE = "episode"
_REQUEST = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 3,
    "longRunningTimerIntervalDuration": "3.00:00:00",
    "maximumShortTimerDuration": "6.00:00:00",
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
}


class Instance:
    """An orchestration, from its start to its end, over all its generations."""

    def __init__(
        self,
        engine: DurableEngine,
        name: str,
        instance_id: str,
        value: str | None,
        parent: tuple[Instance, int] | None = None,
    ) -> None:
        self.engine = engine
        self.name = name
        self.id = instance_id
        self.input = value
        self.parent = parent
        self.created = self.updated = engine.clock.now()
        self.status = "Pending"
        self.custom_status: Any = None
        self.output: Any = None
        self.generation = 0
        self.largest_history = 0
        self.largest_bytes = 0
        self.suspended = False
        self.fate: Fate | None = None
        """What befalls it, out of the ordinary."""
        self.working: dict[object, float] = {}
        """What is being done for it, and since when on the machine's own monotonic clock: activities, and an episode
        that is to be played."""
        self._inbox: list[Event] = []
        self._wake = asyncio.Event()
        self._begin(value)

    def _begin(self, value: str | None) -> None:
        """Start a generation: an empty history, ids from 0."""
        self.generation += 1
        self.input = value
        self.execution_id = uuid.uuid4().hex
        self.events: list[Event] = []
        self._scheduled: list[tuple[int, str | None]] = []
        self._next_id = 0
        self._retries: dict[int, _Retry] = {}
        self._first = True

    async def run(self) -> None:
        """Play episodes until the orchestration ends."""
        parent = None
        if self.parent is not None:
            caller, task_id = self.parent
            parent = {
                "Name": caller.name,
                "OrchestrationInstance": {"InstanceId": caller.id, "ExecutionId": caller.execution_id},
                "TaskScheduleId": task_id,
                "Version": None,
            }
        if not self.events:  # there are some where another host has begun it
            self.deliver(self._started(self.created, parent, 0 if parent is None else None))
        while self.status not in ENDED:
            await self._wake.wait()
            self._wake.clear()
            if self._inbox and not self.suspended and self.status not in ENDED:
                self._episode()

    def _started(self, now: datetime, parent: dict[str, Any] | None, generation: int | None) -> Event:
        return history.execution_started(now, self.name, self.id, self.execution_id, self.input, parent, generation)

    @property
    def due(self) -> bool:
        """Return whether an episode is to be played now."""
        alive = self.status not in ENDED and not self.suspended and self.fate != "pending"
        return alive and (bool(self._inbox) or not self.events)

    def deliver(self, event: Event) -> None:
        """Put an event into the inbox; the next episode takes all that has come by then."""
        self._inbox.append(event)
        self.wake()

    def wake(self) -> None:
        """Look at the inbox."""
        self.working.setdefault(_EPISODE, time.monotonic())
        self._wake.set()

    def _episode(self) -> None:
        new, self._inbox = self._inbox, []
        self.working.pop(_EPISODE, None)
        now = self.engine.clock.now()
        self.events += [history.orchestrator_started(now), *new]
        if self._first and self.generation > 1:
            self.events.append(history.orchestrator_completed(now))
        self.status, self.updated = "Running", now
        answer = self._ask()
        if answer is None:
            return
        for event in self.events if self._first and self.generation > 1 else new:
            event["IsPlayed"] = event["EventType"] != history.ORCHESTRATOR_STARTED
        self._first = False
        actions = _flatten(answer["actions"])
        if not (self._replays(actions) and self._show(answer)):
            return
        self._schedule(actions, new, now)
        if actions and actions[-1]["actionType"] == CONTINUE_AS_NEW:
            self._continue(actions[-1]["input"])
        elif answer["isDone"]:
            self.end("Completed", answer.get("output"))
        else:
            self.events.append(history.orchestrator_completed(self.engine.clock.now()))

    def _ask(self) -> dict[str, Any] | None:
        """Hand the history to Python and return its answer; None where it has raised."""
        request = json.dumps(
            {
                "history": self.events,
                "input": self.input,
                "instanceId": self.id,
                "isReplaying": not self._first,
                "parentInstanceId": self.parent[0].id if self.parent is not None else None,
                "sourceInstanceId": None,
                **_REQUEST,
            }
        )
        self.largest_history = max(self.largest_history, len(self.events))
        self.largest_bytes = max(self.largest_bytes, len(request))
        try:
            answer = self.engine.functions.orchestrate(self.name, request)
        except Exception as error:  # noqa: BLE001 - whatever the orchestrator raises ends it
            self.engine.keep(self, request, str(error))
            message = str(error).partition(_OUT_OF_PROCESS)[0]
            self.end("Failed", f"Orchestrator function '{self.name}' failed: {message}")
            return None
        self.engine.keep(self, request, answer)
        parsed: dict[str, Any] = json.loads(answer)
        return parsed

    def _show(self, answer: dict[str, Any]) -> bool:
        """Take the custom status over; one that is too large fails the orchestration."""
        if answer.get("customStatus") is None:
            return True
        size = len(json.dumps(answer["customStatus"], separators=(",", ":")).encode("utf-16-le"))
        if size > MAX_STATUS_BYTES:
            self.end(
                "Failed",
                f"Orchestrator function '{self.name}' failed: The UTF-16 size of the JSON-serialized payload must not "
                f"exceed {MAX_STATUS_BYTES // 1024} KB. The current payload size is {size // 1024} KB.",
            )
            return False
        self.custom_status = answer["customStatus"]
        return True

    def _replays(self, actions: list[dict[str, Any]]) -> bool:
        """Return whether all is scheduled that was before; code that asks for something else fails the orchestration.

        As after an update (learn.microsoft.com/azure/azure-functions/durable/durable-functions-versioning).
        """
        same = [_what(action) for action in actions[: len(self._scheduled)]] == self._scheduled
        if not same:
            self.end("Failed", f"Orchestrator function '{self.name}' failed: Non-Deterministic workflow detected")
        return same

    def _schedule(self, actions: list[dict[str, Any]], new: list[Event], now: datetime) -> None:
        """Carry out what is new: retries that are due first, in the order of what has arrived, then new actions."""
        for event in new:
            answered: int = event["TaskScheduledId"] if "TaskScheduledId" in event else event.get("TimerId", -1)
            retry = self._retries.pop(answered, None)
            if retry is not None:
                retry.go_on(self, event, now)
        for action in actions[len(self._scheduled) :]:
            self._carry_out(action)
        self._scheduled = [_what(action) for action in actions]

    def _carry_out(self, action: dict[str, Any]) -> None:
        kind = action["actionType"]
        if kind in {CALL_ACTIVITY, CALL_SUB}:
            self.call(action)
        elif kind in {CALL_ACTIVITY_RETRY, CALL_SUB_RETRY}:
            _Retry(action).call(self)
        elif kind == CREATE_TIMER:
            self.set_timer(action["fireAt"])
        elif kind not in {WAIT_EVENT, CONTINUE_AS_NEW}:
            raise NotImplementedError(f"the action type {kind} of {self.name} is not supported by this host")

    def call(self, action: dict[str, Any]) -> int:
        """Call an activity or a sub-orchestration and return the id of the call."""
        task_id, now = self._take_id(), self.engine.clock.now()
        if action["actionType"] in {CALL_ACTIVITY, CALL_ACTIVITY_RETRY}:
            self.events.append(history.task_scheduled(now, task_id, action["functionName"]))
            self.engine.call_activity(self, task_id, action["functionName"], action.get("input"))
        else:
            child = action.get("instanceId") or f"{self.execution_id}:{task_id}"
            self.events.append(history.sub_created(now, task_id, action["functionName"], child))
            self.engine.call_sub(self, task_id, action["functionName"], child, action.get("input"))
        return task_id

    def set_timer(self, fire_at: str) -> int:
        """Set a timer and return its id. It fires up to a second early: queue delays are whole seconds."""
        task_id, now = self._take_id(), self.engine.clock.now()
        due = datetime.fromisoformat(fire_at)
        self.events.append(history.timer_created(now, task_id, fire_at))
        seconds = max(0, math.floor((due - now).total_seconds()))
        self.engine.later(self, seconds, history.timer_fired(now, task_id, fire_at))
        return task_id

    def retry(self, task_id: int, retry: _Retry) -> None:
        """Remember what is to be done when the call or the timer of that id comes back."""
        self._retries[task_id] = retry

    def resume(self, events: list[Event], action: dict[str, Any]) -> None:
        """Go on with a history that another host has written, whose last call, an activity's, is still to be answered.

        The call is delivered again with the input that lies in the queue.
        """
        calls = [event["Name"] for event in events if event["EventType"] == history.TASK_SCHEDULED]
        self.events = events
        self.execution_id = next(
            event["OrchestrationInstance"]["ExecutionId"]
            for event in events
            if event["EventType"] == history.EXECUTION_STARTED
        )
        self._first, self._next_id, self.status = False, len(calls), "Running"
        self._scheduled = [(action["actionType"], name) for name in calls]
        self.retry(len(calls) - 1, _Retry(action))
        self.engine.call_activity(self, len(calls) - 1, action["functionName"], action["input"])

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _continue(self, value: str | None) -> None:
        """Begin a new generation. Events that nobody has waited for are lost; those still underway are not."""
        self._begin(value)
        self._inbox = [event for event in self._inbox if event["EventType"] == history.EVENT_RAISED]
        self._inbox.insert(0, self._started(self.engine.clock.now(), None, None))
        self.wake()

    def end(self, status: str, output: Any) -> None:
        """End the orchestration and tell the one that has called it."""
        self.status, self.output, self.updated = status, output, self.engine.clock.now()
        self._wake.set()
        if self.parent is not None:
            caller, task_id = self.parent
            self.engine.report(caller, task_id, self)

    def view(self) -> dict[str, Any]:
        """Return what the status call answers."""
        return {
            "name": self.name,
            "instanceId": self.id,
            "runtimeStatus": self.status if not self.suspended else "Suspended",
            "input": self.input,
            "customStatus": self.custom_status,
            "output": self.output,
            "createdTime": _seconds(self.created),
            "lastUpdatedTime": _seconds(self._heard_of()),
        }

    def _heard_of(self) -> datetime:
        """Return when it last did anything; the time that work takes is real, however fast the clock runs.

        So is that for which a busy machine lets it wait: nobody takes a run for lost because of that.
        """
        if not self.working or self.suspended:
            return self.updated
        working = timedelta(seconds=time.monotonic() - min(self.working.values()))
        return max(self.updated, self.engine.clock.now() - working)


class _Retry:
    """A call that is repeated after a failure; the extension does that, Python only sees the events."""

    def __init__(self, action: dict[str, Any]) -> None:
        self._action = action
        self._left = action["retryOptions"]["maxNumberOfAttempts"] - 1
        self._interval = timedelta(milliseconds=action["retryOptions"]["firstRetryIntervalInMilliseconds"])

    def call(self, instance: Instance) -> None:
        """Call once."""
        instance.retry(instance.call(self._action), self)

    def go_on(self, instance: Instance, event: Event, now: datetime) -> None:
        """After a failure set the timer, after the timer call again; one timer more is set after the last failure."""
        if event["EventType"] in {history.TASK_FAILED, history.SUB_FAILED}:
            instance.retry(instance.set_timer(history.stamp(now + self._interval)), self)
        elif event["EventType"] == history.TIMER_FIRED and self._left > 0:
            self._left -= 1
            self.call(instance)


def _what(action: dict[str, Any]) -> tuple[int, str | None]:
    return action["actionType"], action.get("functionName")


def _flatten(actions: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return all actions in order, those within ``task_all`` and ``task_any`` in their place."""
    flat: list[dict[str, Any]] = []
    for group in actions:
        for action in group:
            if action["actionType"] in _COMPOUND:
                flat += _flatten([action["compoundActions"]])
            else:
                flat.append(action)
    return flat


def _seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
