"""Durable Functions as far as an orchestration sees them, with a clock that goes on when a timer is waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrations.steps import blueprint


class Timer:
    """A durable timer."""

    def __init__(self, fire_at: datetime) -> None:
        self.fire_at = fire_at

    def cancel(self) -> None:
        """Nobody cancels it: no event comes."""


class Durable:
    """Plays the real orchestrators; whoever inherits it carries the activities out."""

    def __init__(self) -> None:
        self.current_utc_datetime = datetime.now(UTC)
        self.input: dict[str, Any] = {}
        self.continued: dict[str, Any] | None = None

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Carry an activity out."""
        raise NotImplementedError

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.current_utc_datetime += timedelta(seconds=seconds)

    async def play(self, name: str) -> None:
        orchestrator: Any = {one._function._name: one._function._func for one in blueprint._function_builders}[name]
        generator: Any = orchestrator.orchestrator_function(self)
        result: Any = None
        while True:
            try:
                task = generator.send(result)
            except StopIteration:
                return
            result = None
            if isinstance(task, Timer):
                self.pass_time(max(0.0, (task.fire_at - self.current_utc_datetime).total_seconds()))
                result = task
            else:
                result = await self.activity(*task)

    def get_input(self) -> dict[str, Any]:
        return self.input

    def call_activity_with_retry(self, name: str, _: Any, value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return name, value

    def create_timer(self, fire_at: datetime) -> Timer:
        return Timer(fire_at)

    def wait_for_external_event(self, name: str) -> str:
        return name

    def task_any(self, tasks: list[Any]) -> Timer:
        found: Timer = tasks[1]
        return found

    def set_custom_status(self, _: dict[str, Any]) -> None:
        """Nobody reads it."""

    def continue_as_new(self, value: dict[str, Any]) -> None:
        self.continued = value
