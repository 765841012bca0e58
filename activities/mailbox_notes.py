"""What one delivery knows of its mailboxes: which one each name means, what is wrong with it, who is waited for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from activities.results import Ending, Result, translate
from activities.run import Run
from activities.stage import Stage, is_by_hand
from connector.clients.exchange_objects import ANOTHER_OBJECT, NO_OBJECT
from connector.clock import Budget
from connector.errors import ForbiddenError, NotFoundError, ReplicationError, ServiceError, WaitError
from connector.finding import Finding
from connector.mailbox import Chunk, MailboxRecord
from connector.microsoft import BATCH
from connector.model import Connection
from connector.observed import ExchangePrincipal, Mailbox, Recipient
from connector.plans import mailboxes
from connector.plans.mailboxes import SeenMailbox
from connector.plans.plan import Action, Change
from connector.plans.senders import Pair
from connector.steps import MailboxState, StepName, StepState
from connector.verdict import proving_overdue

T = TypeVar("T")
BUDGET = 150.0
"""Seconds after which no further batch is begun: an activity may run for 4 minutes at most."""


async def each(answers: Awaitable[list[T]], number: int) -> list[T | ForbiddenError]:
    """Return the answers about ``number`` mailboxes; where Exchange refuses the whole request that is said of each."""
    try:
        return [*await answers]
    except ForbiddenError as error:
        return [error] * number


@dataclass(frozen=True, slots=True)
class One:
    """A name on the list, the mailbox that it means, and what is seen of it; no mailbox where nobody may look."""

    entry: MailboxRecord
    mailbox: Mailbox | None
    seen: SeenMailbox


@dataclass(frozen=True, slots=True)
class Batch:
    """What step 7 plans and changes together."""

    ones: tuple[One, ...] = ()
    pairs: tuple[Pair, ...] = ()
    """Mailboxes with addresses as which they send; there are no others in it then."""
    looks: bool = False
    """Whether they are only looked at."""

    @property
    def mailboxes(self) -> tuple[SeenMailbox, ...]:
        """Return what is seen of each."""
        return tuple(one.seen for one in self.ones)

    def of(self, changes: Sequence[Change], action: Action) -> list[tuple[MailboxRecord, Mailbox]]:
        """Return the names whose mailboxes a plan wants to change in one way."""
        subjects = {change.subject for change in changes if change.action is action}
        return [(one.entry, one.mailbox) for one in self.ones if one.mailbox and one.seen.subject in subjects]


class MailboxStage(Stage[Batch]):
    """Step 7, whichever part of it a delivery does."""

    step = StepName.MAILBOXES
    plan = staticmethod(mailboxes.plan)

    async def failed(self, error: Ending) -> Result:
        """Return what an error means for the whole step; a person is asked for what is to be taken back too."""
        if self.run.takes_back and is_by_hand(error):
            return await super().failed(error)
        result = translate(self.step, error)
        leaving = any(chunk.leaving for chunk in self.run.connection.chunks)
        stuck = leaving and result.outcome.state == StepState.ACTION_REQUIRED
        return replace(result, findings=(*result.findings, self.left_to_person())) if stuck else result

    def left_to_person(self) -> Finding:
        """Return that access is left, of all mailboxes that are on the list."""
        return mailboxes.removal([address for chunk in self.run.connection.chunks for address in chunk.leaving])


class MailboxWork(MailboxStage, ABC):
    """One of its parts: a stage with a memory of what it has seen and done."""

    def __init__(self, run: Run, principal: ExchangePrincipal | None) -> None:
        super().__init__(run)
        self.principal = principal
        """Exchange's record; None where a dry run has it still to be made, so that nobody has access yet."""
        self.tenant_id = run.connection.ids.known("tenant_id")
        self.wait: WaitError | None = None

    async def named(self, names: list[str]) -> list[Mailbox | ServiceError]:
        """Find mailboxes. One in whose place others, or none, were answered is asked for once more: then it is gone.

        Of what Exchange does not have it says so.
        """
        look = self.run.services.exchange.mailboxes
        answers = await look(self.tenant_id, names)
        for place, answer in enumerate(answers):
            if isinstance(answer, NotFoundError) and answer.code in {ANOTHER_OBJECT, NO_OBJECT}:
                (answers[place],) = await look(self.tenant_id, names[place : place + 1])
        return answers

    async def settled(self) -> Result:
        """Do the part; how things stand is noted in the document, however it ends."""
        self.run.recorders.append(self.note)
        return await super().settled()

    def looks(self, batch: Batch) -> bool:
        """Return whether a batch is only looked at."""
        return self.run.dry or batch.looks

    def ended(self, _: Result) -> Result:
        """Return what all batches have come to."""
        return self.result()

    async def failed(self, error: Ending) -> Result:
        """Keep what is noted, and return what the error means."""
        await self.save()
        return await super().failed(error)

    @abstractmethod
    def note(self, connection: Connection) -> None:
        """Note in the document how things stand."""

    @abstractmethod
    def result(self) -> Result:
        """Return what the delivery has come to so far."""

    @abstractmethod
    async def save(self) -> None:
        """Keep what is noted when an error has come between."""


class Turns:
    """The batches of one delivery, as long as its time lasts; those that are only looked at go apart."""

    def __init__(self, run: Run, budget: float) -> None:
        self._run = run
        self._budget = Budget(budget)
        self._begun = False
        self.more = False
        """Whether the time was over before all were looked at."""

    def of(self, entries: Sequence[MailboxRecord]) -> Iterator[tuple[list[MailboxRecord], bool]]:
        """Yield as many mailboxes as go into one request, and whether they are only looked at."""
        # Before the first is yielded: what has been looked at is settled, and that is not to be done once more.
        parted = [
            (looks, [entry for entry in entries if self._run.looks_at(entry) is looks]) for looks in (True, False)
        ]
        for looks, some in parted:
            for start in range(0, len(some), BATCH):
                if self._begun and self._budget.left <= 0:
                    self.more = self.more or (some[start].finding is None and some[start].leaving_since is None)
                    break
                self._begun = True
                yield some[start : start + BATCH], looks


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
