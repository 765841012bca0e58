"""The dry run: the steps of the set-up in their order, looked at and not carried out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from connector.orders import PLAN_BEGIN, PLAN_END, PlanOrder, Work, activity_of, parsed
from connector.steps import PROGRAMMES, OperationKind, StepName
from connector.waiting import LOOK_LONGEST, step_wait
from orchestrations.steps import HistoryFullError, Steps, blueprint, call, insist, show

ORCHESTRATION = "plan"


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def plan(context: df.DurableOrchestrationContext) -> Steps:
    """Find out what a set-up, or a removal, would change."""
    given = parsed(PlanOrder, context.get_input())
    order = {**given.to_json(), "revision": 0}
    try:
        return (yield from _plan(context, order))
    except HistoryFullError:
        context.continue_as_new(given.to_json())
        return None


def _plan(context: df.DurableOrchestrationContext, order: dict[str, Any]) -> Steps:
    begun = yield from insist(context, PLAN_BEGIN, order)
    if begun["state"] != "begun":  # unreadable is the plan's own document: there is nothing to write into
        return begun
    work = Work("begun", 0, chunks=tuple(range(begun["chunks"])))
    for step in map(StepName, begun.get("steps", PROGRAMMES[OperationKind.PLAN].steps)):
        show(context, order, step, "running")
        for part in work.parts(step):
            yield from _look(context, step, order, **part.to_json())
    return (yield from insist(context, PLAN_END, order))


def _look(context: df.DurableOrchestrationContext, step: StepName, order: dict[str, Any], **more: Any) -> Steps:
    """Look until a service does not ask to wait, for some seconds; the last time it is said what is not readable.

    Somebody waits for a plan: one that comes in half a day, or without saying what it has not seen, helps nobody.
    """
    began, attempt, last = context.current_utc_datetime, 0, False
    while True:
        outcome = yield from call(context, activity_of(step), order, **more, last=last)
        if outcome["state"] != "wait" or (last and outcome["reason"] != "more"):
            return outcome
        if outcome["reason"] == "more":
            continue
        left = LOOK_LONGEST - (context.current_utc_datetime - began).total_seconds()
        seconds = step_wait(attempt, outcome["seconds"])
        last, attempt = seconds >= left, attempt + 1
        if not last:
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
