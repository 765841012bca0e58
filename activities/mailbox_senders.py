"""As which addresses the mailboxes send: over all chunks, once it is known which mailbox every wanted name means.

What is given is noted before the write, so that after a crash the right that is found then is known to be ours; what
was there before is somebody else's, and stays. Gone is what is read to be gone, as with access.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime

from activities.mailbox_stage import BUDGET, Batch, MailboxWork, each
from activities.planning import PLANNED
from activities.results import Result, translate
from activities.run import Run
from activities.senders_left import SendersLeft
from activities.stage import done_by_hand
from connector.clock import Budget
from connector.diagnosis import MAY_NOT_LOOK
from connector.errors import (
    ForbiddenError,
    NotFoundError,
    ReplicationError,
    ServiceError,
    UnexpectedAnswerError,
    WaitError,
)
from connector.finding import Finding
from connector.mailbox import SenderRecord
from connector.microsoft import BATCH
from connector.model import Connection
from connector.observed import ExchangePrincipal, Mailbox, Recipient
from connector.orders import Outcome
from connector.plans import mailboxes, senders
from connector.plans.plan import Action, Change, Plan
from connector.plans.senders import Pair
from connector.steps import StepName, StepState

_STEP = StepName.MAILBOXES
Key = tuple[str, str]


class Sending(MailboxWork):
    """One delivery for all chunks."""

    def __init__(self, run: Run, principal: ExchangePrincipal | None, *, budget: float = BUDGET) -> None:
        super().__init__(run, principal)
        self._budget = Budget(budget)
        self._unknown = False
        self._by_hand = False
        """Whether somebody says of a right that nobody may look at that he has taken it back."""
        kept = [one for one in run.connection.senders if one.taken_on is None or self._fresh(one.taken_on)]
        self._records: dict[Key, SenderRecord] = {(one.mailbox, one.sender): one for one in kept}
        self._refused: dict[Key, ServiceError | None] = {}
        self._shared = SendersLeft(run, self.tenant_id)
        self._given_over: set[Key] = set()
        """Rights that are left to another connection."""
        self._planned: list[Change] = []
        self._told: dict[tuple[str, str], Finding] = {}

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield the pairs, ten at a time; where Exchange may not be looked at they are said, and none is changed."""
        looks = self.run.looks(_STEP)
        if self.run.dry and not self.run.connection.rights.cmdlets:
            yield Batch(pairs=tuple(await self._blind()), looks=True)
            return
        try:
            pairs = await self._pairs()
        except ForbiddenError as error:
            for pair in await self._blind():
                self._note_error(pair, error)
            return
        for start in range(0, len(pairs), BATCH):
            some = pairs[start : start + BATCH]
            if start and self._budget.left <= 0:
                yield Batch(pairs=tuple(replace(pair, error=_late(None)) for pair in some), looks=True)
            else:
                yield Batch(pairs=tuple(await self._look(some)), looks=looks)

    def _fresh(self, written: datetime | None) -> float:
        """Return the seconds for which a server may still show what was before a write."""
        return mailboxes.spreading(written, self.run.now)

    async def _blind(self) -> list[Pair]:
        """Return what is wanted by its names, and what of ours is left."""
        named = {} if self.run.takes_back else await self._mailboxes(blind=True)
        wanted = {name: (name, Recipient(name, "")) for name in self._wanted}
        pairs = senders.arranged(named, wanted, [])
        ours = [one for one in self._records.values() if one.ours and one.taken_on is None]
        left = [
            Pair(one.mailbox, one.sender, one.mailbox_name, one.sender_name, wanted=False, record=one, present=True)
            for one in ours
            if one.mailbox not in named or one.sender_name not in self._wanted
        ]
        return pairs + [await self._with_users(pair) for pair in left]

    @property
    def _wanted(self) -> list[str]:
        return [] if self.run.takes_back else self.run.connection.wanted.senders

    async def _mailboxes(self, *, blind: bool = False) -> dict[str, str]:
        """Return the wanted mailboxes, each once; that one of them is not known yet lets no right be taken back.

        By its address one would be another mailbox than by its guid, and what it may send as be given and taken twice.
        """
        named: dict[str, str] = {}
        async for chunk in self.run.chunks():
            for entry in (entry for entry in chunk.mailboxes if entry.wanted):
                known = entry.guid is not None or entry.address is None
                self._unknown = self._unknown or entry.resolved_in != self.run.operation or not known
                if entry.guid is not None or blind:
                    named[entry.key] = entry.address or entry.requested
        return named

    async def _pairs(self) -> list[Pair]:
        """Find out what every name means; return the pairs with the mailboxes that they are of."""
        admin = self.run.services.exchange
        named = {} if self.run.takes_back else await self._mailboxes()
        self._records = await self._shared.adopt(self._records, named)
        answers = await admin.recipients(self.tenant_id, self._wanted) if self._wanted else []
        found: dict[str, tuple[str, Recipient]] = {}
        for address, answer in zip(self._wanted, answers, strict=True):
            if isinstance(answer, Recipient) and not answer.guid:  # by its address it would be another one than before
                answer = UnexpectedAnswerError("exchange", "property-missing", "the object has no Guid")  # noqa: PLW2901
            if isinstance(answer, Recipient):
                found[answer.identity.lower()] = (address, answer)
            else:
                self._unresolved(address, answer, [*named.values()])
        pairs = senders.arranged(named, found, [*self._records.values()])
        pairs = [pair for pair in pairs if pair.wanted or not self._unknown]
        keys = [*dict.fromkeys(pair.mailbox for pair in pairs)]
        trustees = dict(zip(keys, await self.named(keys), strict=True)) if keys else {}
        return [_of(pair, trustees[pair.mailbox]) for pair in pairs]

    def _unresolved(self, address: str, error: ServiceError, named: Sequence[str]) -> None:
        """Keep that nobody knows what an address is; or that there is none."""
        if mailboxes.is_answer(error):
            self._tell("sender-not-found", address, named, error)
            return
        if isinstance(error, ForbiddenError):
            raise error
        self._unknown = True
        if isinstance(error, WaitError) and not self.run.order.part.last:
            self.wait = self.wait or error
        else:
            self._tell("send-as-unread", address, named, error)

    async def _look(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Read which of the rights are there; one that was taken back a moment ago may only seem to be."""
        asked = [(pair.sender, pair.trustee, pair.names) for pair in pairs if pair.trustee is not None]
        reading = self.run.services.exchange.sends_as
        answers = iter(await each(reading(self.tenant_id, asked), len(asked)) if asked else [])
        seen = [self._read(pair, next(answers)) if pair.trustee is not None else pair for pair in pairs]
        weighed = [await self._with_users(pair) for pair in seen]
        used = [pair.key for pair in weighed if pair.users]
        new = await self._shared.leave(used) if not self.run.dry else ()
        return [await self._with_users(pair) if pair.key in new else pair for pair in weighed]

    async def _with_users(self, pair: Pair) -> Pair:
        """Return a pair with who else sends by the right, where it would be taken back."""
        leaves = pair.ours and pair.present and not pair.wanted and pair.error is None
        return replace(pair, users=await self._shared.users(pair)) if leaves else pair

    def _read(self, pair: Pair, answer: bool | ServiceError) -> Pair:
        if isinstance(answer, NotFoundError) and not pair.wanted:
            return pair  # with what it was a right to
        if isinstance(answer, ServiceError):
            return replace(pair, error=answer)
        record = self._records.get(pair.key)
        if record is None or not record.ours:
            return replace(pair, present=answer, record=record)
        gone = self._fresh(record.taken_on) > 0
        late = not pair.wanted and record.taken_on is None and self._fresh(record.given_on) > 0
        return replace(pair, present=(answer and not gone) or late, record=record)

    async def apply(self, batch: Batch, changes: Sequence[Change]) -> None:
        """Give, then take back; that it is tried is kept before each write."""
        asked = {(one.action, one.subject) for one in changes}
        give, take = (
            [pair for pair in batch.pairs if (action, pair.subject) in asked]
            for action in (Action.GRANT_SEND_AS, Action.REVOKE_SEND_AS)
        )
        before = {pair.key: self._records.get(pair.key) for pair in give}
        for pair in give:
            known = self._records.get(pair.key)
            taken_on = known.taken_on if known is not None else None
            self._records[pair.key] = _record(pair, given="giving", given_on=self.run.now, taken_on=taken_on)
        for pair in take:
            leaving = self._records[pair.key]
            update = {"leaving_since": leaving.leaving_since or self.run.now}
            self._records[pair.key] = leaving.model_copy(update=update)
        await self.run.keep(_STEP, changes)
        await self.save()
        admin = self.run.services.exchange
        for pairs, write in ((give, admin.grant_send_as), (take, admin.revoke_send_as)):
            rights = [(pair.sender, pair.trustee) for pair in pairs if pair.trustee is not None]
            answers = await each(write(self.tenant_id, rights), len(rights)) if rights else []
            self._refused |= {pair.key: error for pair, error in zip(pairs, answers, strict=True)}
        for pair in give:
            error = self._refused.get(pair.key)
            if error is not None and mailboxes.was_refused(error):
                self._restore(pair.key, before[pair.key])

    def _restore(self, key: Key, before: SenderRecord | None) -> None:
        """Note of a right that was refused what was noted before."""
        if before is not None:
            self._records[key] = before
        else:
            del self._records[key]

    async def confirm(self, batch: Batch) -> Batch:
        """Read back."""
        return replace(batch, pairs=tuple(await self._look(batch.pairs)))

    async def told(self, batch: Batch, plan: Plan) -> Result:
        """Note what is there and what is gone; what is not as wanted is waited for, and then for a person."""
        if self.run.dry and not self.run.looks_daily:
            self._planned += plan.changes
        for pair in batch.pairs:
            if pair.error is not None:
                self._note_error(pair, pair.error)
            elif pair.wanted:
                self._note_wanted(pair, looks=batch.looks)
            else:
                self._note_unwanted(pair, looks=batch.looks)
        if self.run.dry:
            return self.result()
        given_over = {key for key in self._given_over if self._shared.left(key)}
        self._records = {key: one for key, one in self._records.items() if key not in given_over}
        await self.save()
        await self._shared.settle({pair.key for pair in batch.pairs} - self._given_over)
        return self.result()

    def _note_error(self, pair: Pair, error: ServiceError) -> None:
        if isinstance(error, WaitError) and not self.run.order.part.last:
            self.wait = self.wait or error
        elif pair.wanted:
            self._say("send-as-unread", pair, error)
        elif pair.ours and self.run.connection.operation.by_hand and isinstance(error, ForbiddenError):
            self._by_hand = True
        elif pair.ours:
            self._say("send-as-left", pair, error)

    def _note_wanted(self, pair: Pair, *, looks: bool) -> None:
        record = self._records.get(pair.key)
        if not pair.present:
            if looks and (self.run.looks_daily or not self.run.dry):
                self._say("send-as-missing", pair, None)
            elif not looks:
                self._not_yet("send-as-missing", pair, record.taken_on if record is not None else None)
        elif record is None:
            self._records[pair.key] = _record(pair, given="foreign")
        elif record.given == "giving":
            self.changes += 1
            self._records[pair.key] = _record(pair, given="given", given_on=record.given_on)

    def _note_unwanted(self, pair: Pair, *, looks: bool) -> None:
        record = self._records.get(pair.key)
        if record is None:
            return
        if not pair.present:
            self._gone(pair, record, looks=looks)
        elif not record.ours:
            self._say("send-as-stays", pair, None)
        elif pair.users:
            self._give_over(pair)
        elif looks and not self.run.dry:
            self._say("send-as-left", pair, None)
        elif not looks:
            self._not_yet("send-as-left", pair, record.given_on)

    def _give_over(self, pair: Pair) -> None:
        """Note that a right is left to those who send by it, which is said where it was this connection's."""
        self._given_over.add(pair.key)
        if pair.key not in self._shared.strays:
            self._tell("send-as-needed", pair.sender_name, [pair.mailbox_name], None, pair.users)

    def _gone(self, pair: Pair, record: SenderRecord, *, looks: bool) -> None:
        """Note that a right is gone; for a moment longer it is remembered, since a server may still show it."""
        if record.taken_on is None and record.ours and not looks:
            self.changes += record.leaving_since is not None
            self._records[pair.key] = record.model_copy(update={"taken_on": self.run.now})
        elif not self._fresh(record.taken_on):
            del self._records[pair.key]

    def _not_yet(self, code: str, pair: Pair, opposite: datetime | None) -> None:
        """Wait for a write that shows nothing, unless it was refused, or has had its time.

        ``opposite`` is when the contrary was written: as long as that may still be shown nothing is known.
        """
        error = self._refused.get(pair.key)
        if isinstance(error, NotFoundError):  # "the ACE doesn't exist" is said of one that is there, too
            error = None
        if self.run.order.part.last or (error is not None and not isinstance(error, WaitError)):
            self._say(code, pair, error)
        else:
            self.wait = self.wait or error or _late(self._fresh(opposite) or None)

    def _say(self, code: str, pair: Pair, error: ServiceError | None) -> None:
        self._tell(code, pair.sender_name, [pair.mailbox_name], error)

    def _tell(
        self, code: str, subject: str, named: Sequence[str], error: ServiceError | None, reason: str = ""
    ) -> None:
        """Keep a finding, one for each address, with all the mailboxes that it is about."""
        known = self._told.get((code, subject))
        others = str(known.values["mailboxes"]).split(", ") if known is not None else []
        reason, request_id = (error.reason or error.code, error.request_id) if error is not None else (reason, None)
        self._told[code, subject] = senders.finding(code, subject, [*others, *named], reason, request_id)

    async def save(self) -> None:
        """Keep what is noted of the rights."""
        if not self.run.dry:
            await self.run.note(self.note)

    def note(self, connection: Connection) -> None:
        """Note how the rights stand."""
        connection.senders = [*self._records.values()]

    def result(self) -> Result:
        """Return what came of it; how the step ends is said when what is no longer wanted is taken back."""
        findings = tuple(self._told.values())
        if self.wait is not None:
            return translate(_STEP, self.wait)
        if self.run.dry:
            return Result(Outcome(PLANNED), findings, tuple(dict.fromkeys(self._planned)))
        findings += (done_by_hand(_STEP),) if self._by_hand else ()
        # What nobody may look at was said in a part before this one, of access; a removal has none.
        said = [] if self.run.takes_back else self.run.connection.step(_STEP).findings
        findings += tuple(one for one in said if one.code in MAY_NOT_LOOK)
        stuck = any(finding.severity == "error" for finding in findings)
        return Result(Outcome(StepState.ACTION_REQUIRED if stuck else StepState.RUNNING), findings)


def _of(pair: Pair, answer: Mailbox | ServiceError) -> Pair:
    """Return a pair with the mailbox that it is of; of one that is gone nothing is left to be taken."""
    if isinstance(answer, Mailbox):
        return replace(pair, trustee=answer)
    gone = isinstance(answer, NotFoundError) and not pair.wanted
    return pair if gone else replace(pair, error=answer)


def _record(pair: Pair, **more: object) -> SenderRecord:
    named = {"mailbox_name": pair.mailbox_name, "sender_name": pair.sender_name}
    return SenderRecord.model_validate({"mailbox": pair.mailbox, "sender": pair.sender, **named, **more})


def _late(seconds: float | None) -> ReplicationError:
    return ReplicationError("exchange", "replication", "what was written is not readable yet", None, seconds)
