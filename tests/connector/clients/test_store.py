"""One contract for both stores: a folder, and a blob container of Azurite."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import ContainerClient

from connector.clients.blobs import BlobStore
from connector.clients.bounded_azure import BoundedTransport
from connector.clients.bounds import Bounds
from connector.clients.store import FolderStore, Store
from connector.clouds import Cloud
from connector.documents import Documents
from connector.errors import ServiceError, StaleWriteError, UnavailableError
from connector.kept import Why, Withheld
from connector.mailbox import Chunk, MailboxRecord
from connector.model import Connection
from connector.operation import Operation
from connector.steps import OperationKind
from connector.wanted import Wanted

SMALL = Bounds(30, 1000)
AZURITE = Path(__file__).parents[3] / "node_modules/.bin/azurite-blob"
ACCOUNT = "devstoreaccount1"
# The well-known key of the emulator (learn.microsoft.com/azure/storage/common/storage-use-azurite); it opens nothing.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Azurite and yield its address."""
    if not AZURITE.exists() or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("Azurite is missing: run `make test`, which installs it")
        pytest.skip("NOT TESTED: the blob store, since Azurite is not installed (no Node on this machine)")
    folder = tmp_path_factory.mktemp("azurite")
    command = [
        str(AZURITE), "--blobPort", "0", "--location", str(folder), "--skipApiVersionCheck", "--disableTelemetry",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        address = ""
        for line in process.stdout:
            if "successfully listens on" in line or "listening" in line.lower():
                address = next(word for word in line.split() if word.startswith("http"))
                break
        yield f"{address.rstrip('/')}/{ACCOUNT}"
        process.terminate()


def container(address: str, name: str) -> ContainerClient:
    return ContainerClient(address, name, credential=AzureNamedKeyCredential(ACCOUNT, KEY), retry_total=0)


@pytest.fixture(params=["folder", "blob"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "folder":
        yield FolderStore(tmp_path, SMALL)
        return
    client = container(request.getfixturevalue("azurite"), f"c{uuid.uuid4().hex}")
    await client.create_container()
    opened = BlobStore(client, SMALL)
    yield opened
    await opened.close()


async def test_what_was_put_is_got_with_its_etag(store: Store) -> None:
    etag = await store.put("connections/a.json", b"{}", None)
    assert await store.get("connections/a.json") == (b"{}", etag)


async def test_a_list_tells_the_etags_of_what_lies_right_in_a_folder_or_none(store: Store) -> None:
    etag = await store.put("connections/a.json", b"{}", None)
    await store.put("connections/a/mailboxes-0000.json", b"{}", None)
    await store.put("others/b.json", b"{}", None)
    assert await store.tags("connections/") == ({"connections/a.json": etag} if isinstance(store, BlobStore) else {})
    assert await store.tags("nothing/") == {}


async def test_there_is_nothing_before(store: Store) -> None:
    assert await store.get("connections/a.json") is None


async def test_a_document_is_created_only_once(store: Store) -> None:
    await store.put("a.json", b"1", None)
    with pytest.raises(StaleWriteError):
        await store.put("a.json", b"2", None)
    found = await store.get("a.json")
    assert found is not None
    assert found[0] == b"1"


async def test_only_the_version_that_was_read_is_replaced(store: Store) -> None:
    first = await store.put("a.json", b"1", None)
    second = await store.put("a.json", b"2", first)
    with pytest.raises(StaleWriteError):
        await store.put("a.json", b"3", first)
    assert await store.get("a.json") == (b"2", second)


async def test_a_document_that_is_gone_is_not_replaced(store: Store) -> None:
    etag = await store.put("a.json", b"1", None)
    await store.delete("a.json")
    with pytest.raises(StaleWriteError):
        await store.put("a.json", b"2", etag)


async def test_of_many_writers_at_once_one_wins(store: Store) -> None:
    etag = await store.put("a.json", b"0", None)
    results = await asyncio.gather(
        *(store.put("a.json", str(number).encode(), etag) for number in range(1, 9)), return_exceptions=True
    )
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, StaleWriteError) for result in results) == 7


async def test_paths_are_sorted_and_begin_with_the_prefix(store: Store) -> None:
    for path in ("b/2.json", "a.json", "b/1.json", "c.json"):
        await store.put(path, b"{}", None)
    assert await store.paths("b/") == ["b/1.json", "b/2.json"]
    assert await store.paths("") == ["a.json", "b/1.json", "b/2.json", "c.json"]


async def test_deleting_twice_is_no_error(store: Store) -> None:
    await store.put("a.json", b"1", None)
    await store.delete("a.json")
    await store.delete("a.json")
    assert await store.get("a.json") is None


async def test_only_the_version_that_was_read_is_deleted(store: Store) -> None:
    first = await store.put("a.json", b"1", None)
    second = await store.put("a.json", b"2", first)
    with pytest.raises(StaleWriteError):
        await store.delete("a.json", first)
    assert await store.get("a.json") == (b"2", second)
    await store.delete("a.json", second)
    await store.delete("a.json", second)
    assert await store.get("a.json") is None


async def _replaced_though_withheld(store: Store, why: Why) -> None:
    found = await store.get("a.json")
    assert found is not None
    assert isinstance(found[0], Withheld)
    assert (found[0], found[0].why) == (b"", why)
    with pytest.raises(StaleWriteError):
        await store.put("a.json", b"2", '"0x1"')
    etag = await store.put("a.json", b"2", found[1])
    assert await store.get("a.json") == (b"2", etag)


async def test_a_document_that_is_too_large_is_withheld_and_replaced_by_its_etag(store: Store) -> None:
    await store.put("a.json", b"1" * 1001, None)
    await store.put("a.json2", b"1", None)
    await _replaced_though_withheld(store, Why.TOO_LARGE)


async def test_a_document_whose_transfer_is_broken_off_for_its_size_is_withheld(azurite: str) -> None:
    name, cloud, bounds = f"c{uuid.uuid4().hex}", Cloud("custom", *3 * (azurite,), "localhost", 0), Bounds(30, 4000)
    transport = BoundedTransport(cloud, bounds)
    credential = AzureNamedKeyCredential(ACCOUNT, KEY)
    client = ContainerClient(azurite, name, credential=credential, retry_total=0, transport=transport)
    await client.create_container()
    store = BlobStore(client, bounds)
    await store.put("a.json", b"1" * 50_000, None)
    await _replaced_though_withheld(store, Why.TOO_LARGE)
    await store.close()


async def test_a_folders_version_that_is_too_large_is_withheld(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, SMALL)
    await store.put("a.json", b"1" * 1001, None)
    (version,) = await store.versions("a.json")
    assert isinstance(await store.version("a.json", version), Withheld)


def _no(status: int, code: str) -> web.Response:
    return web.Response(status=status, headers={"x-ms-error-code": code})


class Sealed:
    """A container with one blob that can be listed and removed, and neither read nor written over."""

    def __init__(self, code: str) -> None:
        self.code, self.etag = code, "0x8D1"
        self.content: bytes | None = None
        self.sealed = True

    async def answer(self, request: web.Request) -> web.Response:
        if "comp" in request.query:
            blob = _BLOB_NOW.format("a.json", self.etag)
            body = f"<EnumerationResults><Blobs>{blob}</Blobs><NextMarker/></EnumerationResults>"
            return web.Response(text=body, content_type="application/xml")
        if request.headers.get("If-Match", f'"{self.etag}"') != f'"{self.etag}"':
            return _no(412, "ConditionNotMet")
        if request.method == "DELETE":
            self.sealed = False
            return web.Response(status=202)
        if self.sealed:
            return _no(409, self.code)
        return await (self.put(request) if request.method == "PUT" else self.get())

    async def put(self, request: web.Request) -> web.Response:
        self.content, self.etag = await request.read(), "0x8D2"
        return web.Response(status=201, headers={"ETag": '"0x8D2"', "Last-Modified": _DATE})

    async def get(self) -> web.Response:
        assert self.content is not None
        held = {"Content-Range": f"bytes 0-0/{len(self.content)}", "ETag": f'"{self.etag}"'}
        return web.Response(status=206, body=self.content, headers=held)


@pytest.mark.parametrize(
    ("code", "why"),
    [("BlobArchived", Why.ARCHIVED), ("BlobBeingRehydrated", Why.ARCHIVED),
     ("BlobUsesCustomerSpecifiedEncryption", Why.CUSTOMER_KEY)],
)  # fmt: skip
async def test_a_blob_that_is_not_handed_out_is_withheld_and_replaced(code: str, why: Why) -> None:
    """As the service answers: neither its content nor, without the key, its properties; the list says its ETag."""
    served = web.Application()
    served.router.add_route("*", "/{path:.*}", Sealed(code).answer)
    async with TestServer(served) as server:
        store = BlobStore(ContainerClient(str(server.make_url("/account")), "c", retry_total=0))
        assert isinstance(await store.version("a.json", "old"), Withheld)
        await _replaced_though_withheld(store, why)
        await store.close()


async def test_a_missing_container_is_not_taken_for_a_missing_document(azurite: str) -> None:
    store = BlobStore(container(azurite, "nowhere"))
    with pytest.raises(ServiceError) as caught:
        await store.get("a.json")
    assert caught.value.code == "ContainerNotFound"
    with pytest.raises(ServiceError):
        await store.put("a.json", b"1", None)
    with pytest.raises(ServiceError):
        await store.paths("")
    await store.close()


async def test_no_answer_is_something_that_waiting_may_help() -> None:
    store = BlobStore(container("http://127.0.0.1:9/devstoreaccount1", "nowhere"))
    with pytest.raises(UnavailableError):
        await store.get("a.json")
    with pytest.raises(UnavailableError):
        await store.delete("a.json")
    await store.close()


async def test_a_folder_that_cannot_be_used_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file has taken its place")
    store = FolderStore(tmp_path / "store")
    for call in (store.get("a/b.json"), store.put("a/b.json", b"{}", None), store.delete("a/b.json")):
        with pytest.raises(UnavailableError) as caught:
            await call
        assert (caught.value.service, caught.value.code) == ("store", "NotADirectoryError")


async def test_a_folder_keeps_the_last_versions_of_a_document_newest_first(tmp_path: Path) -> None:
    store, etag = FolderStore(tmp_path), None
    for number in range(8):
        etag = await store.put("connections/a.json", str(number).encode(), etag)
    (tmp_path / "connections/a.json").write_bytes(b"broken")
    kept = await store.versions("connections/a.json")
    assert [await store.version("connections/a.json", one) for one in kept] == [b"7", b"6", b"5", b"4", b"3"]
    assert await store.version("connections/a.json", "../a.json.d/x") is None
    assert await store.paths("") == await store.paths("connections/") == ["connections/a.json"]
    await store.delete("connections/a.json")
    assert await store.versions("connections/a.json") == []


async def test_a_container_without_versioning_has_no_versions(azurite: str) -> None:
    client = container(azurite, f"c{uuid.uuid4().hex}")
    await client.create_container()
    store = BlobStore(client)
    await store.put("a.json", b"1", None)
    assert await store.versions("a.json") == []
    await store.close()


_BLOB = "<Blob><Name>{}</Name><VersionId>{}</VersionId>{}<Properties><BlobType>BlockBlob</BlobType></Properties></Blob>"


_DATE = "Fri, 27 Nov 2026 09:00:00 GMT"
_BLOB_NOW = (
    "<Blob><Name>{}</Name><Properties><Etag>{}</Etag><Content-Length>2</Content-Length>"
    "<BlobType>BlockBlob</BlobType></Properties></Blob>"
)


async def test_the_versions_of_a_container_are_read_newest_first_and_of_that_document_only() -> None:
    """As List Blobs answers with ``include=versions`` (learn.microsoft.com/rest/api/storageservices/list-blobs)."""
    old, new = "2026-11-20T10:00:00.0000000Z", "2026-11-23T12:00:00.1234567Z"
    entries = (("a.json", old, ""), ("a.json", new, "<IsCurrentVersion>true</IsCurrentVersion>"), ("a.json2", new, ""))
    listing = "".join(_BLOB.format(*entry) for entry in entries)
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append({**request.query})
        if "comp" in request.query:
            body = f"<EnumerationResults><Blobs>{listing}</Blobs><NextMarker/></EnumerationResults>"
            return web.Response(text=body, content_type="application/xml")
        return web.Response(status=206, body=b"{}", headers={"Content-Range": "bytes 0-1/2", "ETag": "0x1"})

    served = web.Application()
    served.router.add_get("/{path:.*}", answer)
    async with TestServer(served) as server:
        store = BlobStore(ContainerClient(str(server.make_url("/account")), "c", retry_total=0))
        assert await store.versions("a.json") == [new, old]
        assert await store.version("a.json", old) == b"{}"
        await store.close()
    assert "versions" in asked[0]["include"]
    assert asked[1]["versionid"] == old


class Losing(AioHttpTransport):  # type: ignore[misc]  # as in bounded_azure
    """Lets the next write through and loses its answer, as a connection does that breaks at the wrong moment.

    ``meanwhile`` is what somebody else does before the SDK repeats the write.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loses = False
        self.writes = 0
        self.meanwhile: Callable[[], Any] | None = None

    async def send(self, request: Any, **options: Any) -> Any:
        answer = await super().send(request, **options)
        if request.method == "PUT":
            self.writes += 1
            if self.loses:
                self.loses = False
                if self.meanwhile is not None:
                    await self.meanwhile()
                raise ServiceResponseError("the answer is lost")
        return answer


@pytest.fixture
async def losing(azurite: str) -> AsyncIterator[tuple[BlobStore, Losing, BlobStore]]:
    """Yield a store with the transport that loses its answers, and the same one as somebody else has it."""
    name, transport = f"c{uuid.uuid4().hex}", Losing()
    other = container(azurite, name)
    await other.create_container()
    waits: dict[str, Any] = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
    client = ContainerClient(
        azurite, name, credential=AzureNamedKeyCredential(ACCOUNT, KEY), transport=transport, retry_total=2, **waits
    )
    yield BlobStore(client), transport, BlobStore(other)
    await client.close()
    await other.close()


@pytest.mark.parametrize("new", [True, False], ids=["create", "change"])
async def test_a_write_whose_answer_was_lost_finds_itself(
    losing: tuple[BlobStore, Losing, BlobStore], *, new: bool
) -> None:
    store, transport, _ = losing
    etag = None if new else await store.put("a.json", b"1", None)
    transport.writes, transport.loses = 0, True
    written = await store.put("a.json", b"2", etag)
    assert transport.writes == 2
    assert await store.get("a.json") == (b"2", written)


@pytest.mark.parametrize("new", [True, False], ids=["create", "change"])
@pytest.mark.parametrize("document", [b"other", None], ids=["overwritten", "removed"])
async def test_a_write_whose_answer_was_lost_and_that_is_there_no_more_is_stale(
    losing: tuple[BlobStore, Losing, BlobStore], document: bytes | None, *, new: bool
) -> None:
    store, transport, other = losing

    async def meanwhile() -> None:
        found = await other.get("a.json")
        assert found is not None
        await other.delete("a.json")
        if document is not None:
            await other.put("a.json", document, None)

    etag = None if new else await store.put("a.json", b"1", None)
    transport.loses, transport.meanwhile = True, meanwhile
    if new and document is None:  # the repeated write creates it: nobody can tell that it was there
        await store.put("a.json", b"2", etag)
        return
    with pytest.raises(StaleWriteError):
        await store.put("a.json", b"2", etag)
    found = await other.get("a.json")
    assert (found[0] if found is not None else None) == document


async def test_a_change_whose_answer_was_lost_is_made_once(losing: tuple[BlobStore, Losing, BlobStore]) -> None:
    store, transport, _ = losing
    documents, now = Documents(store), datetime(2026, 11, 27, tzinfo=UTC)
    wanted = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"])
    operation = Operation(id="op", kind=OperationKind.SET_UP, started=now)
    made = Connection(name="hq", wanted=wanted, operation=operation, since=now, last_change=now)
    transport.loses = True
    await documents.save(made, None)

    def change(found: Connection) -> None:
        found.operation = found.operation.model_copy(update={"attempt": found.operation.attempt + 1})

    transport.loses = True
    assert (await documents.update("hq", change)).operation.attempt == operation.attempt + 1
    found = await documents.load("hq")
    assert found is not None
    assert found.connection.operation.attempt == operation.attempt + 1
    for address in ("a@b.de", "c@b.de"):
        transport.loses = True
        chunk = Chunk(number=0, mailboxes=[MailboxRecord(requested=address)])
        await documents.save_chunk("hq", chunk)
        assert await documents.chunk("hq", 0) == chunk
