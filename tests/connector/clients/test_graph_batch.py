"""A look at an application and its service principal in one request: each part means what it means alone."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from connector.clients.graph import GraphClient
from connector.clients.identity import Identity
from connector.errors import ReplicationError, ServiceError, ThrottledError, UnavailableError
from connector.observed import Owner
from local.tenant import Tenant
from tests.connector.clients.test_graph import ELSEWHERE, NOBODY, Bearer, answering, cloud_of, ensured

# The SDK's builders define, on import, classes that call themselves deprecated.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]
APP, OBJECT, PRINCIPAL = (f"{number}1111111-2222-3333-4444-555555555555" for number in "abc")
JSON = {"Content-Type": "application/json"}
PARTS: dict[str, Any] = {
    f"/applications/{OBJECT}": {"id": OBJECT, "appId": APP},
    f"/applications/{OBJECT}/owners": {"value": []},
    f"/applications/{OBJECT}/federatedIdentityCredentials": {"value": []},
    f"/servicePrincipals(appId='{APP}')": {"id": PRINCIPAL, "appId": APP},
    f"/servicePrincipals/{PRINCIPAL}/owners": {"value": []},
}
MORE: dict[str, Any] = {
    f"/applications/{OBJECT}/owners": {"value": [{"@odata.type": "#microsoft.graph.user", "id": NOBODY}]},
    f"/applications/{OBJECT}/federatedIdentityCredentials": {"value": [{"id": "f", "issuer": "i", "subject": "s"}]},
}
Told = dict[str, Any]
TOLD: dict[str, Told] = {
    "refused": {"status": 403, "headers": JSON, "body": {"error": {"code": "Authorization_RequestDenied"}}},
    "no token": {"status": 401, "headers": JSON, "body": {"error": {"code": "InvalidAuthenticationToken"}}},
    "throttled": {"status": 429, "headers": {**JSON, "Retry-After": "17"}, "body": {"error": {"code": "T"}}},
    "throttled without a body": {"status": 429, "headers": {"retry-after": "18"}},
    "away": {"status": 503, "headers": {**JSON, "RETRY-AFTER": "19"}, "body": {"error": {"code": "U"}}},
    "not there": {"status": 404, "headers": JSON, "body": {"error": {"code": "Request_ResourceNotFound"}}},
    "in conflict": {"status": 409, "headers": JSON, "body": {"error": {"code": "Directory_ConcurrencyViolation"}}},
    "moved": {"status": 302, "headers": {"Location": "https://elsewhere.example"}},
    "html": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": "<html>"},
    "empty": {"status": 200, "headers": JSON},
    "no content": {"status": 204, "headers": {}},
    "text": {"status": 200, "headers": JSON, "body": "eyJ2YWx1ZSI6IFtdfQ=="},
    "list": {"status": 200, "headers": JSON, "body": []},
    "object": {"status": 200, "headers": JSON, "body": {}},
    "nothing in it": {"status": 200, "headers": JSON, "body": {"value": None, "id": None}},
    "no type": {"status": 200, "headers": {}, "body": {"value": []}},
    "odd headers": {"status": 429, "headers": {"Retry-After": "1\r\nx: y", "Content-Type": "ü", "request-id": 7}},
    "packed": {"status": 200, "headers": {**JSON, "Content-Encoding": "gzip", "Content-Length": "3"}, "body": {}},
}


def served(told: Callable[[str], Told], *, batch: bool = True, asked: list[str] | None = None) -> GraphClient:
    """Return a client of a Graph with or without ``$batch`` that says this to each path."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1.0")
        if asked is not None:
            asked.append(path)
        if path != "/$batch":
            one = told(path)
            content = b"" if one.get("body") is None else json.dumps(one["body"]).encode()
            kept = {name: str(value) for name, value in one.get("headers", {}).items() if str(value).isprintable()}
            kept = {name: value for name, value in kept.items() if value.isascii() and name[:9] != "Content-E"}
            return httpx.Response(one["status"], headers=kept, content=content)
        if not batch:
            return httpx.Response(404)
        parts = json.loads(request.content)["requests"]
        said = [{"id": part["id"], **told(httpx.URL(part["url"]).path)} for part in parts]
        return httpx.Response(200, json={"responses": said[::-1]})

    return answering(answer)


def calm(path: str) -> Told:
    return {"status": 200, "headers": JSON, "body": PARTS[path]}


def saying(path: str, kind: str) -> Callable[[str], Told]:
    """Return what says this of one path, and of the others how they are."""
    return lambda asked: TOLD[kind] if asked == path else calm(asked)


async def outcome(graph: GraphClient, enterprise_id: str | None = PRINCIPAL) -> Any:
    """Return what a look comes to, an error by what a step goes by."""
    try:
        return await graph.registration(APP, OBJECT, enterprise_id)
    except ServiceError as error:
        return (type(error), error.service, error.code, getattr(error, "seconds", None))
    finally:
        await graph.close()


@pytest.mark.parametrize("kind", TOLD)
async def test_a_part_means_what_it_means_to_a_request_that_travels_alone(kind: str) -> None:
    for path, enterprise_id in [*((path, PRINCIPAL) for path in list(PARTS)[:4]), (list(PARTS)[3], None)]:
        told = saying(path, kind)
        seen = await outcome(served(told), enterprise_id)
        assert seen == await outcome(served(told, batch=False), enterprise_id), path
        if kind not in ("refused", "no token", "not there"):
            assert isinstance(seen[0], type), (path, seen)  # never nothing there, and never all well


async def test_what_parts_say_is_what_is_told() -> None:
    application, enterprise = await outcome(
        served(lambda path: {**calm(path), "body": PARTS[path] | MORE.get(path, {})})
    )
    assert application.owners == {Owner(NOBODY, "user")}
    assert [one.key_id for one in application.credentials] == ["f"]
    assert (enterprise.id, enterprise.owners) == (PRINCIPAL, frozenset())
    for number, path in enumerate((f"/applications/{OBJECT}/owners", f"/servicePrincipals/{PRINCIPAL}/owners")):
        seen = await outcome(served(saying(path, "refused")))
        assert [one.owners is None for one in seen] == [number == 0, number == 1]
    gone = await outcome(served(saying(f"/servicePrincipals(appId='{APP}')", "not there")), None)
    assert (gone[0].object_id, gone[1]) == (OBJECT, None)
    for number, path in enumerate(PARTS):
        wait = await outcome(served(saying(path, "throttled")))
        assert wait == (ThrottledError, "graph", "throttled", 17), number


def without(parts: list[Told]) -> Any:
    return {"responses": parts[:2] + parts[3:]}


WHOLES: dict[str, Callable[[list[Told]], Any]] = {
    "one is missing": without,
    "the first is missing": lambda parts: {"responses": parts[1:]},
    "none": lambda _: {"responses": []},
    "one comes twice": lambda parts: {"responses": [*parts, parts[0]]},
    "one comes twice, another is missing": lambda parts: {"responses": [*parts[1:], parts[1]]},
    "one is nobody's": lambda parts: {"responses": [*parts, {**parts[0], "id": "99"}]},
    "an id is a number": lambda parts: {"responses": [*parts[1:], {**parts[0], "id": 0}]},
    "an id is a list": lambda parts: {"responses": [*parts[1:], {**parts[0], "id": ["0"]}]},
    "no ids": lambda parts: {"responses": [{**part, "id": None} for part in parts]},
    "a part is text": lambda parts: {"responses": [*parts[1:], "0"]},
    "a status is text": lambda parts: {"responses": [*parts[1:], {**parts[0], "status": "200"}]},
    "a status is true": lambda parts: {"responses": [*parts[1:], {**parts[0], "status": True}]},
    "a status is none": lambda parts: {"responses": [*parts[1:], {**parts[0], "status": 0}]},
    "a status has no end": lambda parts: {"responses": [*parts[1:], {**parts[0], "status": 10**40}]},
    "no status": lambda parts: {"responses": [*parts[1:], {"id": "0"}]},
    "a list": lambda parts: parts,
    "text": lambda _: "responses",
    "nothing": lambda _: None,
    "no list": lambda parts: {"responses": {"0": parts[0]}},
    "another object": lambda parts: {"responses": [*parts[1:], {**parts[0], "body": {"id": NOBODY, "appId": APP}}]},
}


@pytest.mark.parametrize("kind", WHOLES)
async def test_what_was_not_answered_is_never_nothing_there(kind: str) -> None:
    for enterprise_id in (PRINCIPAL, None):

        def answer(request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith("$batch"):
                return httpx.Response(200, json={"value": []})
            parts = json.loads(request.content)["requests"]
            said = [{"id": part["id"], **calm(httpx.URL(part["url"]).path)} for part in parts]
            return httpx.Response(200, json=WHOLES[kind](said))

        assert (await outcome(answering(answer), enterprise_id))[:3] == (UnavailableError, "graph", "unavailable")


@pytest.mark.parametrize(
    ("whole", "kind", "seconds"),
    [
        (httpx.Response(429, headers={"Retry-After": "21"}, json={}), "ThrottledError", 21),
        (httpx.Response(503, headers={"Retry-After": "22"}, json={}), "UnavailableError", 22),
        (httpx.Response(401, json={}), "ForbiddenError", None),
        (httpx.Response(403, json={}), "ForbiddenError", None),
        (httpx.Response(400, json={}), "UnexpectedAnswerError", None),
        (httpx.Response(302), "UnexpectedAnswerError", None),
        (httpx.Response(204), "UnavailableError", None),
        (httpx.Response(202, json={"responses": []}), "UnavailableError", None),
        (httpx.Response(200, html="<html>Sign in</html>"), "UnavailableError", None),
        (httpx.Response(200, text="["), "UnavailableError", None),
        (httpx.Response(200, text="[" * 100_000), "UnavailableError", None),
        (httpx.Response(200, text='{"responses": [' + "9" * 5000 + "]}"), "UnavailableError", None),
        (httpx.Response(200, content=b'{"responses": "\xff"}'), "UnavailableError", None),
    ],
)
async def test_a_batch_that_is_refused_or_unreadable_is_no_look(
    whole: httpx.Response, kind: str, seconds: float | None
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(whole.status_code, headers=whole.headers, content=whole.content)

    seen = await outcome(answering(answer))
    assert (seen[0].__name__, seen[3]) == (kind, seconds)
    assert asked == ["/v1.0/$batch"]  # nothing is repeated by itself


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[GraphClient]:
    identity = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    made = GraphClient(cloud_of(tenant), identity.credential)
    yield made
    await made.close()
    await identity.close()


async def test_a_look_is_one_call_and_a_list_of_several_pages_some_more(
    tenant: Tenant,
    graph: GraphClient,
) -> None:
    application = await ensured(graph)
    await graph.ensure_enterprise_application(application.application_id)
    principal = await graph.enterprise_application(application.application_id)
    assert principal is not None
    made = tenant.world.applications[application.object_id]
    for pages in (1, 2):
        tenant.forget_requests()
        seen = await graph.registration(application.application_id, application.object_id, principal.id)
        assert {one.id for one in seen[0].owners or ()} == set(made.owners)
        assert seen[1] == principal
        assert tenant.calls == {"graph": pages}
        assert sum(one.part for one in tenant.requests) == 5
        for number in range(120):
            tenant.administrator.add_owner(made, f"00000000-0000-0000-0000-{number:012}")


async def test_looks_at_the_same_moment_are_each_at_their_own_application(graph: GraphClient) -> None:
    found = []
    for number in range(4):
        name = f"utm-mail-connect-{number}"
        await graph.ensure_application(name, display_name=name, tags=[], required_roles=[])
        found.append(await graph.application(name))
        await graph.ensure_enterprise_application(found[-1].application_id if found[-1] is not None else "")
    looks = [graph.registration(one.application_id, one.object_id) for one in found if one is not None]
    seen = await asyncio.gather(*looks)
    assert [one for one, _ in seen] == found
    assert [one.application_id for _, one in seen if one is not None] == [one.application_id for one, _ in seen]


class Tokens(Bearer):
    """Gives a token but for the nth request."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.asked, self._nth = 0, nth

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0)
        if number == self._nth:
            raise ClientAuthenticationError("no token")
        return AccessToken("token", 2**31)


@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_read_without_a_token_keeps_nobody_waiting(nth: int) -> None:
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        parts = json.loads(request.content)["requests"]
        asked.append(len(parts))
        said = [{"id": part["id"], **calm(httpx.URL(part["url"]).path)} for part in parts]
        return httpx.Response(200, json={"responses": said})

    client = GraphClient(ELSEWHERE, Tokens(nth), transport=httpx.MockTransport(answer))
    async with asyncio.timeout(30):
        assert (await outcome(client))[:3] == (UnavailableError, "identity", "unavailable")
    assert asked == [4]


def test_a_look_that_is_cancelled_leaves_nothing_behind() -> None:
    complaints: list[Any] = []

    async def cancelled() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        begun = asyncio.Event()

        async def answer(_: httpx.Request) -> httpx.Response:
            begun.set()
            await asyncio.sleep(3600)
            raise AssertionError

        client = answering(answer)
        before = asyncio.all_tasks()
        look = asyncio.create_task(client.registration(APP, OBJECT, PRINCIPAL))
        await begun.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        assert asyncio.all_tasks() == before
        await client.close()

    asyncio.run(cancelled())
    gc.collect()
    assert complaints == []  # as asyncio has of an error that nobody has looked at


async def test_a_part_that_wants_another_token_is_asked_again_alone() -> None:
    """Continuous access evaluation: the claims stand in the header of a 401."""
    asked: list[str] = []
    claims = {"WWW-Authenticate": 'Bearer realm="", error="insufficient_claims", claims="eyJ9"'}

    def told(path: str) -> Told:
        wants = path.endswith("federatedIdentityCredentials") and asked.count(path) == 0
        return {"status": 401, "headers": claims} if wants else calm(path)

    application, _ = await outcome(served(told, asked=asked))
    assert application.object_id == OBJECT
    assert asked == ["/$batch", f"/applications/{OBJECT}/federatedIdentityCredentials"]


async def test_an_application_that_has_gone_is_waited_for() -> None:
    seen = await outcome(served(lambda asked: TOLD["not there"] if OBJECT in asked else calm(asked)))
    assert seen == (ReplicationError, "graph", "replication", None)
