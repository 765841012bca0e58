"""The other connections, and which mailboxes they use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from activities.run import Run
from connector.errors import UnreadableError
from connector.steps import ConnectionState
from connector.together import AT_ONCE, bounded
from connector.wanted import Absent, Wanted


@dataclass(frozen=True, slots=True)
class Other:
    """Another connection that is not being removed."""

    name: str
    wanted: Wanted | None
    """None where it cannot be read: it may use anything."""
    mailboxes: frozenset[str] = frozenset()
    """By every name and guid that is known of them."""

    def uses(self, names: Collection[str]) -> bool:
        """Return whether it uses a mailbox that has these names, or may."""
        return self.wanted is None or not self.mailboxes.isdisjoint(names)


class Others:
    """What one delivery knows of them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: list[Other] | None = None

    async def known(self) -> list[Other]:
        """Read them once, as a list of connections is read: many at the same time."""
        if self._known is None:
            names = [one for one in await self._run.services.documents.names() if one != self._run.order.name]
            read = await bounded(AT_ONCE, (partial(self._read, name) for name in names))
            self._known = [one for one in read if one is not None]
        return self._known

    async def _read(self, name: str) -> Other | None:
        documents = self._run.services.documents
        try:
            found = await documents.load(name)
            if found is None or found.connection.state is ConnectionState.REMOVED:
                return None
            connection = found.connection
            if isinstance(connection.goal, Absent):
                return None
            mailboxes = {*connection.wanted.mailboxes}
            async for chunk in documents.chunks(name, len(connection.chunks)):
                mailboxes |= {entry.key for entry in chunk.mailboxes if entry.wanted}
        except UnreadableError:
            return Other(name, None)
        return Other(name, connection.wanted, frozenset(mailboxes))
