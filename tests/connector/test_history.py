"""The history in the store: bounded in number and days, whole under many writers, and never in anybody's way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.caller import Caller
from connector.clients.store import FolderStore
from connector.errors import UnreadableError
from connector.history import MOST, Asked, Entry, Histories, History

NOW = datetime(2026, 11, 25, 17, 40, tzinfo=UTC)


def entry(action: Asked = Asked.VERIFY, *, days: int = 0) -> Entry:
    return Entry(at=NOW - timedelta(days=days), action=action, caller=Caller(function="x", key="01234567"))


@pytest.fixture
def histories(tmp_path: Path) -> Histories:
    return Histories(FolderStore(tmp_path), days=30)


async def _numbers(histories: Histories, name: str = "hq") -> list[int]:
    found = await histories.load(name, NOW)
    return [one.number for one in found.entries] if found is not None else []


async def test_many_at_once_lose_nothing(histories: Histories) -> None:
    await asyncio.gather(*(histories.add("hq", entry()) for _ in range(12)))
    assert await _numbers(histories) == [*range(1, 13)]


def test_a_flood_of_one_kind_drives_out_only_itself() -> None:
    before = [entry(Asked.PARAMETERS)] * 300 + [entry()] * (MOST - 300)
    history = History(last=MOST, entries=before)
    for _ in range(100):
        history.add(entry())
    kept = [one.action for one in history.entries]
    assert (len(kept), kept.count(Asked.PARAMETERS)) == (MOST, 300)
    assert history.entries[-1].number == history.last == MOST + 100


async def test_what_is_too_old_is_neither_shown_nor_kept_and_numbers_go_on(
    histories: Histories, tmp_path: Path
) -> None:
    await histories.add("hq", entry(days=31))
    assert await _numbers(histories) == []
    await histories.add("hq", entry())
    await histories.add("other", entry(days=29))
    assert await _numbers(histories) == [2]
    assert b'"number":1' not in (tmp_path / "history/hq.json").read_bytes()
    assert await histories.clear(NOW + timedelta(days=2)) == 1
    assert (await _numbers(histories), await _numbers(histories, "other")) == ([2], [])
    assert await histories.clear(NOW + timedelta(days=2)) == 0


async def test_one_that_cannot_be_read_is_said_put_aside_and_stands_in_nobodys_way(
    histories: Histories, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await histories.add("hq", entry())
    for damage in ("{", "planted", "{"):  # the second of a day does not take the first one's place
        (tmp_path / "history/hq.json").write_text(damage)
        with pytest.raises(UnreadableError):
            await histories.load("hq", NOW)
        await histories.add("hq", entry())
        assert await _numbers(histories) == [1]
    assert caplog.text.count("history-unreadable") == 3
    aside = [*(tmp_path / "history/hq").iterdir()]
    assert sorted(one.read_text() for one in aside) == ["planted", "{"]
    assert all(one.name.startswith("unreadable-20261125-") for one in aside)
    await histories.clear(NOW + timedelta(days=29))
    assert all(one.exists() for one in aside)
    await histories.clear(NOW + timedelta(days=31))
    assert not any(one.exists() for one in aside)


async def test_a_connection_is_known_by_its_document_or_its_history(histories: Histories, tmp_path: Path) -> None:
    assert not await histories.known("hq")
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections/hq.json").write_text("{")
    assert await histories.known("hq")
    await histories.add("planned", entry(Asked.DRY_RUN))
    assert await histories.known("planned")
