"""One delivery of one activity: what it reads and writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from connector import clock
from connector.acceptances import Acceptance, accepted_for
from connector.documents import Documents
from connector.dry_runs import Draft, ReplacedError
from connector.errors import (
    UnreadableError,
)
from connector.log import unreadable
from connector.mailbox import Chunk, MailboxRecord
from connector.model import Connection
from connector.orders import Order
from connector.planned import listed
from connector.plans.plan import TAKES_BACK, Change
from connector.removed import Taken
from connector.services import Services, services
from connector.steps import StepName
from connector.wanted import Absent


class Run:
    """One delivery of one activity."""

    def __init__(
        self,
        clients: Services,
        order: Order,
        connection: Connection,
        *,
        draft: Draft | None = None,
        acceptances: tuple[Acceptance, ...] = (),
    ) -> None:
        self.services = clients
        self.order = order
        self.connection = connection
        self.operation = connection.operation.id
        """The operation that this delivery works for, whichever has taken its place meanwhile."""
        self.draft = draft
        """In a dry run its own documents: no other is written, and what an earlier step would make does not exist."""
        self.acceptances = acceptances
        """What somebody has accepted; read only, whoever sets up cannot write it."""
        self._began = clock.now()

    @classmethod
    async def open(cls, order: Order) -> Run:
        """Read the connection; the store's document decides, not what Durable hands over.

        Raises:
            ReplacedError: a later dry run has taken this one's place; of a look, an operation.
        """
        clients, draft = services(), None
        if order.check:
            draft = await _undisturbed(clients, order)
            connection = draft.planned.connection
        elif order.plan:
            draft = await clients.plans.draft(order.name, order.plan)
            connection = draft.planned.connection
        else:
            found = await clients.documents.load(order.name)
            if found is None:
                raise RuntimeError("the connection's document is gone")
            connection = found.connection
        return cls(clients, order, connection, draft=draft, acceptances=await accepted(clients, order.name))

    @property
    def dry(self) -> bool:
        """Return whether nothing is changed."""
        return self.draft is not None

    @property
    def looks_daily(self) -> bool:
        """Return whether it is the daily check: that says what is wrong, where a dry run says what would be done."""
        return bool(self.order.check)

    @property
    def takes_back(self) -> bool:
        """Return whether nothing of the connection is wanted any more."""
        return isinstance(self.connection.goal, Absent)

    def accepted_for(self, application_id: str | None) -> frozenset[str]:
        """Return the ids of the findings that somebody has accepted for this very application."""
        return accepted_for(self.acceptances, application_id)

    @property
    def abandoned(self) -> bool:
        """Return whether this attempt was taken for lost: another one works in its place, or nobody is to any more."""
        return self.connection.operation.attempt != self.order.attempt

    @property
    def overtaken(self) -> bool:
        """Return whether a newer request has replaced the wanted state."""
        another = self.order.operation not in {"", self.connection.operation.id}
        return another or self.connection.wanted.revision != self.order.revision

    @property
    def outdated(self) -> bool:
        """Return whether what this delivery has found out counts for nothing any more."""
        return self.abandoned or self.overtaken

    @property
    def superseded(self) -> bool:
        """Return whether there is nothing left to do: for a newer request, or because somebody has ended the run."""
        return not self.dry and (self.outdated or self.connection.operation.cancelled)

    @property
    def now(self) -> datetime:
        """Return the orchestration's clock, moved on by what this delivery has taken."""
        return self.order.now + (clock.now() - self._began)

    def looks(self, step: StepName) -> bool:
        """Return whether a step changes nothing: in a dry run, and what a verification has found settled."""
        operation = self.connection.operation
        apart = operation.apart and step is not StepName.SECRET  # what else is out of order is for a set-up
        return self.dry or apart or operation.only_looks(self.connection.record(step).settled_in)

    def looks_at(self, entry: MailboxRecord) -> bool:
        """Return the same of one mailbox."""
        return self.dry or self.connection.operation.only_looks(entry.settled_in)

    async def keep(self, step: StepName, changes: Sequence[Change]) -> None:
        """Keep what is about to be taken back, so that a crash does not lose it from the record; else nothing."""
        new = [Taken(step=step, action=one.action, subject=one.subject) for one in changes if one.action in TAKES_BACK]

        def note(connection: Connection) -> None:
            known = {(one.step, one.action, one.subject) for one in connection.taken}
            connection.taken = [
                *connection.taken,
                *(one for one in new if (one.step, one.action, one.subject) not in known),
            ]

        if self.takes_back and new:
            await self.update(note)

    async def chunk(self, number: int) -> Chunk:
        """Return one chunk of mailboxes."""
        return await self._documents.chunk(self.order.name, number)

    def chunks(self) -> AsyncIterator[Chunk]:
        """Yield all chunks."""
        return self._documents.chunks(self.order.name, len(self.connection.chunks))

    async def save_chunk(self, chunk: Chunk, planned: Sequence[Change] = ()) -> None:
        """Write a chunk; in a dry run with what would be changed, beside what earlier deliveries have found."""
        if self.draft is not None:
            await self.draft.save_chunk(chunk, listed(StepName.MAILBOXES, planned, self.connection.rights))
        else:
            await self.services.documents.save_chunk(self.order.name, chunk)

    @property
    def _documents(self) -> Documents | Draft:
        return self.draft or self.services.documents

    async def update(self, change: Callable[[Connection], None]) -> None:
        """Change the document now."""
        self.connection = await self.services.documents.update(self.order.name, change)

    async def note(self, change: Callable[[Connection], None]) -> None:
        """Change the document, unless another operation or attempt has taken the place of this delivery's."""

        def unless_replaced(connection: Connection) -> None:
            if (connection.operation.id, connection.operation.attempt) == (self.operation, self.order.attempt):
                change(connection)

        await self.update(unless_replaced)


async def _undisturbed(clients: Services, order: Order) -> Draft:
    """Return what a look works with, unless an operation has begun since: every one of them goes first.

    Raises:
        ReplacedError: one has, or another look.
    """
    draft, found = await clients.looks.draft(order.name, order.check), await clients.documents.load(order.name)
    operation = found.connection.operation if found is not None else None
    if operation is None or operation.ended is None or operation.id != draft.planned.basis:
        raise ReplacedError
    return draft


async def accepted(clients: Services, name: str) -> tuple[Acceptance, ...]:
    """Return what has been accepted; nothing where that cannot be read: what was waved through stops again."""
    try:
        return await clients.acceptances.load(name)
    except UnreadableError as error:
        unreadable(error)
        return ()
