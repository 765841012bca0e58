"""The dry run: the steps of the set-up in their order, looked at and not carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import azure.durable_functions as df

from connector.orders import (
    MORE,
    PLAN_BEGIN,
    PLAN_END,
    WAIT,
    Order,
    Outcome,
    PlanOrder,
    PlanWork,
    Progress,
    Work,
    activity_of,
    parsed,
)
from connector.steps import StepName, StepState
from connector.waiting import LOOK_LONGEST, step_wait
from orchestrations.steps import HistoryFullError, Steps, blueprint, call, insist, show

ORCHESTRATION = "plan"


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def plan(context: df.DurableOrchestrationContext) -> Steps[dict[str, object] | None]:
    """Find out what a set-up, or a removal, would change."""
    given = parsed(PlanOrder, context.get_input())
    order = Order(given.name, 0, now=context.current_utc_datetime, plan=given.plan)
    try:
        outcome = yield from _plan(context, order)
    except HistoryFullError:
        context.continue_as_new(given.to_json())
        return None
    return outcome.to_json()


def _plan(context: df.DurableOrchestrationContext, order: Order) -> Steps[Outcome | PlanWork]:
    begun = yield from insist(context, PLAN_BEGIN, order, PlanWork)
    if begun.state != "begun":  # unreadable is the plan's own document: there is nothing to write into
        return begun
    work = Work(begun.state, chunks=tuple(range(begun.chunks)), sends=begun.sends)
    for step in begun.steps:
        show(context, Progress(order.revision, step, StepState.RUNNING))
        for part in work.parts(step):
            yield from look(context, step, replace(order, part=part))
    return (yield from insist(context, PLAN_END, order, Outcome))


def look(context: df.DurableOrchestrationContext, step: StepName, order: Order) -> Steps[Outcome]:
    """Look until a service does not ask to wait, for some seconds; the last time it is said what is not readable.

    Somebody waits for a plan: one that comes in half a day, or without saying what it has not seen, helps nobody.
    """
    began, attempt, last = context.current_utc_datetime, 0, False
    while True:
        part = replace(order.part, last=last)
        outcome = parsed(Outcome, (yield from call(context, activity_of(step), replace(order, part=part))))
        if outcome.state != WAIT or (last and outcome.reason != MORE):
            return outcome
        if outcome.reason == MORE:
            continue
        left = LOOK_LONGEST - (context.current_utc_datetime - began).total_seconds()
        seconds = step_wait(attempt, outcome.seconds)
        last, attempt = seconds >= left, attempt + 1
        if not last:
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
