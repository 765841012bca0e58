"""What somebody has accepted, in documents of its own: no set-up, verification or dry run ever writes one.

Who may set up must not be able to wave through what protects against him: so an acceptance has a route and a key of
its own, and counts only for the one application that whoever accepted has seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, Field

from connector.document import Document
from connector.kept import read
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

MAX_FINDING_ID = 200
"""Characters: a code and what it is about, which is a GUID or a name of Microsoft's."""
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Acceptance(Document):
    """One finding of one application that no longer stops anything."""

    id: str
    """The finding's: its code and what it is about."""
    application_id: str
    code: str
    subject: str = ""
    values: dict[str, str | int] = Field(default={})
    """What fills the finding's text, as it was shown."""
    accepted_on: AwareDatetime
    by: str
    """Who accepted: the function, and which of its keys."""

    def means(self, finding: str, application_id: str | None = None) -> bool:
        """Return whether it is about this finding, and about this application where one is named."""
        about = application_id is None or same_guid(self.application_id, application_id)
        return about and self.id.lower() == finding.lower()


class Kept(Document):
    """The document of one connection: what is kept of it."""

    items: list[Acceptance]


class Acceptances:
    """The acceptances in the store, by the connection's name: also of one that is only planned."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> tuple[Acceptance, ...]:
        """Return what has been accepted for a connection; nothing where nobody has accepted.

        Raises:
            UnreadableError: nobody knows, then; whoever only goes by it takes it for nothing.
        """
        found = await self._store.get(_path(name))
        return _items(name, found[0] if found is not None else None)

    async def known(self, name: str) -> bool:
        """Return whether anything was ever accepted under this name, be it withdrawn since or unreadable by now."""
        return await self._store.get(_path(name)) is not None

    async def add(self, name: str, acceptance: Acceptance) -> tuple[Acceptance, ...]:
        """Keep an acceptance, and return all; what is accepted already keeps its time and its person."""

        def added(present: tuple[Acceptance, ...]) -> tuple[Acceptance, ...]:
            if any(one.means(acceptance.id, acceptance.application_id) for one in present):
                return present
            return (*present, acceptance)

        return await self._change(name, added)

    async def withdraw(self, name: str, finding: str) -> tuple[Acceptance, ...]:
        """Take back whatever was accepted under a finding's id, for any application, and return what is left."""
        return await self._change(name, lambda present: tuple(one for one in present if not one.means(finding)))

    async def _change(
        self, name: str, change: Callable[[tuple[Acceptance, ...]], tuple[Acceptance, ...]]
    ) -> tuple[Acceptance, ...]:
        kept: tuple[Acceptance, ...] = ()

        async def changed(document: bytes | None) -> Kept | None:
            nonlocal kept
            present = _items(name, document)
            kept = change(present)
            return Kept(items=list(kept)) if kept != present else None

        await update(self._store, _path(name), changed)
        return kept


def _items(name: str, document: bytes | None) -> tuple[Acceptance, ...]:
    return tuple(read(_path(name), document, Kept).items) if document is not None else ()


def accepted_for(acceptances: Iterable[Acceptance], application_id: str | None) -> frozenset[str]:
    """Return the ids of the findings that are accepted for this application; none where there is none yet."""
    if application_id is None:
        return frozenset()
    return frozenset(one.id for one in acceptances if same_guid(one.application_id, application_id))


def is_guid(value: str) -> bool:
    """Return whether a text is a GUID as Microsoft's portals show it, whatever the case of its letters."""
    return GUID.fullmatch(value) is not None


def same_guid(one: str, other: str) -> bool:
    """Return whether two texts are the same GUID; two that are none are never the same."""
    return is_guid(one) and one.lower() == other.lower()


def _path(name: str) -> str:
    return f"acceptances/{name}.json"
