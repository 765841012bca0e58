"""One delivery of step 7 for one chunk of mailboxes: what is done to each, ten to a request.

One bad mailbox never stops the others: what is wrong with it is kept beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from activities.run import Run
from connector.errors import NotFoundError, ReplicationError, ServiceError, WaitError
from connector.model import Chunk, Finding, MailboxRecord
from connector.observed import ExchangePrincipal, Mailbox, Recipient
from connector.plans import mailboxes
from connector.plans.mailboxes import BATCH, Observed
from connector.plans.plan import Action
from connector.steps import MailboxState
from connector.verdict import proving_overdue

_BUDGET = 150.0
"""Seconds after which no further batch is begun: an activity may run for 4 minutes at most."""


class ChunkRun:
    """One delivery for one chunk."""

    def __init__(self, run: Run, chunk: Chunk, principal: ExchangePrincipal, *, budget: float = _BUDGET) -> None:
        self.run = run
        self._ends = time.monotonic() + budget
        self.more = False
        """Whether the time of this delivery was over before all mailboxes were looked at."""
        self.chunk = chunk
        self.principal = principal
        self.tenant_id = run.connection.ids.tenant_id or ""
        self.changes = 0
        self.wait: WaitError | None = None
        self.delayed: list[MailboxRecord] = []
        """Mailboxes for which a service asked to wait: neither settled nor wrong."""

    async def settle(self) -> None:
        """Bring every mailbox of the chunk that is not settled to what is wanted, and read it back."""
        left = [entry for entry in self.chunk.mailboxes if entry.settled_in != self.run.operation]
        left.sort(key=lambda entry: entry.finding is not None)  # those that nobody has looked at yet come first
        for start in range(0, len(left), BATCH):
            if start and time.monotonic() >= self._ends:
                self.more = left[start].finding is None
                break
            if start:
                await self.run.services.documents.save_chunk(self.run.order.name, self.chunk)
            await self._settle(left[start : start + BATCH])
        self.chunk.mailboxes = [entry for entry in self.chunk.mailboxes if entry.wanted or entry.access is not None]

    async def _settle(self, entries: list[MailboxRecord]) -> None:
        """Settle as many mailboxes as go into one request."""
        wanted = [entry for entry in entries if entry.wanted]
        await self._look([entry for entry in wanted if entry.check])
        await self._revoke([entry for entry in entries if not entry.wanted and entry.access_by_us and entry.address])
        observed = await self.observe([entry for entry in wanted if not entry.check])
        switched = await self._enable_imap(observed)
        granted = await self._grant(observed)
        await self._confirm([(entry, seen) for entry, seen in observed if entry in granted])
        for entry, seen in observed:
            if entry not in granted and entry not in self.delayed and entry.finding is None:
                self._settled(entry, None if entry in switched else mailboxes.imap_finding(seen))

    async def _look(self, entries: list[MailboxRecord]) -> None:
        """Say what is missing, and change nothing."""
        for entry, seen in await self.observe(entries):
            missing = None if seen.access else mailboxes.finding("access-missing", seen.mailbox.user_principal_name)
            if missing is None:
                self._settled(entry, mailboxes.imap_finding(seen))
            else:
                self._note_finding(entry, missing)

    async def observe(
        self, entries: list[MailboxRecord], *, access_known: bool = True
    ) -> list[tuple[MailboxRecord, Observed]]:
        """Look at mailboxes; what is wrong with one is kept beside it. Without a principal nobody has access."""
        admin = self.run.services.exchange
        found: list[tuple[MailboxRecord, Mailbox]] = []
        failed: list[tuple[MailboxRecord, ServiceError]] = []
        answers = await admin.mailboxes(self.tenant_id, [entry.requested for entry in entries])
        for entry, answer in zip(entries, answers, strict=True):
            if isinstance(answer, ServiceError):
                failed.append((entry, answer))
            else:
                entry.address = answer.user_principal_name
                entry.finding = None
                found.append((entry, answer))
        await self._explain(failed)
        names = [mailbox.user_principal_name for _, mailbox in found]
        imap = await admin.imap_enabled(self.tenant_id, names)
        access: Sequence[bool | ServiceError] = [False] * len(names)
        if access_known:
            access = await admin.access(self.tenant_id, names, self.principal)
        observed = []
        for (entry, mailbox), enabled, present in zip(found, imap, access, strict=True):
            error = next((answer for answer in (enabled, present) if isinstance(answer, ServiceError)), None)
            if error is not None:
                self._failed(entry, error)
            else:
                observed.append((entry, Observed(mailbox, imap_enabled=bool(enabled), access=bool(present))))
        return observed

    async def _explain(self, failed: list[tuple[MailboxRecord, ServiceError]]) -> None:
        """Say of what is no mailbox what it is instead."""
        unknown = [entry.requested for entry, error in failed if isinstance(error, NotFoundError)]
        answers = await self.run.services.exchange.recipients(self.tenant_id, unknown) if unknown else []
        recipients: dict[str, Recipient | ServiceError] = dict(zip(unknown, answers, strict=True))
        for entry, error in failed:
            self._failed(entry, error, recipients.get(entry.requested))

    async def _enable_imap(self, observed: list[tuple[MailboxRecord, Observed]]) -> list[MailboxRecord]:
        todo = self._planned(observed, Action.ENABLE_IMAP)
        answers = await self.run.services.exchange.enable_imap(self.tenant_id, _names(todo))
        switched = [entry for entry, error in zip(todo, answers, strict=True) if not self._note(entry, error)]
        for entry in switched:
            entry.imap_enabled_by_us = True
        return switched

    async def _grant(self, observed: list[tuple[MailboxRecord, Observed]]) -> list[MailboxRecord]:
        todo = self._planned(observed, Action.GRANT_ACCESS)
        before = {entry.requested: entry.access for entry in todo}
        for entry, seen in observed:
            if seen.access or entry in todo:
                entry.access = mailboxes.holder(entry, access=seen.access).access
        if todo:
            # Kept before the write: after a crash the access that is found then is known to be ours.
            await self.run.services.documents.save_chunk(self.run.order.name, self.chunk)
        answers = await self.run.services.exchange.grant(self.tenant_id, _names(todo), self.principal)
        for entry, error in zip(todo, answers, strict=True):
            if error is not None and mailboxes.was_refused(error):
                entry.access = before[entry.requested]  # what a person gives now is not ours
        return [entry for entry, error in zip(todo, answers, strict=True) if not self._note(entry, error)]

    async def _confirm(self, granted: list[tuple[MailboxRecord, Observed]]) -> None:
        """Read back: a write that Exchange has accepted may still show nothing."""
        answers = await self.run.services.exchange.access(
            self.tenant_id, _names([entry for entry, _ in granted]), self.principal
        )
        for (entry, seen), present in zip(granted, answers, strict=True):
            if isinstance(present, ServiceError):
                self._failed(entry, present)
            elif present:
                imap_off = None if entry.imap_enabled_by_us else mailboxes.imap_finding(seen)
                self._settled(entry, imap_off)
            else:
                self._delayed(entry, ReplicationError("exchange", "replication", "access is not readable yet"))

    async def _revoke(self, leaving: list[MailboxRecord]) -> None:
        """Take access back, or notice that somebody else has done it."""
        answers = await self.run.services.exchange.revoke(self.tenant_id, _names(leaving), self.principal)
        for entry, error in zip(leaving, answers, strict=True):
            if isinstance(error, NotFoundError) or not self._note(entry, error):
                entry.access = None
        await self._notice([entry for entry in leaving if entry.access_by_us and entry not in self.delayed])

    async def _notice(self, leaving: list[MailboxRecord]) -> None:
        """Look whether access that was to be taken back is gone."""
        answers = await self.run.services.exchange.access(self.tenant_id, _names(leaving), self.principal)
        for entry, present in zip(leaving, answers, strict=True):
            if present is False or isinstance(present, NotFoundError):
                entry.access = None

    def _planned(self, observed: list[tuple[MailboxRecord, Observed]], action: Action) -> list[MailboxRecord]:
        enable = self.run.connection.wanted.enable_imap
        return [
            entry
            for entry, seen in observed
            if entry.finding is None
            and entry not in self.delayed
            and any(change.action is action for change in mailboxes.plan(seen, enable_imap=enable))
        ]

    def _settled(self, entry: MailboxRecord, finding: Finding | None) -> None:
        entry.settled_in = self.run.operation
        self._note_finding(entry, finding)
        entry.access = "given" if entry.access == "giving" else entry.access

    def _note(self, entry: MailboxRecord, error: ServiceError | None) -> bool:
        """Count a write, or keep its error; return whether there was one."""
        if error is not None:
            self._failed(entry, error)
            return True
        self.changes += 1
        return False

    def _failed(
        self, entry: MailboxRecord, error: ServiceError, recipient: Recipient | ServiceError | None = None
    ) -> None:
        """Keep what is wrong with one mailbox, unless waiting may help; it is looked at again in the next round."""
        if isinstance(error, WaitError) and not (self.principal.assumed and isinstance(error, ReplicationError)):
            self.delayed.append(entry)
            self._delayed(entry, error)
            return
        self._note_finding(entry, mailboxes.failure(entry.requested, error, recipient))

    def _delayed(self, entry: MailboxRecord, error: WaitError) -> None:
        """Ask for a wait; the last time only say of the mailbox that it is what all the others waited for."""
        if not self.run.order.last:
            self.wait = self.wait or error
        elif entry.proven_in != self.run.operation:
            late = proving_overdue(self.run.connection, self.run.services.settings.verify_minutes, self.run.order.now)
            entry.state = MailboxState.ACTION_REQUIRED if late else MailboxState.WAITING
            entry.finding = mailboxes.delay(entry.requested, error, overdue=late)

    def _note_finding(self, entry: MailboxRecord, finding: Finding | None) -> None:
        """Keep what was found; a mailbox that has opened meanwhile needs nothing more, whatever this step sees."""
        if entry.proven_in == self.run.operation:
            entry.state, entry.finding = MailboxState.OPEN, None
        else:
            entry.state = MailboxState.ACTION_REQUIRED if finding else MailboxState.WAITING
            entry.finding = finding


def _names(entries: Sequence[MailboxRecord]) -> list[str]:
    return [entry.address or entry.requested for entry in entries]
