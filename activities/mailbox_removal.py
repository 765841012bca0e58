"""What is no longer wanted is taken back: over all chunks, once it is known what every wanted name means.

Exchange says success, or only warns, of access that is gone and of access that stays: gone is what is read to be gone
(learn.microsoft.com/powershell/module/exchange/remove-mailboxpermission, and what administrators report).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from activities.mailbox_roles import Roles
from activities.mailbox_stage import BUDGET, Batch, MailboxWork, One, Turns, said_before
from activities.mailbox_switches import Switches
from activities.results import Result, translate
from activities.run import Run
from activities.stage import done_by_hand, is_by_hand
from connector.diagnosis import MAY_NOT_LOOK
from connector.errors import NotFoundError, ReplicationError, ServiceError, WaitError
from connector.finding import Finding
from connector.mailbox import Chunk, ChunkSummary, MailboxRecord
from connector.model import Connection
from connector.observed import ExchangePrincipal, Mailbox
from connector.orders import MORE, WAIT, Outcome
from connector.plans import mailboxes
from connector.plans.mailbox_list import Meant, leaves, summary
from connector.plans.mailboxes import SeenMailbox
from connector.plans.plan import DISABLE, Action, Change, Plan
from connector.plans.senders import OF_SENDING
from connector.steps import StepName, StepState
from connector.verdict import needs_person, proving_overdue
from connector.waiting import STEP_DEADLINE, TIMER_SLACK

_STEP = StepName.MAILBOXES


class TakingBack(MailboxWork):
    """One delivery for all chunks."""

    def __init__(
        self, run: Run, principal: ExchangePrincipal | None, listed: bool = True, *, budget: float = BUDGET
    ) -> None:
        super().__init__(run, principal)
        self._listed = listed
        """Whether Exchange lists the record: where it does not, access that it shows all the same contradicts that."""
        self.for_person: list[MailboxRecord] = []
        """What the app could not take back in its time, or may not."""
        self.meant = Meant()
        self.chunks: dict[int, ChunkSummary] = {}
        """How all chunks stand."""
        self._turns = Turns(run, budget)
        self._chunk = Chunk(number=0)
        """The one that is worked on."""
        self._switches = Switches(run, self.tenant_id)
        self._gone: list[MailboxRecord] = []
        self._left: set[str] = set()
        """Those that were read to have nothing left of ours but what stays switched on."""
        self._taken = self._spare = 0
        """How many mailboxes have lost access; how many wanted ones have some that no protocol needs any more."""
        self._lost = False
        """Whether Exchange has no record any more of the application that had access."""
        self._by_hand = False
        """Whether somebody says of something that nobody may look at that he has taken it back."""
        self._refused: dict[str, ServiceError | None] = {}
        """What Exchange said to the writes, by the mailbox's key."""
        self._blind = run.dry and not run.connection.rights.cmdlets
        """Whether nothing can be looked at, so that a plan lists what is known for a person."""

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield all that is leaving, unless it is not known what a wanted name means: it may mean just that."""
        numbers, spares = [], not self.run.takes_back and Roles(self.run, self.tenant_id, self.principal).spares_access
        async for chunk in self.run.chunks():
            self.meant.add(chunk, self.run.operation)
            self.chunks[chunk.number] = summary(chunk, self.run.operation)
            self._spare += sum(entry.wanted and entry.access is not None for entry in chunk.mailboxes) if spares else 0
            numbers += [chunk.number] if any(leaves(entry) for entry in chunk.mailboxes) else []
        for number in numbers if self._blind or not self.meant.unknown else ():
            self._chunk = await self.run.chunk(number)
            leaving = [entry for entry in self._chunk.mailboxes if leaves(entry)]
            leaving.sort(key=lambda entry: entry.leaving_since is not None)  # those that nobody has tried yet first
            for entries, looks in self._turns.of(leaving):
                self._gone = []
                yield Batch(tuple(await self._observe(entries)), looks=looks)

    async def _observe(self, entries: list[MailboxRecord]) -> list[One]:
        """Find mailboxes by guid, whatever they are called now, and who has access; which are wanted after all goes."""
        await self._switches.adopt(entries)
        left = [entry for entry in entries if not await self._is_meant(entry)]
        if self.run.takes_back and self.principal is None:
            self._lost = self._lost or any(entry.held for entry in left)
            looked = {id(entry) for entry in left if entry.switched or self._may_have_been_left(entry)}
            self._gone += [entry for entry in left if id(entry) not in looked]
            left = [entry for entry in left if id(entry) in looked]
        if self._blind:
            return [
                One(entry, None, SeenMailbox(entry.address or entry.requested, entry.held, wanted=False))
                for entry in left
            ]
        names = [entry.guid or entry.address or entry.requested for entry in left]
        found = []
        for entry, answer in zip(left, await self.named(names), strict=True):
            if isinstance(answer, Mailbox):
                mailboxes.bind(entry, answer, self.run.operation)
                await self._switches.adopt([entry])
                if not await self._is_meant(entry):
                    found.append((entry, answer))
            elif isinstance(answer, NotFoundError):
                self._gone.append(entry)
            else:
                self._stays(entry, answer)
        return await self._read(found)

    def _may_have_been_left(self, entry: MailboxRecord) -> bool:
        """Return whether another connection may have left something to a mailbox that nobody has looked up yet."""
        return entry.guid is None and self._switches.left_any

    async def _is_meant(self, entry: MailboxRecord) -> bool:
        """Return whether a mailbox is wanted by another name, which then knows what we have switched on for it."""
        number = self.meant.keys.get(entry.key)
        if number is None:
            return False
        self._gone.append(entry)
        if entry.switched or entry.imap_enabled_by_us:
            chunk = self._chunk if number == self._chunk.number else await self.run.chunk(number)
            next(one for one in chunk.mailboxes if one.wanted and one.key == entry.key).follows(entry)
            await self.run.save_chunk(chunk)
        return True

    async def _read(self, found: list[tuple[MailboxRecord, Mailbox]]) -> list[One]:
        """Read of each mailbox whether access to it is there; a server that shows none of late proves nothing."""
        if self.principal is None:  # nobody has access that a record still to be made could have
            self._gone += [entry for entry, _ in found if not entry.switched]
            found = [(entry, mailbox) for entry, mailbox in found if entry.switched]
        seen = [mailbox for _, mailbox in found]
        access = await self._access(seen)
        ones = []
        for (entry, mailbox), present, on in zip(found, access, await self._switches.on(found), strict=True):
            if isinstance(present, ServiceError):
                self._stays(entry, _not_read_back() if isinstance(present, NotFoundError) else present)
            elif isinstance(on, ServiceError):
                self._stays(entry, on)
            elif present and not self._listed:
                self._stays(
                    entry, ReplicationError("exchange", "principal-not-listed", "it is not listed, and has access")
                )
            else:
                self._lost = self._lost or (entry.held and not self._listed)
                late = (
                    self.principal is not None
                    and self._listed
                    and mailboxes.spreading(entry.given_on, self.run.now) > 0
                )
                ones.append(
                    One(entry, mailbox, SeenMailbox(mailbox.user_principal_name, present or late, wanted=False, on=on))
                )
        return ones

    async def _access(self, seen: list[Mailbox]) -> list[bool | ServiceError]:
        if self.principal is None:
            return [False] * len(seen)
        return await self.run.services.exchange.access(self.tenant_id, seen, self.principal)

    async def apply(self, batch: Batch, changes: Sequence[Change]) -> None:
        """Take access back; that it was tried is kept before the write."""
        todo = batch.of(changes, Action.REVOKE_ACCESS)
        for entry, _ in todo:
            entry.had_access = True
        back = {protocol: batch.of(changes, action) for protocol, action in DISABLE.items()}
        for entry, _ in (*todo, *(one for some in back.values() for one in some)):
            entry.leaving_since = entry.leaving_since or self.run.now
        await self.run.save_chunk(self._chunk)
        if self.principal is not None:
            seen = {entry.key: mailbox for entry, mailbox in todo}  # once, however many names it has
            answers = await self.run.services.exchange.revoke(self.tenant_id, [*seen.values()], self.principal)
            self._refused = dict(zip(seen, answers, strict=True))
        for protocol, some in back.items():
            await self._switches.back(protocol, some)

    async def confirm(self, batch: Batch) -> Batch:
        """Read back."""
        ones = await self._read([(one.entry, one.mailbox) for one in batch.ones if one.mailbox is not None])
        return Batch(tuple(ones))

    async def told(self, batch: Batch, plan: Plan) -> Result:
        """Forget what is read to be gone; what stays is waited for, and then for a person."""
        for one in batch.ones:
            entry = one.entry
            if self.run.dry:
                entry.leaving_since = self.run.now
                self._left.add(entry.key)
            elif not one.seen.access and not self._waits_for_switch(one):
                entry.had_access = bool(entry.had_access)
                taken = entry.leaving_since is not None and not batch.looks and entry.key not in self._left
                self._taken += taken
                self.changes += taken
                self._gone.append(entry)
                self._left.add(entry.key)
            elif batch.looks:
                entry.had_access = entry.had_access or one.seen.access
                entry.leaving_since = entry.leaving_since or self.run.now
                self.for_person.append(entry)
            else:
                self._still_there(entry)
        await self._switches.settle([one.entry for one in batch.ones if any(one.entry is gone for gone in self._gone)])
        self._chunk.mailboxes = [entry for entry in self._chunk.mailboxes if self._stays_listed(entry)]
        await self.run.save_chunk(self._chunk, plan.changes)
        self.chunks[self._chunk.number] = summary(self._chunk, self.run.operation)
        return self.result()

    def _waits_for_switch(self, one: One) -> bool:
        """Return whether it is worth waiting until a protocol is switched back: no removal fails by it."""
        since = one.entry.leaving_since or self.run.now
        late = self.run.order.part.last or self.run.now - since + TIMER_SLACK >= STEP_DEADLINE
        if not one.seen.on or not (late or self._switches.refused(one.entry, one.seen.on)):
            return bool(one.seen.on)
        for protocol in one.seen.on:
            self._switches.stays(one.entry, protocol)
        return False

    def _stays_listed(self, entry: MailboxRecord) -> bool:
        """Return whether it stays listed: a removal keeps what it has taken back, and where IMAP stays switched on."""
        if all(entry is not gone for gone in self._gone):
            return True
        if not self.run.takes_back or not (entry.lost_access or entry.imap_enabled_by_us):
            return False
        entry.taken_on = self.run.now
        return True

    def _still_there(self, entry: MailboxRecord) -> None:
        error = self._refused.get(entry.key)  # "the ACE doesn't exist" is said of one that is there, too
        if error is not None and not isinstance(error, NotFoundError):
            self._stays(entry, error)
        elif spreading := mailboxes.spreading(entry.given_on, self.run.now):
            self.wait = self.wait or _not_read_back(spreading)
        else:
            self._stays(entry, _not_read_back())

    def _stays(self, entry: MailboxRecord, error: ServiceError) -> None:
        entry.leaving_since = entry.leaving_since or self.run.now
        if self.run.takes_back and self.run.connection.operation.by_hand and is_by_hand(error):
            self._gone.append(entry)
            self._by_hand = True
            return
        overdue = self.run.now - entry.leaving_since + TIMER_SLACK >= STEP_DEADLINE
        if isinstance(error, WaitError) and not overdue:
            self.wait = self.wait or error
        else:
            self.for_person.append(entry)

    async def save(self) -> None:
        """Keep nothing more: what is through is kept, and the rest is looked at anew."""

    def note(self, connection: Connection) -> None:
        """Note how all chunks stand, and that something was taken back, whatever came afterwards."""
        for number, chunk in self.chunks.items():
            connection.chunks[number] = chunk
        if self._taken:
            connection.taken_back_on = self.run.now

    def result(self) -> Result:
        """Return how the whole step stands, by how all chunks do."""
        leaving = [address for chunk in self.chunks.values() for address in chunk.leaving]
        findings: tuple[Finding, ...] = ()
        if leaving and self.meant.unknown and not self._blind:
            findings = (mailboxes.removal_waits(leaving),)
        elif self.for_person:
            findings = (mailboxes.removal([entry.address or entry.requested for entry in self.for_person]),)
        elif self._lost:
            findings = (Finding(code="principal-gone", severity="info", step=_STEP),)
        findings += (mailboxes.spare(self._spare),) if self._spare and not self.run.dry else ()
        stays = self._switches.findings(self._left, self.run.connection.step(_STEP).findings)
        findings += (done_by_hand(_STEP),) if self._by_hand else ()
        said = [one for one in said_before(self.run) if one not in findings]
        return replace(self._result(), findings=(*findings, *said, *stays))

    def _result(self) -> Result:
        if self._turns.more:
            return Result(Outcome(WAIT, MORE, 0.0))
        if self.wait is not None and (self.run.dry or not self.run.order.part.last):
            return translate(_STEP, self.wait)
        if self.wait is not None and not self.for_person:
            return Result(Outcome(StepState.WAITING))
        said = [one.code for one in said_before(self.run) if one.severity == "error"]
        stuck = said if self.run.takes_back else OF_SENDING.intersection(said)
        left = any(chunk.unsettled or chunk.leaving for chunk in self.chunks.values())
        if stuck or (left and self._is_persons()):
            return Result(Outcome(StepState.ACTION_REQUIRED))
        if left:
            return Result(Outcome(StepState.WAITING))
        changed = self.changes or self.run.connection.step(_STEP).changes
        return Result(Outcome(StepState.DONE if changed else StepState.UNCHANGED))

    def _is_persons(self) -> bool:
        """Return whether a person has to act for what is left, and not the app once a service answers it again."""
        connection, minutes = self.run.connection, self.run.services.settings.verify_minutes
        told = any(finding.code in MAY_NOT_LOOK for finding in connection.step(_STEP).findings)
        found = self.for_person or any(chunk.unsettled > chunk.delayed for chunk in self.chunks.values())
        named = self.run.dry or told or found or needs_person(connection)  # then nothing that is left comes by itself
        return bool(named or proving_overdue(connection, minutes, self.run.order.now))


def _not_read_back(seconds: float | None = None) -> ReplicationError:
    return ReplicationError("exchange", "replication", "access that was taken back is still shown", None, seconds)
