"""What the daily check of a connection has seen: a document of its own, which no operation reads to decide anything.

``checks/{name}.json`` holds what was seen, what somebody was told of it, and what somebody has put to sleep. The drafts
that a look works with lie under ``looks/`` (``connector/dry_runs.py``), and go when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, Field

from connector.caller import KeptBy
from connector.document import Document
from connector.finding import Finding
from connector.kept import read, read_or_none
from connector.steps import StepName
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

MOST = 200
"""Findings, and snoozes, of one connection: what is more of the same kind says nothing new."""
MAX_REASON = 300
"""Characters of the reason of a snooze."""


class Answer(StrEnum):
    """What a look says of one thing: there is no fourth answer, and the last is neither of the others."""

    GOOD = "good"
    DRIFTED = "drifted"
    NOT_READABLE = "not-readable"


class Item(Document):
    """What was seen of one step's things."""

    step: StepName
    answer: Answer


class Seen(Document):
    """What one look came to."""

    on: AwareDatetime
    basis: str
    """The operation after which it was looked: what another one has done since is not in it."""
    items: list[Item] = Field(default_factory=list)
    mailboxes: dict[Answer, int] = Field(default_factory=dict)
    """How many of the list, by what was seen of each."""
    drift: list[Finding] = Field(default_factory=list)
    """What is not as the last operation has left it, and what will not stay so."""
    unread: list[Finding] = Field(default_factory=list)
    """What could not be looked at."""
    more: int = 0
    """How many findings were too many to be kept."""
    renamed: dict[str, str] = Field(default_factory=dict)
    """The user principal names of today by the requested names, where they are others than the UTM was given."""
    keys: list[str] = Field(default_factory=list)
    """Digests of the mailboxes' guids: by them it is found that two connections fetch from one mailbox."""


class Snooze(Document):
    """A finding that nobody wants to hear of for a while. Another content is another finding."""

    id: str
    digest: str
    code: str
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    until: AwareDatetime
    on: AwareDatetime
    by: str


class Check(Document):
    """The document of one connection."""

    name: str
    run: str = ""
    """Which look has begun last: another one notes nothing any more."""
    started: AwareDatetime | None = None
    by: KeptBy = None
    """Who has asked for that look."""
    doubt: list[str] = Field(default_factory=list)
    """Digests of what the look before has seen and nobody was told yet: it is looked a second time first."""
    seen: Seen | None = None
    told: dict[str, str] = Field(default_factory=dict)
    """Digests, by id, of the findings that somebody was told of and that have not been seen to be gone."""
    snoozed: Annotated[list[Snooze], Field(max_length=MOST)] = Field(default_factory=list)
    shared: list[Finding] = Field(default_factory=list)
    """With which other connections it shares mailboxes."""


class Checks:
    """The documents in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> Check:
        """Return what is known of a connection; an empty one where nobody has looked yet.

        Raises:
            UnreadableError: it cannot be read; the next look takes its place.
        """
        found = await self._store.get(check_path(name))
        return check_in(name, found[0]) if found is not None else Check(name=name)

    async def update(self, name: str, change: Callable[[Check], Check]) -> Check:
        """Put what ``change`` makes of the present document in its place, and return it; in that of a broken one, too.

        Raises:
            UnreadableError: a later version of this app has written it; it stays.
            StaleWriteError: it changes all the time.
        """
        kept = Check(name=name)

        async def changed(document: bytes | None) -> Check | None:
            nonlocal kept
            present = read_or_none(check_path(name), document, Check) if document is not None else None
            before = present if present is not None and present.name == name else Check(name=name)
            kept = change(before)
            return kept if kept != present else None

        await update(self._store, check_path(name), changed)
        return kept

    async def discard(self, name: str) -> None:
        """Forget a connection that is taken back."""
        await self._store.delete(check_path(name))


def check_in(name: str, document: bytes) -> Check:
    """Return what a document holds of the looks at a connection.

    Raises:
        UnreadableError: it holds nothing of the kind, or of another connection.
    """
    return read(check_path(name), document, Check, lambda one: one.name == name)


def check_path(name: str) -> str:
    """Return where it is kept."""
    return f"checks/{name}.json"
