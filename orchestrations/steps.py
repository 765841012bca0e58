"""How an orchestration calls an activity: until it no longer asks to wait, and never for ever."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from connector.waiting import step_overdue, step_wait

Steps = Generator[Any, Any, Any]
"""What a helper of an orchestrator is: yields durable tasks, returns a value."""
WAKE = "wake"
"""The event that cuts a wait short. It is a hint: one that is lost costs the wait, nothing else."""
_RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=5_000, max_number_of_attempts=3)


def call(context: df.DurableOrchestrationContext, activity: str, order: dict[str, Any], **more: Any) -> Steps:
    """Call an activity with the orchestration's clock; what it does not foresee is retried three times."""
    value = {**order, **more, "now": context.current_utc_datetime.isoformat()}
    result = yield context.call_activity_with_retry(activity, _RETRY, value)
    return result


def carry_out(context: df.DurableOrchestrationContext, step: str, order: dict[str, Any], **more: Any) -> Steps:
    """Call a step's activity until it does not ask to wait.

    Replication may take 30 minutes for one step; time that a service asks for because it is throttling is not
    counted. After that, and after an error that nobody foresaw, the step has failed.
    """
    began, throttled, attempt = context.current_utc_datetime, 0.0, 0
    while True:
        show(context, order, step, "running")
        try:
            outcome = yield from call(context, step.replace("-", "_"), order, **more)
        except Exception:  # noqa: BLE001 - the type that Durable raises for a failed activity is Exception itself
            return (yield from call(context, "fail", order, step=step, code="unexpected"))
        if outcome["state"] != "wait":
            return outcome
        if step_overdue(began, context.current_utc_datetime, throttled):
            return (yield from call(context, "fail", order, step=step, code="step-overdue"))
        seconds = step_wait(attempt, outcome["seconds"])
        throttled += seconds if outcome["throttled"] else 0.0
        attempt += 1
        show(context, order, step, "waiting", reason=outcome["reason"], seconds=seconds)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))


def pause(context: df.DurableOrchestrationContext, seconds: float) -> Steps:
    """Wait, unless somebody wakes the run before."""
    timer: Any = context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
    woken = context.wait_for_external_event(WAKE)
    first = yield context.task_any([woken, timer])
    if first is woken:
        timer.cancel()


def show(
    context: df.DurableOrchestrationContext, order: dict[str, Any], step: str, state: str, **more: str | float | None
) -> None:
    """Set the custom status: the safe view of what is happening now, a few hundred characters at most."""
    context.set_custom_status({"revision": order["revision"], "step": step, "state": state, **more})
