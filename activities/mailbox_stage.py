"""What the parts of step 7 share: what is seen and changed together, and how an error ends one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from activities.results import Ending, Result, translate
from activities.run import Run
from activities.stage import DONE_BY_HAND, Stage, is_by_hand
from connector.clients.exchange_objects import ANOTHER_OBJECT, NO_OBJECT
from connector.clock import Budget
from connector.diagnosis import MAY_NOT_LOOK
from connector.errors import ForbiddenError, NotFoundError, RefusedError, ServiceError, WaitError
from connector.finding import Finding
from connector.mailbox import MailboxRecord
from connector.microsoft import BATCH
from connector.model import Connection
from connector.observed import ExchangePrincipal, Mailbox
from connector.orders import Outcome
from connector.plans import mailboxes
from connector.plans.mailboxes import SeenMailbox
from connector.plans.plan import Action, Change
from connector.plans.senders import OF_SENDING, Pair
from connector.steps import SETTLED, StepName, StepState

T = TypeVar("T")
BUDGET = 150.0
"""Seconds after which no further batch is begun: an activity may run for 4 minutes at most."""


async def each(answers: Awaitable[list[T]], number: int) -> list[T | ForbiddenError | RefusedError]:
    """Return the answers about ``number`` mailboxes; where Exchange refuses the whole request that is said of each."""
    try:
        return [*await answers]
    except (ForbiddenError, RefusedError) as error:
        return [error] * number


def said_before(run: Run) -> tuple[Finding, ...]:
    """Return what the parts before the last one have said that this one does not see: the step ends with it.

    Where there were none it is of a round before: chunks that are settled are not looked at again.
    """
    connection = run.connection
    looked = connection.sends if run.takes_back else any(chunk.unsettled for chunk in connection.chunks)
    codes = OF_SENDING | ({*MAY_NOT_LOOK, DONE_BY_HAND} if looked else set())
    return tuple(one for one in connection.step(StepName.MAILBOXES).findings if one.code in codes)


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
        """Return what an error means for the whole step; what the parts before the last one have said stays said."""
        result = await self._failed(error)
        said = said_before(self.run) if self.run.order.part.taking_back else ()
        stuck = any(one.severity == "error" for one in said) and result.outcome.state in SETTLED
        outcome = Outcome(StepState.ACTION_REQUIRED) if stuck else result.outcome
        findings = {one.id: one for one in (*said, *result.findings)}
        return replace(result, outcome=outcome, findings=tuple(findings.values()))

    async def _failed(self, error: Ending) -> Result:
        """Return what an error means; a person is asked for what is to be taken back too."""
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
        self.notes.append(self.note)
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
