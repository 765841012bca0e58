"""The frame around the steps: take an operation up, end a round, and note what nobody foresaw."""

from __future__ import annotations

from activities.blueprint import activity
from activities.removal import conclude_removal
from activities.run import Run
from connector.caller import asker
from connector.credential import Rotation, RotationState
from connector.diagnosis import DOCUMENT_UNREADABLE, unreadable
from connector.errors import UnreadableError
from connector.finding import Finding
from connector.log import log
from connector.mailbox import ChunkSummary
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import BEGIN, CONCLUDE, FAIL, SUPERSEDED, Conclusion, FailOrder, Order, Outcome, Work
from connector.plans.mailbox_list import again, all_leaving, arrange, summary
from connector.plans.settled import failed
from connector.steps import (
    ConnectionState,
    MailboxState,
    OperationKind,
    StepName,
    StepState,
    unsettled,
)
from connector.verdict import Verdict, conclude, needs_person, proving_overdue, settle_proven


@activity(BEGIN, Order)
async def begin(order: Order) -> Work:
    """Take the present operation up, once, and return the ``Work`` of this round, by what the store holds now.

    An attempt that comes too late has nothing to do: ``superseded`` is all it is told.
    """
    run = await Run.open(order)
    while not (run.abandoned or run.connection.operation.begun or run.connection.operation.cancelled):
        await _take_up(run)
    if run.abandoned or run.connection.operation.ended is not None:
        return Work(SUPERSEDED, run.connection.wanted.revision)
    connection = run.connection
    return Work(
        state=connection.state,
        revision=connection.wanted.revision,
        operation=connection.operation.id,
        steps=tuple(unsettled(connection.progress(), connection.operation.kind)),
        chunks=tuple(number for number, chunk in enumerate(connection.chunks) if chunk.unsettled),
        prove=tuple(number for number, chunk in enumerate(connection.chunks) if _unopened(chunk)),
        open=connection.counts().get(MailboxState.OPEN, 0),
        thorough=connection.operation.apart
        or needs_person(connection)
        or proving_overdue(connection, run.services.settings.verify_minutes, run.order.now),
        sends=connection.sends,
        orphans=0 if run.takes_back else sum(intent.key_id is None for intent in connection.intents),
    )


def _unopened(chunk: ChunkSummary) -> int:
    return sum(number for state, number in chunk.counts.items() if state is not MailboxState.OPEN)


async def _take_up(run: Run) -> None:
    if run.connection.operation.apart:
        await run.note(lambda connection: setattr(connection.operation, "begun", True))
        return
    documents, name, operation = run.services.documents, run.order.name, run.connection.operation
    present = [chunk async for chunk in documents.chunks(name, len(run.connection.chunks))]
    verifies = run.connection.operation.verifies
    if verifies:
        chunks = again(present)
    elif run.takes_back:
        chunks = all_leaving(present)
    else:
        chunks = arrange(present, run.connection.wanted.mailboxes, run.services.settings.mailbox_chunk)
    for chunk in chunks:
        await documents.save_chunk(name, chunk)

    def note(connection: Connection) -> None:
        if (connection.operation.id, connection.operation.attempt) != (operation.id, operation.attempt):
            return  # another request has come meanwhile: the list that was arranged is not its list
        connection.operation.begun = True
        connection.chunks = [summary(chunk, connection.operation.id) for chunk in chunks]
        connection.steps = {step: _renewed(connection.step(step), step, verifies) for step in connection.programme}
        _enter(connection, ConnectionState.RUNNING, run)

    await run.update(note)
    log(
        "operation",
        connection=name,
        operation=run.connection.operation.id,
        outcome="begun",
        code=run.connection.operation.kind,
        **asker(run.connection.operation.by),
    )


def _renewed(entry: StepRecord, step: StepName, verifies: bool) -> StepRecord:
    """Return a step's record for a new operation: one that verifies only looks at what has been settled before."""
    return StepRecord() if not verifies or step is StepName.VERIFICATION else entry.renewed()


@activity(CONCLUDE, Order, tells=True)
async def end_round(order: Order) -> Conclusion:
    """Note where the connection stands after this round; return when to look again, or that the run is over."""
    run = await Run.open(order)
    if run.outdated:
        return _superseded(run)
    verdict = conclude(run.connection, run.order.round, run.now)
    if verdict.state is ConnectionState.REMOVED:
        return await conclude_removal(run)
    await run.note(lambda connection: _conclude(connection, verdict, run))
    if run.outdated:
        return _superseded(run)
    log(
        "operation",
        connection=run.order.name,
        operation=run.connection.operation.id,
        outcome=verdict.state,
        seconds=verdict.seconds,
    )
    if verdict.ended and run.connection.operation.kind is OperationKind.SET_UP:
        await _forget_plan(run)
    apart = run.connection.operation.apart
    if verdict.ended and not apart and verdict.state not in {ConnectionState.READY, ConnectionState.CANCELLED}:
        label = run.services.settings.label or None
        by = asker(run.connection.operation.by)
        log("verification-failed", connection=run.order.name, outcome=verdict.state, label=label, **by)
    return Conclusion(verdict.state, run.order.revision, verdict.seconds)


def _conclude(connection: Connection, verdict: Verdict, run: Run) -> None:
    if connection.operation.apart:
        if verdict.ended:
            connection.operation.ended = run.now
            _give_up(connection, run)
        return
    _enter(connection, verdict.state, run)
    stuck = verdict.state is ConnectionState.ACTION_REQUIRED
    connection.stuck_since = (connection.stuck_since or run.now) if stuck else None
    if run.takes_back:
        if verdict.ended and connection.wanted.revision == run.order.revision:
            connection.operation.ended = run.now
        return
    settle_proven(connection)
    if not verdict.ended:
        entry = connection.step(StepName.VERIFICATION)
        connection.steps[StepName.VERIFICATION] = entry.model_copy(update={"waits": entry.waits + 1})
    if verdict.ended and connection.wanted.revision == run.order.revision:
        connection.operation.ended = run.now


def _give_up(connection: Connection, run: Run) -> None:
    """Forget a rotation for which no secret could be made: it begins anew the next day, or when somebody asks."""
    rotation = connection.rotation
    begun = rotation is not None and rotation.state is RotationState.PREPARING and not _is_made(rotation)
    if connection.operation.kind is OperationKind.ROTATE and begun and not connection.operation.cancelled:
        found = [one for entry in connection.operation.steps.values() for one in entry.findings]
        failed(connection, next((one.code for one in found if one.severity == "error"), ""), run.now)


def _is_made(rotation: Rotation) -> bool:
    """Return whether the next one is there: a certificate is known before the application has it."""
    return rotation.next is not None and (rotation.kind == "secret" or rotation.next.made_on is not None)


def _superseded(run: Run) -> Conclusion:
    """Return that this round counts for nothing: the same attempt goes on with a newer request, another one ends."""
    return Conclusion(SUPERSEDED, run.connection.wanted.revision, None if run.abandoned else 0.0)


async def _forget_plan(run: Run) -> None:
    """Remove the dry run from before the set-up with the addresses that are on the list no more.

    What has not been taken back yet still is. The timer removes it after a week in any case.
    """
    plans, name = run.services.plans, run.order.name
    planned = await plans.before(name, run.connection.operation.started)
    if planned is None:
        return
    present = {
        address
        async for chunk in run.services.documents.chunks(name, len(run.connection.chunks))
        for entry in chunk.mailboxes
        for address in (entry.requested, entry.address)
        if address is not None
    }
    if await plans.forget(planned, present):
        log("plan", connection=name, outcome="forgotten")


@activity(FAIL, FailOrder)
async def fail(order: FailOrder) -> Outcome:
    """Note that a step has failed in a way that nobody foresaw, or has waited for too long."""
    run = await Run.open(order)
    step = StepName(order.step)
    if run.superseded:
        return Outcome(SUPERSEDED)
    findings = await _failures(run, order)

    def note(connection: Connection) -> None:
        entry = connection.record(step).model_copy()
        entry.state, entry.ended = StepState.FAILED, run.now
        entry.findings = findings
        connection.records[step] = entry

    await run.note(note)
    log("step", connection=run.order.name, step=step, outcome=StepState.FAILED, code=order.code)
    return Outcome(StepState.FAILED)


async def _failures(run: Run, order: FailOrder) -> list[Finding]:
    """Return why the step has failed; of documents that cannot be read, which."""
    step, bad = StepName(order.step), list[UnreadableError]()
    if order.code != DOCUMENT_UNREADABLE:
        return [Finding(code=order.code, step=step)]
    async for _ in run.services.documents.chunks(run.order.name, len(run.connection.chunks), bad=bad):
        pass
    return [unreadable(error, step) for error in bad] or [Finding(code="unexpected", step=step)]


def _enter(connection: Connection, state: ConnectionState, run: Run) -> None:
    """Set the connection's state, and since when where it is another one."""
    if connection.state is not state:
        connection.state, connection.since = state, run.now
