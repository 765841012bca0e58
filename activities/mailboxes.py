"""Step 7, ``Add-MailboxPermission … FullAccess``: one chunk of mailboxes at a delivery, then what leaves the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.mailbox_chunk import ChunkRun
from activities.mailbox_removal import Removal
from activities.run import MORE, SUPERSEDED, WAIT, Order, Outcome, Run, held, record, translate
from connector.errors import ForbiddenError, ReplicationError, ServiceError
from connector.model import Chunk, ChunkSummary, Connection, Finding
from connector.observed import ExchangePrincipal
from connector.plans import mailboxes
from connector.plans.mailbox_list import summary
from connector.steps import SETTLED, StepName, StepState, may_run
from connector.together import together

_STEP = StepName.MAILBOXES
_OF_REMOVALS = frozenset({"removal-by-hand", "removal-waits"})


async def principal_of(run: Run) -> ExchangePrincipal | None:
    """Return Exchange's record; None where it is missing or wrong, which step 6 has said.

    Who may give access but not look at service principals (Exchange Recipient Administrator) names it by its object id.

    Raises:
        ReplicationError: step 6 has seen it, this server not yet.
    """
    ids, step = run.connection.ids, run.connection.step(StepName.EXCHANGE)
    seen = step.state in SETTLED and not step.proven_by_login
    object_id = ids.enterprise_application_id or ""
    try:
        found = await run.services.exchange.principal(ids.tenant_id or "", ids.application_id or "")
    except ForbiddenError:
        if seen:
            raise
        return ExchangePrincipal(ids.application_id or "", object_id, "", assumed=True)
    if found is None and seen:
        raise ReplicationError("exchange", "principal-not-listed", "the principal is not readable yet")
    return found if found is not None and found.object_id.lower() == object_id.lower() else None


@activity("mailboxes")
async def run_mailboxes(order: Order) -> dict[str, Any]:
    """Give the access of one chunk of mailboxes; or, after all of them, take back what is no longer wanted."""
    run = await Run.open(order)
    if run.superseded:
        return Outcome(SUPERSEDED).to_json()
    if not may_run(_STEP, run.connection.step_states()):
        return Outcome(StepState.PENDING).to_json()
    if (left := held(run, _STEP)) is not None:
        return left.to_json()
    work = _take_back if order.taking_back else _give
    try:
        principal, foreign = await together(principal_of(run), ownership.require(run, _STEP))
        if principal is None and not foreign:
            return Outcome(StepState.PENDING).to_json()
        # Nothing is given or taken back where the application is not ours alone.
        refused = _Result(Outcome(StepState.ACTION_REQUIRED), foreign)
        result = refused if foreign or principal is None else await work(run, principal)
    except ServiceError as error:
        outcome, findings = translate(_STEP, error)
        if outcome.state == WAIT and run.order.last and run.order.round:
            outcome = Outcome(StepState.WAITING, outcome.reason)  # the next round looks again, and proves meanwhile
        leaving = _leaving(run.connection.chunks)
        # A person is asked for all that is in the way, for what is still to be taken back too.
        stuck = leaving and outcome.state == StepState.ACTION_REQUIRED
        result = _Result(outcome, (*findings, mailboxes.removal(leaving)) if stuck else findings)
    await record(run, _STEP, result.outcome, result.findings, result.changes, [*result.recorders])
    return result.outcome.to_json()


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    changes: int = 0
    recorders: tuple[Callable[[Connection], None], ...] = ()


async def _give(run: Run, principal: ExchangePrincipal) -> _Result:
    """Give access to the wanted mailboxes of one chunk; how the step ends is said when all chunks are through."""
    chunk = await run.services.documents.chunk(run.order.name, run.order.chunk)
    work = ChunkRun(run, chunk, principal)
    await work.settle()
    await run.services.documents.save_chunk(run.order.name, chunk)
    step = run.connection.step(_STEP)
    stuck = step.state is StepState.ACTION_REQUIRED  # as an earlier round left it: it is so until all is looked at
    outcome = Outcome(StepState.ACTION_REQUIRED if stuck else StepState.RUNNING)
    if work.wait is not None:
        outcome = translate(_STEP, work.wait)[0]
    elif work.more:
        outcome = Outcome(WAIT, MORE, 0.0)
    told = tuple(finding for finding in step.findings if finding.code in _OF_REMOVALS)
    return _Result(outcome, told, work.changes, (partial(_keep, [chunk]),))


async def _take_back(run: Run, principal: ExchangePrincipal) -> _Result:
    """Take back what no wanted name means any more, and say how the whole step stands."""
    work = Removal(run, principal)
    await work.take_back()
    chunks = list(run.connection.chunks)
    for chunk in work.chunks:
        chunks[chunk.number] = summary(chunk, run.operation)
    leaving = _leaving(chunks)
    findings: tuple[Finding, ...] = ()
    if leaving and work.meant.unknown:
        findings = (mailboxes.removal_waits(leaving),)
    elif work.by_hand:
        findings = (mailboxes.removal([entry.address or entry.requested for entry in work.by_hand]),)
    recorders: list[Callable[[Connection], None]] = [partial(_keep, work.chunks)]
    if work.changes:
        recorders.append(lambda connection: setattr(connection, "taken_back_on", run.now))
    return _Result(_outcome(run, work, chunks), findings, work.changes, tuple(recorders))


def _outcome(run: Run, work: Removal, chunks: Sequence[ChunkSummary]) -> Outcome:
    """Return the state of the whole step; ``chunks`` is how all of them stand now."""
    if work.more:
        return Outcome(WAIT, MORE, 0.0)
    if work.wait is not None and not run.order.last:
        return translate(_STEP, work.wait)[0]
    if work.wait is not None and not work.by_hand:
        return Outcome(StepState.WAITING)
    if any(chunk.unsettled or chunk.leaving for chunk in chunks):
        return Outcome(StepState.ACTION_REQUIRED)
    changed = work.changes or run.connection.step(_STEP).changes
    return Outcome(StepState.DONE if changed else StepState.UNCHANGED)


def _keep(chunks: Sequence[Chunk], connection: Connection) -> None:
    for chunk in chunks:
        connection.chunks[chunk.number] = summary(chunk, connection.operation.id)


def _leaving(chunks: Sequence[ChunkSummary]) -> list[str]:
    return [address for chunk in chunks for address in chunk.leaving]
