"""Step 7, ``Add-MailboxPermission … FullAccess``: one chunk of mailboxes at a delivery, then what leaves the list."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from activities import ownership
from activities.mailbox_chunk import ChunkRun
from activities.mailbox_notes import Batch, MailboxWork
from activities.mailbox_removal import TakingBack
from activities.mailbox_senders import Sending
from activities.results import ENDING, Ending, Result, translate
from activities.run import Run
from activities.stage import Stage, is_by_hand
from connector.errors import ForbiddenError, ReplicationError
from connector.finding import Finding
from connector.observed import ExchangePrincipal
from connector.orders import Outcome
from connector.plans import mailboxes
from connector.plans.ownership import stopping
from connector.plans.plan import Change, Plan
from connector.steps import SETTLED, StepName, StepState
from connector.together import together


class _Mailboxes(Stage[Batch]):
    step = StepName.MAILBOXES
    plan = staticmethod(mailboxes.plan)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Look at one chunk of wanted mailboxes; or, after all of them, at what is no longer wanted."""
        if self.run.takes_back:
            sends = self.run.order.part.sending
            work: MailboxWork = Sending(self.run, None) if sends else TakingBack(self.run, await _left(self.run))
            async with aclosing(_batches(self.run, work)) as batches:
                async for batch in batches:
                    yield batch
            return
        principal, registration = await together(_principal(self.run), ownership.by_ids(self.run))
        stopped = stopping(registration, self.step)
        if stopped.blocked or stopped.wait is not None or (principal is None and not _coming(self.run)):
            yield Batch(None, registration=registration)
            return
        work = await _work(self.run, principal)
        async with aclosing(_batches(self.run, work)) as batches:
            async for batch in batches:
                yield batch

    def looks(self, observed: Batch) -> bool:
        return self.run.dry or observed.looks

    async def apply(self, observed: Batch, changes: Sequence[Change]) -> None:
        if observed.work is not None:
            await observed.work.apply(observed, changes)

    async def confirm(self, observed: Batch) -> Batch:
        return await observed.work.confirm(observed) if observed.work is not None else observed

    async def told(self, observed: Batch, plan: Plan) -> Result:
        if plan.wait is not None:
            raise ReplicationError("graph", plan.wait, "the owner is not readable yet")
        if plan.blocked:  # nothing is given or taken back where the application is not ours alone
            return await super().told(observed, plan)
        if observed.work is None:
            return Result(Outcome(StepState.PENDING))
        if not observed.ends:
            await observed.work.told(observed, plan.changes)
        return observed.work.result()

    async def failed(self, error: Ending) -> Result:
        """Return what an error means for the whole step; a person is asked for what is to be taken back too."""
        if self.run.takes_back and is_by_hand(error):
            return await super().failed(error)
        result = translate(self.step, error)
        leaving = [address for chunk in self.run.connection.chunks for address in chunk.leaving]
        stuck = leaving and result.outcome.state == StepState.ACTION_REQUIRED
        return replace(result, findings=(*result.findings, mailboxes.removal(leaving))) if stuck else result

    def by_hand(self) -> Finding:
        """Return that access is left, of all mailboxes that are on the list."""
        return mailboxes.removal([address for chunk in self.run.connection.chunks for address in chunk.leaving])


async def _work(run: Run, principal: ExchangePrincipal | None) -> MailboxWork:
    """Return what this delivery works on."""
    part = run.order.part
    if part.sending:
        return Sending(run, principal)
    return TakingBack(run, principal) if part.taking_back else ChunkRun(run, await run.chunk(part.chunk), principal)


async def _batches(run: Run, work: MailboxWork) -> AsyncGenerator[Batch, None]:
    run.recorders.append(work.record)
    try:
        async with aclosing(work.batches()) as batches:
            async for batch in batches:
                yield batch
        yield Batch(work, ends=True)
    except (*ENDING, GeneratorExit):
        await work.save()
        raise


async def _left(run: Run) -> ExchangePrincipal | None:
    """Return Exchange's record of what is taken back; None where there is none, and so nobody who has access.

    Raises:
        ReplicationError: it may be there, and not be shown yet.
    """
    ids = run.connection.ids
    if ids.application_id is None or ids.enterprise_application_id is None:
        return None
    try:
        found = await run.services.exchange.principal(ids.known("tenant_id"), ids.application_id)
    except ForbiddenError:
        return ExchangePrincipal(ids.application_id, ids.enterprise_application_id, "", assumed=True)
    if found is None and run.too_early(StepName.MAILBOXES):
        raise ReplicationError("exchange", "principal-not-listed", "the principal is not readable yet")
    return found


def _coming(run: Run) -> bool:
    """Return whether a dry run has found that Exchange's record would be made first: nobody has access by it yet."""
    return run.draft is not None and any(one.step is StepName.EXCHANGE for one in run.draft.planned.changes)


async def _principal(run: Run) -> ExchangePrincipal | None:
    """Return Exchange's record; None where it is missing or wrong, which step 6 has said.

    Who may give access but not look at service principals (Exchange Recipient Administrator) names it by its object id.

    Raises:
        ReplicationError: step 6 has seen it, this server not yet.
    """
    if _coming(run):
        return None
    ids, step = run.connection.ids, run.connection.step(StepName.EXCHANGE)
    seen = step.state in SETTLED and not step.proven_by_login
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


STAGE = _Mailboxes
