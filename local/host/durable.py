"""Durable Functions in memory: the instances, the activities they call, and the timers they set."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
import uuid
from typing import Any

from local.host import history
from local.host.clock import Clock
from local.host.functions import Functions
from local.host.history import Event
from local.host.instances import ENDED, Instance
from local.host.losses import Fates, ordinary

_ACTIVITIES_AT_ONCE = 20
"""The host's default for ``maxConcurrentActivityFunctions``."""


class DurableEngine:
    """Runs orchestrations as the extension does; one event loop, no storage."""

    def __init__(self, functions: Functions, clock: Clock, *, redeliver: bool, visibility: float = 300.0) -> None:
        self.functions = functions
        self.clock = clock
        self.instances: dict[str, Instance] = {}
        self.fates: Fates = ordinary
        """What becomes of each start."""
        self._redeliver = redeliver
        self.visibility = visibility
        self._under_way: dict[asyncio.Task[None], tuple[Instance, str, int, str, str | None]] = {}
        self._gate = asyncio.Semaphore(_ACTIVITIES_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: list[str] = []
        self._delayed = 0
        self._sizes: dict[str, tuple[int, int]] = {}

    def start(self, name: str, instance_id: str | None, value: str | None) -> Instance | None:
        """Start an orchestration; None where one of that id has not ended. A finished one is forgotten.

        What becomes of it the caller is not told: a start that is lost was accepted.

        Raises:
            KeyError: there is no orchestration of that name.
        """
        self.functions.require_orchestrator(name)
        instance_id = instance_id or uuid.uuid4().hex
        present = self.instances.get(instance_id)
        if present is not None and present.status not in ENDED:
            return None
        instance = Instance(self, name, instance_id, value)
        instance.fate = self.fates(instance_id)
        if instance.fate == "lost":
            return instance
        if instance.fate == "pending":
            self.instances[instance_id] = instance
            return instance
        return self._launch(instance)

    def take_over(
        self, name: str, instance_id: str, value: str, events: list[Event], action: dict[str, Any]
    ) -> Instance:
        """Go on with an instance of a host that is gone; see ``Instance.resume``."""
        instance = Instance(self, name, instance_id, value)
        instance.resume(events, action)
        return self._launch(instance)

    def _launch(self, instance: Instance) -> Instance:
        self.instances[instance.id] = instance
        instance.wake()
        self._spawn(instance.run())
        return instance

    def call_activity(self, instance: Instance, task_id: int, name: str, value: str | None) -> None:
        """Run an activity and deliver what comes of it to this generation of the instance."""
        self._call((instance, instance.execution_id, task_id, name, value))

    def _call(self, call: tuple[Instance, str, int, str, str | None], delay: float = 0.0) -> None:
        instance, *_ = call
        task = self._spawn(self._activity(*call, delay=delay))
        self._under_way[task] = call
        if not delay:
            instance.working[task] = time.monotonic()
        task.add_done_callback(self._came_back)

    def _came_back(self, task: asyncio.Task[None]) -> None:
        instance, *_ = self._under_way.pop(task)
        instance.working.pop(task, None)

    async def _activity(
        self, instance: Instance, execution_id: str, task_id: int, name: str, value: str | None, *, delay: float
    ) -> None:
        if delay:
            self._delayed += 1
            try:
                await self.clock.sleep(delay)
            finally:
                self._delayed -= 1
            instance.working[asyncio.current_task()] = time.monotonic()
        async with self._gate:
            self._kept.append(f"activity {name} input {value}")
            try:
                result = await self.functions.act(name, value)
                if self._redeliver:
                    result = await self.functions.act(name, value)
            except Exception as error:  # noqa: BLE001 - whatever an activity raises becomes TaskFailed
                event = _failure(self.clock, task_id, name, error)
            else:
                event = history.completed(history.TASK_COMPLETED, self.clock.now(), task_id, result)
        self._kept.append(json.dumps(event))
        if instance.fate in {"failed", "vanished"}:
            self._befall(instance)
        elif instance.execution_id == execution_id:
            instance.deliver(event)

    def _befall(self, instance: Instance) -> None:
        """End an instance by the host's fault: its history cannot be read any more, or is gone."""
        if instance.status in ENDED:
            return
        instance.end("Failed", f"Orchestrator function '{instance.name}' failed: the history is corrupt.")
        if instance.fate == "vanished":
            self.instances.pop(instance.id, None)

    def kill(self) -> None:
        """Stop what works now, as when the process is killed and started again at once.

        Timers lie in the queues and fire in time. The activities that were under way are seen again, and begin anew,
        when the visibility timeout is over.
        """
        for task, call in list(self._under_way.items()):
            task.cancel()
            self._call(call, self.visibility)

    def call_sub(self, caller: Instance, task_id: int, name: str, instance_id: str, value: str | None) -> None:
        """Run a sub-orchestration."""
        self._launch(Instance(self, name, instance_id, value, (caller, task_id)))

    def report(self, caller: Instance, task_id: int, ended: Instance) -> None:
        """Deliver the end of a sub-orchestration to its caller."""
        now = self.clock.now()
        if ended.status == "Completed":
            result = json.dumps(ended.output, separators=(",", ":"))
            caller.deliver(history.completed(history.SUB_COMPLETED, now, task_id, result))
        else:
            details = f"Message: {str(ended.output).partition(' failed: ')[2]}"
            caller.deliver(history.failed(history.SUB_FAILED, now, task_id, str(ended.output), details))

    def later(self, instance: Instance, seconds: float, event: Event) -> None:
        """Deliver an event to this generation of the instance after seconds of the host's clock."""

        async def fire(execution_id: str) -> None:
            await self.clock.sleep(seconds)
            if instance.execution_id == execution_id:
                instance.deliver(event)

        self._spawn(fire(instance.execution_id))

    def keep(self, instance: Instance, request: str, answer: str) -> None:
        """Remember all that passed through Durable, for tests that search it."""
        self._kept += [request, answer]
        events, size = self._sizes.get(instance.id, (0, 0))
        self._sizes[instance.id] = (max(events, len(instance.events)), max(size, len(request)))

    def dump(self) -> str:
        """Return everything that Durable has ever held."""
        views = (json.dumps(instance.view()) for instance in self.instances.values())
        return "\n".join([*self._kept, *views])

    def history_sizes(self) -> dict[str, tuple[int, int]]:
        """Return, per instance, the most events and the most bytes that one generation's history had."""
        return dict(self._sizes)

    def at_rest(self) -> int | None:
        """Return a number that is another one after whatever has happened; None while anything is being worked on.

        At rest all that has not ended waits for the clock, or for somebody to tell it something.
        """
        if len(self._under_way) > self._delayed or any(one.due for one in self.instances.values()):
            return None
        return len(self._kept)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            raise RuntimeError("the host itself has failed") from task.exception()

    async def close(self) -> None:
        """Stop everything that is under way, as when the process is killed."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _failure(clock: Clock, task_id: int, name: str, error: Exception) -> Event:
    """Return the event of an activity that raised: its text and its stack are stored."""
    text = f"{type(error).__name__}: {error}"
    details = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": text,
        "Data": None,
        "InnerException": {
            "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
            "IsUserException": False,
            "RemoteStackTrace": "".join(traceback.format_exception(error)),
        },
    }
    reason = f"Activity function '{name}' failed: {text}"
    return history.failed(history.TASK_FAILED, clock.now(), task_id, reason, json.dumps(details, separators=(",", ":")))
