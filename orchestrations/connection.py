"""The set-up of one connection, round by round, in the order of the article.

A round runs every step that is not settled, tries the mailboxes that have not opened, and notes where the connection
stands. Then it ends, or waits and continues as new: the store knows what is left, so a round needs no memory.
"""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from connector.orders import BEGIN, CONCLUDE, FAIL, RunOrder, Work, parsed
from connector.steps import StepName
from orchestrations.steps import Bell, HistoryFullError, Steps, blueprint, carry_out, insist, show

ORCHESTRATION = "connection"
_FINAL = frozenset({"failed", "superseded", "unreadable"})
"""Outcomes after which no other step has to be tried."""


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def connection(context: df.DurableOrchestrationContext) -> Steps:
    """Set a connection up, or bring it to the wanted state, and prove it."""
    order = parsed(RunOrder, context.get_input()).to_json()
    try:
        return (yield from _round(context, order))
    except HistoryFullError:
        context.continue_as_new(parsed(RunOrder, order).to_json())
        return None


def _round(context: df.DurableOrchestrationContext, order: dict[str, Any]) -> Steps:
    begun = yield from insist(context, BEGIN, order)
    work = parsed(Work, {"revision": order["revision"], **begun})
    if work.state == "superseded":
        return {"state": work.state, "revision": work.revision}
    if work.state == "unreadable":  # noted where there is something that it can be noted in
        yield from insist(context, FAIL, order, step=StepName.MAILBOXES.value, code="document-unreadable")
    bell = Bell(context)
    yield from _steps(context, bell, order, work)
    verdict = yield from insist(context, CONCLUDE, order)
    if verdict["seconds"] is None:
        return {"state": verdict["state"], "revision": verdict.get("revision", order["revision"])}
    show(context, order, StepName.VERIFICATION, verdict["state"], seconds=verdict["seconds"])
    if verdict["seconds"]:
        yield from bell.wait(verdict["seconds"])
    same = verdict["revision"] == order["revision"]
    order.update(revision=verdict["revision"], round=order["round"] + 1 if same else 0)
    context.continue_as_new(parsed(RunOrder, order).to_json())
    return None


def _steps(context: df.DurableOrchestrationContext, bell: Bell, order: dict[str, Any], work: Work) -> Steps:
    """Run every step that is not settled."""
    if work.revision != order["revision"]:  # what is wanted now has had no round yet: nobody has waited for it
        order["round"] = 0
    order.update(revision=work.revision, operation=work.operation)
    for step in work.steps:
        outcome = yield from _step(context, bell, StepName(step), order, work)
        if outcome["state"] in _FINAL:
            break
    if work.orphans:
        yield from carry_out(context, bell, StepName.SECRET, order)  # a replica may show an orphan late


def _step(
    context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: dict[str, Any], work: Work
) -> Steps:
    """Run the parts of a step, as far as they are worth trying."""
    # Who has been waited for in the first round is only looked at afterwards: the others are to be proven.
    last, outcome = step is StepName.MAILBOXES and order["round"] > 0, dict[str, Any]()
    for part in work.parts(step):
        outcome = yield from carry_out(context, bell, step, order, **part.to_json(), last=last)
        if part.ends(outcome):
            break
    return outcome
