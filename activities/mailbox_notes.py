"""What one delivery knows of its mailboxes: which one each name means, what is wrong with it, who is waited for."""

from __future__ import annotations

from activities.mailbox_stage import MailboxWork
from activities.run import Run
from connector.errors import NotFoundError, ReplicationError, ServiceError, WaitError
from connector.finding import Finding
from connector.mailbox import Chunk, MailboxRecord
from connector.observed import ExchangePrincipal, Mailbox, Recipient
from connector.plans import mailboxes
from connector.steps import MailboxState
from connector.verdict import proving_overdue


class MailboxNotes(MailboxWork):
    """One delivery for one chunk: its mailboxes, looked up, and what is noted beside them.

    One bad mailbox never stops the others: what is wrong with it is kept beside it.
    """

    def __init__(self, run: Run, chunk: Chunk, principal: ExchangePrincipal | None) -> None:
        super().__init__(run, principal)
        self.chunk = chunk
        self.delayed: list[MailboxRecord] = []
        """Mailboxes for which a service asked to wait: neither settled nor wrong."""

    async def resolve(self, entries: list[MailboxRecord]) -> list[tuple[MailboxRecord, Mailbox]]:
        """Find out which mailbox each name means: the one that has it, or the one that had it and no longer does."""
        admin = self.run.services.exchange
        answers = await admin.mailboxes(self.tenant_id, [entry.requested for entry in entries])
        renamed = [
            entry
            for entry, answer in zip(entries, answers, strict=True)
            if isinstance(answer, NotFoundError) and entry.address is not None
        ]
        names = [entry.guid or entry.address or entry.requested for entry in renamed]
        by_guid = await admin.mailboxes(self.tenant_id, names)
        found: list[tuple[MailboxRecord, Mailbox]] = []
        failed: list[tuple[MailboxRecord, ServiceError]] = []
        for entry, by_name in zip(entries, answers, strict=True):
            answer = by_guid[renamed.index(entry)] if entry in renamed else by_name
            if isinstance(answer, ServiceError):
                failed.append((entry, answer))
            else:
                self._bind(entry, answer)
                found.append((entry, answer))
        await self._explain(failed)
        return found

    def _bind(self, entry: MailboxRecord, mailbox: Mailbox) -> None:
        """Note which mailbox a name means; the one that it meant before is on no list by that."""
        if mailboxes.moved(entry, mailbox):
            self.chunk.mailboxes.append(mailboxes.left_behind(entry))
            mailboxes.begin_anew(entry)
        mailboxes.bind(entry, mailbox, self.run.operation)

    async def _explain(self, failed: list[tuple[MailboxRecord, ServiceError]]) -> None:
        """Say of what is no mailbox what it is instead."""
        unknown = [entry.requested for entry, error in failed if isinstance(error, NotFoundError)]
        answers = await self.run.services.exchange.recipients(self.tenant_id, unknown) if unknown else []
        recipients: dict[str, Recipient | ServiceError] = dict(zip(unknown, answers, strict=True))
        for entry, error in failed:
            if mailboxes.is_answer(error):
                entry.resolved_in = self.run.operation
            if isinstance(error, NotFoundError):
                entry.address = None  # what has this address now is another mailbox
            self.fail(entry, error, recipients.get(entry.requested))

    def refused(self, entry: MailboxRecord, error: ServiceError | None) -> bool:
        """Keep the error of a write; return whether there was one."""
        if error is not None:
            self.fail(entry, error)
        return error is not None

    def fail(
        self, entry: MailboxRecord, error: ServiceError, recipient: Recipient | ServiceError | None = None
    ) -> None:
        """Keep what is wrong with one mailbox, unless waiting may help; it is looked at again in the next round."""
        assumed = self.principal is not None and self.principal.assumed
        if isinstance(error, WaitError) and not (assumed and isinstance(error, ReplicationError)):
            self.delayed.append(entry)
            self.delay(entry, error)
            return
        self.tell(entry, mailboxes.failure(entry.requested, error, recipient))

    def delay(self, entry: MailboxRecord, error: WaitError, missing: Finding | None = None) -> None:
        """Ask for a wait; the last time only say of the mailbox that it is what all the others waited for.

        ``missing`` is what a person has to do where a write has had its time and nothing has come of it.
        """
        if not self.run.order.part.last:
            self.wait = self.wait or error
        elif missing is not None:
            self.tell(entry, missing)
        elif entry.proven_in != self.run.operation:
            late = proving_overdue(self.run.connection, self.run.services.settings.verify_minutes, self.run.order.now)
            entry.state = MailboxState.ACTION_REQUIRED if late else MailboxState.WAITING
            entry.finding = mailboxes.delay(entry.requested, error, overdue=late)

    def tell(self, entry: MailboxRecord, finding: Finding | None) -> None:
        """Keep what was found; a mailbox that has opened meanwhile needs nothing more, whatever this step sees."""
        if entry.proven_in == self.run.operation:
            entry.state, entry.finding = MailboxState.OPEN, None
        else:
            entry.state = MailboxState.ACTION_REQUIRED if finding else MailboxState.WAITING
            entry.finding = finding
