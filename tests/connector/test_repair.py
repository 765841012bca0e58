"""What is damaged of a connection, and that a repair takes nothing that was written since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.errors import StaleWriteError
from connector.history import Histories
from connector.repair import Repairs, Way

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
