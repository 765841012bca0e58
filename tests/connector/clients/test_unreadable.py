"""Answers that say yes and are none: a proxy's page, ``null``, other shapes. They are no slip of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.clients.unreadable import unreadable
from connector.clients.vault import Vault
from connector.clouds import Cloud
from connector.errors import ServiceError, UnavailableError
from tests.connector.clients.misbehaving import Authority, Place, Tokens, answers, serving
from tests.connector.clients.test_bounds import (
    bounds_of,
    cloud_of,
    exchange,
    graph_batch,
    identity,
    store,
    store_at,
    store_list,
    store_version,
    token,
)

ENDS = datetime(2031, 5, 1, 12, tzinfo=UTC)
BODIES = (
    "<html><body>Please sign in to the network</body></html>",
    "",
    "null",
    "[]",
    '"x"',
    "12",
    '{"value":7,"access_token":7}',
    '{"value":[7]}',
    '{"value":[{"id":"x"}],"id":"x"}',
    '{"id":"https://vault/secrets/a/b","attributes":7}',
    '{"value":' + "[" * 3000,
    "\0\0",
)
VAULT: dict[str, Callable[[Vault], Awaitable[object]]] = {
    "versions": lambda vault: vault.versions("name"),
    "read": lambda vault: vault.read("name", "1"),
    "write": lambda vault: vault.write("name", SecretStr("x"), tags={}, expires=ENDS),
    "probe": lambda vault: vault.probe("name", tags={}, expires=ENDS),
    "label": lambda vault: vault.label("name", "1", {"a": "b"}),
    "recover": lambda vault: vault.recover("name"),
}


async def store_put(place: Place, cloud: Cloud) -> object:
    opened = store_at(place, cloud)
    try:
        return await opened.put("a.json", b"{}", None)
    finally:
        await opened.close()


async def store_versions(place: Place, cloud: Cloud) -> object:
    opened = store_at(place, cloud)
    try:
        return await opened.versions("a.json")
    finally:
        await opened.close()


OTHERS = (exchange, graph_batch, identity, store, store_put, store_list, store_version, store_versions, token)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def told(name: str, call: Awaitable[object]) -> str | None:
    """Return what a call ends with, where it is neither an answer nor an error of ours."""
    try:
        await call
    except ServiceError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not one of ours
        return f"{name}: {error!r}"
    return None  # some of these are an answer to some


async def in_the_vault(place: Place) -> list[str | None]:
    client = Vault(cloud_of(place), place.url, Tokens(), bounds_of(place))
    try:
        return [await told(name, call(client)) for name, call in VAULT.items()]
    finally:
        await client.close()


@pytest.mark.parametrize("media", ["text/html", "application/json"])
@pytest.mark.parametrize("body", BODIES)
async def test_whatever_a_service_answers_is_an_answer_or_an_error_of_ours(
    authority: Authority, body: str, media: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    async with serving(authority, answers(head, body.encode())) as place:
        others = [told(call.__name__, call(place, cloud_of(place))) for call in OTHERS]
        found = [*await asyncio.gather(*others), *await in_the_vault(place)]
    assert [one for one in found if one is not None] == []


async def test_a_page_for_an_answer_is_waited_for(authority: Authority) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(BODIES[0])}\r\n\r\n"
    async with serving(authority, answers(head, BODIES[0].encode())) as place:
        client = Vault(cloud_of(place), place.url, Tokens(), bounds_of(place))
        with pytest.raises(UnavailableError) as caught:
            await client.versions("name")
        await client.close()
    assert (caught.value.service, caught.value.reason) == ("vault", "unreadable: JSONDecodeError")


_ID = "https://vault/secrets/name/1"
LACKING = {
    "no value": ("read", {"id": _ID, "attributes": {"created": 1}}),
    "value null": ("read", {"id": _ID, "value": None, "attributes": {"created": 1}}),
    "value empty": ("read", {"id": _ID, "value": "", "attributes": {"created": 1}}),
    "no attributes": ("versions", {"value": [{"id": _ID}]}),
    "no date": ("versions", {"value": [{"id": _ID, "attributes": {"enabled": True}}]}),
    "no version": ("versions", {"value": [{"id": "https://vault/secrets/name", "attributes": {"created": 1}}]}),
    "id null": ("versions", {"value": [{"id": None, "attributes": {"created": 1}}]}),
}


@pytest.mark.parametrize("lacking", LACKING)
async def test_a_secret_that_lacks_what_each_has_is_not_taken_for_one(authority: Authority, lacking: str) -> None:
    call, document = LACKING[lacking]
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    async with serving(authority, answers(head, body)) as place:
        client = Vault(cloud_of(place), place.url, Tokens(), bounds_of(place))
        with pytest.raises(UnavailableError) as caught:
            await VAULT[call](client)
        await client.close()
    assert caught.value.service == "vault"


def test_a_slip_of_ours_stays_what_it_is() -> None:
    from connector.clients.vault import _version  # noqa: PLC0415 - one place of ours that can be made to slip

    with pytest.raises(AttributeError) as slip:
        _version(None)  # type: ignore[arg-type]
    assert unreadable("vault", slip.value) is slip.value
    with pytest.raises(FileNotFoundError) as theirs:
        Path("/absent").read_bytes()
    assert isinstance(unreadable("vault", theirs.value), UnavailableError)
