"""The dry run: each step's own observation and decision, without its ``apply``. Writes only the plan's document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from activities import application, consent, enterprise_application, exchange, prerequisites, secret
from activities.blueprint import activity
from activities.mailbox_chunk import ChunkRun
from activities.mailboxes import principal_of
from activities.run import SUPERSEDED, WAIT, Order, Outcome, Run, Stage, translate
from connector.errors import ServiceError
from connector.log import log
from connector.model import Finding, Rights, StepRecord
from connector.observed import ExchangePrincipal
from connector.planned import Planned, PlannedChange, PlannedChunk
from connector.plans import mailboxes
from connector.plans.mailboxes import arrange
from connector.plans.plan import Action, Change, Plan
from connector.plans.prerequisites import may
from connector.services import services
from connector.steps import MailboxState, StepName, StepState, may_run

_STAGES: dict[StepName, Stage[Any]] = {
    stage.step: stage
    for stage in (
        prerequisites.STAGE,
        application.STAGE,
        enterprise_application.STAGE,
        consent.STAGE,
        secret.STAGE,
        exchange.STAGE,
    )
}
_PLANNED = Outcome("planned")


@activity("plan_begin")
async def plan_begin(order: Order) -> dict[str, Any]:
    """Arrange the wanted list, and return in how many chunks."""
    clients = services()
    planned = await clients.plans.load(order.name)
    if planned is None or planned.id != order.plan:
        return {"state": SUPERSEDED, "chunks": 0}
    present = [chunk async for chunk in clients.documents.chunks(order.name)]
    wanted = planned.connection.wanted.mailboxes
    arranged = arrange(present, wanted, clients.settings.mailbox_chunk)
    opened = {entry.requested for chunk in present for entry in chunk.mailboxes if entry.state is MailboxState.OPEN}
    for chunk in arranged:
        for entry in chunk.mailboxes:
            entry.state = MailboxState.OPEN if entry.requested in opened else entry.state
        await clients.plans.save_chunk(planned, PlannedChunk(chunk=chunk))
    planned.connection.steps = {}
    planned.changes, planned.findings, planned.chunks = [], [], len(arranged)
    await clients.plans.save(planned)
    return {"state": "begun", "chunks": len(arranged)}


@activity("plan_step")
async def plan_step(order: Order) -> dict[str, Any]:
    """Look at what one step would change."""
    opened = await _open(order)
    step = StepName(order.step)
    if opened is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = opened
    if not may_run(step, planned.connection.step_states()):
        return _PLANNED.to_json()
    stage = _STAGES[step]
    try:
        observed = await stage.observe(run)
        plan = stage.plan(run, observed)
        stage.record(observed, planned.connection)
    except ServiceError as error:
        outcome, findings = translate(step, error)
        if outcome.state == WAIT:
            return outcome.to_json()
        plan = Plan(findings=findings)
    state = StepState.ACTION_REQUIRED if plan.blocked else StepState.UNCHANGED
    planned.connection.steps[step] = StepRecord(state=state)
    changes = [] if plan.blocked else _listed(step, plan.changes, planned.connection.rights)
    # In the place of what an earlier delivery has found.
    planned.findings = [*(one for one in planned.findings if one.step is not step), *plan.findings]
    planned.changes = [*(one for one in planned.changes if one.step is not step), *changes]
    await services().plans.save(planned)
    return _PLANNED.to_json()


@activity("plan_mailboxes")
async def plan_mailboxes(order: Order) -> dict[str, Any]:
    """Look at what step 7 would change for one chunk."""
    opened = await _open(order)
    if opened is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = opened
    if not may_run(StepName.MAILBOXES, planned.connection.step_states()):
        return _PLANNED.to_json()
    plans = services().plans
    found = await plans.chunk(planned, order.chunk)
    if found is None:
        return Outcome(SUPERSEDED).to_json()
    try:
        changes, findings = await _of_chunk(run, planned, found)
    except ServiceError as error:
        outcome, findings = translate(StepName.MAILBOXES, error)
        if outcome.state == WAIT:
            return outcome.to_json()
        changes = []
    found.changes, found.findings = changes, list(findings)
    await plans.save_chunk(planned, found)
    return _PLANNED.to_json()


@activity("plan_end")
async def plan_end(order: Order) -> dict[str, Any]:
    """Note that the plan is complete."""
    opened = await _open(order)
    if opened is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = opened
    planned.ended = run.now
    await services().plans.save(planned)
    log("plan", connection=order.name, outcome="done", changes=len(planned.changes))
    return Outcome("done").to_json()


async def _open(order: Order) -> tuple[Run, Planned] | None:
    """Return a run that writes nothing, and its plan; None where a newer dry run has taken its place."""
    clients = services()
    planned = await clients.plans.load(order.name)
    if planned is None or planned.id != order.plan:
        return None
    acceptances = await clients.acceptances.load(order.name)
    return Run(clients, order, planned.connection, dry=True, acceptances=acceptances), planned


async def _of_chunk(run: Run, planned: Planned, found: PlannedChunk) -> tuple[list[PlannedChange], tuple[Finding, ...]]:
    connection = run.connection
    leaving = [entry for entry in found.chunk.mailboxes if not entry.wanted]
    changes = [Change(Action.REVOKE_ACCESS, entry.address or entry.requested, "access-unwanted") for entry in leaving]
    wanted = [entry for entry in found.chunk.mailboxes if entry.wanted]
    if not connection.rights.cmdlets:  # nothing can be looked at: a person gives access to all that do not open
        closed = [entry.requested for entry in wanted if entry.state is not MailboxState.OPEN]
        changes += [Change(Action.GRANT_ACCESS, address, "access-missing") for address in closed]
        return _listed(StepName.MAILBOXES, changes, connection.rights), ()
    coming = any(change.step is StepName.EXCHANGE for change in planned.changes)
    principal = None if coming else await principal_of(run)
    work = ChunkRun(run, found.chunk, principal or ExchangePrincipal("", "", ""))
    findings: list[Finding] = []
    for _, seen in await work.observe(wanted, access_known=principal is not None):
        needed = mailboxes.plan(seen, enable_imap=connection.wanted.enable_imap)
        changes += needed
        if not any(change.action is Action.ENABLE_IMAP for change in needed):
            findings += filter(None, [mailboxes.imap_finding(seen)])
    if work.wait is not None:
        raise work.wait
    findings += [entry.finding for entry in wanted if entry.finding is not None]
    return _listed(StepName.MAILBOXES, changes, connection.rights), tuple(findings)


def _listed(step: StepName, changes: Iterable[Change], rights: Rights) -> list[PlannedChange]:
    return [
        PlannedChange(
            step=step,
            action=change.action,
            subject=change.subject,
            reason=change.reason,
            by_hand=not may(change.action, rights),
        )
        for change in changes
    ]
