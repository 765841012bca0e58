"""The dry runs in the store: who asks later takes the place, and nothing of the one before is mixed into it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.model import Chunk, Connection, Operation, Wanted
from connector.planned import Planned, PlannedChunk, Plans
from connector.steps import OperationKind

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
