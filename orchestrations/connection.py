"""The set-up of one connection, round by round, in the order of the article.

A round runs every step that is not settled, tries the mailboxes that have not opened, and notes where the connection
stands. Then it ends, or waits and continues as new: the store knows what is left, so a round needs no memory.
"""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from connector.steps import StepName, StepState
from orchestrations.steps import Bell, HistoryFullError, Steps, blueprint, carry_out, insist, show

ORCHESTRATION = "connection"
_POINTLESS = frozenset({"failed", "pending", "superseded", "unreadable", "wait"})
"""Outcomes after which the other chunks would come to the same."""
_FINAL = frozenset({"failed", "superseded", "unreadable"})
"""Outcomes after which no other step has to be tried."""
_MESSAGE = ("name", "revision", "attempt", "round")
"""What one generation hands to the next; everything else stands in the store."""
_PROBES = 3
"""How many mailboxes a pass tries while none has opened."""


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def connection(context: df.DurableOrchestrationContext) -> Steps:
    """Set a connection up, or bring it to the wanted state, and prove it."""
    given: Any = context.get_input()
    order = {
        "name": given["name"],
        "revision": given["revision"],
        "attempt": given.get("attempt", 0),
        "round": given.get("round", 0),
    }
    try:
        return (yield from _round(context, order))
    except HistoryFullError:
        context.continue_as_new({key: order[key] for key in _MESSAGE})
        return None


def _round(context: df.DurableOrchestrationContext, order: dict[str, Any]) -> Steps:
    work = yield from insist(context, "begin", order)
    if work["state"] == "superseded":
        return {"state": work["state"], "revision": work["revision"]}
    if work["state"] == "unreadable":  # noted where there is something that it can be noted in
        yield from insist(context, "fail", order, step=StepName.MAILBOXES.value, code="document-unreadable")
        work = {"revision": order["revision"], "steps": [], "orphans": 0}
    bell = Bell(context)
    yield from _steps(context, bell, order, work)
    verdict = yield from insist(context, "conclude", order)
    if verdict["seconds"] is None:
        return {"state": verdict["state"], "revision": verdict.get("revision", order["revision"])}
    show(context, order, StepName.VERIFICATION, verdict["state"], seconds=verdict["seconds"])
    if verdict["seconds"]:
        yield from bell.wait(verdict["seconds"])
    same = verdict["revision"] == order["revision"]
    order.update(revision=verdict["revision"], round=order["round"] + 1 if same else 0)
    context.continue_as_new({key: order[key] for key in _MESSAGE})
    return None


def _steps(context: df.DurableOrchestrationContext, bell: Bell, order: dict[str, Any], work: dict[str, Any]) -> Steps:
    """Run every step that is not settled."""
    if work["revision"] != order["revision"]:  # what is wanted now has had no round yet: nobody has waited for it
        order["round"] = 0
    order.update(revision=work["revision"], operation=work.get("operation", ""))
    for step in work["steps"]:
        outcome = yield from _step(context, bell, StepName(step), order, work)
        if outcome["state"] in _FINAL:
            break
    if work["orphans"]:
        yield from carry_out(context, bell, StepName.SECRET, order)  # a replica may show an orphan late


def _step(
    context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: dict[str, Any], work: dict[str, Any]
) -> Steps:
    if step is StepName.MAILBOXES:
        return (yield from _mailboxes(context, bell, step, order, work["chunks"]))
    if step is StepName.VERIFICATION:
        return (yield from _prove(context, bell, order, work))
    return (yield from carry_out(context, bell, step, order))


def _mailboxes(
    context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: dict[str, Any], numbers: list[int]
) -> Steps:
    """Give access over all chunks first, then take back what no wanted name means any more."""
    outcome = yield from _chunks(context, bell, step, order, numbers)
    if numbers and outcome["state"] in _POINTLESS:
        return outcome
    return (yield from carry_out(context, bell, step, order, taking_back=True, last=_is_later(step, order)))


def _prove(context: df.DurableOrchestrationContext, bell: Bell, order: dict[str, Any], work: dict[str, Any]) -> Steps:
    """Try a few mailboxes while none has opened, then all that have not; all too when waiting alone will not help."""
    if not work["open"] and not work["thorough"]:
        outcome = yield from carry_out(context, bell, StepName.VERIFICATION, order, probe=_PROBES)
        if outcome["state"] == StepState.DONE or not outcome.get("open"):
            return outcome
    return (yield from _chunks(context, bell, StepName.VERIFICATION, order, work["prove"] or [0]))


def _chunks(
    context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: dict[str, Any], numbers: list[int]
) -> Steps:
    outcome: dict[str, Any] = {"state": StepState.PENDING}
    for number in numbers:
        outcome = yield from carry_out(context, bell, step, order, chunk=number, last=_is_later(step, order))
        if outcome["state"] in _POINTLESS:
            break
    return outcome


def _is_later(step: StepName, order: dict[str, Any]) -> bool:
    """Return whether who has been waited for in the first round is only looked at: the others are to be proven."""
    return step is StepName.MAILBOXES and bool(order["round"] > 0)
