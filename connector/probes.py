"""What came of the last try to write into the vault: one small document of the deployment, without any secret.

Being allowed to read tells nothing of being allowed to write. Whether the vault takes a secret is found out by writing
one that is worth nothing, when a client secret is about to be made and not before.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from connector.document import Document
from connector.errors import StaleWriteError, UnreadableError
from connector.finding import Finding
from connector.kept import read, written

if TYPE_CHECKING:
    from connector.clients.store import Store

_PATH = "vault/probe.json"


class Probed(Document):
    """The last try."""

    on: datetime
    connection: str
    finding: Finding | None = None
    """What the vault had against it; None where it took the secret."""


class Probes:
    """The document in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> Probed | None:
        """Return the last try; None where there was none, or nobody can read what is there."""
        found = await self._store.get(_PATH)
        try:
            return read(_PATH, found[0], Probed) if found is not None else None
        except UnreadableError:
            return None

    async def save(self, probed: Probed) -> None:
        """Keep a try; of two at the same moment one of them."""
        found = await self._store.get(_PATH)
        try:
            await self._store.put(_PATH, written(probed), found[1] if found is not None else None)
        except StaleWriteError:
            return
