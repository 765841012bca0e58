"""Step 7, ``Add-MailboxPermission … FullAccess``: one chunk of mailboxes at a delivery, then what leaves the list."""

from __future__ import annotations

from activities import ownership
from activities.mailbox_chunk import ChunkRun
from activities.mailbox_removal import TakingBack
from activities.mailbox_senders import Sending
from activities.mailbox_stage import MailboxStage, MailboxWork
from activities.results import ENDING, Result
from activities.run import Run
from connector.errors import ForbiddenError, ReplicationError
from connector.observed import ExchangePrincipal
from connector.orders import Outcome
from connector.plans.ownership import stopping
from connector.steps import SETTLED, StepName, StepState
from connector.together import together


class _Mailboxes(MailboxStage):
    async def settled(self) -> Result:
        """Do the part that the order names."""
        try:
            work = await _work(self.run, early=self.too_early)
        except ENDING as error:
            return await self.failed(error)
        return work if isinstance(work, Result) else await work.settled()


async def _work(run: Run, *, early: bool) -> MailboxWork | Result:
    """Return what this delivery works on: a chunk of the wanted mailboxes, or after all of them what is not wanted.

    Nothing is given or taken back where the application is not ours alone, which is all there is to be told then.
    """
    part = run.order.part
    if run.takes_back:
        return Sending(run, None) if part.sending else TakingBack(run, *await _left(run, early=early))
    principal, registration = await together(_principal(run), ownership.by_ids(run))
    stopped = stopping(registration, StepName.MAILBOXES)
    if stopped.wait is not None:
        raise ReplicationError("graph", stopped.wait, "the owner is not readable yet")
    if stopped.blocked:
        return Result(Outcome(StepState.ACTION_REQUIRED), stopped.findings)
    if principal is None and not _coming(run):
        return Result(Outcome(StepState.PENDING))
    if part.sending:
        return Sending(run, principal)
    return TakingBack(run, principal) if part.taking_back else ChunkRun(run, await run.chunk(part.chunk), principal)


async def _left(run: Run, *, early: bool) -> tuple[ExchangePrincipal | None, bool]:
    """Return Exchange's record of what is taken back, and whether Exchange lists it or does not say.

    None where there never was one, and so nobody who has access. Of one that is not listed each mailbox is asked.

    Raises:
        ReplicationError: it may be there, and not be shown yet.
    """
    ids = run.connection.ids
    if ids.application_id is None or ids.enterprise_application_id is None:
        return None, True
    by_id = ExchangePrincipal(ids.application_id, ids.enterprise_application_id, "", assumed=True)
    try:
        found = await run.services.exchange.principal(ids.known("tenant_id"), ids.application_id)
    except ForbiddenError:
        return by_id, True
    if found is None and early:
        raise ReplicationError("exchange", "principal-not-listed", "the principal is not readable yet")
    return found or by_id, found is not None


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
