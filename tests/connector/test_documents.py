"""Typed documents: what is written is read, and simultaneous changes are all kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.errors import StaleWriteError, UnavailableError
from connector.mailbox import Chunk, MailboxRecord
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.steps import SETTLED, OperationKind, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(FolderStore(tmp_path))


def connection(name: str = "hq") -> Connection:
    return Connection(
        name=name,
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"]),
        operation=Operation(id="op", kind=OperationKind.SET_UP, started=NOW),
        since=NOW,
        last_change=NOW,
    )


async def test_a_connection_is_read_as_it_was_written(documents: Documents) -> None:
    etag = await documents.save(connection(), None)
    found = await documents.load("hq")
    assert found is not None
    assert (found.connection, found.etag) == (connection(), etag)
    assert await documents.load("other") is None


@pytest.mark.parametrize(
    ("kept", "kind", "looks"),
    [
        ({"check": True}, OperationKind.VERIFY, True),  # of a version before, in the midst of a verification
        ({"check": True}, OperationKind.SET_UP, False),
        ({"check": False}, OperationKind.VERIFY, False),
        ({}, OperationKind.VERIFY, False),
        ({"check": True, "settledIn": "op"}, OperationKind.VERIFY, False),  # it has been looked at
        ({"settledIn": "another"}, OperationKind.VERIFY, True),
        ({"settledIn": "another"}, OperationKind.SET_UP, False),
        ({"settledIn": "op"}, OperationKind.VERIFY, False),
        ({"settledIn": "op"}, OperationKind.PLAN, True),
        ({}, OperationKind.PLAN, True),
    ],
)
def test_a_verification_only_looks_at_what_another_operation_has_settled(
    kept: dict[str, Any], kind: OperationKind, *, looks: bool
) -> None:
    operation = Operation(id="op", kind=kind, started=NOW)
    for one in (StepRecord.model_validate(kept), MailboxRecord.model_validate({"requested": "a@b.de", **kept})):
        assert operation.only_looks(one.settled_in) is looks
        again = type(one).model_validate_json(one.model_dump_json(by_alias=True, exclude_defaults=True))
        assert again == one


@pytest.mark.parametrize("state", StepState)
def test_what_a_version_before_has_settled_a_verification_only_looks_at(state: StepState) -> None:
    operation = Operation(id="op", kind=OperationKind.VERIFY, started=NOW)
    renewed = StepRecord(state=state).renewed()
    assert operation.only_looks(renewed.settled_in) is (state in SETTLED)
    assert renewed.state is (StepState.PENDING if state in SETTLED else state)


async def test_names_are_those_of_connections_only(documents: Documents) -> None:
    for name in ("b", "a"):
        await documents.save(connection(name), None)
    await documents.save_chunk("a", Chunk(number=0))
    assert await documents.names() == ["a", "b"]


async def test_chunks_are_kept_in_order(documents: Documents) -> None:
    for number in (0, 1):
        await documents.save_chunk("hq", Chunk(number=number, mailboxes=[MailboxRecord(requested=f"{number}@b.de")]))
    await documents.save_chunk("hq", Chunk(number=1, mailboxes=[MailboxRecord(requested="new@b.de")]))
    found = [chunk.mailboxes[0].requested async for chunk in documents.chunks("hq", 0)]
    assert found == ["0@b.de", "new@b.de"]


class Overtaken(FolderStore):
    """Another delivery writes whenever somebody has just read."""

    async def get(self, path: str) -> tuple[bytes, str] | None:
        found = await super().get(path)
        document = found[0] if found is not None else b'{"number":0}'
        await super().put(path, document + b" ", found[1] if found is not None else None)
        return found


async def test_who_meets_another_delivery_at_a_chunk_comes_again(tmp_path: Path) -> None:
    store = Overtaken(tmp_path)
    for _ in range(2):
        with pytest.raises(UnavailableError) as met:
            await Documents(store).save_chunk("hq", Chunk(number=0, mailboxes=[MailboxRecord(requested="a@b.de")]))
        assert (met.value.service, met.value.code) == ("store", "etag")


async def test_simultaneous_changes_are_all_kept(documents: Documents) -> None:
    await documents.save(connection(), None)

    async def ask(number: int) -> None:
        def change(found: Connection) -> None:
            found.wanted = found.wanted.model_copy(update={"mailboxes": [*found.wanted.mailboxes, str(number)]})

        await documents.update("hq", change)

    await asyncio.gather(*(ask(number) for number in range(5)))
    found = await documents.load("hq")
    assert found is not None
    assert {"0", "1", "2", "3", "4"} <= set(found.connection.wanted.mailboxes)


async def test_a_connection_that_is_gone_cannot_be_changed(documents: Documents) -> None:
    with pytest.raises(StaleWriteError):
        await documents.update("hq", lambda _: None)


async def test_chunks_come_in_order_without_those_that_are_to_be_skipped(documents: Documents) -> None:
    for number in range(4):
        await documents.save_chunk("hq", Chunk(number=number))
    assert [chunk.number async for chunk in documents.chunks("hq", 0)] == [0, 1, 2, 3]
    assert [chunk.number async for chunk in documents.chunks("hq", 0, {0, 2, 7})] == [1, 3]
