"""What a connection has switched on or given at a mailbox and left there, since another connection needs it, too.

The last one that goes takes it back. One document of the deployment, with ids alone: no address is kept in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from connector.document import Document
from connector.errors import UnreadableError
from connector.kept import read_or_none
from connector.log import unreadable
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

_PATH = "mailboxes/left.json"
Key = tuple[str, str]


class Left(Document):
    """One thing that is ours to take back, whoever of us is the last."""

    mailbox: str
    """Its guid."""
    what: str
    """A protocol that was switched on for it; or the guid of the recipient as which it may send."""
    inherited: bool = False
    """Whether the mailbox had left the protocol's setting to the tenant."""

    @property
    def key(self) -> Key:
        """Return what tells it from others."""
        return self.mailbox, self.what


class Kept(Document):
    """The document."""

    items: list[Left]


class LeftThere:
    """The document in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> dict[Key, Left]:
        """Return what was left; nothing where nobody can read it, which a log line says: then it stays as it is."""
        found = await self._store.get(_PATH)
        try:
            return {one.key: one for one in _items(found[0] if found is not None else None)}
        except UnreadableError as error:
            unreadable(error)
            return {}

    async def add(self, items: Iterable[Left]) -> None:
        """Keep what is left now.

        Raises:
            UnreadableError: a later version of this app has written the document.
        """
        new = {one.key: one for one in items}
        if new:
            await self._change(lambda present: present | new)

    async def forget(self, keys: Collection[Key]) -> None:
        """Forget what was taken back or is another connection's own by now; where it stays it is looked at twice."""
        try:
            if keys:
                await self._change(lambda present: {key: one for key, one in present.items() if key not in keys})
        except UnreadableError as error:
            unreadable(error)

    async def _change(self, change: Callable[[dict[Key, Left]], dict[Key, Left]]) -> None:
        async def changed(document: bytes | None) -> Kept | None:
            present = {one.key: one for one in _items(document)}
            after = change(present)
            return Kept(items=[*after.values()]) if after != present else None

        await update(self._store, _PATH, changed)


def _items(document: bytes | None) -> list[Left]:
    kept = read_or_none(_PATH, document, Kept) if document is not None else None
    return kept.items if kept is not None else []
