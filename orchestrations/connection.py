"""The set-up of one connection, round by round, in the order of the article.

A round runs every step that is not settled, tries the mailboxes that have not opened, and notes where the connection
stands. Then it ends, or waits and continues as new: the store knows what is left, so a round needs no memory.
"""

from __future__ import annotations

from dataclasses import replace

import azure.durable_functions as df

from connector.orders import (
    BEGIN,
    CONCLUDE,
    FAIL,
    SUPERSEDED,
    UNREADABLE,
    Conclusion,
    Order,
    Outcome,
    Progress,
    RunOrder,
    Work,
    parsed,
)
from connector.steps import StepName, StepState
from orchestrations.steps import Bell, HistoryFullError, Steps, blueprint, carry_out, insist, show

ORCHESTRATION = "connection"
_FINAL = frozenset({StepState.FAILED.value, SUPERSEDED, UNREADABLE})
"""Outcomes after which no other step has to be tried."""


@blueprint.function_name(ORCHESTRATION)
@blueprint.orchestration_trigger(context_name="context")
def connection(context: df.DurableOrchestrationContext) -> Steps[dict[str, object] | None]:
    """Set a connection up, or bring it to the wanted state, and prove it."""
    order = parsed(RunOrder, context.get_input())
    try:
        following = yield from _round(context, order)
    except HistoryFullError:
        following = order
    if isinstance(following, Conclusion):
        return following.to_json()
    context.continue_as_new(following.to_json())
    return None


def _round(context: df.DurableOrchestrationContext, run: RunOrder) -> Steps[RunOrder | Conclusion]:
    """Run one round; return the order for the next one, or where the connection stands in the end."""
    order = Order(run.name, run.revision, run.attempt, run.round, now=context.current_utc_datetime)
    work = yield from insist(context, BEGIN, order, Work)
    if work.state == SUPERSEDED:
        return Conclusion(work.state, work.revision)
    if work.state == UNREADABLE:  # noted where there is something that it can be noted in
        yield from insist(context, FAIL, order.failure(StepName.MAILBOXES, "document-unreadable"), Outcome)
    if work.revision not in {None, order.revision}:  # what is wanted now has had no round yet: nobody waited for it
        order = replace(order, revision=work.revision, round=0)
    order = replace(order, operation=work.operation)
    bell = Bell(context)
    yield from _steps(context, bell, order, work)
    verdict = yield from insist(context, CONCLUDE, order, Conclusion)
    revision = order.revision if verdict.revision is None else verdict.revision
    if verdict.seconds is None:
        return Conclusion(verdict.state, revision)
    show(context, Progress(order.revision, StepName.VERIFICATION, verdict.state, seconds=verdict.seconds))
    if verdict.seconds:
        yield from bell.wait(verdict.seconds)
    return RunOrder(order.name, revision, order.attempt, order.round + 1 if revision == order.revision else 0)


def _steps(context: df.DurableOrchestrationContext, bell: Bell, order: Order, work: Work) -> Steps[None]:
    """Run every step that is not settled."""
    for step in work.steps:
        outcome = yield from _step(context, bell, step, order, work)
        if outcome.state in _FINAL:
            break
    if work.orphans:
        yield from carry_out(context, bell, StepName.SECRET, order)  # a replica may show an orphan late


def _step(
    context: df.DurableOrchestrationContext, bell: Bell, step: StepName, order: Order, work: Work
) -> Steps[Outcome]:
    """Run the parts of a step, as far as they are worth trying."""
    outcome = Outcome(StepState.PENDING)
    for part in work.parts(step, first=order.round == 0):
        outcome = yield from carry_out(context, bell, step, replace(order, part=part))
        if part.ends(outcome):
            break
    return outcome
