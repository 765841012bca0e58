"""One running app with its tenant, its store and a client, as the tests of the API need it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from function_app import app
from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.host.functions import Functions
from local.tenant import Tenant
from triggers.caller import SIGNED_IN
from triggers.handshake import METHOD as HANDSHAKE
from triggers.route import ROUTES

NAME = "hq"
PATH = f"/api/connections/{NAME}"
HANGS = 120
"""Seconds after which a test that waits for a state is given up; no test is meant to take as long."""
GOOD: dict[str, Any] = {"name": "new", "mailboxes": ["a@contoso.example"]}


async def at_rest(host: FunctionsHost) -> None:
    """Wait until nothing is worked on: a run that says that it is ready may still have something to put away."""
    async with asyncio.timeout(HANGS):
        while host.durable.at_rest() is None:  # noqa: ASYNC110 - the host tells nobody
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Served:
    """A running app and what stands around it."""

    host: FunctionsHost
    tenant: Tenant
    client: ApiClient
    store: Path

    def documents(self) -> dict[str, bytes]:
        """Return all that is stored but who has asked for what, which is written of refused requests too."""
        paths = (path for path in self.store.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in paths if "history" not in path.relative_to(self.store).parts}

    @asynccontextmanager
    async def nothing_happens(self) -> AsyncIterator[None]:
        """Assert that no document, no orchestration and no request to the tenant comes of what is done inside.

        What was set off before has come to rest when it is looked for the first time, and what is set off inside when
        it is looked for again.
        """
        await self.settled()
        documents, asked, runs = self.documents(), len(self.tenant.requests), self.host.history_sizes()
        yield
        await self.settled()
        assert self.documents() == documents
        assert self.tenant.requests[asked:] == []
        assert self.host.history_sizes() == runs

    async def set_up(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set a connection up, and return it when all is put away: an event is written after what it tells of."""
        shown = await self.client.set_up(body)
        await self.settled()
        return shown

    async def settled(self) -> None:
        """Wait until nothing is worked on."""
        await at_rest(self.host)

    async def until(self, done: Callable[[dict[str, Any]], bool], name: str = NAME) -> dict[str, Any]:
        """Wait for what is expected of the connection, and until all that goes with it is put away."""
        async with asyncio.timeout(HANGS):
            shown = await self.client.until(name, done)
        await self.settled()
        return shown

    async def run_timer(self, name: str, key: str | None = None) -> int:
        """Run a timer by hand, as an administrator does, and return the status."""
        headers = {"x-functions-key": key or self.host.master_key}
        answer = await self.client.post(f"/admin/functions/{name}", json={"input": ""}, headers=headers)
        return answer.status_code


@asynccontextmanager
async def running(
    store: Path, *, mailboxes: int = 1, latencies: dict[str, float] | None = None, **environment: str
) -> AsyncIterator[Served]:
    """Run the app with a calm tenant of its own; ``environment`` is laid over the settings."""
    async with (
        Tenant(preset="calm", clock=60, mailboxes=mailboxes, latencies=latencies) as tenant,
        served(tenant, store, **environment) as one,
    ):
        yield one


@asynccontextmanager
async def served(tenant: Tenant, store: Path, **environment: str) -> AsyncIterator[Served]:
    """Run the app with a tenant that runs already."""
    async with (
        serving({**settings(tenant.endpoints, store), **environment}, clock=60) as host,
        ApiClient(host) as client,
    ):
        client.event_hooks["response"].append(only_declared)
        yield Served(host, tenant, client, store)


@dataclass(frozen=True)
class AppRoute:
    """One HTTP function of the app, as it is registered."""

    function: str
    method: str
    path: str
    open: bool

    def at(self, name: str) -> str:
        """Return the path for the connection of that name."""
        named = self.path.replace("{name}", name).replace("{target}", "nobody")
        return named.replace("{id}", "foreign-owner:nobody")


def app_routes() -> list[AppRoute]:
    """Return every route for keys that the app registers; those for who signs in are the same (``test_sign_in``).

    Handshakes are no routes of the API (``test_webhooks_in``).
    """
    return [
        AppRoute(
            function=function.name,
            method=str(method),
            path=f"/{str(function.trigger['route']).strip('/')}",
            open=str(function.trigger["authLevel"]).lower() == "anonymous",
        )
        for function in Functions(app).http
        for method in function.trigger["methods"]
        if method != HANDSHAKE
        if str(function.trigger["route"]).startswith("api/")
    ]


async def only_declared(answer: httpx.Response) -> None:
    """Refuse a problem that the route which has answered it does not declare, whatever a test looks at."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return
    code = json.loads(await answer.aread())["code"]
    assert code in _declared(answer.request).get(answer.status_code, ()), (answer.request, code)


def _declared(request: httpx.Request) -> dict[int, list[str]]:
    """Return the codes, by status, that the route of a request declares."""
    patterns = (
        f"(?P<{name}>{one.method} (?i:{re.sub(r'{[^}]*}', '[^/]+', one.path)}))" for name, one in ROUTES.items()
    )
    target: bytes = request.extensions.get("target", request.url.raw_path)
    path = target.decode().partition("?")[0].rstrip("/")
    called = f"{request.method} {path.removeprefix(SIGNED_IN)}"
    found = re.fullmatch("|".join(patterns), called)
    assert found is not None, called
    return ROUTES[str(found.lastgroup)].codes()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of an answer after checking what all of them have."""
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["code"]) == (status, code)
    assert document["status"] == status
    assert document["type"] == f"urn:utm-mail-connect:problem:{code}"
    assert all(document[text].strip() for text in ("title", "detail", "hint"))
    assert answer.headers["content-language"] in {"de", "en"}
    return document
