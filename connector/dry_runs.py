"""The dry runs in the store, the last one of each name; and what stands for a connection while one is made.

The daily look works in the same way, in a folder of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from connector.document import Document
from connector.errors import UnreadableError
from connector.finding import Finding
from connector.kept import read, read_or_none
from connector.mailbox import Chunk
from connector.planned import LIFE, Planned, PlannedChange, PlannedChunk, union
from connector.plans.plan import DISABLE, Action
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

D = TypeVar("D", bound=Document)
PLANS, LOOKS = "plans/", "looks/"
"""Where the dry runs lie, and what the daily looks work with."""


class ReplacedError(Exception):
    """A later dry run has taken the place of this one."""


class Plans:
    """The dry runs in the store: the last one of each name."""

    def __init__(self, store: Store, folder: str = PLANS) -> None:
        self._store, self._folder = store, folder

    async def load(self, name: str) -> Planned | None:
        """Return the last dry run of a connection, or None.

        Raises:
            UnreadableError: its document cannot be read; the next one takes its place.
        """
        return await self._load(self._path(name), Planned)

    async def start(self, planned: Planned) -> None:
        """Write a new dry run over the one before, whose chunks go first: what comes later is not taken for them.

        Raises:
            UnreadableError: a later version of this app has written the one before, which stays.
        """
        found = await self._store.get(self._path(planned.connection.name))
        if found is not None:
            read_or_none(self._path(planned.connection.name), found[0], Planned)
        for path in await self._store.paths(f"{self._folder}{planned.connection.name}/"):
            await self._store.delete(path)
        await self._write(self._path(planned.connection.name), planned)

    async def save(self, planned: Planned) -> None:
        """Write how far a dry run has come; nothing where a later one has taken its place."""
        path = self._path(planned.connection.name)

        async def still(present: bytes | None) -> Planned | None:
            found = read_or_none(path, present, Planned) if present is not None else None
            return planned if found is not None and found.id == planned.id else None

        await update(self._store, path, still)

    async def draft(self, name: str, plan: str) -> Draft:
        """Return the documents of a dry run under way.

        Raises:
            ReplacedError, UnreadableError: as it says.
        """
        planned = await self.load(name)
        if planned is None or planned.id != plan:
            raise ReplacedError
        return Draft(self, planned)

    async def found(self, planned: Planned) -> tuple[list[PlannedChange], list[Finding]]:
        """Return all that a dry run has found, in the order in which a set-up would come to it.

        Raises:
            ReplacedError: a later one has cleared it away.
        """
        changes, findings = [planned.changes], [planned.findings]
        for number in range(planned.chunks):
            chunk = await self.chunk(planned, number)
            if chunk is None:
                raise ReplacedError
            changes.append(chunk.changes)
            findings.append(chunk.findings)
        # In the order of the steps; access is given over all chunks before any is taken back.
        order = planned.connection.programme
        late = (Action.GRANT_SEND_AS, Action.REVOKE_SEND_AS, Action.REVOKE_ACCESS, *DISABLE.values())
        found = sorted(
            union(*changes),
            key=lambda one: (order.index(one.step), late.index(one.action) + 1 if one.action in late else 0),
        )
        return found, union(*findings)

    async def chunk(self, planned: Planned, number: int) -> PlannedChunk | None:
        """Return what was found for one chunk; None where a later dry run has cleared it away."""
        return await self._load(self._chunk_path(planned, number), PlannedChunk)

    async def save_chunk(self, planned: Planned, chunk: PlannedChunk) -> None:
        """Write what was found for one chunk."""
        await self._write(self._chunk_path(planned, chunk.chunk.number), chunk)

    async def clear(self, now: datetime) -> int:
        """Remove the dry runs that are too old or cannot be read, with what is left of others; return how many.

        That of a later version stays: it is this one that cannot tell how old it is.
        """
        kept: set[str] = set()
        removed = 0
        paths = await self._store.paths(f"{self._folder}")
        for path in (path for path in paths if path.count("/") == 1):
            try:
                planned = await self._or_none(path)
            except UnreadableError as error:
                kept.add(f"{self._folder}{error.name}/")
                continue
            if planned is not None and planned.started > now - LIFE:
                kept.add(f"{self._folder}{planned.connection.name}/{planned.id}/")
                continue
            await self._store.delete(path)
            removed += 1
        for path in (path for path in paths if path.count("/") > 1):
            # Of a dry run that has begun meanwhile only what lay there before is removed: nothing of its own.
            if not any(path.startswith(prefix) for prefix in kept):
                await self._store.delete(path)
        return removed

    async def before(self, name: str, moment: datetime) -> Planned | None:
        """Return the dry run of a connection where it was begun before ``moment``; None where it cannot be read."""
        try:
            planned = await self._or_none(self._path(name))
        except UnreadableError:
            return None
        return planned if planned is not None and planned.started < moment else None

    async def forget(self, planned: Planned, kept: Collection[str]) -> bool:
        """Remove a dry run that holds an address other than those ``kept``; return whether it does."""
        try:
            stays = await self._addresses(planned) <= {*kept}
        except UnreadableError:
            stays = False  # whose addresses it holds nobody knows any more
        if stays:
            return False
        name = planned.connection.name
        for path in await self._store.paths(f"{self._folder}{name}/{planned.id}/"):
            await self._store.delete(path)
        await self._store.delete(self._path(name))
        return True

    async def discard(self, name: str) -> None:
        """Remove the dry run of a connection that is taken back; that of a later version of this app goes as well."""
        for path in await self._store.paths(f"{self._folder}{name}/"):
            await self._store.delete(path)
        await self._store.delete(self._path(name))

    async def _addresses(self, planned: Planned) -> set[str]:
        """Return the addresses that a dry run was asked about, and those that it would have taken off the list."""
        addresses = {*planned.connection.wanted.mailboxes}
        for summary in planned.connection.chunks:
            addresses |= {*summary.leaving}
        for number in range(planned.chunks):
            chunk = await self.chunk(planned, number)
            addresses |= {entry.requested for entry in chunk.chunk.mailboxes} if chunk is not None else set()
        return addresses

    async def _or_none(self, path: str) -> Planned | None:
        found = await self._store.get(path)
        return read_or_none(path, found[0], Planned) if found is not None else None

    async def _load(self, path: str, model: type[D]) -> D | None:
        found = await self._store.get(path)
        return read(path, found[0], model) if found is not None else None

    def _path(self, name: str) -> str:
        return f"{self._folder}{name}.json"

    def _chunk_path(self, planned: Planned, number: int) -> str:
        return f"{self._folder}{planned.connection.name}/{planned.id}/mailboxes-{number:04d}.json"

    async def _write(self, path: str, document: Document) -> None:
        """Write a document over whatever is there."""

        async def instead(_: bytes | None) -> Document:
            return document

        await update(self._store, path, instead)


class Draft:
    """What stands in the place of the connection's documents in a dry run: its own."""

    def __init__(self, plans: Plans, planned: Planned) -> None:
        self._plans = plans
        self.planned = planned

    async def chunk(self, _: str, number: int) -> Chunk:
        """See ``Documents``.

        Raises:
            ReplacedError: a later dry run has cleared it away.
        """
        return (await self._chunk(number)).chunk

    async def chunks(self, name: str, _: int) -> AsyncIterator[Chunk]:
        """See ``Documents``."""
        for number in range(self.planned.chunks):
            yield await self.chunk(name, number)

    async def save_chunk(self, chunk: Chunk, changes: list[PlannedChange]) -> None:
        """Write a chunk with what is wrong with its mailboxes, and what else would be changed."""
        found = await self._chunk(chunk.number)
        findings = [entry.finding for entry in chunk.mailboxes if entry.finding is not None]
        kept = PlannedChunk(chunk=chunk, changes=union(found.changes, changes), findings=findings)
        await self._plans.save_chunk(self.planned, kept)

    async def save(self) -> None:
        """Write how far the dry run has come."""
        await self._plans.save(self.planned)

    async def _chunk(self, number: int) -> PlannedChunk:
        found = await self._plans.chunk(self.planned, number)
        if found is None:
            raise ReplacedError
        return found
