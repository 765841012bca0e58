"""The dry runs in the store: who asks later takes the place, and nothing of the one before is mixed into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.dry_runs import Plans
from connector.mailbox import Chunk
from connector.model import Connection
from connector.operation import Operation
from connector.planned import LIFE, Planned, PlannedChunk
from connector.steps import OperationKind
from connector.wanted import Wanted

NOW = datetime(2026, 11, 25, 17, 40, tzinfo=UTC)


def planned(plan: str, *, chunks: int = 0) -> Planned:
    connection = Connection(
        name="hq",
        wanted=Wanted(revision=0, display_name="HQ", mailboxes=["a@b.de"]),
        operation=Operation(id=plan, kind=OperationKind.PLAN, started=NOW),
        since=NOW,
        last_change=NOW,
    )
    return Planned(id=plan, connection=connection, started=NOW, chunks=chunks)


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(FolderStore(tmp_path))


async def test_a_dry_run_whose_place_has_been_taken_writes_no_more(plans: Plans) -> None:
    await plans.start(planned("early"))
    await plans.start(planned("late"))
    await plans.save(planned("early", chunks=3))
    assert await plans.load("hq") == planned("late")
    await plans.save(planned("late", chunks=1))
    assert await plans.load("hq") == planned("late", chunks=1)


async def test_chunks_belong_to_one_dry_run_and_go_before_the_next_begins(plans: Plans) -> None:
    early, late, chunk = planned("early"), planned("late"), PlannedChunk(chunk=Chunk(number=0))
    await plans.start(early)
    await plans.save_chunk(early, chunk)
    await plans.start(late)
    assert await plans.chunk(early, 0) is None
    await plans.save_chunk(late, chunk)
    await plans.save_chunk(early, chunk)  # it does not know yet that its place has been taken
    assert await plans.chunk(late, 0) == chunk


async def test_what_a_dry_run_left_goes_after_a_week_and_what_cannot_be_read_at_once(
    plans: Plans, tmp_path: Path
) -> None:
    chunk = PlannedChunk(chunk=Chunk(number=0))
    young = planned("young", chunks=1)
    await plans.start(young)
    await plans.save_chunk(young, chunk)
    await plans.save_chunk(planned("early", chunks=1), chunk)  # delivered after its place had been taken
    (tmp_path / "plans/broken.json").write_text("{")
    assert await plans.clear(NOW + LIFE - timedelta(seconds=1)) == 1
    store = FolderStore(tmp_path)
    assert await store.paths("") == ["plans/hq.json", "plans/hq/young/mailboxes-0000.json"]
    assert await plans.clear(NOW + LIFE) == 1
    assert await store.paths("") == []
