"""Step 7, ``Add-MailboxPermission … FullAccess``: one chunk of mailboxes at a delivery, then what leaves the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.mailbox_chunk import ChunkRun
from activities.mailbox_removal import Removal
from activities.run import ENDING, MORE, WAIT, Ending, Order, Outcome, Run, not_now, record, translate
from connector.errors import ForbiddenError, ReplicationError, ServiceError
from connector.model import ChunkSummary, Connection, Finding
from connector.observed import ExchangePrincipal
from connector.plans import mailboxes
from connector.plans.mailbox_list import summary
from connector.steps import SETTLED, StepName, StepState
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
    if run.dry and ids.enterprise_application_id is None:
        return None
    application_id, object_id = ids.known("application_id"), ids.known("enterprise_application_id")
    try:
        found = await run.services.exchange.principal(ids.known("tenant_id"), application_id)
    except ForbiddenError:
        if seen:
            raise
        return ExchangePrincipal(application_id, object_id, "", assumed=True)
    if found is None and seen:
        raise ReplicationError("exchange", "principal-not-listed", "the principal is not readable yet")
    return found if found is not None and found.object_id.lower() == object_id.lower() else None


@activity("mailboxes")
async def run_mailboxes(order: Order) -> dict[str, Any]:
    """Give the access of one chunk of mailboxes; or, after all of them, take back what is no longer wanted."""
    run = await Run.open(order)
    if (instead := not_now(run, _STEP)) is not None:
        return instead.to_json()
    try:
        principal, foreign = await together(principal_of(run), ownership.require(run, _STEP))
        if principal is None and not foreign:
            return Outcome(StepState.PENDING).to_json()
        # Nothing is given or taken back where the application is not ours alone.
        refused = _Result(Outcome(StepState.ACTION_REQUIRED), foreign)
        work = _take_back if order.taking_back else _give
        result = refused if foreign or principal is None else await work(run, principal)
    except ENDING as error:
        result = _failed(run, error)
    outcome = await record(run, _STEP, result.outcome, result.findings, result.changes, [*result.recorders])
    return outcome.to_json()


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    changes: int = 0
    recorders: tuple[Callable[[Connection], None], ...] = ()


def _failed(run: Run, error: Ending) -> _Result:
    """Return what an error means for the whole step; a person is asked for what is still to be taken back too."""
    outcome, findings = translate(_STEP, error)
    if outcome.state == WAIT and run.order.last and run.order.round:
        outcome = Outcome(StepState.WAITING, outcome.reason)  # the next round looks again, and proves meanwhile
    leaving = _leaving(run.connection.chunks)
    stuck = leaving and outcome.state == StepState.ACTION_REQUIRED
    return _Result(outcome, (*findings, mailboxes.removal(leaving)) if stuck else findings)


async def _give(run: Run, principal: ExchangePrincipal) -> _Result:
    """Give access to the wanted mailboxes of one chunk; how the step ends is said when all chunks are through."""
    chunk = await run.services.documents.chunk(run.order.name, run.order.chunk)
    work = ChunkRun(run, chunk, principal)
    error = await _attempt(work.settle())
    await run.services.documents.save_chunk(run.order.name, chunk)
    told = _failed(run, error) if error is not None else _given(run, work)
    keep = partial(_keep, {chunk.number: summary(chunk, run.operation)})
    return _Result(told.outcome, told.findings, work.changes, (keep,))


def _given(run: Run, work: ChunkRun) -> _Result:
    if work.wait is not None:
        return _Result(translate(_STEP, work.wait)[0])
    if work.more:
        return _Result(Outcome(WAIT, MORE, 0.0))
    step = run.connection.step(_STEP)
    stuck = step.state is StepState.ACTION_REQUIRED  # as an earlier round left it: it is so until all is looked at
    told = tuple(finding for finding in step.findings if finding.code in _OF_REMOVALS)
    return _Result(Outcome(StepState.ACTION_REQUIRED if stuck else StepState.RUNNING), told)


async def _take_back(run: Run, principal: ExchangePrincipal) -> _Result:
    """Take back what no wanted name means any more, and say how the whole step stands."""
    work = Removal(run, principal)
    error = await _attempt(work.take_back())
    told = _failed(run, error) if error is not None else _taken(run, work)
    # What has been done is kept, whatever came afterwards.
    recorders: list[Callable[[Connection], None]] = [partial(_keep, work.chunks)]
    if work.changes:
        recorders.append(lambda connection: setattr(connection, "taken_back_on", run.now))
    return _Result(told.outcome, told.findings, work.changes, tuple(recorders))


def _taken(run: Run, work: Removal) -> _Result:
    leaving = _leaving(work.chunks.values())
    findings: tuple[Finding, ...] = ()
    if leaving and work.meant.unknown:
        findings = (mailboxes.removal_waits(leaving),)
    elif work.by_hand:
        findings = (mailboxes.removal([entry.address or entry.requested for entry in work.by_hand]),)
    return _Result(_outcome(run, work), findings)


async def _attempt(work: Awaitable[None]) -> ServiceError | None:
    try:
        await work
    except ServiceError as error:
        return error
    return None


def _outcome(run: Run, work: Removal) -> Outcome:
    """Return the state of the whole step, by how all chunks stand now."""
    if work.more:
        return Outcome(WAIT, MORE, 0.0)
    if work.wait is not None and not run.order.last:
        return translate(_STEP, work.wait)[0]
    if work.wait is not None and not work.by_hand:
        return Outcome(StepState.WAITING)
    if any(chunk.unsettled or chunk.leaving for chunk in work.chunks.values()):
        return Outcome(StepState.ACTION_REQUIRED)
    changed = work.changes or run.connection.step(_STEP).changes
    return Outcome(StepState.DONE if changed else StepState.UNCHANGED)


def _keep(chunks: Mapping[int, ChunkSummary], connection: Connection) -> None:
    for number, chunk in chunks.items():
        connection.chunks[number] = chunk


def _leaving(chunks: Iterable[ChunkSummary]) -> list[str]:
    return [address for chunk in chunks for address in chunk.leaving]
