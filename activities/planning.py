"""The dry run: each step's own observation and decision, without its ``apply``. Writes only the plan's document."""

from __future__ import annotations

from typing import Any

from activities.blueprint import activity
from activities.planning_mailboxes import PLANNED, listed, opened
from activities.run import SUPERSEDED, WAIT, Order, Outcome, translate
from activities.steps import STEPS
from connector.diagnosis import unread, unreadable
from connector.errors import ServiceError, UnreadableError
from connector.log import log
from connector.model import Ids, StepRecord
from connector.planned import PlannedChunk
from connector.plans.mailbox_list import arrange
from connector.plans.plan import Action, Plan
from connector.services import services
from connector.steps import MailboxState, StepName, StepState, may_run

_STAGES = {stage.step: stage for stage in STEPS}


@activity("plan_begin")
async def plan_begin(order: Order) -> dict[str, Any]:
    """Arrange the wanted list, and return in how many chunks."""
    clients = services()
    planned = await clients.plans.load(order.name)
    if planned is None or planned.id != order.plan:
        return {"state": SUPERSEDED, "chunks": 0}
    bad: list[UnreadableError] = []
    present = [chunk async for chunk in clients.documents.chunks(order.name, len(planned.connection.chunks), bad=bad)]
    wanted = planned.connection.wanted.mailboxes
    arranged = arrange(present, wanted, clients.settings.mailbox_chunk)
    opened = {entry.requested for chunk in present for entry in chunk.mailboxes if entry.state is MailboxState.OPEN}
    for chunk in arranged:
        for entry in chunk.mailboxes:
            entry.state = MailboxState.OPEN if entry.requested in opened else entry.state
        await clients.plans.save_chunk(planned, PlannedChunk(chunk=chunk))
    planned.connection.steps = {}
    planned.changes, planned.chunks = [], len(arranged)
    planned.findings = [unreadable(error, StepName.MAILBOXES) for error in bad]
    await clients.plans.save(planned)
    return {"state": "begun", "chunks": len(arranged)}


@activity("plan_step")
async def plan_step(order: Order) -> dict[str, Any]:
    """Look at what one step would change."""
    found = await opened(order)
    step = StepName(order.step)
    if found is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = found
    if not may_run(step, planned.connection.step_states()):
        return PLANNED.to_json()
    stage, unseen = _STAGES[step], False
    try:
        observed = await stage.observe(run)
        plan = stage.plan(observed, planned.connection.wanted)
        stage.record(observed, planned.connection)
        if any(change.action is Action.CREATE_APPLICATION for change in plan.changes):
            # The steps that follow would wait for the one that is gone; what they need is known after the change.
            planned.connection.ids = Ids(
                tenant_id=planned.connection.ids.tenant_id,
                identity_object_id=planned.connection.ids.identity_object_id,
            )
            planned.connection.secret = None
    except ServiceError as error:
        outcome, findings = translate(step, error)
        if outcome.state == WAIT and not order.last:
            return outcome.to_json()
        findings = findings or (unread(step, error),)
        plan = Plan(findings=findings)
        # Nobody knows what the steps that need it would change: they are not looked at either.
        unseen = outcome.state == WAIT
    state = StepState.ACTION_REQUIRED if plan.blocked or unseen else StepState.UNCHANGED
    planned.connection.steps[step] = StepRecord(state=state)
    changes = [] if plan.blocked else listed(step, plan.changes, planned.connection.rights)
    # In the place of what an earlier delivery has found.
    planned.findings = [*(one for one in planned.findings if one.step is not step), *plan.findings]
    planned.changes = [*(one for one in planned.changes if one.step is not step), *changes]
    await services().plans.save(planned)
    return PLANNED.to_json()


@activity("plan_end")
async def plan_end(order: Order) -> dict[str, Any]:
    """Note that the plan is complete."""
    found = await opened(order)
    if found is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = found
    planned.ended = run.now
    await services().plans.save(planned)
    log("plan", connection=order.name, outcome="done", changes=len(planned.changes))
    return Outcome("done").to_json()
