"""What a document may be, and what is said of everything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.acceptances import Kept
from connector.clients.store import FolderStore
from connector.document import Document
from connector.documents import Documents, connection_in
from connector.errors import UnreadableError
from connector.history import History
from connector.kept import SCHEMA, Why, read, written
from connector.mailbox import Chunk
from connector.model import Connection
from connector.planned import Planned
from tests.connector.test_documents import connection

GOOD = written(connection())
CONTENT: dict[str, Any] = json.loads(GOOD)
BAD = {
    "empty": (b"", Why.EMPTY),
    "blank": (b" \n", Why.EMPTY),
    "zeros": (b"\0" * 200, Why.NOT_JSON),
    "truncated": (GOOD[: len(GOOD) // 2], Why.NOT_JSON),
    "twice": (GOOD + GOOD, Why.NOT_JSON),
    "deep": (b"[" * 100_000, Why.NOT_JSON),
    "latin": (GOOD.replace(b"UTM", "Büro".encode("latin-1")), Why.NOT_UTF8),
    "utf-16": (GOOD.decode().encode("utf-16"), Why.NOT_UTF8),
    "null": (b"null", Why.FOREIGN),
    "list": (b"[]", Why.FOREIGN),
    "nothing": (b"{}", Why.FOREIGN),
    "other": (b'{"Version": "2.0", "extensionBundle": {}}', Why.FOREIGN),
    "newer": (json.dumps({**CONTENT, "schema": SCHEMA + 1}).encode(), Why.NEWER),
    "newer and different": (b'{"schema": 9, "connection": {}}', Why.NEWER),
    "later state": (json.dumps({**CONTENT, "state": "sealed"}).encode(), Why.FOREIGN),
    "schema is text": (json.dumps({**CONTENT, "schema": "2"}).encode(), Why.FOREIGN),
    "schema is true": (json.dumps({**CONTENT, "schema": True}).encode(), Why.FOREIGN),
    "schema is 0": (json.dumps({**CONTENT, "schema": 0}).encode(), Why.FOREIGN),
    "time without a zone": (json.dumps({**CONTENT, "since": "2026-01-01T00:00:00"}).encode(), Why.FOREIGN),
    "another connection's": (GOOD.replace(b'"hq"', b'"hr"'), Why.FOREIGN),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_document_of_this_version_says_why(kind: str) -> None:
    document, why = BAD[kind]
    with pytest.raises(UnreadableError) as caught:
        connection_in("hq", document)
    assert (caught.value.reason, caught.value.name, caught.value.document) == (why, "hq", "connection")


@pytest.mark.parametrize("model", [Connection, Chunk, Kept, History, Planned])
@pytest.mark.parametrize("document", [b"", b"null", b"{}", b'{"a": 1}', b'{"schema": 2}', b"\xff"])
def test_no_kind_of_document_takes_another_for_an_empty_one(model: type[Document], document: bytes) -> None:
    with pytest.raises(UnreadableError):
        read("history/hq.json", document, model)


@pytest.mark.parametrize("document", [Kept(items=[]), Chunk(number=0), History(last=3), connection()])
def test_what_is_written_says_its_schema_and_is_read_back(document: Document) -> None:
    body = written(document)
    assert json.loads(body)["schema"] == SCHEMA
    assert read("plans/hq.json", body, type(document)) == document


def test_the_version_before_did_not_say_its_schema_and_is_read() -> None:
    old = json.dumps({key: value for key, value in CONTENT.items() if key != "schema"}).encode()
    assert connection_in("hq", old) == connection_in("hq", b"\xef\xbb\xbf" + GOOD) == connection()


async def test_nothing_is_written_over_what_cannot_be_read(tmp_path: Path) -> None:
    documents = Documents(FolderStore(tmp_path))
    await documents.save(connection(), None)
    await documents.save_chunk("hq", Chunk(number=0))
    for path in ("connections/hq.json", "connections/hq/mailboxes-0000.json"):
        (tmp_path / path).write_bytes(b'{"schema": 3}')
    with pytest.raises(UnreadableError):
        await documents.update("hq", lambda _: None)
    with pytest.raises(UnreadableError):
        await documents.save_chunk("hq", Chunk(number=0))
    for path in ("connections/hq.json", "connections/hq/mailboxes-0000.json"):
        assert (tmp_path / path).read_bytes() == b'{"schema": 3}'


async def test_a_chunk_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    documents = Documents(FolderStore(tmp_path))
    for number in range(3):
        await documents.save_chunk("hq", Chunk(number=number))
    (tmp_path / "connections/hq/mailboxes-0001.json").write_bytes(b"")
    bad: list[UnreadableError] = []
    assert [chunk.number async for chunk in documents.chunks("hq", 0, bad=bad)] == [0, 2]
    assert [error.document for error in bad] == ["mailboxes-0001"]


async def test_a_chunk_that_is_gone_ends_no_list_before_its_end(tmp_path: Path) -> None:
    documents = Documents(FolderStore(tmp_path))
    for number in range(3):
        await documents.save_chunk("hq", Chunk(number=number))
    for number in (1, 2):
        (tmp_path / f"connections/hq/mailboxes-000{number}.json").unlink()
    bad: list[UnreadableError] = []
    assert [chunk.number async for chunk in documents.chunks("hq", 3, bad=bad)] == [0]
    assert [(error.document, error.reason) for error in bad] == [
        ("mailboxes-0001", "missing"),
        ("mailboxes-0002", "missing"),
    ]
    with pytest.raises(UnreadableError):
        await documents.chunk("hq", 2)


async def test_what_is_no_name_is_no_connection(tmp_path: Path) -> None:
    (tmp_path / "connections").mkdir()
    for name in ("hq.json", "HQ (copy).json", "notes.txt", "a..b.json"):
        (tmp_path / "connections" / name).write_bytes(GOOD)
    assert await Documents(FolderStore(tmp_path)).names() == ["hq"]
