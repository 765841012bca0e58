"""One delivery of step 7 for one chunk: what is done to each wanted mailbox, ten to a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from activities.mailbox_notes import MailboxNotes
from activities.mailbox_roles import Roles
from activities.mailbox_stage import BUDGET, Batch, One, Turns, each
from activities.results import Result, translate
from activities.run import Run
from connector.clients.exchange_objects import ANOTHER_OBJECT
from connector.errors import NotFoundError, ReplicationError, ServiceError, WaitError
from connector.finding import Finding
from connector.mailbox import Chunk, MailboxRecord
from connector.microsoft import PROTOCOLS, Protocol
from connector.model import Connection
from connector.observed import ExchangePrincipal, Mailbox
from connector.orders import MORE, WAIT, Outcome
from connector.plans import mailboxes
from connector.plans.mailbox_list import summary
from connector.plans.mailboxes import SeenMailbox
from connector.plans.plan import DISABLE, ENABLE, Action, Change, Plan
from connector.steps import MailboxState, StepName, StepState

_STEP = StepName.MAILBOXES
_OF_REMOVALS = frozenset({"removal-by-hand", "removal-waits"})


class ChunkRun(MailboxNotes):
    """One delivery for one chunk."""

    def __init__(self, run: Run, chunk: Chunk, principal: ExchangePrincipal | None, *, budget: float = BUDGET) -> None:
        super().__init__(run, chunk, principal)
        self._turns = Turns(run, budget)
        self._doubt = mailboxes.spreading(run.connection.taken_back_on, run.now)
        self._shown: list[MailboxRecord] = []
        """Mailboxes of which access is shown that may be what was taken back a moment ago."""
        self._tried: set[str] = set()
        """Names of mailboxes to which an earlier delivery has tried to give access."""
        self._granted: list[MailboxRecord] = []
        self._given: list[MailboxRecord] = []
        self._spared: list[MailboxRecord] = []
        """Mailboxes whose access this delivery has tried to take back, since it is not needed any more."""
        self._roles = Roles(run, self.tenant_id, principal)
        self._switched: dict[Protocol, list[MailboxRecord]] = {}
        self._protocols = run.connection.wanted.protocols
        self._needless = 0
        """To how many mailboxes a daily look has seen access that would be taken back."""
        self._is_less = False
        """Whether access was taken back: for a while a server may show it still."""
        self._inherits: dict[str, list[Protocol]] = {}
        """Of which protocols a mailbox leaves the setting to the tenant, by its name."""
        self._tenant: dict[Protocol, bool | None] | None = None
        """The tenant's own settings, read once."""

    @property
    def more(self) -> bool:
        """Return whether the time of this delivery was over before all mailboxes were looked at."""
        return self._turns.more

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield every wanted mailbox of the chunk that is not settled."""
        left = [entry for entry in self.chunk.mailboxes if entry.wanted and entry.settled_in != self.run.operation]
        left.sort(key=lambda entry: entry.finding is not None)  # those that nobody has looked at yet come first
        for entries, looks in self._turns.of(left):
            yield Batch(tuple(await self._observe(entries)), looks=looks)

    async def _observe(self, entries: list[MailboxRecord]) -> list[One]:
        """Look at mailboxes; what is wrong with one is kept beside it."""
        if self.run.dry and not self.run.connection.rights.cmdlets:
            # Nothing can be looked at: a person gives access to all that do not open.
            opened = [entry.state is MailboxState.OPEN for entry in entries]
            return [
                One(entry, None, SeenMailbox(entry.requested, access, needed=self._roles.needs_access))
                for entry, access in zip(entries, opened, strict=True)
            ]
        admin = self.run.services.exchange
        found = await self.resolve(entries)
        seen = [mailbox for _, mailbox in found]
        switches = await admin.switches(self.tenant_id, seen, self._protocols)
        access, outside = await self._access(seen), await self._roles.outside(seen)
        observed = []
        for (entry, mailbox), on, present, out in zip(found, switches, access, outside, strict=True):
            if isinstance(on, ServiceError) or isinstance(present, ServiceError) or isinstance(out, ServiceError):
                self.fail(entry, next(answer for answer in (on, present, out) if isinstance(answer, ServiceError)))
            else:
                believed = present is True and not self._doubtful(entry)
                self._inherits[entry.requested] = [protocol for protocol, own in on.items() if own is None]
                off = mailboxes.off(on, await self._of_tenant(on))
                needed, spare = self._roles.needs_access, self._roles.spares_access
                seen_now = SeenMailbox(
                    mailbox.user_principal_name, believed, off, needed=needed, spare=spare, outside=out
                )
                observed.append(One(entry, mailbox, seen_now))
        return observed

    async def _of_tenant(self, on: Mapping[Protocol, bool | None]) -> Mapping[Protocol, bool | None]:
        """Read the tenant's own settings, where a mailbox leaves it to them."""
        asked = [protocol for protocol, own in on.items() if own is None]
        if self._tenant is None and asked:
            admin = self.run.services.exchange
            self._tenant = {protocol: await admin.tenant_switch(self.tenant_id, protocol) for protocol in asked}
        return self._tenant or {}

    async def _access(self, seen: list[Mailbox]) -> list[bool | ServiceError]:
        """Read who has access; an answer about another mailbox is none: access is given then, and read back."""
        if self.principal is None:
            return [False] * len(seen)
        answers = await self.run.services.exchange.access(self.tenant_id, seen, self.principal)
        other = [isinstance(answer, ServiceError) and answer.code == ANOTHER_OBJECT for answer in answers]
        return [False if wrong else answer for answer, wrong in zip(answers, other, strict=True)]

    async def apply(self, batch: Batch, changes: Sequence[Change]) -> None:
        """Switch protocols on, then give access; what is wrong with one mailbox is kept beside it."""
        for protocol in self._protocols:
            self._switched[protocol] = await self._enable(protocol, batch.of(changes, ENABLE[protocol]))
        todo = batch.of(changes, Action.GRANT_ACCESS)
        self._granted = await self._grant([(entry, one) for entry, one in todo if self._is_well(entry)])
        await self._spare(batch.of(changes, Action.REVOKE_ACCESS))

    async def _spare(self, todo: list[tuple[MailboxRecord, Mailbox]]) -> None:
        """Take back access that is not needed any more; what has become of it is read.

        What is refused stays, be it one or all of a request, which is said when all are through: nothing is lacking.
        """
        if self.principal is None or not todo:
            return
        admin, principal = self.run.services.exchange, self.principal
        writing = self._once(todo, lambda seen: admin.revoke(self.tenant_id, seen, principal))
        for (entry, _), error in zip(todo, await each(writing, len(todo)), strict=True):
            if isinstance(error, WaitError):
                self.fail(entry, error)
            elif error is None or isinstance(error, NotFoundError) or not mailboxes.was_refused(error):
                self._spared.append(entry)

    async def _enable(self, protocol: Protocol, todo: list[tuple[MailboxRecord, Mailbox]]) -> list[MailboxRecord]:
        """Switch a protocol on, and read it back: Exchange also says success where nothing has changed."""
        admin = self.run.services.exchange
        todo = [one for one in todo if self._is_well(one[0])]
        noted = await self._note_switch(protocol, todo)
        answers = await self._once(todo, lambda seen: admin.enable(self.tenant_id, seen, protocol))
        for (entry, _), error in zip(todo, answers, strict=True):
            if id(entry) in noted and error is not None and mailboxes.was_refused(error):
                entry.switched.remove(protocol)
        written = [one for one, error in zip(todo, answers, strict=True) if not self.refused(one[0], error)]
        enabled = await admin.switches(self.tenant_id, [seen for _, seen in written], [protocol])
        switched: list[MailboxRecord] = []
        for (entry, mailbox), on in zip(written, enabled, strict=True):
            if isinstance(on, dict) and on[protocol] is True:
                self.changes += not _is_twin(entry, switched)
                entry.enabled(protocol)
                switched.append(entry)
            elif isinstance(on, ServiceError):
                self.fail(entry, on)
            else:
                self.delayed.append(entry)
                self.delay(
                    entry,
                    _not_kept(),
                    mailboxes.finding(PROTOCOLS[protocol].codes.disabled, mailbox.user_principal_name),
                )
        return switched

    async def _note_switch(self, protocol: Protocol, todo: Sequence[tuple[MailboxRecord, Mailbox]]) -> set[int]:
        """Keep before the write what is switched back one day, and to what; return of whom that was not known yet."""
        new = [entry for entry, _ in todo if protocol in DISABLE and protocol not in entry.switched]
        for entry in new:
            entry.switched.append(protocol)
            if protocol in self._inherits.get(entry.requested, ()) and protocol not in entry.inherited:
                entry.inherited.append(protocol)
        if new:
            await self.save()
        return {id(entry) for entry in new}

    async def _grant(self, todo: list[tuple[MailboxRecord, Mailbox]]) -> list[MailboxRecord]:
        if not todo or self.principal is None:
            return []
        principal, before = self.principal, {entry.requested: entry.access for entry, _ in todo}
        self._tried = {name for name, access in before.items() if access == "giving"}
        for entry, _ in todo:
            entry.access, entry.given_on = "giving", self.run.now
        # Kept before the write: after a crash the access that is found then is known to have been begun.
        await self.save()
        answers = await self._once(todo, lambda seen: self.run.services.exchange.grant(self.tenant_id, seen, principal))
        for (entry, _), error in zip(todo, answers, strict=True):
            if error is not None and mailboxes.was_refused(error):
                entry.access = before[entry.requested]
        return [entry for (entry, _), error in zip(todo, answers, strict=True) if not self.refused(entry, error)]

    async def confirm(self, batch: Batch) -> Batch:
        """Read back: a write that Exchange has accepted may still show nothing."""
        written = [*self._granted, *self._spared]
        granted = [(one.entry, one.mailbox) for one in batch.ones if one.mailbox and one.entry in written]
        answers = await self._access([mailbox for _, mailbox in granted])
        present = {entry.requested: answer for (entry, _), answer in zip(granted, answers, strict=True)}
        ones = []
        for one in batch.ones:
            answer = present.get(one.entry.requested, one.seen.access)
            if isinstance(answer, ServiceError):
                self.fail(one.entry, answer)
                continue
            shown = answer and one.entry in self._granted and self._doubtful(one.entry)
            if shown:
                self._shown.append(one.entry)
            off = {at: code for at, code in one.seen.off.items() if one.entry not in self._switched.get(at, ())}
            seen = replace(one.seen, access=bool(answer) and not shown, off=off)
            ones.append(One(one.entry, one.mailbox, seen))
        return Batch(tuple(ones), looks=batch.looks)

    async def told(self, batch: Batch, plan: Plan) -> Result:
        """Settle what is as wanted; a write that shows nothing is waited for, and then for a person."""
        switching = {change.subject for change in plan.changes if change.action in ENABLE.values()}
        for one in (one for one in batch.ones if self._is_well(one.entry)):
            plans = self.run.dry and not self.run.looks_daily
            off = None if plans and one.seen.subject in switching else mailboxes.off_finding(one.seen)
            if plans:
                one.entry.settled_in, one.entry.finding = self.run.operation, off
            elif not one.seen.needed:
                self._without_access(one, off)
            elif one.seen.access or (not batch.looks and one.entry not in self._granted):
                self._settled(one.entry, off)
            elif batch.looks:
                self.tell(one.entry, mailboxes.finding("access-missing", one.seen.subject))
            else:
                wait = _not_kept(self._doubt if one.entry in self._shown else None)
                missing = mailboxes.finding("access-missing", one.seen.subject)
                self.delay(one.entry, wait, missing if one.entry.requested in self._tried else None)
        await self.save(plan.changes)
        return self.result()

    def _without_access(self, one: One, finding: Finding | None) -> None:
        """Settle a mailbox to which access is not needed; what is to be taken back is read to be gone."""
        entry, spared = one.entry, one.entry in self._spared
        self._needless += self.run.looks_daily and mailboxes.spared(one.seen)
        if spared and one.seen.access and not self.run.order.part.last:
            self.delay(entry, _not_kept())
            return
        if spared and not one.seen.access:
            self.changes += 1
            self._is_less = True
        if not one.seen.access:
            entry.access = entry.given_on = None
        entry.settled_in = self.run.operation
        self.tell(entry, finding)

    async def save(self, changes: Sequence[Change] = ()) -> None:
        """Keep what is noted of the chunk."""
        await self.run.save_chunk(self.chunk, changes)

    def note(self, connection: Connection) -> None:
        """Note how the chunk stands."""
        connection.chunks[self.chunk.number] = summary(self.chunk, self.run.operation)
        if self._is_less:
            connection.taken_back_on = self.run.now

    def result(self) -> Result:
        """Return what the delivery came to; how the step ends is said when all chunks are through."""
        if self.wait is not None:
            return translate(_STEP, self.wait)
        if self.more:
            return Result(Outcome(WAIT, MORE, 0.0))
        step = self.run.connection.step(_STEP)
        stuck = step.state is StepState.ACTION_REQUIRED  # as an earlier round left it, until all is looked at
        told = tuple(finding for finding in step.findings if finding.code in _OF_REMOVALS)
        told += (mailboxes.spare(self._needless),) if self._needless else ()
        return Result(Outcome(StepState.ACTION_REQUIRED if stuck else StepState.RUNNING), told)

    def _is_well(self, entry: MailboxRecord) -> bool:
        """Return whether nothing has been found to be wrong with a mailbox, and nobody asks to wait for it."""
        return entry.finding is None and entry not in self.delayed

    def _doubtful(self, entry: MailboxRecord) -> bool:
        """Return whether access that is shown may be what was taken back a moment ago."""
        checked = self.run.looks_at(entry) and not self.run.dry
        return self._doubt > 0 and not checked and entry.access in {None, "giving"}

    async def _once(
        self,
        todo: list[tuple[MailboxRecord, Mailbox]],
        write: Callable[[list[Mailbox]], Awaitable[list[ServiceError | None]]],
    ) -> list[ServiceError | None]:
        """Make a write once for each mailbox, however many names it has; return the answers by name."""
        by_key = {entry.key: mailbox for entry, mailbox in todo}
        answers = dict(zip(by_key, await write([*by_key.values()]), strict=True))
        return [answers[entry.key] for entry, _ in todo]

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


def _not_kept(seconds: float | None = None) -> ReplicationError:
    return ReplicationError("exchange", "replication", "what was written is not readable yet", None, seconds)
