"""A change under the ETag: nothing of others is lost, and nobody tries for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.errors import StaleWriteError
from connector.kept import read, written
from connector.mailbox import Chunk, MailboxRecord
from connector.update import update

PATH = "connections/hq/mailboxes-0000.json"


class Busy(FolderStore):
    """A store in which somebody else writes just before each of the first ``times`` writes."""

    def __init__(self, folder: Path, times: int) -> None:
        super().__init__(folder)
        self._left = times

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        if self._left > 0:
            self._left -= 1
            found = await self.get(path)
            theirs = Chunk(number=self._left, mailboxes=[MailboxRecord(requested="theirs@b.example")])
            await super().put(path, written(theirs), found[1] if found is not None else None)
        return await super().put(path, document, etag)


async def longer(document: bytes | None) -> Chunk:
    """Add a mailbox to those that are there."""
    chunk = read(PATH, document, Chunk) if document is not None else Chunk(number=0)
    return Chunk(number=0, mailboxes=[*chunk.mailboxes, MailboxRecord(requested="ours@b.example")])


async def test_who_was_overtaken_changes_what_the_other_has_written(tmp_path: Path) -> None:
    made = await update(Busy(tmp_path, times=2), PATH, longer)
    assert made is not None
    assert [one.requested for one in made.mailboxes] == ["theirs@b.example", "ours@b.example"]
    found = await FolderStore(tmp_path).get(PATH)
    assert found is not None
    assert read(PATH, found[0], Chunk) == made


async def test_what_is_left_as_it_is_is_not_written(tmp_path: Path) -> None:
    async def nothing(_: bytes | None) -> Chunk | None:
        return None

    assert await update(Busy(tmp_path, times=1), PATH, nothing) is None
    assert await FolderStore(tmp_path).get(PATH) is None


async def test_who_is_overtaken_all_the_time_is_told(tmp_path: Path) -> None:
    with pytest.raises(StaleWriteError):
        await update(Busy(tmp_path, times=1000), PATH, longer)
