"""The connections in the store, typed: read, write and change under the ETag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from connector.errors import StaleWriteError, UnavailableError, UnreadableError
from connector.events import facts, note
from connector.kept import read, written
from connector.mailbox import Chunk
from connector.model import Connection
from connector.update import update
from connector.wanted import is_name

if TYPE_CHECKING:
    from connector.clients.store import Store


@dataclass(frozen=True, slots=True)
class Versioned:
    """A connection as it was read, with the ETag under which it may be written back."""

    connection: Connection
    etag: str


class Documents:
    """One document per connection and one per chunk of its mailboxes."""

    def __init__(self, store: Store, now: Callable[[], datetime] | None = None) -> None:
        """Keep connections in a store; ``now`` is the time of events, else it is that of the state they tell of."""
        self._store, self._now = store, now
        self.telling: set[str] = set()
        """Connections that this process has written with something in their outbox: somebody hands it on soon."""

    async def load(self, name: str) -> Versioned | None:
        """Return a connection, or None where there is none of that name.

        Raises:
            UnreadableError: its document cannot be read.
        """
        found = await self._store.get(path_of(name))
        return Versioned(connection_in(name, found[0]), found[1]) if found is not None else None

    async def save(self, connection: Connection, etag: str | None, before: Connection | None = None) -> str:
        """Write a connection, with the events of the change from what it was ``before``, and return its new ETag.

        Raises:
            StaleWriteError: somebody else has changed it since it was read.
        """
        if before is not None:
            note(facts(before), connection, self._now() if self._now is not None else connection.since)
        etag = await self._store.put(path_of(connection.name), written(connection), etag)
        self._tell(connection)
        return etag

    async def update(self, name: str, change: Callable[[Connection], None]) -> Connection:
        """Apply ``change`` to the present document, again if somebody else was faster, and return the result.

        The events of the change are written with it.

        Raises:
            UnreadableError: it cannot be read, and stays as it is.
            StaleWriteError: it is gone, or changes all the time.
        """
        at = self._now() if self._now is not None else None  # once: each try of the write makes the same events

        async def changed(document: bytes | None) -> Connection | None:
            if document is None:
                return None
            connection = connection_in(name, document)
            before = facts(connection)
            change(connection)
            note(before, connection, at or connection.since)
            return connection

        connection = await update(self._store, path_of(name), changed)
        if connection is None:
            raise StaleWriteError("store", "etag", f"the document of {name} is gone")
        self._tell(connection)
        return connection

    def _tell(self, connection: Connection) -> None:
        if connection.outbox:
            self.telling.add(connection.name)

    async def told(self, name: str, ids: Collection[str]) -> None:
        """Take events out of the outbox that are kept elsewhere by now; what has come meanwhile stays."""

        async def without(document: bytes | None) -> Connection | None:
            connection = connection_in(name, document) if document is not None else None
            if connection is None or not any(one.id in ids for one in connection.outbox):
                return None
            connection.outbox = [one for one in connection.outbox if one.id not in ids]
            return connection

        await update(self._store, path_of(name), without)

    async def names(self) -> list[str]:
        """Return the names of all connections, sorted; readable or not. What lies beside them under no name is none."""
        paths = await self._store.paths("connections/")
        names = (path.removeprefix("connections/").removesuffix(".json") for path in paths if path.endswith(".json"))
        return [name for name in names if is_name(name)]

    async def chunk(self, name: str, number: int) -> Chunk:
        """Return one chunk of mailboxes, which an operation has arranged before.

        Raises:
            UnreadableError: it cannot be read, or is not there any more.
        """
        found = await self._store.get(chunk_path(name, number))
        return chunk_in(name, number, found[0] if found is not None else None)

    async def chunks(
        self, name: str, known: int, skip: Collection[int] = (), bad: list[UnreadableError] | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield all chunks in order but for some, one in memory at a time.

        ``known`` is how many there are at least, as the connection's own document says: none is ever removed, so
        one of these that is gone has been lost, and the list does not end before it. Beyond them it ends at the first
        gap. Which there are one list tells: of the others nothing is asked, however many the document claims.

        Raises:
            UnreadableError: one cannot be read; where ``bad`` is given it is put there, and the next one comes.
        """
        there, skipped = {*await self._store.paths(f"connections/{name}/mailboxes-")}, {*skip}
        for number in count():
            path = chunk_path(name, number)
            if path not in there and number >= known:
                return
            if number in skipped:
                continue
            found = await self._store.get(path) if path in there else None
            try:
                chunk = chunk_in(name, number, found[0] if found is not None else None)
            except UnreadableError as error:
                if bad is None:
                    raise
                bad.append(error)
                continue
            yield chunk

    async def forget_lists(self, name: str) -> None:
        """Remove all chunks, of a connection that is taken back."""
        for path in await self._store.paths(f"connections/{name}/mailboxes-"):
            await self._store.delete(path)

    async def forget(self, found: Versioned) -> None:
        """Remove a connection, unless somebody has written it since it was read.

        Raises:
            StaleWriteError: somebody has.
        """
        await self.forget_lists(found.connection.name)
        await self._store.delete(path_of(found.connection.name), found.etag)

    async def save_chunk(self, name: str, chunk: Chunk) -> None:
        """Write a chunk over whatever is there: only the one operation on a connection writes chunks.

        Raises:
            UnreadableError: what is there cannot be read, and stays as it is.
            UnavailableError: another delivery of the same activity writes at this moment; this one comes again.
        """
        path = chunk_path(name, chunk.number)
        present = await self._store.get(path)
        if present is not None:
            chunk_in(name, chunk.number, present[0])
        try:
            await self._store.put(path, written(chunk), present[1] if present is not None else None)
        except StaleWriteError:
            raise UnavailableError("store", "etag", "another delivery writes this chunk") from None


def connection_in(name: str, document: bytes) -> Connection:
    """Return the connection that a document holds.

    Raises:
        UnreadableError: it holds none, or another one.
    """
    return read(path_of(name), document, Connection, lambda one: one.name == name)


def chunk_in(name: str, number: int, document: bytes | None) -> Chunk:
    """Return the chunk that a document holds; None is one that should be there and is not.

    Raises:
        UnreadableError: as ``connection_in``.
    """
    return read(chunk_path(name, number), document, Chunk, lambda one: one.number == number)


def path_of(name: str) -> str:
    """Return where a connection is kept."""
    return f"connections/{name}.json"


def chunk_path(name: str, number: int) -> str:
    """Return where a chunk of its mailboxes is kept."""
    return f"connections/{name}/mailboxes-{number:04d}.json"
