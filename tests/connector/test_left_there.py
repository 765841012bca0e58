"""What is left at mailboxes for the last connection: kept once, forgotten, and never lost to a later version."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.errors import UnreadableError
from connector.kept import SCHEMA
from connector.left_there import Left, LeftThere

POP, SMTP = Left(mailbox="guid", what="pop"), Left(mailbox="guid", what="smtp", inherited=True)


async def test_what_is_left_is_kept_once_and_forgotten(tmp_path: Path) -> None:
    left = LeftThere(FolderStore(tmp_path))
    assert await left.load() == {}
    await left.add([POP])
    await left.add([POP, SMTP])
    assert await left.load() == {POP.key: POP, SMTP.key: SMTP}
    await left.forget([POP.key, ("another", "pop")])
    assert await left.load() == {SMTP.key: SMTP}


async def test_what_a_later_version_has_written_stays_and_what_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    left, path = LeftThere(FolderStore(tmp_path)), tmp_path / "mailboxes" / "left.json"
    path.parent.mkdir()
    later = f'{{"schema":{SCHEMA + 1},"items":[]}}'
    path.write_text(later, "utf-8")
    assert await left.load() == {}
    with pytest.raises(UnreadableError):
        await left.add([POP])
    await left.forget([POP.key])
    assert path.read_text("utf-8") == later
    path.write_text('{"schema":2,"ite', "utf-8")
    await left.add([POP])
    assert await left.load() == {POP.key: POP}
