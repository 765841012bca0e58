"""What is no longer wanted is taken back: over all chunks, once it is known what every wanted name means.

Exchange says success, or only warns, of access that is gone and of access that stays: gone is what is read to be gone
(learn.microsoft.com/powershell/module/exchange/remove-mailboxpermission, and what administrators report).
"""

from __future__ import annotations

from activities.mailbox_chunk import BUDGET
from activities.run import Run
from connector.clock import Budget
from connector.errors import NotFoundError, ReplicationError, ServiceError, WaitError
from connector.microsoft import BATCH
from connector.model import Chunk, ChunkSummary, MailboxRecord
from connector.observed import ExchangePrincipal, Mailbox
from connector.plans import mailboxes
from connector.plans.mailbox_list import Meant, summary
from connector.waiting import STEP_DEADLINE, TIMER_SLACK

_Found = list[tuple[MailboxRecord, Mailbox]]


class Removal:
    """One delivery for all chunks."""

    def __init__(self, run: Run, principal: ExchangePrincipal, *, budget: float = BUDGET) -> None:
        self.run = run
        self.principal = principal
        self.tenant_id = run.connection.ids.known("tenant_id")
        self.changes = 0
        self.more = False
        """Whether the time of this delivery was over before all were tried."""
        self.wait: WaitError | None = None
        self.by_hand: list[MailboxRecord] = []
        """What the app could not take back in its time, or may not."""
        self.meant = Meant()
        self.chunks: dict[int, ChunkSummary] = {}
        """How all chunks stand."""
        self._budget = Budget(budget)

    async def take_back(self) -> None:
        """Try all that is leaving, unless it is not known what a wanted name means: it may mean just that."""
        documents, name, numbers = self.run.services.documents, self.run.order.name, []
        async for chunk in documents.chunks(name, len(self.run.connection.chunks)):
            self.meant.add(chunk, self.run.operation)
            self.chunks[chunk.number] = summary(chunk, self.run.operation)
            numbers += [chunk.number] if any(not entry.wanted for entry in chunk.mailboxes) else []
        for number in numbers if not self.meant.unknown else ():
            if number != numbers[0] and self._budget.left <= 0:
                self.more = True
            else:
                await self._clear(await documents.chunk(name, number))

    async def _clear(self, chunk: Chunk) -> None:
        leaving = [entry for entry in chunk.mailboxes if not entry.wanted]
        leaving.sort(key=lambda entry: entry.leaving_since is not None)  # those that nobody has tried yet come first
        for start in range(0, len(leaving), BATCH):
            if start and self._budget.left <= 0:
                self.more = self.more or leaving[start].leaving_since is None
                break
            gone = await self.settle(leaving[start : start + BATCH])
            chunk.mailboxes = [entry for entry in chunk.mailboxes if all(entry is not one for one in gone)]
            await self.run.services.documents.save_chunk(self.run.order.name, chunk)
            self.chunks[chunk.number] = summary(chunk, self.run.operation)

    async def settle(self, entries: list[MailboxRecord]) -> list[MailboxRecord]:
        """Take access back from as many mailboxes as go into one request; return those that are through."""
        gone, found = await self.find(entries)
        for entry, _ in found:
            entry.leaving_since = entry.leaving_since or self.run.now
        todo = [(entry, seen) for entry, seen in found if entry.held and not entry.check]
        for entry, seen, present in await self.read([one for one in found if one not in todo]):
            if self._is_gone(entry, present):
                gone.append(entry)
            elif present is True and entry.check:
                self.by_hand.append(entry)
            elif present is True:
                todo.append((entry, seen))
        answers = await self._revoke(todo)
        refused = {id(entry): error for (entry, _), error in zip(todo, answers, strict=True)}
        for entry, _, present in await self.read(todo):
            if self._is_gone(entry, present):
                self.changes += 1
                gone.append(entry)
            elif present is True:
                error = refused[id(entry)]  # "the ACE doesn't exist" is said of one that is there, too
                self._stays(entry, _not_read_back() if error is None or isinstance(error, NotFoundError) else error)
        return gone

    async def find(self, entries: list[MailboxRecord]) -> tuple[list[MailboxRecord], _Found]:
        """Find mailboxes by guid, whatever they are called now; return also which are wanted after all, or no more."""
        gone = [entry for entry in entries if entry.key in self.meant.keys]
        left = [entry for entry in entries if entry.key not in self.meant.keys]
        names = [entry.guid or entry.address or entry.requested for entry in left]
        found = []
        for entry, answer in zip(left, await self.run.services.exchange.mailboxes(self.tenant_id, names), strict=True):
            if isinstance(answer, Mailbox):
                mailboxes.bind(entry, answer, self.run.operation)
                (found.append((entry, answer)) if entry.key not in self.meant.keys else gone.append(entry))
            elif isinstance(answer, NotFoundError):
                gone.append(entry)
            else:
                self._stays(entry, answer)
        return gone, found

    async def read(self, found: _Found) -> list[tuple[MailboxRecord, Mailbox, bool | ServiceError]]:
        """Return of each mailbox whether access to it is there."""
        admin = self.run.services.exchange
        answers = await admin.access(self.tenant_id, [seen for _, seen in found], self.principal)
        return [(entry, seen, answer) for (entry, seen), answer in zip(found, answers, strict=True)]

    async def _revoke(self, todo: _Found) -> list[ServiceError | None]:
        return await self.run.services.exchange.revoke(self.tenant_id, [seen for _, seen in todo], self.principal)

    def _is_gone(self, entry: MailboxRecord, present: bool | ServiceError) -> bool:
        """Return whether access is read to be gone, by a server that knows of it."""
        if isinstance(present, ServiceError):
            self._stays(entry, _not_read_back() if isinstance(present, NotFoundError) else present)
        if present is not False:
            return False
        spreading = mailboxes.spreading(entry.given_on, self.run.now)
        if spreading:
            self.wait = self.wait or _not_read_back(spreading)
        return not spreading

    def _stays(self, entry: MailboxRecord, error: ServiceError) -> None:
        entry.leaving_since = entry.leaving_since or self.run.now
        overdue = self.run.now - entry.leaving_since + TIMER_SLACK >= STEP_DEADLINE
        if isinstance(error, WaitError) and not overdue:
            self.wait = self.wait or error
        else:
            self.by_hand.append(entry)


def _not_read_back(seconds: float | None = None) -> ReplicationError:
    return ReplicationError("exchange", "replication", "access that was taken back is still shown", None, seconds)
