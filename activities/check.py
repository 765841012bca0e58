"""The daily check: how it begins and ends, and what is kept of each step. It changes nothing but its own documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from activities.blueprint import activity
from activities.results import Result, unseen
from activities.run import Run
from connector import check as checking
from connector.caller import By, asker
from connector.check import looking, may_look
from connector.checks import Check, Seen
from connector.diagnosis import CONSENT_MIXED
from connector.documents import Versioned
from connector.dry_runs import Draft
from connector.event import Data, EventType, event
from connector.finding import Finding
from connector.log import log
from connector.look import UNREAD, Look, state_of
from connector.mailbox import Chunk, MailboxRecord
from connector.operation import Operation, StepRecord
from connector.orders import AGAIN, CHECK_BEGIN, CHECK_END, MORE, SUPERSEDED, WAIT, Order, Outcome, PlanWork
from connector.outage import NOT_READABLE
from connector.planned import Planned, PlannedChunk, union
from connector.plans.mailbox_list import summary
from connector.plans.plan import Action, Change
from connector.services import Services, services
from connector.steps import PROGRAMMES, OperationKind, StepName, StepState
from connector.telling import keep

_HARMLESS = frozenset({Action.UPDATE_APPLICATION})
"""What a set-up would put in order, and without which every mailbox still opens, to nobody else."""
_DONE = "done"


@activity(CHECK_BEGIN, Order)
async def check_begin(order: Order) -> PlanWork:
    """Copy the connection as it rests, and return in how many chunks its list is; nothing while an operation runs."""
    clients = services()
    found, check = await clients.documents.load(order.name), await clients.checks.load(order.name)
    if found is None or check.run != order.check or not may_look(found.connection):
        return PlanWork(SUPERSEDED)
    planned = _copy(order, found)
    await clients.looks.start(planned)
    for number in range(planned.chunks):
        chunk = await clients.documents.chunk(order.name, number)
        fresh = [_unseen(entry) for entry in chunk.mailboxes if entry.wanted]
        await clients.looks.save_chunk(planned, PlannedChunk(chunk=Chunk(number=number, mailboxes=fresh)))
    steps = PROGRAMMES[OperationKind.CHECK].steps
    return PlanWork("begun", planned.chunks, steps, planned.connection.sends)


def _copy(order: Order, found: Versioned) -> Planned:
    connection = found.connection.model_copy(deep=True)
    connection.operation = Operation(id=order.check, kind=OperationKind.CHECK, started=order.now, begun=True)
    connection.steps = {}
    count = len(connection.chunks)
    connection.chunks = [summary(Chunk(number=number), order.check) for number in range(count)]
    basis = found.connection.operation.id
    return Planned(id=order.check, connection=connection, started=order.now, chunks=count, basis=basis)


def _unseen(entry: MailboxRecord) -> MailboxRecord:
    """Return a name of the list before it is looked at; that it has opened counts where nobody may look."""
    return entry.model_copy(update={"finding": None, "proven_in": None, "settled_in": None, "resolved_in": None})


async def note_look(run: Run, draft: Draft, step: StepName, result: Result) -> Outcome:
    """Write what a look at a step came to into the draft, unless it is to be waited for."""
    outcome = result.outcome
    if outcome.state == WAIT and (outcome.reason == MORE or not run.order.part.last):
        return outcome
    connection = draft.planned.connection
    result.note(connection)
    findings = [*result.findings, *missing(step, result.planned)] or [*unseen(step, result)]
    findings += await _unread(run, step)
    before = connection.step(step)
    state = StepState.PENDING if outcome.state == StepState.PENDING else state_of(findings)
    worst = max(before.state, state, key=_ORDER.index)
    connection.steps[step] = StepRecord(state=worst, findings=union(before.findings, findings))
    await draft.save()
    return Outcome(_DONE)


async def _unread(run: Run, step: StepName) -> list[Finding]:
    """Return of which mailboxes Exchange has said nothing: a login that opens one later does not say it either."""
    if step is not StepName.MAILBOXES or not run.connection.chunks:
        return []
    entries = (await run.chunk(run.order.part.chunk)).mailboxes
    found = [one.finding for one in entries if one.finding is not None]
    return [
        one if one.code in UNREAD else _refused(one) for one in found if one.code in UNREAD or "reason" in one.values
    ]


def _refused(found: Finding) -> Finding:
    """Return that Exchange would not say it, where a set-up names what a person has to do instead."""
    values = {"code": found.code, "reason": found.values["reason"]}
    return found.model_copy(update={"code": NOT_READABLE, "severity": "warning", "values": values})


_ORDER = (StepState.PENDING, StepState.UNCHANGED, StepState.ACTION_REQUIRED)


def missing(step: StepName, changes: Sequence[Change]) -> tuple[Finding, ...]:
    """Return changes as findings, for a step that only looks."""
    return tuple(
        Finding.of(step, change.reason, change.subject, "warning" if _is_harmless(change) else "error")
        for change in changes
    )


def _is_harmless(change: Change) -> bool:
    return change.action in _HARMLESS or change.reason == CONSENT_MIXED  # which takes what is only not needed


@activity(CHECK_END, Order, tells=True)
async def check_end(order: Order) -> Outcome:
    """Compare what was seen with how the connection was left; return whether to look once more before it is told."""
    run = await Run.open(order)
    if run.draft is None:
        return Outcome(SUPERSEDED)
    planned, clients = run.draft.planned, run.services
    seen = await _seen(clients, planned, order)
    check = await clients.checks.load(order.name)
    if check.run != order.check:
        return Outcome(SUPERSEDED)
    again = checking.looks_again(check, seen, order.round, run.now)
    told = checking.news(check, seen, run.now)
    if not again:
        await _tell(order, told, planned, check.by, run.now)
    await clients.checks.update(order.name, lambda present: _noted(present, seen, order, again=again))
    if again:
        return Outcome(AGAIN)
    log("check", connection=order.name, outcome=_outcome(seen), label=clients.settings.label or None)
    await clients.looks.discard(order.name)
    return Outcome(_DONE)


def _noted(present: Check, seen: Seen, order: Order, *, again: bool) -> Check:
    if present.run != order.check or not looking(present, order.now):
        return present
    return (checking.doubting if again else checking.settled)(present, seen, order.now)


async def _seen(clients: Services, planned: Planned, order: Order) -> Seen:
    """Return what the look came to, one chunk in memory at a time."""
    found = await clients.documents.load(order.name)
    connection = found.connection if found is not None else planned.connection
    known = {finding.id for finding in connection.findings()}
    look = Look(connection, planned.connection.steps, known)
    for number in range(planned.chunks):
        before = {one.requested: one for one in (await clients.documents.chunk(order.name, number)).mailboxes}
        after = await clients.looks.chunk(planned, number)
        for entry in after.chunk.mailboxes if after is not None else []:
            if entry.wanted:
                look.mailbox(before.get(entry.requested), entry)
    return look.seen(planned.connection.rights, order.now)


async def _tell(order: Order, told: checking.News, planned: Planned, by: By | None, now: datetime) -> None:
    """Say what there is to be said, in the log and to the targets, before it is noted that it was: codes, no address.

    What is said a second time, after a crash, has the same id.
    """
    drifted, unread = _codes(one.code for one in told.drifted), _codes(one.code for one in told.unread)
    recovered = _codes(id_.partition(":")[0] for id_ in told.recovered)
    label, who = services().settings.label or None, asker(by)
    if drifted:
        log("connection-drifted", connection=order.name, findings=" ".join(drifted), label=label, **who)
    if unread:
        log("connection-not-readable", connection=order.name, findings=" ".join(unread), label=label, **who)
    if recovered:
        log("connection-recovered", connection=order.name, findings=" ".join(recovered), label=label, **who)
    state, revision = planned.connection.state, planned.connection.wanted.revision
    kinds = {EventType.DRIFTED: drifted, EventType.NOT_READABLE: unread, EventType.RECOVERED: recovered}
    for kind, codes in kinds.items():
        if codes:
            said = Data(connection=order.name, state=state, revision=revision, findings=codes, by=by)
            await keep(event(kind, now, order.check, *codes, data=said))


def _outcome(seen: Seen) -> str:
    return " ".join(f"{item.step}={item.answer}" for item in seen.items)


def _codes(codes: Iterable[str]) -> list[str]:
    return sorted({*codes})
