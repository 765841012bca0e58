"""Step 7, ``Add-MailboxPermission … FullAccess``: one chunk of mailboxes at a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activities.blueprint import activity
from activities.mailbox_chunk import ChunkRun
from activities.run import MORE, SUPERSEDED, WAIT, Order, Outcome, Run, record, translate
from connector.errors import ForbiddenError, ReplicationError, ServiceError
from connector.model import Chunk, ChunkSummary, Connection, Finding
from connector.observed import ExchangePrincipal
from connector.plans import mailboxes
from connector.steps import SETTLED, StepName, StepState, may_run

_STEP = StepName.MAILBOXES


def summary(chunk: Chunk, operation: str) -> ChunkSummary:
    """Return what the connection's document keeps of a chunk."""
    return ChunkSummary(
        counts=chunk.counts(),
        unsettled=sum(entry.settled_in != operation for entry in chunk.mailboxes),
        leaving=[entry.address or entry.requested for entry in chunk.mailboxes if not entry.wanted],
    )


def _keep(chunk: Chunk, connection: Connection) -> None:
    connection.chunks[chunk.number] = summary(chunk, connection.operation.id)


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
    """Give, and take back, the access of one chunk of mailboxes."""
    run = await Run.open(order)
    if run.superseded:
        return Outcome(SUPERSEDED).to_json()
    if not may_run(_STEP, run.connection.step_states()):
        return Outcome(StepState.PENDING).to_json()
    chunk = await run.services.documents.chunk(run.order.name, run.order.chunk)
    findings: tuple[Finding, ...] = ()
    changes = 0
    try:
        principal = await principal_of(run)
        if principal is None:
            return Outcome(StepState.PENDING).to_json()
        work = ChunkRun(run, chunk, principal)
        await work.settle()
        changes = work.changes
        await run.services.documents.save_chunk(run.order.name, chunk)
        chunks = list(run.connection.chunks)
        chunks[chunk.number] = summary(chunk, run.connection.operation.id)
        outcome = _outcome(run, work, chunks)
    except ServiceError as error:
        outcome, findings = translate(_STEP, error)
        chunks = run.connection.chunks
    leaving = [address for each in chunks for address in each.leaving]
    # While later chunks are still to come only what an earlier round has tried is known to stay.
    known = run.order.round > 0 and outcome.state == StepState.RUNNING
    if leaving and (known or outcome.state == StepState.ACTION_REQUIRED):
        findings += (mailboxes.removal(leaving),)
    await record(run, _STEP, outcome, findings, changes, [lambda connection: _keep(chunk, connection)])
    return outcome.to_json()


def _outcome(run: Run, work: ChunkRun, chunks: Sequence[ChunkSummary]) -> Outcome:
    """Return the state of the whole step after this chunk; ``chunks`` is how all of them stand now."""
    if work.wait is not None:
        return translate(_STEP, work.wait)[0]
    if work.more:
        return Outcome(WAIT, MORE, 0.0)
    if any(entry.unsettled for entry in chunks[work.chunk.number + 1 :]):
        return Outcome(StepState.RUNNING)
    if any(entry.unsettled for entry in chunks):
        return Outcome(StepState.ACTION_REQUIRED)
    changed = work.changes or run.connection.step(_STEP).changes
    return Outcome(StepState.DONE if changed else StepState.UNCHANGED)
