"""What the real host made of raw requests, each line of it: observed on host 4.1037 with a function that echoes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import azure.functions as func
import pytest
import pytest_asyncio

from local.host import FunctionsHost
from tests.local.host.wire import ask

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOST_JSON = {"extensions": {"http": {"routePrefix": "", "customHeaders": {"X-Custom": "host"}}}}


def build() -> func.FunctionApp:
    """Return an app that answers with what it was handed."""
    app = func.FunctionApp()
    anonymous = func.AuthLevel.ANONYMOUS

    def seen(req: func.HttpRequest) -> func.HttpResponse:
        body = req.get_body()
        handed = {
            "method": req.method, "url": req.url, "params": dict(req.params), "route": dict(req.route_params),
            "headers": dict(req.headers), "body": body.decode("latin-1") if len(body) < 100 else len(body),
        }  # fmt: skip
        return func.HttpResponse(json.dumps(handed), mimetype="application/json")

    @app.route(route="api/things/{name}", auth_level=anonymous)
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        return seen(req)

    @app.route(route="api/things/{name}/deep", auth_level=anonymous, methods=["GET"])
    def deep(req: func.HttpRequest) -> func.HttpResponse:
        return seen(req)

    @app.route(route="files/{*path}", auth_level=anonymous, methods=["GET"])
    def files(req: func.HttpRequest) -> func.HttpResponse:
        return seen(req)

    @app.route(route="api/closed", methods=["GET"])
    def closed(req: func.HttpRequest) -> func.HttpResponse:
        return seen(req)

    @app.route(route="api/answers/{kind}", auth_level=anonymous, methods=["GET"])
    def answers(req: func.HttpRequest) -> Any:
        return {
            "none": None,
            "text": "a text",
            "json": func.HttpResponse("{}", mimetype="application/json"),
            "set": func.HttpResponse("x", headers={"Content-Type": "text/x; a=b", "X-Custom": "mine"}),
            "plain": func.HttpResponse("ä"),
            "cookie": func.HttpResponse("", headers={"Set-Cookie": "a=b; HttpOnly"}),
        }[req.route_params["kind"]]

    return app


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[FunctionsHost]:
    async with FunctionsHost(build(), host_json=HOST_JSON) as running:
        yield running


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("a", {}),
        ("a=", {}),
        ("a&b=1", {"b": "1"}),
        ("secret=a&secret=b", {"secret": "a,b"}),
        ("secret=&secret=b", {"secret": "b"}),
        ("DryRun=true&dryrun=false", {"dryrun": "true,false"}),
        ("a=%FF", {"a": "%FF"}),
        ("a=%ff%C3%A4", {"a": "%ffä"}),
        ("a=b+c%2Fd", {"a": "b c/d"}),
        ("a=b;c=d", {"a": "b;c=d"}),
        ("%61=%2541", {"a": "%41"}),
    ],
)
async def test_the_query_is_not_what_was_sent_but_the_address_is(
    host: FunctionsHost, query: str, params: dict[str, str]
) -> None:
    handed = (await ask(host, f"/api/things/x?{query}")).handed
    assert handed["params"] == params
    assert handed["url"] == f"http://app.example/api/things/x?{query}"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/API/Things/x", "x"),
        ("/api/things/X/", "X"),
        ("/api/things/a%2fb", "a%2fb"),
        ("/api/things/a%2Fb", "a%2Fb"),
        ("/api/things/%FF", "%FF"),
        ("/api/things/%C3%A4%20+", "ä +"),
        ("/api/things/%2541", "%41"),
        ("/api/things/./x", "x"),
        ("/api/things/y/../x", "x"),
        ("/api/things/y/%2e%2E/x", "x"),
        ("/../api/things/x", "x"),
        ("/api/things/..%2f..", "..%2f.."),
        ("http://app.example/api/things/x", "x"),
    ],
)
async def test_a_path_is_resolved_before_it_is_routed(host: FunctionsHost, target: str, name: str) -> None:
    handed = (await ask(host, target)).handed
    assert handed["route"] == {"name": name}
    assert handed["url"] == (target if target.startswith("http") else f"http://app.example{target}")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/files/a/b.js", "a/b.js"),
        ("/files/a%2f..%2fb", "a%2f..%2fb"),
        ("/files/a/../b", "b"),
        ("/files/a/", "a/"),
        ("/files/", None),
        ("/files", None),
    ],
)
async def test_the_rest_of_a_path(host: FunctionsHost, target: str, path: str | None) -> None:
    assert (await ask(host, target)).handed["route"].get("path") == path


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/things/.."),
        ("GET", "/api/things/"),
        ("GET", "/api/things//x"),
        ("GET", "/api/things/x/y"),
        ("GET", "/nowhere"),
        ("HEAD", "/api/closed"),
        ("POST", "/api/closed"),
        ("TRACE", "/api/closed"),
        ("OPTIONS", "/api/closed"),
    ],
)
async def test_what_has_no_route_is_not_found_before_any_key_is_looked_at(
    host: FunctionsHost, method: str, target: str
) -> None:
    answer = await ask(host, target, method=method)
    assert (answer.status, answer.body, answer.headers["x-custom"]) == (404, b"", "host")
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("method", "arrives"),
    [("GET", "GET"), ("get", "GET"), ("TRACE", "TRACE"), ("FOO", "FOO"), ("DELETE", "DELETE"), ("PATCH", "PATCH")],
)
async def test_without_methods_every_word_is_one(host: FunctionsHost, method: str, arrives: str) -> None:
    assert (await ask(host, "/api/things/x", method=method)).handed["method"] == arrives


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/api/things/%00", [], 400),
        ("/api/things/x", [b"Host: a?b"], 400),
        ("http://other.example/api/things/x", [], 400),
        ("api/things/x", [], 400),
        ("/api/things/x\x7f", [], 400),
        ("/api/things/x?" + "a" * 8_192, [], 414),
        ("/" + "a" * 300_000, [], 414),
        ("/api/things/x", [b"A: " + b"a" * 33_000], 431),
        ("/api/things/x", [b"A: " + b"a" * 300_000], 431),
        ("/api/things/x", [b"A%d: 1" % number for number in range(101)], 431),
    ],
    ids=range(10),
)
async def test_what_the_web_server_refuses_itself_is_empty_and_without_the_custom_headers(
    host: FunctionsHost, target: str, headers: list[bytes], status: int
) -> None:
    answer = await ask(host, target, *headers)
    assert (answer.status, answer.body) == (status, b"")
    assert "x-custom" not in answer.headers


async def test_what_is_just_within_the_limits_is_served(host: FunctionsHost) -> None:
    line = "/api/things/x?a="
    longest = line + "a" * (8 * 1024 - len(f"GET {line} HTTP/1.1\r\n"))
    assert (await ask(host, longest, *[b"A%d: 1" % number for number in range(98)])).status == 200
    assert (await ask(host, longest + "a")).status == 414
    assert (await ask(host, "/api/things/x", b"A: " + b"a" * 32_000)).status == 200


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ([b"Accept-Language: de", b"accept-language: en"], "accept-language", "de,en"),
        ([b"X-Name: \xc3\xa4"], "x-name", "ä"),
        ([b"X-Functions-Key: any"], "x-functions-key", "any"),
        ([b"X-Forwarded-Host: evil.example"], "x-forwarded-host", "evil.example"),
        ([b"X-MS-CLIENT-PRINCIPAL-NAME: me"], "x-ms-client-principal-name", "me"),
        ([b"Authorization: Bearer x"], "authorization", "Bearer x"),
        ([b"Cookie: a=b"], "cookie", "a=b"),
    ],
)
async def test_headers_are_handed_on(host: FunctionsHost, lines: list[bytes], name: str, value: str) -> None:
    assert (await ask(host, "/api/things/x", *lines)).handed["headers"][name] == value


async def test_a_body_in_chunks_does_not_arrive_but_its_header_does(host: FunctionsHost) -> None:
    chunks = b"2\r\n{}\r\n0\r\n\r\n"
    handed = (await ask(host, "/api/things/x", b"Transfer-Encoding: chunked", method="POST", body=chunks)).handed
    assert (handed["body"], handed["headers"]["transfer-encoding"]) == ("", "chunked")
    assert "content-length" not in handed["headers"]
    both = (b"Content-Length: 2", b"Transfer-Encoding: chunked")
    handed = (await ask(host, "/api/things/x", *both, method="POST", body=chunks)).handed
    assert (handed["body"], handed["headers"]["x-content-length"]) == ("", "2")
    assert "content-length" not in handed["headers"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("body", [b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x1f\x8b\x08", b"a" * 2_000_000], ids=len)
async def test_a_body_of_any_kind_arrives_as_it_is(host: FunctionsHost, method: str, body: bytes) -> None:
    length = b"Content-Length: %d" % len(body)
    handed = (await ask(host, "/api/things/x", length, b"Content-Encoding: gzip", method=method, body=body)).handed
    assert handed["body"] == (body.decode("latin-1") if len(body) < 100 else len(body))


@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        (None, "", 401),
        ("wrong", "", 401),
        ("closed", "", 200),
        (None, "?code={closed}", 200),
        (None, "?CODE={host}", 200),
        ("wrong", "?code={closed}", 401),
        ("", "?code={closed}", 401),
        ("host", "?code=wrong", 200),
    ],
)
async def test_the_header_is_looked_at_before_the_query(
    host: FunctionsHost, header: str | None, query: str, status: int
) -> None:
    keys = {"host": host.key, **host.function_keys}
    lines = [f"X-Functions-Key: {keys.get(header, header)}".encode()] if header is not None else []
    answer = await ask(host, f"/api/closed{query.format(**keys)}", *lines, b"Authorization: Bearer x")
    assert answer.status == status
    if status == 401:
        assert (answer.body, answer.headers["x-custom"]) == (b"", "host")
        assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    "target", ["/admin/functions/x", "/admin/host/keys", "/Admin/x", "/runtime/webhooks/durabletask/x"]
)
@pytest.mark.parametrize(
    ("key", "status", "asks"),
    [
        (None, 401, "Bearer"),
        ("wrong", 401, "Bearer"),
        ("closed", 403, None),
        ("host", 403, None),
        ("master", 404, None),
    ],
)
async def test_the_hosts_own_routes_open_only_to_the_master_key(
    host: FunctionsHost, target: str, key: str | None, status: int, asks: str | None
) -> None:
    keys = {"host": host.key, "master": host.master_key, **host.function_keys}
    lines = [f"X-Functions-Key: {keys.get(key, key)}".encode()] if key else []
    answer = await ask(host, target, *lines, method="POST")
    assert (answer.status, answer.headers.get("www-authenticate"), answer.body) == (status, asks, b"")


async def test_what_the_durable_client_asks_is_not_to_be_had_by_callers(host: FunctionsHost) -> None:
    path = "/" + host.rpc_url.split("/", 3)[3] + "instances/"
    assert (await ask(host, path)).status == 404
    assert (await ask(host, f"/runtime/rpc{path}")).status == 401


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "body"),
    [
        ("none", 500, None, b""),
        ("unknown", 500, None, b""),
        ("text", 200, "text/plain; charset=utf-8", b"a text"),
        ("json", 200, "application/json", b"{}"),
        ("set", 200, "text/x; a=b", b"x"),
        ("plain", 200, "text/plain; charset=utf-8", "ä".encode()),
    ],
)
async def test_an_answer_is_sent_as_the_function_made_it(
    host: FunctionsHost, kind: str, status: int, content_type: str | None, body: bytes
) -> None:
    answer = await ask(host, f"/api/answers/{kind}")
    assert (answer.status, answer.headers.get("content-type"), answer.body) == (status, content_type, body)
    assert answer.headers["server"] == "Kestrel"
    assert answer.headers["x-custom"] == ("mine" if kind == "set" else "host")
    assert answer.headers.get("transfer-encoding") == ("chunked" if status == 200 else None)


async def test_a_cookie_is_written_anew(host: FunctionsHost) -> None:
    assert "domain=;" in (await ask(host, "/api/answers/cookie")).headers["set-cookie"]
