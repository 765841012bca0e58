"""The connections in the store, typed: read, write and change under the ETag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from connector.errors import StaleWriteError
from connector.model import Chunk, Connection

if TYPE_CHECKING:
    from connector.clients.store import Store

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Versioned:
    """A connection as it was read, with the ETag under which it may be written back."""

    connection: Connection
    etag: str


class Documents:
    """One document per connection and one per chunk of its mailboxes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> Versioned | None:
        """Return a connection, or None where there is none of that name."""
        found = await self._store.get(_path(name))
        if found is None:
            return None
        return Versioned(Connection.model_validate_json(found[0]), found[1])

    async def save(self, connection: Connection, etag: str | None) -> str:
        """Write a connection and return its new ETag.

        Raises:
            StaleWriteError: somebody else has changed it since it was read.
        """
        return await self._store.put(_path(connection.name), _json(connection), etag)

    async def update(self, name: str, change: Callable[[Connection], None]) -> Connection:
        """Apply ``change`` to the present document, again if somebody else was faster, and return the result."""
        for _ in range(_TRIES):
            found = await self.load(name)
            if found is None:
                break
            change(found.connection)
            try:
                await self.save(found.connection, found.etag)
            except StaleWriteError:
                continue
            return found.connection
        raise StaleWriteError("store", "etag", f"the document of {name} is gone or changes all the time")

    async def names(self) -> list[str]:
        """Return the names of all connections, sorted."""
        paths = await self._store.paths("connections/")
        return [path.removeprefix("connections/").removesuffix(".json") for path in paths if path.count("/") == 1]

    async def chunk(self, name: str, number: int) -> Chunk:
        """Return one chunk of mailboxes; an empty one where it has not been written."""
        found = await self._store.get(_chunk_path(name, number))
        return Chunk.model_validate_json(found[0]) if found else Chunk(number=number)

    async def chunks(self, name: str, skip: Collection[int] = ()) -> AsyncIterator[Chunk]:
        """Yield all chunks in order but for some, one in memory at a time."""
        for number in count():
            if number in skip:
                continue
            found = await self._store.get(_chunk_path(name, number))
            if found is None:
                return
            yield Chunk.model_validate_json(found[0])

    async def save_chunk(self, name: str, chunk: Chunk) -> None:
        """Write a chunk over whatever is there: only the one operation on a connection writes chunks.

        Again where the ETag has changed: a write whose answer was lost is repeated by the SDK, and then finds itself.
        """
        path = _chunk_path(name, chunk.number)
        for _ in range(_TRIES):
            present = await self._store.get(path)
            try:
                await self._store.put(path, _json(chunk), present[1] if present else None)
            except StaleWriteError:
                continue
            return
        raise StaleWriteError("store", "etag", f"a chunk of {name} changes all the time")


def _path(name: str) -> str:
    return f"connections/{name}.json"


def _chunk_path(name: str, number: int) -> str:
    return f"connections/{name}/mailboxes-{number:04d}.json"


def _json(document: Connection | Chunk) -> bytes:
    return document.model_dump_json(by_alias=True, exclude_defaults=True).encode()
