"""What is not there: only the service itself can say so. A 404 of whatever stands in between says nothing about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from connector.clients.graph import GraphClient
from connector.clients.vault import Vault
from connector.clouds import Cloud
from connector.errors import ServiceError, UnavailableError
from tests.connector.clients.misbehaving import Authority, Place, Talk, Tokens, answers, serving
from tests.connector.clients.test_bounds import bounds_of, cloud_of, store_at
from tests.connector.clients.test_unreadable import VAULT

# The SDK's builders define, on import, classes that call themselves deprecated.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]
ID = "11111111-2222-3333-4444-555555555555"
Call = Callable[[Place, Cloud], Awaitable[object]]


def not_found(body: str, media: str, *headers: str) -> Talk:
    head = ("HTTP/1.1 404 Not Found", f"Content-Type: {media}", f"Content-Length: {len(body)}")
    return answers("\r\n".join((*head, "Connection: close", *headers, "", "")), body.encode())


def refused(code: str) -> Talk:
    return not_found(f'{{"error":{{"code":"{code}","message":"No."}}}}', "application/json")


def blob_refused(code: str) -> Talk:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>No.</Message></Error>'
    return not_found(body, "application/xml", f"x-ms-error-code: {code}")


def of_graph(ask: Callable[[GraphClient], Awaitable[object]]) -> Call:
    async def call(place: Place, cloud: Cloud) -> object:
        client = GraphClient(cloud, Tokens(), bounds=bounds_of(place))
        try:
            return await ask(client)
        finally:
            await client.close()

    return call


def of_vault(ask: Callable[[Vault], Awaitable[object]]) -> Call:
    async def call(place: Place, cloud: Cloud) -> object:
        client = Vault(cloud, place.url, Tokens(), bounds_of(place))
        try:
            return await ask(client)
        finally:
            await client.close()

    return call


def of_store(name: str, *more: str) -> Call:
    async def call(place: Place, cloud: Cloud) -> object:
        opened = store_at(place, cloud)
        try:
            return await getattr(opened, name)("a.json", *more)
        finally:
            await opened.close()

    return call


CALLS: dict[str, Call] = {
    "graph, application": of_graph(lambda graph: graph.application("name")),
    "graph, resource": of_graph(lambda graph: graph.resource(ID)),
    "graph, list": of_graph(lambda graph: graph.role_assignments(ID)),
    "vault, deleted": of_vault(lambda vault: vault.deleted("name")),
    **{f"vault, {name}": of_vault(ask) for name, ask in VAULT.items()},
    "store, get": of_store("get"),
    "store, version": of_store("version", "2026-11-20T10:00:00.0000000Z"),
    "store, delete": of_store("delete"),
}
FOREIGN: dict[str, Talk] = {
    "a page": not_found("<html><body>No such host here</body></html>", "text/html"),
    "a page that calls itself JSON": not_found("<html><body>No</body></html>", "application/json"),
    "a page that calls itself XML": not_found("<html><body>No</body></html>", "application/xml"),
    "nothing": not_found("", "text/plain"),
    "a gateway's own code": refused("ResourceNotFound"),
    "a gateway's own XML": not_found("<Error><Code>NoSuchRoute</Code></Error>", "application/xml"),
    "a text for an error": not_found('{"error":"not found"}', "application/json"),
    "a number for a code": not_found('{"error":{"code":7,"message":7}}', "application/json"),
    "null": not_found("null", "application/json"),
    "a list": not_found("[]", "application/json"),
}
SAID = {
    "graph, application": ("Request_ResourceNotFound", None),
    "graph, resource": ("Request_ResourceNotFound", None),
    "vault, versions": ("SecretNotFound", ()),
    "vault, deleted": ("SecretNotFound", False),
    "store, get": ("BlobNotFound", None),
    "store, version": ("BlobNotFound", None),
    "store, delete": ("BlobNotFound", None),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def ended(call: Call, place: Place) -> str:
    try:
        return f"answers {await call(place, cloud_of(place))!r}"
    except ServiceError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not one of ours
        return repr(error)


@pytest.mark.parametrize("foreign", FOREIGN)
async def test_a_404_that_is_not_the_services_own_says_nothing(authority: Authority, foreign: str) -> None:
    async with serving(authority, FOREIGN[foreign]) as place:
        found = {name: await ended(call, place) for name, call in CALLS.items()}
    assert found == dict.fromkeys(CALLS, UnavailableError.__name__)


@pytest.mark.parametrize("name", SAID)
async def test_what_the_service_itself_calls_missing_is_missing(authority: Authority, name: str) -> None:
    code, expected = SAID[name]
    talk = blob_refused(code) if name.startswith("store") else refused(code)
    async with serving(authority, talk) as place:
        assert await CALLS[name](place, cloud_of(place)) == expected


async def test_a_missing_container_is_not_a_document_that_is_deleted(authority: Authority) -> None:
    async with serving(authority, blob_refused("ContainerNotFound")) as place:
        found = await ended(CALLS["store, delete"], place)
    assert found == ServiceError.__name__
