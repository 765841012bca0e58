"""What is damaged of a connection, and that a repair takes nothing that was written since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.documents import Documents, connection_in
from connector.errors import StaleWriteError, UnreadableError
from connector.history import Histories
from connector.kept import Why, written
from connector.mailbox import Chunk, ChunkSummary
from connector.repair import Repairs, Way
from connector.wanted import MAX_MAILBOXES
from tests.connector.test_documents import connection

GOOD = written(connection())


class Counting(FolderStore):
    """A folder that counts what it is asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked = 0

    async def get(self, path: str) -> tuple[bytes, str] | None:
        self.asked += 1
        return await super().get(path)

    async def versions(self, path: str) -> list[str]:
        self.asked += 1
        return await super().versions(path)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


async def chunks_in(store: FolderStore, *numbers: int) -> None:
    for number in numbers:
        await Documents(store).save_chunk("hq", Chunk(number=number))


async def damaged(store: Counting, known: int) -> list[str]:
    store.asked = 0
    return [one.error.document for one in await Repairs(store, Histories(store, 30)).damaged("hq", known)]


NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["acceptances", "history", "plans"])
async def test_the_slower_of_two_repairs_takes_nothing_that_was_written_since(tmp_path: Path, kind: str) -> None:
    store, path = FolderStore(tmp_path), f"{kind}/hq.json"
    repairs = Repairs(store, Histories(store, 30))
    etag = await store.put(path, b"{", None)
    (slower,) = await repairs.damaged("hq", 0)
    (faster,) = await repairs.damaged("hq", 0)
    await repairs.settle("hq", faster, Way.ANEW, NOW)
    assert await store.get(path) is None
    etag = await store.put(path, b"since", None)
    with pytest.raises(StaleWriteError):
        await repairs.settle("hq", slower, Way.ANEW, NOW)
    assert await store.get(path) == (b"since", etag)


async def test_a_stray_chunk_is_no_damage_of_a_healthy_connection(store: Counting) -> None:
    await store.put("connections/hq.json", GOOD, None)
    await chunks_in(store, 0, 1, 4999)
    assert await damaged(store, 2) == []
    assert store.asked < 10
    assert [chunk.number async for chunk in Documents(store).chunks("hq", 2)] == [0, 1]


async def test_where_nobody_knows_the_list_a_gap_is_a_lost_chunk_and_a_stray_only_one_more(store: Counting) -> None:
    await store.put("connections/hq.json", b"", None)
    await chunks_in(store, 0, 3, 4999)
    assert await damaged(store, 0) == ["connection", "mailboxes-0001", "mailboxes-0002", "mailboxes-0004"]
    assert store.asked < 30


async def test_chunks_that_no_list_shows_are_not_asked_for_one_by_one(store: Counting) -> None:
    await chunks_in(store, 0)
    store.asked, bad = 0, list[UnreadableError]()
    assert [chunk.number async for chunk in Documents(store).chunks("hq", MAX_MAILBOXES, bad=bad)] == [0]
    assert (store.asked, len(bad), bad[-1].reason) == (1, MAX_MAILBOXES - 1, Why.MISSING)


def test_a_connection_of_more_chunks_than_mailboxes_may_be_is_none() -> None:
    most = connection()
    most.chunks = [ChunkSummary()] * MAX_MAILBOXES
    body = written(most)
    assert len(connection_in("hq", body).chunks) == MAX_MAILBOXES
    with pytest.raises(UnreadableError):
        connection_in("hq", body.replace(b'"chunks":[', b'"chunks":[{},'))
