"""The daily check of one connection: the steps of the set-up and a login to each mailbox, and nothing is changed.

It gives way to any operation: each activity asks first whether one has begun, and then the look is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import azure.durable_functions as df

from connector.check import LOOK_AGAIN, LOOKS
from connector.orders import (
    AGAIN,
    CHECK_BEGIN,
    CHECK_END,
    SUPERSEDED,
    UNREADABLE,
    CheckOrder,
    Order,
    Outcome,
    Part,
    PlanWork,
    Work,
    parsed,
)
from connector.steps import StepName
from orchestrations.plan import look
from orchestrations.steps import HistoryFullError, Steps, blueprint, insist

ORCHESTRATION = "check"
_FINAL = frozenset({SUPERSEDED, UNREADABLE})


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def check(context: df.DurableOrchestrationContext) -> Steps[dict[str, object] | None]:
    """Look at a connection, and once more at what is not as it was, before anybody is told."""
    given = parsed(CheckOrder, context.get_input())
    outcome = Outcome(AGAIN)
    try:
        if given.delay:
            yield from _wait(context, given.delay)
        for number in range(LOOKS):
            order = Order(given.name, 0, round=number, now=context.current_utc_datetime, check=given.check)
            outcome = yield from _once(context, order)
            if outcome.state != AGAIN:
                break
            yield from _wait(context, LOOK_AGAIN)
    except HistoryFullError:  # the store does not answer: the next hour comes
        return Outcome(SUPERSEDED).to_json()
    return outcome.to_json()


def _wait(context: df.DurableOrchestrationContext, seconds: float) -> Steps[None]:
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))


def _once(context: df.DurableOrchestrationContext, order: Order) -> Steps[Outcome]:
    work = yield from insist(context, CHECK_BEGIN, order, PlanWork)
    if work.state != "begun":
        return Outcome(work.state)
    for step in work.steps:
        for part in _parts(step, work):
            outcome = yield from look(context, step, replace(order, part=part))
            if outcome.state in _FINAL:
                return outcome
    return (yield from insist(context, CHECK_END, order, Outcome))


def _parts(step: StepName, work: PlanWork) -> list[Part]:
    """Return the parts of a step: nothing is taken back, and each chunk is logged in to."""
    by_chunk = step in {StepName.MAILBOXES, StepName.VERIFICATION}
    parts = [Part(chunk=number) for number in range(work.chunks)] if by_chunk else []
    parts += [Part(sending=True)] if work.sends and step is StepName.MAILBOXES else []
    return parts or [*Work("begun").parts(StepName.PREREQUISITES)]
