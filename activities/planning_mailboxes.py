"""The dry run of step 7: what each chunk of wanted mailboxes needs, then what is taken back over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.mailbox_chunk import BUDGET, ChunkRun
from activities.mailbox_removal import Removal
from activities.mailboxes import principal_of
from activities.run import MORE, SUPERSEDED, WAIT, Order, Outcome, Run, accepted, translate
from connector.clock import Budget
from connector.diagnosis import unread
from connector.errors import ServiceError, WaitError
from connector.model import Finding, MailboxRecord, Rights
from connector.observed import ExchangePrincipal
from connector.planned import Planned, PlannedChange, PlannedChunk
from connector.plans import mailboxes
from connector.plans.plan import Action, Change
from connector.plans.prerequisites import may
from connector.services import services
from connector.steps import MailboxState, StepName, may_run

PLANNED = Outcome("planned")


@activity("plan_mailboxes")
async def plan_mailboxes(order: Order) -> dict[str, Any]:
    """Look at what step 7 would change for one chunk; or, after all of them, at what it would take back."""
    found = await opened(order)
    if found is None:
        return Outcome(SUPERSEDED).to_json()
    run, planned = found
    if not may_run(StepName.MAILBOXES, planned.connection.step_states()):
        return PLANNED.to_json()
    try:
        if foreign := await ownership.require(run, StepName.MAILBOXES):
            return (await _told(planned, order.chunk, foreign)).to_json()
        outcome = await (_leaving(run, planned) if order.taking_back else _chunk(run, planned))
    except ServiceError as error:
        outcome, findings = translate(StepName.MAILBOXES, error)
        if outcome.state == WAIT and not order.last:
            return outcome.to_json()
        findings = findings or (unread(StepName.MAILBOXES, error),)
        outcome = await _told(planned, order.chunk, findings)
    return outcome.to_json()


async def _told(planned: Planned, number: int, findings: Iterable[Finding]) -> Outcome:
    """Keep what is in the way of looking; what was seen before stands."""
    found = await services().plans.chunk(planned, number)
    if found is not None:
        found.findings += [finding for finding in findings if finding not in found.findings]
        await services().plans.save_chunk(planned, found)
    return PLANNED


async def _chunk(run: Run, planned: Planned) -> Outcome:
    found = await services().plans.chunk(planned, run.order.chunk)
    if found is None:
        return Outcome(SUPERSEDED)
    changes, found.findings = await _of_chunk(run, planned, found)
    found.changes = listed(StepName.MAILBOXES, changes, run.connection.rights)
    await services().plans.save_chunk(planned, found)
    return PLANNED


async def _of_chunk(run: Run, planned: Planned, found: PlannedChunk) -> tuple[list[Change], list[Finding]]:
    wanted = [entry for entry in found.chunk.mailboxes if entry.wanted]
    if not run.connection.rights.cmdlets:  # nothing can be looked at: a person gives access to all that do not open
        closed = [entry.requested for entry in wanted if entry.state is not MailboxState.OPEN]
        return [Change(Action.GRANT_ACCESS, address, "access-missing") for address in closed], []
    principal = await _principal(run, planned)
    work = ChunkRun(run, found.chunk, principal or ExchangePrincipal("", "", ""))
    changes: list[Change] = []
    findings: list[Finding] = []
    for _, seen in await work.observe(wanted, access_known=principal is not None):
        needed = mailboxes.plan(seen, enable_imap=run.connection.wanted.enable_imap)
        changes += needed
        if not any(change.action is Action.ENABLE_IMAP for change in needed):
            findings += filter(None, [mailboxes.imap_finding(seen)])
    if work.wait is not None:
        raise work.wait
    return changes, findings + [entry.finding for entry in wanted if entry.finding is not None]


async def _leaving(run: Run, planned: Planned) -> Outcome:
    """Look at what no wanted name means any more, and list what two names of one mailbox both need only once."""
    principal = await _principal(run, planned) if run.connection.rights.cmdlets else None
    work, budget = Removal(run, principal or ExchangePrincipal("", "", "")), Budget(BUDGET)
    for number in range(planned.chunks):
        if (found := await services().plans.chunk(planned, number)) is not None:
            work.meant.add(found.chunk, run.operation)
    seen: set[tuple[Action, str]] = set()
    for number in range(planned.chunks):
        if budget.left <= 0:
            return Outcome(WAIT, MORE, 0.0)
        if (found := await services().plans.chunk(planned, number)) is not None:
            await _look(run, work, found, known=principal is not None)
            found.changes = [one for one in found.changes if not _seen(seen, one)]
            await services().plans.save_chunk(planned, found)
    return PLANNED


async def _look(run: Run, work: Removal, found: PlannedChunk, *, known: bool) -> None:
    """List what a chunk loses. Each mailbox is looked at once, however often this is delivered."""
    leaving = [entry for entry in found.chunk.mailboxes if not entry.wanted and entry.leaving_since is None]
    if run.connection.rights.cmdlets and work.meant.unknown and leaving:
        found.findings.append(mailboxes.removal_waits([entry.address or entry.requested for entry in leaving]))
        stay = []
    elif run.connection.rights.cmdlets:
        stay = await _still_open(run, work, leaving) if known else []
    else:
        stay = [entry for entry in leaving if entry.held and entry.key not in work.meant.keys]
    for entry in leaving:
        entry.leaving_since = run.now
    changes = [Change(Action.REVOKE_ACCESS, entry.address or entry.requested, "access-unwanted") for entry in stay]
    found.changes += listed(StepName.MAILBOXES, changes, run.connection.rights)


async def _still_open(run: Run, work: Removal, leaving: list[MailboxRecord]) -> list[MailboxRecord]:
    _, found = await work.find(leaving)
    access = await work.read(found)
    for error in (work.wait, *(present for _, _, present in access)):
        if isinstance(error, WaitError):
            raise error
    return [
        entry
        for entry, _, present in access
        if present is not False or (entry.held and mailboxes.spreading(entry.given_on, run.now))
    ]


def _seen(seen: set[tuple[Action, str]], change: PlannedChange) -> bool:
    key = (change.action, change.subject)
    before = key in seen
    seen.add(key)
    return before


async def _principal(run: Run, planned: Planned) -> ExchangePrincipal | None:
    coming = any(change.step is StepName.EXCHANGE for change in planned.changes)
    return None if coming else await principal_of(run)


async def opened(order: Order) -> tuple[Run, Planned] | None:
    """Return a run that writes nothing, and its plan; None where a newer dry run has taken its place."""
    clients = services()
    planned = await clients.plans.load(order.name)
    if planned is None or planned.id != order.plan:
        return None
    kept = await accepted(clients, order.name)
    return Run(clients, order, planned.connection, dry=True, acceptances=kept), planned


def listed(step: StepName, changes: Iterable[Change], rights: Rights) -> list[PlannedChange]:
    """Return changes as a plan shows them, with who makes them."""
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
