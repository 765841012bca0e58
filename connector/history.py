"""Who has asked for what, when, and what was told to whom: one document per connection. No mailbox address, no secret.

It is a record for the people who work with a connection. Whoever holds the app's identity could change it; the log
lines that say the same lie in a workspace that the identity cannot write to.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from connector.caller import Caller
from connector.document import Document
from connector.errors import StaleWriteError, UnreadableError
from connector.event import EventType
from connector.kept import read, read_or_none, written
from connector.log import log
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

MOST = 1_000
"""Entries. Beyond it the oldest of whatever is there most often goes: a flood of one kind drives out only itself."""
_ASIDE = re.compile(r"history/[^/]+/unreadable-(?P<day>[0-9]{8})-[0-9a-f]{16}\.json")
_DIGITS = 16
"""Of the digest: one damage of a day does not take the place of another."""


class Asked(StrEnum):
    """What somebody has asked for."""

    SET_UP = "set-up"
    DRY_RUN = "dry-run"
    VERIFY = "verify"
    CANCEL = "cancel"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    EVIDENCE = "evidence"
    """Nobody has asked for it: Entra's record of sign-ins confirms a new secret."""
    ROTATE = "rotate"
    CERTIFICATE = "certificate"
    ABANDON = "abandon"
    PARAMETERS = "parameters"
    REFERENCE = "parameters-reference"
    REPAIR = "repair"
    REMOVE = "remove"
    REMOVAL_PLAN = "removal-plan"
    TARGET = "target"
    TARGET_REMOVAL = "target-removal"
    TARGET_TEST = "target-test"
    TARGET_RESEND = "target-resend"
    CHECK = "check"
    SNOOZE = "snooze"
    WAKE = "wake"
    TEST_ALARM = "test-alarm"
    TOLD = "told"
    """Nobody has asked for it: an event goes to targets."""


class Entry(Document):
    """One request: who, what, and what it has changed."""

    number: int = 0
    """Counts on for ever, so that a page can begin after it."""
    at: AwareDatetime
    action: Asked
    outcome: Literal["accepted", "refused", "failed"] = "accepted"
    code: str | None = None
    """Why it was refused or has failed: the problem's ``code``."""
    caller: Caller
    revision: int | None = None
    mailboxes: int | None = None
    """How many the list has that was asked for; of them ``added`` are new, and ``removed`` are no longer on it."""
    added: int | None = None
    removed: int | None = None
    allow_removal: int | None = None
    """How many were allowed to lose access."""
    lifetime_days: int | None = None
    version: str | None = None
    """Of the secret that was read, or that the UTM is said to have."""
    findings: list[str] = Field(default_factory=list)
    """Ids of the findings that were accepted, or whose acceptance was withdrawn."""
    event: EventType | None = None
    """What is told, under ``event_id``, to ``targets``."""
    event_id: str | None = None
    targets: list[str] = Field(default_factory=list)


class History(Document):
    """The document, oldest entry first."""

    model_config = ConfigDict(validate_assignment=False)  # a thousand entries would be read three times for one more

    last: int = 0
    """The number of the last entry that there ever was."""
    entries: list[Entry] = Field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Add an entry; what is too much goes. An event that is there already is not told a second time."""
        if entry.event_id is not None and any(one.event_id == entry.event_id for one in self.entries):
            return
        self.last += 1
        kept = [*self.entries, entry.model_copy(update={"number": self.last})]
        while len(kept) > MOST:
            flood = Counter((one.action, one.outcome) for one in kept).most_common(1)[0][0]
            kept.remove(next(one for one in kept if (one.action, one.outcome) == flood))
        self.entries = kept

    def forget(self, before: datetime) -> bool:
        """Drop what is older than ``before``; return whether there was anything."""
        kept = [one for one in self.entries if one.at >= before]
        forgotten = len(kept) < len(self.entries)
        self.entries = kept
        return forgotten


class Histories:
    """The histories in the store; entries live for ``days``."""

    def __init__(self, store: Store, days: int) -> None:
        self._store = store
        self._life = timedelta(days=days)

    async def load(self, name: str, now: datetime) -> History | None:
        """Return what is not too old, or None where nothing has been written.

        Raises:
            UnreadableError: somebody has made the document unreadable; the next entry begins a new one.
        """
        found = await self._store.get(_path(name))
        if found is None:
            return None
        history = read(_path(name), found[0], History)
        history.forget(now - self._life)
        return history

    async def known(self, name: str) -> bool:
        """Return whether there is a connection or a history of that name, readable or not."""
        for path in (f"connections/{name}.json", _path(name)):
            if await self._store.get(path) is not None:
                return True
        return False

    async def add(self, name: str, entry: Entry) -> None:
        """Add an entry to the document as it is now. One that cannot be read is put aside, and said in the log.

        Raises:
            ServiceError: the store does not take it.
            UnreadableError: a later version of this app has written the document, which stays.
        """

        async def longer(document: bytes | None) -> History:
            history = read_or_none(_path(name), document, History) if document is not None else None
            if history is None and document is not None:
                await self.put_aside(name, document, entry.at)
            history = history or History()
            history.forget(entry.at - self._life)
            history.add(entry)
            return history

        await update(self._store, _path(name), longer)

    async def clear(self, now: datetime) -> int:
        """Remove what is too old from all histories; return from how many.

        One that cannot be read, or that somebody writes at this moment, is left alone: the next entry clears it too.
        """
        before, changed = now - self._life, 0
        for path in await self._store.paths("history/"):
            if aside := _ASIDE.fullmatch(path):
                if aside["day"] < f"{before:%Y%m%d}":
                    await self._store.delete(path)
                continue
            found = await self._store.get(path)
            if found is None:
                continue
            try:
                history = read(path, found[0], History)
                if not history.forget(before):
                    continue
                await self._store.put(path, written(history), found[1])
            except (StaleWriteError, UnreadableError):
                continue
            changed += 1
        return changed

    async def put_aside(self, name: str, document: bytes, now: datetime) -> None:
        """Keep what cannot be read beside the history, for as long as an entry lives, and say so in the log."""
        digest = hashlib.sha256(document).hexdigest()[:_DIGITS]
        path = f"history/{name}/unreadable-{now:%Y%m%d}-{digest}.json"
        if await self._store.get(path) is None:
            await self._store.put(path, document, None)
        log("history-unreadable", level=logging.ERROR, connection=name)


def _path(name: str) -> str:
    return f"history/{name}.json"
