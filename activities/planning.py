"""The dry run: where it begins and ends, and what is kept of each step. It writes only its own documents."""

from __future__ import annotations

from activities.blueprint import activity
from activities.results import Result, unseen
from activities.run import Run
from connector.diagnosis import unreadable
from connector.dry_runs import Draft
from connector.errors import UnreadableError
from connector.log import log
from connector.objects import Ids
from connector.operation import StepRecord
from connector.orders import MORE, PLAN_BEGIN, PLAN_END, WAIT, Order, Outcome, PlanWork
from connector.planned import PlannedChunk, listed, union
from connector.plans.mailbox_list import all_leaving, arrange, summary
from connector.plans.plan import Action
from connector.services import services
from connector.steps import MailboxState, StepName, StepState
from connector.wanted import Absent

PLANNED = "planned"
"""The state of a step that has been looked at."""


@activity(PLAN_BEGIN, Order)
async def plan_begin(order: Order) -> PlanWork:
    """Arrange the wanted list, and return in how many chunks."""
    clients = services()
    planned = (await clients.plans.draft(order.name, order.plan)).planned
    bad: list[UnreadableError] = []
    present = [chunk async for chunk in clients.documents.chunks(order.name, len(planned.connection.chunks), bad=bad)]
    wanted = planned.connection.wanted.mailboxes
    back = isinstance(planned.connection.goal, Absent)
    arranged = all_leaving(present) if back else arrange(present, wanted, clients.settings.mailbox_chunk)
    opened = {entry.requested for chunk in present for entry in chunk.mailboxes if entry.state is MailboxState.OPEN}
    for chunk in arranged:
        for entry in chunk.mailboxes:
            entry.state = MailboxState.OPEN if entry.requested in opened else entry.state
        await clients.plans.save_chunk(planned, PlannedChunk(chunk=chunk))
    planned.connection.steps = {}
    planned.connection.chunks = [summary(chunk, planned.id) for chunk in arranged]
    planned.changes, planned.chunks = [], len(arranged)
    planned.findings = [unreadable(error, StepName.MAILBOXES) for error in bad]
    await clients.plans.save(planned)
    connection = planned.connection
    return PlanWork("begun", 0 if back else len(arranged), connection.programme, connection.sends)


async def note(run: Run, draft: Draft, step: StepName, result: Result) -> Outcome:
    """Write what a look came to into the dry run's document, unless it is to be waited for."""
    outcome, findings = result.outcome, result.findings
    if outcome.state == WAIT and (outcome.reason == MORE or not run.order.part.last):
        return outcome
    planned = draft.planned
    result.note(planned.connection)
    if any(change.action is Action.CREATE_APPLICATION for change in result.planned):
        # The steps that follow would wait for the one that is gone; what they need is known after the change.
        ids = planned.connection.ids
        planned.connection.ids = Ids(tenant_id=ids.tenant_id, identity_object_id=ids.identity_object_id)
        planned.connection.secret = planned.connection.rotation = None
    findings = findings or unseen(step, result)
    # Where it could not be looked at nobody knows what the steps that need it would change: they are not either.
    before = planned.connection.step(step).state  # of the mailboxes another part may have been seen
    open_ = StepState.ACTION_REQUIRED in {before, outcome.state} or outcome.state == WAIT
    state = StepState.ACTION_REQUIRED if open_ else StepState.UNCHANGED
    planned.connection.steps[step] = StepRecord(state=state)
    planned.findings = union(planned.findings, [*findings])
    planned.changes = union(planned.changes, listed(step, result.planned, planned.connection.rights))
    await draft.save()
    return Outcome(PLANNED)


@activity(PLAN_END, Order)
async def plan_end(order: Order) -> Outcome:
    """Note that the plan is complete."""
    run = await Run.open(order)
    if run.draft is not None:
        run.draft.planned.ended = run.now
        await run.draft.save()
        log("plan", connection=order.name, outcome="done", changes=len(run.draft.planned.changes))
    return Outcome("done")
