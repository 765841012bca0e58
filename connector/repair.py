"""What can be done about documents that cannot be read: the last version that can is found, or nothing is kept.

An acceptance is never brought back: it may have been withdrawn since, and who repairs must not accept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from connector.acceptances import Kept
from connector.document import Document
from connector.documents import chunk_in, chunk_path, connection_in, path_of
from connector.errors import UnreadableError
from connector.history import Histories, History
from connector.kept import Why, read, written
from connector.mailbox import Chunk
from connector.model import Connection
from connector.planned import Planned
from connector.together import together

if TYPE_CHECKING:
    from connector.clients.store import Store

_CHUNK = re.compile(r"connections/[^/]+/mailboxes-(?P<number>[0-9]{4,})\.json")
_GAP = 10
"""Chunks that may be missing in a row where nobody knows how long the list is; what comes later may be a stray."""
_AT_ONCE = 16
"""Chunks that are looked at at the same time."""
_OTHERS: dict[str, type[Document]] = {"acceptances": Kept, "history": History, "plans": Planned}


class Way(StrEnum):
    """How documents that cannot be read are repaired."""

    VERSION = "version"
    """Each comes back as it was last written."""
    ANEW = "anew"
    """What the tenant and the vault still show is found again, the rest is given up."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A document that cannot be read, with its ETag, and the last version of it that can."""

    error: UnreadableError
    document: bytes
    etag: str | None
    """None where it is not there any more."""
    version: str | None = None
    """When that version was written, as the store says it; None where none can be read, or none is looked for."""
    content: bytes = b""

    @property
    def of_connection(self) -> bool:
        """Return whether it is the connection itself or a part of its list: what the ways differ in."""
        return self.error.path.startswith("connections/")

    @property
    def number(self) -> int | None:
        """Return which chunk of mailboxes it is; None where it is none."""
        found = _CHUNK.fullmatch(self.error.path)
        return int(found["number"]) if found is not None else None


class Repairs:
    """The documents of a connection, looked at one by one."""

    def __init__(self, store: Store, histories: Histories) -> None:
        self._store, self._histories = store, histories

    async def damaged(self, name: str, known: int) -> list[Damaged]:
        """Return what cannot be read of a connection, its own document first.

        ``known`` is how many chunks its own document tells of; 0 where it cannot be read. Then its last version tells:
        one that is gone from the end of the list is not missed by the others.
        """
        others = [f"{kind}/{name}.json" for kind in ("acceptances", "history", "plans")]
        there = {*await self._store.paths(f"connections/{name}/mailboxes-")}
        own = await self._damage(path_of(name))
        told = len(connection_in(name, own.content).chunks) if own is not None and own.content else 0
        known = max(known, told)
        count = _count(there, known, 0 if known or own is None else _GAP)
        chunks: list[Damaged | None] = []
        for first in range(0, count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, count))
            chunks += await together(*(self._chunk(chunk_path(name, number), there) for number in numbers))
        found = [own, *chunks, *[await self._damage(path) for path in others]]
        return [one for one in found if one is not None]

    async def _chunk(self, path: str, there: Collection[str]) -> Damaged | None:
        """Return what is wrong with a chunk; one that no list shows is not asked for."""
        if path in there:
            return await self._damage(path, expected=True)
        missing = UnreadableError("store", "document-unreadable", Why.MISSING, path=path)
        return await self._with_version(Damaged(missing, b"", None))

    async def connection(self, one: Damaged, connection: Connection) -> None:
        """Write a connection in the place of its damaged document.

        Raises:
            StaleWriteError: somebody else has repaired it meanwhile.
        """
        await self._store.put(one.error.path, written(connection), one.etag)

    async def settle(self, name: str, one: Damaged, way: Way, now: datetime) -> None:
        """Repair a document other than the connection's own: a chunk by the way that was chosen, the others by none.

        Raises:
            StaleWriteError: somebody else has repaired it meanwhile.
        """
        if one.number is not None:
            empty = written(Chunk(number=one.number))
            await self._store.put(one.error.path, one.content if way is Way.VERSION else empty, one.etag)
            return
        if one.error.document == "history":
            await self._histories.put_aside(name, one.document, now)
        await self._store.delete(one.error.path, one.etag)

    async def _damage(self, path: str, *, expected: bool = False) -> Damaged | None:
        document, etag = await self._store.get(path) or (None, None)
        if document is None and not expected:
            return None
        try:
            _check(path, document)
        except UnreadableError as error:
            one = Damaged(error, document or b"", etag)
            return await self._with_version(one) if one.of_connection else one
        return None

    async def _with_version(self, one: Damaged) -> Damaged:
        path = one.error.path
        for version in await self._store.versions(path):
            content = await self._store.version(path, version)
            try:
                if content is not None:
                    _check(path, content)
                    return Damaged(one.error, one.document, one.etag, version, content)
            except UnreadableError:
                continue
        return one


def _count(paths: Iterable[str], known: int, gap: int) -> int:
    """Return how many chunks are looked at: those ``known``, and what follows without a gap longer than ``gap``.

    Where there is one, and nobody knows how long the list is, its first chunk counts as lost: the list is not known.
    """
    count = known
    for number in sorted(int(one["number"]) for one in map(_CHUNK.fullmatch, paths) if one is not None):
        if number > count + gap:
            return count + (gap > 0)
        count = max(count, number + 1)
    return count


def _check(path: str, document: bytes | None) -> None:
    """Raise ``UnreadableError`` where a document is not what belongs under its path."""
    kind, name = path.removesuffix(".json").split("/")[:2]
    chunk = _CHUNK.fullmatch(path)
    if chunk is not None and path == chunk_path(name, int(chunk["number"])):
        chunk_in(name, int(chunk["number"]), document)
    elif path == path_of(name) and document is not None:
        connection_in(name, document)
    else:
        read(path, document, _OTHERS[kind])
