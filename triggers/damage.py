"""What of a connection cannot be read, what can be done about it, and how that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from connector.dates import TIMES, Time
from connector.document import Document
from connector.errors import ConflictError, UnknownConnectionError, UnreadableError
from connector.mailbox import Chunk
from connector.messages import Language, text, times
from connector.model import Connection
from connector.repair import Damaged, Repairs, Way
from connector.services import services
from connector.wanted import is_name


class DamageView(Document):
    """One document that cannot be read."""

    document: str = Field(description="`connection`, `mailboxes-0000` and so on, `acceptances`, `history`, `plan`.")
    why: str
    version: str | None = Field(description="When the last version that can be read was written.")


class WayView(Document):
    """One way to repair them."""

    way: Way
    possible: bool
    list_needed: bool = Field(description="Whether the body of a set-up has to be sent along: nobody knows the list.")
    lost: str = Field(description="What is not there any more afterwards, in words.")
    times: list[Time] = Field(default=[], description=TIMES)


class RepairView(Document):
    """What cannot be read of a connection, and what can be done, or was done, about it."""

    name: str
    done: Way | None = Field(description="Null where nothing was changed: `?from=` was not there.")
    documents: list[DamageView]
    ways: list[WayView]


@dataclass(frozen=True, slots=True)
class Broken:
    """The damage of one connection, and what can still be read of it."""

    name: str
    documents: list[Damaged]
    connection: Connection | None
    chunks: list[Chunk]

    @property
    def own(self) -> Damaged | None:
        """Return the connection's own document where it is among the damaged ones."""
        return next((one for one in self.documents if one.of_connection and one.number is None), None)

    @property
    def concerned(self) -> list[Damaged]:
        """Return what the ways differ in."""
        return [one for one in self.documents if one.of_connection]

    def listed(self) -> list[str]:
        """Return the wanted names that the chunks hold."""
        return [entry.requested for chunk in self.chunks for entry in chunk.mailboxes if entry.wanted]

    @property
    def list_needed(self) -> bool:
        """Return whether nobody knows the whole list any more."""
        return self.own is not None and (len(self.concerned) > 1 or not self.listed())


async def look_for(name: str) -> Broken:
    """Return what is damaged.

    Raises:
        UnknownConnectionError: there is no connection of that name.
        ConflictError: everything can be read.
    """
    clients = services()
    try:
        versioned = await clients.documents.load(name) if is_name(name) else None
    except UnreadableError:
        versioned = None
    known = len(versioned.connection.chunks) if versioned is not None else 0
    found = await repairs().damaged(name, known) if is_name(name) else []
    if not found:
        if versioned is None:
            raise UnknownConnectionError("unknown-connection", name=name[:40])
        raise ConflictError("nothing-to-repair", name=name)
    bad: list[UnreadableError] = []
    looked_at = max([known, *(one.number + 1 for one in found if one.number is not None)])
    chunks = [chunk async for chunk in clients.documents.chunks(name, looked_at, bad=bad)]
    return Broken(name, found, versioned.connection if versioned is not None else None, chunks)


def repairs() -> Repairs:
    """Return what looks at documents and mends them."""
    return Repairs(services().store, services().histories)


def repair_view(broken: Broken, done: Way | None, lang: Language) -> RepairView:
    """Return what is broken and which ways there are, as it is shown; ``done`` is the way that was gone."""
    versions = [one.version for one in broken.concerned]
    oldest = min((one for one in versions if one is not None), default="-")
    values: dict[str, Any] = {"version": oldest}
    possible = {Way.VERSION: None not in versions, Way.ANEW: True}
    return RepairView(
        name=broken.name,
        done=done,
        documents=[
            DamageView(document=one.error.document, why=text(lang, "unreadable", one.error.reason), version=one.version)
            for one in broken.documents
        ],
        ways=[
            WayView(
                way=way,
                possible=possible[way],
                list_needed=way is Way.ANEW and broken.list_needed,
                lost=_lost(broken, way, lang, values),
                times=times(lang, "repair", way, values=values) if broken.concerned else [],
            )
            for way in Way
        ],
    )


def _lost(broken: Broken, way: Way, lang: Language, values: dict[str, Any]) -> str:
    """Return what a way loses, document by document where they differ."""
    kinds = {one.error.document for one in broken.documents if not one.of_connection}
    told = [text(lang, "repair", way, values=values)] if broken.concerned else []
    return " ".join([*told, *(text(lang, "repair", kind) for kind in sorted(kinds))])
