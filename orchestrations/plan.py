"""The dry run: the steps of the set-up in their order, looked at and not carried out."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from connector.steps import StepName
from orchestrations.blueprint import blueprint
from orchestrations.steps import Steps, insist, show

ORCHESTRATION = "plan"
_SINGLE = tuple(step for step in StepName if step not in {StepName.MAILBOXES, StepName.VERIFICATION})


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def plan(context: df.DurableOrchestrationContext) -> Steps:
    """Find out what a set-up would change."""
    given: Any = context.get_input()
    order = {"name": given["name"], "revision": 0, "plan": given["plan"]}
    work = yield from insist(context, "plan_begin", order)
    for step in _SINGLE:
        show(context, order, step, "running")
        yield from insist(context, "plan_step", order, step=step.value)
    for number in range(work["chunks"]):
        show(context, order, StepName.MAILBOXES, "running")
        yield from insist(context, "plan_mailboxes", order, chunk=number)
    yield from insist(context, "plan_mailboxes", order, taking_back=True)
    return (yield from insist(context, "plan_end", order))
