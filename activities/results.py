"""What a delivery comes to: errors become outcomes, and outcomes are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from activities.run import Run
from connector.diagnosis import MAY_NOT_LOOK, not_yet, refusal, unread
from connector.errors import (
    GrantMissingError,
    MissingIdError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    WaitError,
)
from connector.finding import Finding
from connector.log import log
from connector.model import Connection
from connector.orders import SUPERSEDED, WAIT, Outcome
from connector.outage import delays, spares
from connector.plans.plan import Change
from connector.steps import SETTLED, StepName, StepState, may_run
from connector.waiting import LONGEST_ASKED, TIMER_SLACK


@dataclass(frozen=True, slots=True)
class Result:
    """What a delivery came to."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    planned: tuple[Change, ...] = ()
    """What a dry run has found that would be changed."""
    error: WaitError | None = None
    """What is waited for; Durable only gets to know which service does not answer."""
    changes: int = 0
    """How many writes it has made."""
    notes: tuple[Callable[[Connection], None], ...] = ()
    """What is noted in the document, in this order, however it has ended."""

    def note(self, connection: Connection) -> None:
        """Note it."""
        for one in self.notes:
            one(connection)


Ending: TypeAlias = ServiceError | GrantMissingError | MissingIdError
ENDING = (ServiceError, GrantMissingError, MissingIdError)
"""What ends a delivery, and becomes an outcome of its step."""


def unseen(step: StepName, result: Result) -> tuple[Finding, ...]:
    """Return what a look says of a step that it has to leave waiting: what has to spread first is not seen either."""
    if result.error is not None:
        return (unread(step, result.error),)
    return (not_yet(step, result.outcome.reason),) if result.outcome.state == WAIT else ()


def translate(step: StepName, error: Ending, change: Change | None = None) -> Result:
    """Return what an error means for a step: wait, or a person must act; ``change`` is what was tried."""
    if isinstance(error, GrantMissingError):
        return Result(Outcome(StepState.ACTION_REQUIRED), (Finding(code="grant-missing", step=step),))
    if isinstance(error, MissingIdError):
        return Result(Outcome(StepState.FAILED), (Finding(code="unexpected", step=step, subject=error.id),))
    if isinstance(error, WaitError):
        return Result(_delayed(error), error=error)
    return Result(Outcome(StepState.ACTION_REQUIRED), (refusal(step, error, change),))


def _delayed(error: WaitError) -> Outcome:
    throttled, away = isinstance(error, ThrottledError), isinstance(error, UnavailableError)
    seconds = None if error.seconds is None else min(error.seconds, LONGEST_ASKED)
    code, service = "throttled" if throttled else error.code, error.service if away else None
    return Outcome(WAIT, code, seconds, throttled, patient=throttled or away, service=service)


def not_now(run: Run, step: StepName) -> Outcome | None:
    """Return why this delivery has nothing to do: it comes too late, or too early; None where it may begin."""
    if run.superseded:
        return Outcome(SUPERSEDED)
    if not may_run(step, run.connection.progress(), run.connection.operation.kind):
        return Outcome(StepState.PENDING)
    return held(run, step)


def held(run: Run, step: StepName) -> Outcome | None:
    """Return what is left of the wait that a service has asked for; None where it may be asked now.

    Whoever has woken the run may have cancelled it, or replaced what is wanted, and that has been looked at before.
    """
    until = run.connection.record(step).not_before
    left = (until - run.order.now - TIMER_SLACK).total_seconds() if until is not None else 0.0
    return Outcome(WAIT, "throttled", left, throttled=True, patient=True) if left > 0 else None


def _not_before(outcome: Outcome, now: datetime) -> datetime | None:
    asked = outcome.seconds if outcome.patient else None
    return now + timedelta(seconds=asked) if asked else None


async def record(run: Run, step: StepName, result: Result) -> Outcome:
    """Write a step's outcome into the document, and the log line; return it, as it stands there.

    What a verification has not been able to read for long it leaves as it was.
    """
    now = run.now
    if result.error is not None and result.outcome.patient and spares(run.connection, now):
        unchanged = Outcome(StepState.UNCHANGED)
        result = replace(result, outcome=unchanged, findings=(unread(step, result.error),), error=None)
    outcome, findings = result.outcome, result.findings
    waiting = outcome.state == WAIT

    def note(connection: Connection) -> None:
        result.note(connection)
        entry = connection.record(step).model_copy()
        by_person = entry.state is StepState.ACTION_REQUIRED and outcome.state in SETTLED
        if (result.changes or by_person) and not connection.operation.apart:
            connection.last_change = now
        entry.state = StepState.WAITING if waiting else StepState(outcome.state)
        entry.started = entry.started or run.order.now
        entry.ended = now if entry.state in SETTLED | {StepState.FAILED} else None
        if entry.state in SETTLED:
            connection.settle(step, entry, now)
        entry.changes += result.changes
        entry.waits += waiting
        entry.waits_since = (entry.waits_since or now) if outcome.patient else None
        entry.not_before = _not_before(outcome, now)
        entry.findings = [*findings, *delays(step, result.error, entry.waits_since, now)]
        connection.records[step] = entry
        if any(finding.severity == "error" and finding.code not in MAY_NOT_LOOK for finding in findings):
            connection.operation.before = None  # it was seen not to be what it was: an outage hides nothing of that

    await run.note(note)
    log(
        "step",
        connection=run.order.name,
        operation=run.connection.operation.id,
        step=step,
        outcome=outcome.state,
        code=outcome.reason or (findings[0].code if findings else None),
        seconds=round((now - run.order.now).total_seconds(), 3),
        requestId=next((finding.request_id for finding in findings if finding.request_id), None),
    )
    return outcome
