"""How an orchestration calls an activity: until it no longer asks to wait, and never for ever."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from connector.orders import FAIL, MORE, WAIT, M, Order, Outcome, Progress, activity_of, parsed
from connector.steps import StepName, StepState
from connector.waiting import LATER_LONGEST, ROUND_LONGEST, step_overdue, step_wait

blueprint = df.Blueprint()
"""On this every orchestration is registered."""
T = TypeVar("T")
Steps: TypeAlias = Generator[object, object, T]
"""What a helper of an orchestrator is: yields durable tasks, returns a value."""
WAKE = "wake"
"""The event that cuts a wait short. It is a hint: one that is lost costs the wait, nothing else."""
_MOST_ATTEMPTS = 60
"""With waits of up to a minute this is beyond what a step that is not throttled may take."""
RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=5_000, max_number_of_attempts=3)


class Bell:
    """The waits of one run: each is cut short when somebody rings.

    There is one task for the event at a time. A second one, made while the first is open, would be given to whichever
    of them the worker prefers.
    """

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        self._context = context
        self._rung: TaskBase | None = None

    def wait(self, seconds: float) -> Steps[None]:
        """Wait, unless somebody rings or has rung since the last wait."""
        ends = self._context.current_utc_datetime + timedelta(seconds=seconds)
        timer = self._context.create_timer(ends)
        self._rung = self._rung or self._context.wait_for_external_event(WAKE)
        first = yield self._context.task_any([self._rung, timer])
        if first is not timer:
            timer.cancel()  # type: ignore[attr-defined] # the SDK declares the base of what it returns
            self._rung = None


def call(context: df.DurableOrchestrationContext, activity: str, order: Order) -> Steps[object]:
    """Call an activity with the orchestration's clock; what it does not foresee is retried three times."""
    value = replace(order, now=context.current_utc_datetime).to_json()
    return (yield context.call_activity_with_retry(activity, RETRY, value))


class HistoryFullError(Exception):
    """A wait has gone on for so long that the orchestration has to continue as new, from what the store knows."""


def insist(context: df.DurableOrchestrationContext, activity: str, order: Order, answer: type[M]) -> Steps[M]:
    """Call an activity of the frame until the store answers: without it nothing can be noted or decided.

    Raises:
        HistoryFullError: it has not answered for an hour; whoever orchestrates goes on with another history.
    """
    for attempt in range(_MOST_ATTEMPTS):
        told = yield from call(context, activity, order)
        outcome = parsed(Outcome, told)
        if outcome.state != WAIT:
            return parsed(answer, told)
        seconds = step_wait(attempt, outcome.seconds)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
    raise HistoryFullError


def carry_out(context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: Order) -> Steps[Outcome]:
    """Call a step's activity until it does not ask to wait.

    Replication may take 30 minutes for one step; time in which a service asks for patience, or gives no answer, is not
    counted. After that, and after an error that nobody foresaw, the step has failed. Who waits for hours goes on in the
    next round, since a history must not grow for ever; for the store all others would only wait as well. What nobody
    waits for any longer (``Part.last``) is tried as long as the round is young.

    Every wait may be cut short. That hurries no service: an activity that comes before the time that one has asked for
    (``StepRecord.not_before``) looks only whether the run was cancelled or its wanted state replaced.

    Raises:
        HistoryFullError: as ``insist``.
    """
    waited, attempt, last = _Waited(context, step, order), 0, False
    began = works = Progress(order.revision, step, StepState.RUNNING)
    while True:
        turn = context.current_utc_datetime
        show(context, works)
        try:
            part = replace(order.part, last=last or order.part.last)
            outcome = parsed(Outcome, (yield from call(context, activity_of(step), replace(order, part=part))))
        except Exception:  # noqa: BLE001 - the type that Durable raises for a failed activity is Exception itself
            return (yield from insist(context, FAIL, order.failure(step, "unexpected"), Outcome))
        if outcome.state != WAIT or attempt == _MOST_ATTEMPTS:
            return outcome
        if outcome.reason == MORE:
            continue
        seconds = step_wait(attempt, outcome.seconds)
        if (later := waited.put_off(outcome, seconds, last=last)) is not None:
            return later
        if last and waited.for_replication():
            return (yield from insist(context, FAIL, order.failure(step, "step-overdue"), Outcome))
        last = last or waited.enough()
        attempt += 1
        waits = Progress(order.revision, step, StepState.WAITING, outcome.reason, outcome.service, seconds)
        # Whoever looks while it is tried again still sees what has not answered so far.
        works = replace(waits, state=StepState.RUNNING, seconds=None) if outcome.service is not None else began
        show(context, waits)
        yield from bell.wait(seconds)
        waited.add(outcome, turn)


class _Waited:
    """How long a step has waited in this round, and what of it counts."""

    def __init__(self, context: df.DurableOrchestrationContext, step: StepName, order: Order) -> None:
        self._context = context
        self._order = order
        self._one_by_one = step is StepName.MAILBOXES
        """Whether one mailbox that Exchange does not answer for must not fail the others: they get one more chance."""
        self._began = context.current_utc_datetime
        self._throttled = self._spared = 0.0

    def add(self, outcome: Outcome, turn: datetime) -> None:
        """Count the time since ``turn``, which ended with this outcome and the wait after it."""
        seconds = (self._context.current_utc_datetime - turn).total_seconds()
        self._throttled += seconds if outcome.throttled else 0.0
        self._spared += seconds if _patient(outcome) else 0.0

    def put_off(self, outcome: Outcome, seconds: float, *, last: bool) -> Outcome | None:
        """Return what is told of a wait that is left to the next round; None where this round waits.

        Raises:
            HistoryFullError: it is the store, so that this round can do nothing more.
        """
        age = (self._context.current_utc_datetime - self._order.now).total_seconds()
        old = self._order.part.last and age + seconds > LATER_LONGEST
        silent = _patient(outcome) and (last or (self._too_long() and not self._one_by_one))
        if not (old or silent or seconds > ROUND_LONGEST):
            return None
        if outcome.service == "store":
            raise HistoryFullError
        # In later rounds the other parts are worth a try all the same.
        return replace(outcome, state=StepState.WAITING.value) if old else outcome

    def enough(self) -> bool:
        """Return whether the next time is the last, in which a step says what it waits for."""
        return self._too_long() if self._one_by_one else self.for_replication()

    def for_replication(self) -> bool:
        """Return whether replication has had all its time: that in which a service gave no answer is not its."""
        return step_overdue(self._began, self._context.current_utc_datetime, self._spared)

    def _too_long(self) -> bool:
        return step_overdue(self._began, self._context.current_utc_datetime, self._throttled)


def _patient(outcome: Outcome) -> bool:
    """Return whether it is a service that asks for time, or does not answer; older activities name the first only."""
    return outcome.patient or outcome.throttled


def show(context: df.DurableOrchestrationContext, progress: Progress) -> None:
    """Set the custom status."""
    context.set_custom_status(progress.to_json())
