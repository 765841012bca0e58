"""A dry run's own documents: what a set-up would change. No connection is made or touched by them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from connector.errors import StaleWriteError
from connector.model import Chunk, Connection, Document, Finding
from connector.plans.plan import Action
from connector.steps import StepName

if TYPE_CHECKING:
    from connector.clients.store import Store

D = TypeVar("D", bound=Document)
_TRIES = 10


class PlannedChange(Document):
    """One write that a set-up would make."""

    step: StepName
    action: Action
    subject: str
    reason: str
    by_hand: bool = False
    """Whether the app lacks the right, so that a person has to do it."""


class Planned(Document):
    """A dry run: the connection as it would be, and what the steps before the mailboxes would change."""

    id: str
    connection: Connection
    started: datetime
    ended: datetime | None = None
    changes: list[PlannedChange] = Field(default=[])
    findings: list[Finding] = Field(default=[])
    chunks: int = 0


class PlannedChunk(Document):
    """What a dry run found for one chunk of mailboxes."""

    chunk: Chunk
    changes: list[PlannedChange] = Field(default=[])
    findings: list[Finding] = Field(default=[])


class Plans:
    """The dry runs in the store: the last one of each name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> Planned | None:
        """Return the last dry run of a connection, or None."""
        return await self._load(_path(name), Planned)

    async def save(self, planned: Planned) -> None:
        """Write a dry run over the one before."""
        await self._save(_path(planned.connection.name), planned)

    async def chunk(self, name: str, number: int) -> PlannedChunk:
        """Return what was found for one chunk."""
        return await self._load(_chunk_path(name, number), PlannedChunk) or PlannedChunk(chunk=Chunk(number=number))

    async def save_chunk(self, name: str, planned: PlannedChunk) -> None:
        """Write what was found for one chunk."""
        await self._save(_chunk_path(name, planned.chunk.number), planned)

    async def _load(self, path: str, model: type[D]) -> D | None:
        found = await self._store.get(path)
        return model.model_validate_json(found[0]) if found is not None else None

    async def _save(self, path: str, document: Document) -> None:
        body = document.model_dump_json(by_alias=True, exclude_defaults=True).encode()
        for _ in range(_TRIES):
            present = await self._store.get(path)
            try:
                await self._store.put(path, body, present[1] if present else None)
            except StaleWriteError:
                continue
            return
        raise StaleWriteError("store", "etag", "a plan changes all the time")


def _path(name: str) -> str:
    return f"plans/{name}.json"


def _chunk_path(name: str, number: int) -> str:
    return f"plans/{name}/mailboxes-{number:04d}.json"
