"""What the host itself does with a request: routes, keys, headers, errors, timers by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from local.host import FunctionsHost
from tests.local.host.recorded_app import build, failures

HOST_JSON = {"extensions": {"http": {"routePrefix": "", "customHeaders": {"X-Custom": "host", "X-Other": "host"}}}}


@pytest.fixture
async def host() -> AsyncIterator[FunctionsHost]:
    async with FunctionsHost(build(), host_json=HOST_JSON) as running:
        yield running


@pytest.fixture
async def client(host: FunctionsHost) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=host.url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/open", None, 200),
        ("/api/raises", None, 401),
        ("/api/raises", "wrong", 401),
        ("/api/raises", "start", 401),
        ("/api/raises", "raises", 500),
        ("/api/raises", "host", 500),
        ("/api/admin", "host", 401),
        ("/api/admin", "master", 200),
        ("/api/unknown", "host", 404),
    ],
)
async def test_a_key_opens_what_it_is_for(
    host: FunctionsHost, client: httpx.AsyncClient, path: str, key: str | None, status: int
) -> None:
    keys = {"host": host.key, "master": host.master_key, **host.function_keys}
    headers = {"x-functions-key": keys.get(key, key)} if key else {}
    in_header = await client.get(path, headers=headers)
    in_query = await client.get(path, params={"code": keys.get(key, key)} if key else {})
    assert (in_header.status_code, in_query.status_code) == (status, status)
    assert status == 200 or in_header.content == b""


async def test_a_wrong_method_is_not_found(host: FunctionsHost, client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/open", headers={"x-functions-key": host.key})
    assert (answer.status_code, answer.content) == (404, b"")


async def test_custom_headers_are_on_every_response_and_those_of_the_function_win(client: httpx.AsyncClient) -> None:
    found, refused, unknown = [await client.get(path) for path in ("/api/open", "/api/raises", "/nowhere")]
    assert (found.headers["x-custom"], found.headers["x-other"]) == ("mine", "host")
    assert refused.headers["x-custom"] == unknown.headers["x-custom"] == "host"


async def test_the_front_end_adds_the_address_of_the_caller(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/open", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.text.startswith("203.0.113.7, 127.0.0.1:")


async def test_the_page_and_its_assets(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert (page.text, page.headers["content-type"]) == ("the page", "text/html; charset=utf-8")
    assert (await client.get("/assets/deep/er.js")).text == "deep/er.js"


async def test_a_timer_runs_when_asked_with_the_master_key(host: FunctionsHost, client: httpx.AsyncClient) -> None:
    path, body = "/admin/functions/ticking", {"input": ""}
    refused = await client.post(path, json=body, headers={"x-functions-key": host.key})
    done = await client.post(path, json=body, headers={"x-functions-key": host.master_key})
    unknown = await client.post("/admin/functions/no", json=body, headers={"x-functions-key": host.master_key})
    assert (refused.status_code, done.status_code, unknown.status_code) == (403, 202, 404)
    assert failures["ticks"] == 1


async def test_the_real_durable_client_starts_an_orchestration(host: FunctionsHost, client: httpx.AsyncClient) -> None:
    headers = {"x-functions-key": host.key}
    answer = await client.post("/api/start/fanout", params={"id": "mine"}, json=2, headers=headers)
    assert answer.text == "mine"
    while host.durable.instances["mine"].status != "Completed":  # noqa: ASYNC110 - a plain value is waited for
        await asyncio.sleep(0.01)
    unknown = await client.post("/api/start/nothing", headers=headers)
    assert unknown.status_code == 500


async def test_hosts_follow_one_another_on_the_same_app() -> None:
    app = build()
    for _ in range(2):
        async with FunctionsHost(app, host_json=HOST_JSON) as host, httpx.AsyncClient(base_url=host.url) as client:
            answer = await client.post("/api/start/fanout", json=1, headers={"x-functions-key": host.key})
            assert answer.status_code == 200
