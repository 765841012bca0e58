"""Every client against servers that misbehave on purpose: each ends in seconds and megabytes, with an error of ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest
from azure.storage.blob.aio import ContainerClient
from pydantic import SecretStr

from connector.clients.blobs import BlobStore
from connector.clients.bounded_azure import BoundedTransport
from connector.clients.bounded_http import direct_or_by_proxy
from connector.clients.bounds import Bounds
from connector.clients.exchange import ExchangeAdmin
from connector.clients.graph import GraphClient
from connector.clients.identity import Identity, prove_secret
from connector.clients.vault import Vault
from connector.clouds import Cloud
from connector.errors import ServiceError, UnavailableError
from connector.kept import Withheld
from tests.connector.clients.misbehaving import (
    HTTP,
    OCTETS,
    PAGES,
    PATIENT,
    SECONDS,
    THROWN_AWAY,
    Authority,
    Peer,
    Place,
    Talk,
    Tokens,
    answers,
    bounded,
    serving,
)

# The SDK's builders define, on import, classes that call themselves deprecated.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]
Call = Callable[[Place, Cloud], Awaitable[object]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


def bounds_of(place: Place) -> Bounds:
    return Bounds(place.seconds, OCTETS, PAGES, repeats=0)


def cloud_of(place: Place) -> Cloud:
    return Cloud("custom", place.url, place.url, place.url, "localhost", place.port, ca_bundle=place.ca)


async def graph(place: Place, cloud: Cloud) -> object:
    client = GraphClient(cloud, Tokens(), bounds=bounds_of(place))
    try:
        return await client.credential_policy()
    finally:
        await client.close()


async def graph_batch(place: Place, cloud: Cloud) -> object:
    client, nobody = GraphClient(cloud, Tokens(), bounds=bounds_of(place)), "11111111-2222-3333-4444-555555555555"
    try:
        return await client.registration(nobody, nobody, nobody)
    finally:
        await client.close()


async def exchange(place: Place, cloud: Cloud) -> object:
    client = ExchangeAdmin(cloud, Tokens(), bounds_of(place))
    try:
        return await client.principal("tenant", "application")
    finally:
        await client.close()


async def exchange_batch(place: Place, cloud: Cloud) -> object:
    client = ExchangeAdmin(cloud, Tokens(), bounds_of(place))
    try:
        for one in await client.mailboxes("tenant", ["a@b.example"]):
            if isinstance(one, ServiceError):
                raise one
    finally:
        await client.close()
    return None


async def vault(place: Place, cloud: Cloud) -> object:
    client = Vault(cloud, place.url, Tokens(), bounds_of(place))
    try:
        return await client.versions("name")
    finally:
        await client.close()


async def token(place: Place, cloud: Cloud) -> object:
    return await prove_secret(
        cloud, "11111111-2222-3333-4444-555555555555", "application", SecretStr("x"), bounds_of(place)
    )


async def identity(place: Place, cloud: Cloud) -> object:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IDENTITY_ENDPOINT", f"{place.url}/msi/token")
        environment.setenv("IDENTITY_HEADER", "header")
        client = Identity(cloud, None, bounds_of(place))
        try:
            return await client.claims("scope/.default")
        finally:
            await client.close()


def store_at(place: Place, cloud: Cloud) -> BlobStore:
    container = ContainerClient(
        place.url, "name", credential=Tokens(), transport=BoundedTransport(cloud, bounds_of(place)), retry_total=0
    )
    return BlobStore(container, bounds_of(place))


async def store(place: Place, cloud: Cloud) -> object:
    opened = store_at(place, cloud)
    try:
        return await opened.get("a.json")
    finally:
        await opened.close()


async def store_list(place: Place, cloud: Cloud) -> object:
    opened = store_at(place, cloud)
    try:
        return await opened.paths("a")
    finally:
        await opened.close()


async def store_version(place: Place, cloud: Cloud) -> object:
    opened = store_at(place, cloud)
    try:
        found = await opened.version("a.json", "2026-11-27T09:00:00.0000000Z")
        if isinstance(found, Withheld):
            raise UnavailableError("store", "too-large", found.why)
        return found
    finally:
        await opened.close()


CALLS: tuple[Call, ...] = (
    graph, graph_batch, exchange, exchange_batch, vault, token, identity, store, store_version, store_list,
)  # fmt: skip


HANDED_ON = frozenset({"store, packed in another way", "store_version, packed in another way"})
"""A document comes as it is; that it cannot be read is for whoever reads it."""


async def borne(authority: Authority, call: Call, kind: str) -> str | None:
    """Return what is wrong with how a client bears a server."""
    name = f"{call.__name__}, {kind}"
    if name in HANDED_ON:
        return None
    async with serving(authority, HTTP[kind], seconds=SECONDS) as place:
        try:
            with bounded(place, counted=kind not in THROWN_AWAY):
                await call(place, cloud_of(place))
        except ServiceError as error:
            named = name.startswith(error.service) and len(error.reason) < 1000 and error.code
            return None if named else f"{name}: {error!r}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not one of ours
            return f"{name}: {error!r}"
    return f"{name}: no error"


@pytest.mark.parametrize("kind", HTTP)
async def test_a_server_that_misbehaves_costs_seconds_and_megabytes(authority: Authority, kind: str) -> None:
    assert [one for one in await asyncio.gather(*(borne(authority, call, kind) for call in CALLS)) if one] == []


@pytest.mark.parametrize("call", [graph, vault])
async def test_a_handshake_that_is_given_up_leaves_no_connection_open(authority: Authority, call: Call) -> None:
    closed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.reader.read()
        closed.set()

    async with serving(authority, talk, tls=False, seconds=SECONDS) as place:
        with pytest.raises(UnavailableError):
            await call(place, cloud_of(place))
        async with asyncio.timeout(PATIENT):
            await closed.wait()


def paged(item: str, link: Callable[[int], str]) -> Talk:
    """Return a server of a list without end; ``link`` is the way to the next page."""

    async def talk(peer: Peer) -> None:
        for number in range(10_000):
            await peer.request()
            body = item.replace("LINK", link(number))
            kind = "application/xml" if item.startswith("<") else "application/json"
            await peer.say(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    return talk


async def owners(place: Place, cloud: Cloud) -> object:
    client = GraphClient(cloud, Tokens(), bounds=bounds_of(place))
    try:
        return await client.role_assignments("11111111-2222-3333-4444-555555555555")
    finally:
        await client.close()


ROUNDABOUTS: dict[str, Callable[[int], str]] = {
    "to itself": lambda _: "1",
    "to and fro": lambda number: str(number % 2),
    "on and on": str,
}


@pytest.mark.parametrize("kind", ROUNDABOUTS)
@pytest.mark.parametrize(
    ("call", "item"),
    [
        (owners, '{"value": [], "@odata.nextLink": "BASE/v1.0/x?$skiptoken=LINK"}'),
        (
            store_list,
            '<EnumerationResults ContainerName="name"><Blobs/><NextMarker>LINK</NextMarker></EnumerationResults>',
        ),
        (vault, '{"value": [], "nextLink": "BASE/secrets/name/versions?api-version=7.5&$skiptoken=LINK"}'),
    ],
    ids=["graph", "store", "vault"],
)
async def test_a_list_that_does_not_end_is_left(authority: Authority, call: Call, item: str, kind: str) -> None:
    place: Place
    pages = 0

    def link(number: int) -> str:
        nonlocal pages
        pages += 1
        return ROUNDABOUTS[kind](number)

    async def talk(peer: Peer) -> None:
        await paged(item.replace("BASE", place.url), link)(peer)

    async with serving(authority, talk) as place:
        with pytest.raises(UnavailableError) as caught:
            await call(place, cloud_of(place))
    assert caught.value.code == "too-many-pages"
    assert pages <= PAGES + 1


@pytest.mark.parametrize("size", [OCTETS + 1, 10**12])
async def test_a_document_that_calls_itself_endless_is_not_fetched_part_by_part(
    authority: Authority, size: int
) -> None:
    head = f"HTTP/1.1 206 Partial\r\nETag: x\r\nContent-Length: 2\r\nContent-Range: bytes 0-1/{size}\r\n\r\n"
    async with serving(authority, answers(head, b"{}")) as place:
        with bounded(place), pytest.raises(UnavailableError) as caught:
            await store(place, cloud_of(place))
    assert (caught.value.service, caught.value.code) == ("store", "too-large")
    assert place.sent < 1000


@pytest.mark.parametrize(
    ("environment", "proxied"),
    [({}, False), ({"HTTPS_PROXY": "http://proxy:3128"}, True),
     ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "graph.example"}, False)],
)  # fmt: skip
async def test_graph_is_reached_by_the_proxy_of_the_environment(
    environment: dict[str, str], proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    transport = direct_or_by_proxy("https://graph.example/v1.0", ssl.create_default_context())
    assert ("Proxy" in type(transport._pool).__name__) is proxied
    await transport.aclose()
