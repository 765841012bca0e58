"""Step 8, "bis zu 30 Minuten": a real login to each mailbox, until it opens or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from activities import next_proof, ownership, proving
from activities.mailbox_roles import is_outside
from activities.results import Ending, Result, translate
from activities.run import Run
from activities.secret import proof_of
from activities.stage import Stage
from connector import diagnosis
from connector.clock import Budget
from connector.errors import RefusedError, ReplicationError
from connector.finding import Finding
from connector.log import log
from connector.mailbox import Chunk, MailboxRecord
from connector.microsoft import REPLICATION_TIME, Protocol
from connector.model import Connection
from connector.observed import Claims, LoginAnswer
from connector.orders import WAIT, Outcome
from connector.outage import NOT_READABLE, spares, spares_login
from connector.plans.mailbox_list import summary
from connector.plans.ownership import STOPPING, Registration, guarded
from connector.plans.plan import Goal, Plan
from connector.rotation import used
from connector.steps import SETTLED, MailboxState, OperationKind, StepName, StepState
from connector.together import together
from connector.verdict import comes_yet, proving_overdue
from connector.waiting import PERSON_DEADLINE

_STEP = StepName.VERIFICATION
_AT_ONCE = 4
"""Logins at the same time; Exchange counts connections per application."""
_NO_ANSWER = diagnosis.OF_THE_SERVER | diagnosis.OUT_OF_REACH
"""Findings of a login to which nobody has said no."""
_BUDGET = 150.0
"""Seconds after which no login is begun: an activity may run for 4 minutes at most, and a login takes up to 70 s."""


async def _prove(run: Run, entries: list[MailboxRecord]) -> tuple[Finding, ...]:
    """Log in to each mailbox with a token of its own pass; return what is wrong with the token."""
    ids, cloud, secret = run.connection.ids, run.services.cloud, used(run.connection)
    if secret is None:
        raise RefusedError("vault", "secret-missing", "no secret has been confirmed yet")
    proven = await proving.signed_in(run, secret)
    token = tuple(
        diagnosis.token_findings(
            proven.claims,
            ids,
            cloud.exchange,
            run.connection.by_consent,
            consented=_seen(run.connection, StepName.CONSENT),
        )
    ) + tuple(_mixed(run, proven.claims))
    budget, gate = Budget(_BUDGET), asyncio.Semaphore(_AT_ONCE)

    async def prove_one(entry: MailboxRecord) -> None:
        async with gate:
            if budget.left <= 0:
                return
            protocol, answer = await proving.tried(run, entry, proven.token)
            named = entry.address or entry.requested
            outside = answer.stage == "authenticate" and await is_outside(run, named, protocol)
        _note(run, entry, answer, token, protocol, outside=outside)

    await together(*(prove_one(entry) for entry in entries))
    return token


def _mixed(run: Run, claims: Claims) -> list[Finding]:
    """Return what is mixed in a token, unless step 4 has seen why."""
    said = any(one.code == diagnosis.CONSENT_MIXED for one in run.connection.step(StepName.CONSENT).findings)
    return [] if said else diagnosis.mixed(claims, run.connection.by_role)


def _note(
    run: Run,
    entry: MailboxRecord,
    answer: LoginAnswer,
    token: tuple[Finding, ...],
    protocol: Protocol = Protocol.IMAP,
    *,
    outside: bool = False,
) -> None:
    if answer.stage == "open" and not answer.refused:
        entry.state = MailboxState.OPEN
        entry.proven_in = run.connection.operation.id
        entry.proven_on = run.now
        entry.finding = _alias(entry)
        return
    if entry.finding is not None and entry.finding.step is StepName.MAILBOXES:
        return  # what step 7 found is the cause, and more precise
    evidence = _evidence(run, entry, answer, token, protocol)
    if outside:
        entry.state, entry.finding = MailboxState.ACTION_REQUIRED, diagnosis.outside_role(evidence.mailbox)
        return
    entry.finding = diagnosis.sender(evidence) if answer.refused else diagnosis.login(evidence)
    if entry.finding.code in _NO_ANSWER and entry.proven_on is not None and spares_login(run.connection, run.now):
        values: dict[str, str | int] = {"code": entry.finding.code, "reason": answer.text[:300]}
        entry.finding = Finding(
            code=NOT_READABLE, severity="warning", step=_STEP, subject=evidence.mailbox, values=values
        )
        entry.state = MailboxState.OPEN
        return
    settled = evidence.overdue or evidence.token or evidence.known
    if not settled and comes_yet(run.connection, entry, entry.finding, protocol):
        entry.state = MailboxState.WAITING
        entry.finding = entry.finding.model_copy(update={"severity": "warning"})
        return
    by_person = evidence.overdue or {*entry.finding.causes} - {"server"} or entry.finding.severity == "error"
    waits = diagnosis.OF_THE_SERVER if entry.proven_on is None else _NO_ANSWER  # it has been reached before
    if entry.finding.code in waits and run.now - run.connection.last_change < PERSON_DEADLINE:
        by_person = False
    entry.state = MailboxState.ACTION_REQUIRED if by_person else MailboxState.WAITING


def _alias(entry: MailboxRecord) -> Finding | None:
    """Return that a mailbox opens under another name than the one that was asked for, where it does."""
    if entry.address is None or entry.address.lower() == entry.requested.lower():
        return None
    return diagnosis.alias(entry.requested, entry.address)


def _evidence(
    run: Run, entry: MailboxRecord, answer: LoginAnswer, token: tuple[Finding, ...], protocol: Protocol
) -> diagnosis.Evidence:
    connection = run.connection
    return diagnosis.Evidence(
        answer=answer,
        protocol=protocol,
        mailbox=entry.address or entry.requested,
        token=token,
        known=tuple(
            finding
            for step in (StepName.CONSENT, StepName.EXCHANGE)
            for finding in connection.step(step).findings
            if diagnosis.stops(finding)
        ),
        consent=_seen(connection, StepName.CONSENT),
        principal=_seen(connection, StepName.EXCHANGE),
        access=entry.settled_in == connection.operation.id,
        resolved=entry.address is not None,
        minutes=int((run.now - connection.last_change).total_seconds() // 60),
        overdue=proving_overdue(connection, run.services.settings.verify_minutes, run.order.now),
        opened=_opened(connection, entry),
    )


def _opened(connection: Connection, entry: MailboxRecord) -> bool:
    """Return whether a mailbox has opened before, and nothing has changed since that would have to spread first."""
    if entry.proven_on is None or (entry.given_on is not None and entry.given_on >= entry.proven_on):
        return False
    return not any(connection.step(step).changes for step in (StepName.CONSENT, StepName.EXCHANGE))


def _seen(connection: Connection, step: StepName) -> bool:
    """Return whether we saw that what this step is about is in place."""
    return connection.step(step).state in SETTLED


def _unproven(chunk: Chunk, operation: str) -> list[MailboxRecord]:
    """Return the mailboxes to try: not those of which step 7 knows that there is none."""
    return [
        entry
        for entry in chunk.mailboxes
        if entry.wanted
        and entry.proven_in != operation
        and not (entry.address is None and entry.finding is not None and entry.finding.step is StepName.MAILBOXES)
    ]


async def _candidates(run: Run) -> list[tuple[Chunk, list[MailboxRecord]]]:
    """Return what this delivery tries: a few mailboxes of any chunk as long as none has opened, then one chunk."""
    part, operation = run.order.part, run.connection.operation.id
    if not part.probe:
        chunk = await run.chunk(part.chunk)
        return [(chunk, _unproven(chunk, operation))]
    every = [(chunk, _unproven(chunk, operation)) async for chunk in run.chunks()]
    total = sum(len(entries) for _, entries in every)
    if total <= part.probe:
        return [(chunk, entries) for chunk, entries in every if entries]
    # Another three each round: the first ones may be just those with which something else is wrong.
    wanted = {(run.order.round * part.probe + number) % total for number in range(part.probe)}
    chosen, passed = [], 0
    for chunk, entries in every:
        some = [entry for number, entry in enumerate(entries, passed) if number in wanted]
        passed += len(entries)
        if some:
            chosen.append((chunk, some))
    return chosen


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 8 has seen: how the mailboxes that it tried are now, and what is wrong for all of them."""

    registration: Registration | None
    """Whose the application is: looked at last, so that what was proven is not told as ready when another opens it."""
    chosen: tuple[Chunk, ...]
    token: tuple[Finding, ...]


@guarded(_STEP)
def plan(observed: Observed, _: Goal) -> Plan:
    """Return what is wrong; nothing is ever to be changed."""
    return Plan(findings=observed.token)


class _Verification(Stage[Observed]):
    step = _STEP
    plan = staticmethod(plan)

    async def settled(self) -> Result:
        if self.run.connection.operation.kind is OperationKind.ROTATE:
            return await next_proof.STAGE(self.run).settled()
        return await super().settled()

    async def observe(self) -> Observed:
        chosen = await _candidates(self.run)
        self.notes.append(partial(_keep, [chunk for chunk, _ in chosen]))
        token = await _prove(self.run, [entry for _, entries in chosen for entry in entries])
        for chunk, _ in chosen:
            await self.run.save_chunk(chunk)
        registration = None if self.run.looks_daily else await ownership.by_ids(self.run)  # each step has just said so
        return Observed(registration, tuple(chunk for chunk, _ in chosen), token)

    async def told(self, observed: Observed, plan: Plan) -> Result:
        if plan.wait is not None:
            raise ReplicationError("graph", plan.wait, "the owner is not readable yet")
        outcome = _outcome(self.run, observed.chosen)
        if any(finding.code in STOPPING for finding in plan.findings):
            outcome = Outcome(StepState.ACTION_REQUIRED, open=outcome.open)
        return Result(outcome, plan.findings)

    async def failed(self, error: Ending) -> Result:
        result = translate(_STEP, error)
        if _too_new(self.run, error):
            result = Result(Outcome(WAIT, "secret-not-known-yet"))
        if result.error is not None and result.outcome.patient and spares(self.run.connection, self.run.now):
            chunks = await _as_before(self.run)
            self.notes.append(partial(_keep, chunks))
            so_far = _outcome(self.run, chunks)
            if so_far.state != StepState.DONE:  # what was seen to be closed does not wait for what is not readable
                return Result(so_far, (diagnosis.unread(_STEP, result.error),))
        return result


def _keep(chunks: Sequence[Chunk], connection: Connection) -> None:
    for chunk in chunks:
        connection.chunks[chunk.number] = summary(chunk, connection.operation.id)


async def _as_before(run: Run) -> list[Chunk]:
    """Leave every mailbox open that was, where nothing can be tried: nobody has seen that it is not."""
    chunks = [chunk async for chunk in run.chunks()]
    for chunk in chunks:
        for entry in chunk.mailboxes:
            if entry.wanted and entry.proven_on is not None and entry.finding is None:
                entry.state, entry.finding = MailboxState.OPEN, _alias(entry)
        await run.save_chunk(chunk)
    return chunks


def _too_new(run: Run, error: Ending) -> bool:
    """Return whether one server may not know the secret yet that another has accepted."""
    waits = isinstance(error, RefusedError) and proof_of(error) in {"refused", "application-unknown"}
    return waits and run.order.now - run.connection.last_change < REPLICATION_TIME


def _outcome(run: Run, chunks: Sequence[Chunk]) -> Outcome:
    summaries = list(run.connection.chunks)
    for chunk in chunks:
        summaries[chunk.number] = summary(chunk, run.connection.operation.id)
    counts = {state: sum(entry.counts.get(state, 0) for entry in summaries) for state in MailboxState}
    opened = counts[MailboxState.OPEN]
    log("proven", connection=run.order.name, step=_STEP, open=opened, wanted=len(run.connection.wanted.mailboxes))
    if opened == len(run.connection.wanted.mailboxes):
        return Outcome(StepState.DONE, open=opened)
    waiting = counts[MailboxState.WAITING] + counts[MailboxState.PENDING]
    return Outcome(StepState.RUNNING if waiting else StepState.ACTION_REQUIRED, open=opened)


STAGE = _Verification
