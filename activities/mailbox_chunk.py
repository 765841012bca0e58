"""One delivery of step 7 for one chunk: what is done to each wanted mailbox, ten to a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from activities.mailbox_notes import MailboxNotes
from activities.run import Run
from connector.clients.exchange_objects import ANOTHER_OBJECT
from connector.clock import Budget
from connector.errors import ReplicationError, ServiceError
from connector.microsoft import BATCH
from connector.model import Chunk, Finding, MailboxRecord
from connector.observed import ExchangePrincipal, Mailbox
from connector.plans import mailboxes
from connector.plans.mailboxes import Observed
from connector.plans.plan import Action

BUDGET = 150.0
"""Seconds after which no further batch is begun: an activity may run for 4 minutes at most."""


class ChunkRun(MailboxNotes):
    """One delivery for one chunk."""

    def __init__(self, run: Run, chunk: Chunk, principal: ExchangePrincipal, *, budget: float = BUDGET) -> None:
        super().__init__(run, chunk, principal)
        self._budget = Budget(budget)
        self.more = False
        """Whether the time of this delivery was over before all mailboxes were looked at."""
        self._doubt = mailboxes.spreading(run.connection.taken_back_on, run.now)
        self._tried: set[str] = set()
        """Names of mailboxes to which an earlier delivery has tried to give access."""
        self._given: list[MailboxRecord] = []

    async def settle(self) -> None:
        """Bring every wanted mailbox of the chunk that is not settled to what is wanted, and read it back."""
        left = [entry for entry in self.chunk.mailboxes if entry.wanted and entry.settled_in != self.run.operation]
        left.sort(key=lambda entry: entry.finding is not None)  # those that nobody has looked at yet come first
        for start in range(0, len(left), BATCH):
            if start and self._budget.left <= 0:
                self.more = left[start].finding is None
                break
            if start:
                await self.run.services.documents.save_chunk(self.run.order.name, self.chunk)
            await self._settle(left[start : start + BATCH])

    async def _settle(self, entries: list[MailboxRecord]) -> None:
        """Settle as many mailboxes as go into one request."""
        await self._look([entry for entry in entries if entry.check])
        observed = await self.observe([entry for entry in entries if not entry.check])
        switched = await self._enable_imap(observed)
        granted = await self._grant(observed)
        await self._confirm([(entry, seen) for entry, seen in observed if entry in granted], switched)
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
                self.tell(entry, missing)

    async def observe(
        self, entries: list[MailboxRecord], *, access_known: bool = True
    ) -> list[tuple[MailboxRecord, Observed]]:
        """Look at mailboxes; what is wrong with one is kept beside it. Without a principal nobody has access."""
        admin = self.run.services.exchange
        found = await self.resolve(entries)
        seen = [mailbox for _, mailbox in found]
        imap = await admin.imap_enabled(self.tenant_id, seen)
        access: Sequence[bool | ServiceError] = [False] * len(seen)
        if access_known:
            access = [_none_of_others(answer) for answer in await admin.access(self.tenant_id, seen, self.principal)]
        observed = []
        for (entry, mailbox), enabled, present in zip(found, imap, access, strict=True):
            error = next((answer for answer in (enabled, present) if isinstance(answer, ServiceError)), None)
            if error is not None:
                self.fail(entry, error)
            else:
                believed = present is True and not self._doubtful(entry)
                observed.append((entry, Observed(mailbox, imap_enabled=bool(enabled), access=believed)))
        return observed

    async def _enable_imap(self, observed: list[tuple[MailboxRecord, Observed]]) -> list[MailboxRecord]:
        """Switch IMAP on, and read it back: Exchange also says success where nothing has changed."""
        todo = self._planned(observed, Action.ENABLE_IMAP)
        answers = await self._once(todo, lambda seen: self.run.services.exchange.enable_imap(self.tenant_id, seen))
        written = [one for one, error in zip(todo, answers, strict=True) if not self.refused(one[0], error)]
        enabled = await self.run.services.exchange.imap_enabled(self.tenant_id, [seen.mailbox for _, seen in written])
        switched: list[MailboxRecord] = []
        for (entry, seen), on in zip(written, enabled, strict=True):
            if on is True:
                self.changes += not _is_twin(entry, switched)
                entry.imap_enabled_by_us = True
                switched.append(entry)
            elif isinstance(on, ServiceError):
                self.fail(entry, on)
            else:
                self.delayed.append(entry)
                self.delay(entry, _not_kept(), mailboxes.imap_finding(seen))
        return switched

    async def _grant(self, observed: list[tuple[MailboxRecord, Observed]]) -> list[MailboxRecord]:
        todo = self._planned(observed, Action.GRANT_ACCESS)
        before = {entry.requested: entry.access for entry, _ in todo}
        self._tried = {name for name, access in before.items() if access == "giving"}
        for entry, _ in todo:
            entry.access, entry.given_on = "giving", self.run.now
        if todo:
            # Kept before the write: after a crash the access that is found then is known to have been begun.
            await self.run.services.documents.save_chunk(self.run.order.name, self.chunk)
        answers = await self._once(
            todo, lambda seen: self.run.services.exchange.grant(self.tenant_id, seen, self.principal)
        )
        for (entry, _), error in zip(todo, answers, strict=True):
            if error is not None and mailboxes.was_refused(error):
                entry.access = before[entry.requested]
        return [entry for (entry, _), error in zip(todo, answers, strict=True) if not self.refused(entry, error)]

    async def _confirm(self, granted: list[tuple[MailboxRecord, Observed]], switched: list[MailboxRecord]) -> None:
        """Read back: a write that Exchange has accepted may still show nothing."""
        seen = [observed.mailbox for _, observed in granted]
        answers = await self.run.services.exchange.access(self.tenant_id, seen, self.principal)
        for (entry, observed), answer in zip(granted, answers, strict=True):
            present = _none_of_others(answer)
            if isinstance(present, ServiceError):
                self.fail(entry, present)
            elif present and not self._doubtful(entry):
                self._settled(entry, None if entry in switched else mailboxes.imap_finding(observed))
            else:
                missing = mailboxes.finding("access-missing", observed.mailbox.user_principal_name)
                wait = _not_kept(self._doubt if present else None)
                self.delay(entry, wait, missing if entry.requested in self._tried else None)

    def _doubtful(self, entry: MailboxRecord) -> bool:
        """Return whether access that is shown may be what was taken back a moment ago."""
        return self._doubt > 0 and not entry.check and entry.access in {None, "giving"}

    async def _once(
        self,
        todo: list[tuple[MailboxRecord, Observed]],
        write: Callable[[list[Mailbox]], Awaitable[list[ServiceError | None]]],
    ) -> list[ServiceError | None]:
        """Make a write once for each mailbox, however many names it has; return the answers by name."""
        by_key = {entry.key: seen.mailbox for entry, seen in todo}
        answers = dict(zip(by_key, await write([*by_key.values()]), strict=True))
        return [answers[entry.key] for entry, _ in todo]

    def _planned(
        self, observed: list[tuple[MailboxRecord, Observed]], action: Action
    ) -> list[tuple[MailboxRecord, Observed]]:
        enable = self.run.connection.wanted.enable_imap
        return [
            (entry, seen)
            for entry, seen in observed
            if entry.finding is None
            and entry not in self.delayed
            and any(change.action is action for change in mailboxes.plan(seen, enable_imap=enable))
        ]

    def _settled(self, entry: MailboxRecord, finding: Finding | None) -> None:
        """Note that access is there; it counts as a change once, when it is seen, not as often as it was asked for."""
        if entry.access == "giving":
            self.changes += not _is_twin(entry, self._given)
            self._given.append(entry)
        if entry.access != "given":
            entry.access, entry.given_on = "given", self.run.now
        entry.settled_in = self.run.operation
        self.tell(entry, finding)


def _is_twin(entry: MailboxRecord, others: Sequence[MailboxRecord]) -> bool:
    """Return whether one of them is the same mailbox by another name."""
    return any(other.key == entry.key for other in others)


def _none_of_others(answer: bool | ServiceError) -> bool | ServiceError:
    """Take an answer about another mailbox for none: access is given then, and read back."""
    return False if isinstance(answer, ServiceError) and answer.code == ANOTHER_OBJECT else answer


def _not_kept(seconds: float | None = None) -> ReplicationError:
    return ReplicationError("exchange", "replication", "what was written is not readable yet", None, seconds)
