"""Documents as they were read last: what a list shows to be the same is not asked for again.

For whoever reads two documents of each of 500 connections: one list costs as much as some fifty readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connector.kept import Withheld
from connector.together import together

if TYPE_CHECKING:
    from connector.clients.store import Store

_MOST = 32 * 1024
"""Octets of a document that is kept: larger ones are few, and what is kept of 500 connections stays below 32 MB."""


class Recent:
    """What was read of a store, while it is what stands there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, tuple[bytes, str]] = {}

    async def view(self, *folders: str) -> View:
        """Return the documents right in some folders, as they are now.

        Raises:
            ServiceError: the store does not answer.
        """
        found = await together(*(self._store.tags(folder) for folder in folders))
        tags = {path: tag for part in found for path, tag in part.items()}
        for path in [path for path, (_, etag) in self._kept.items() if tags.get(path) != etag]:
            self._kept.pop(path, None)
        return View(self._store, tags, self._kept)


class View:
    """Documents as a list has shown them."""

    def __init__(self, store: Store, tags: Mapping[str, str], kept: dict[str, tuple[bytes, str]]) -> None:
        self._store, self._tags, self._kept = store, tags, kept

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """Return a document with its ETag, as the store's own ``get`` does."""
        tag, kept = self._tags.get(path), self._kept.get(path)
        if kept is not None and kept[1] == tag:
            return kept
        found = await self._store.get(path)
        if found is not None and found[1] == tag and len(found[0]) <= _MOST and not isinstance(found[0], Withheld):
            self._kept[path] = found
        return found
