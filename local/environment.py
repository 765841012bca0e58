"""The app in a process: the environment that Azure would give it, the real ``function_app``, and a host around it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from connector.clock import keep_time
from connector.services import close_services
from local.host import FunctionsHost
from local.tenant import Tenant

_AT_WORK = 10
"""Hundredths of a second without a reading while something is being worked on."""
_PORTAL = "CONNECTOR_PORTAL"
HOST_JSON = Path(__file__).parents[1] / "host.json"


def settings(endpoints: Mapping[str, Any], store: Path) -> dict[str, str]:
    """Return the environment that points the app at a tenant given by its endpoints.

    ``CONNECTOR_GRANTED`` is one day ago unless the environment sets it; empty means not granted.
    """
    granted = os.environ.get("CONNECTOR_GRANTED")
    if granted is None:
        granted = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    return {
        "CONNECTOR_CLOUD": "custom",
        "CONNECTOR_AUTHORITY": endpoints["authority"],
        "CONNECTOR_GRAPH": endpoints["graph"],
        "CONNECTOR_EXCHANGE": endpoints["exchange"],
        "CONNECTOR_IMAP": endpoints["imap"],
        "CONNECTOR_POP": endpoints["pop"],
        "CONNECTOR_SMTP": endpoints["smtp"],
        "CONNECTOR_CA_BUNDLE": str(endpoints["caBundle"]),
        "CONNECTOR_KEY_VAULT_URI": endpoints["vault"],
        "CONNECTOR_STORE": f"folder:{store}",
        "CONNECTOR_GRANTED": granted,
        "CONNECTOR_SIGN_IN": endpoints.get("signIn", ""),
        "AZURE_CLIENT_ID": endpoints["managedIdentity"]["clientId"],
        "IDENTITY_ENDPOINT": endpoints["identityEndpoint"],
        "IDENTITY_HEADER": endpoints["identityHeader"],
    }


def leaping(host: FunctionsHost, tenant: Tenant) -> Callable[[], Awaitable[None]]:
    """Return what a client does between two readings, so that nobody has to wait for a timer.

    When nothing has happened since its last reading, both clocks leap to the moment at which something does: each
    state in which a run waits is read before it is over.
    """
    before: int | None = None
    present: int | None = None

    async def pause() -> None:
        nonlocal before, present
        for _ in range(_AT_WORK):
            await asyncio.sleep(0.01)
            present = host.durable.at_rest()
            if present is not None:
                break
        if present is not None and present == before:
            tenant.advance(host.clock.leap())
        before = present

    return pause


@cache
def _import_all() -> None:
    """Import what the app imports when it is first needed.

    Importing takes seconds, on a busy machine many, in which nothing else is done: on a fast clock they are minutes,
    after which the app would take its own run for lost.
    """
    for name in ("exchange", "graph", "identity", "imap", "vault"):
        import_module(f"connector.clients.{name}")


@asynccontextmanager
async def serving(
    environment: Mapping[str, str],
    *,
    clock: float = 1.0,
    port: int = 0,
    redeliver: bool = False,
    now: Callable[[], datetime] | None = None,
    beside: Mapping[str, ASGIApp] | None = None,
    portal: str | None = None,
) -> AsyncIterator[FunctionsHost]:
    """Run the app under ``environment`` (laid over this process's own) until the context ends.

    ``now`` is asked when all is imported, and its time begins there; what is ``beside`` it is served under the first
    part of the path that it is named by, and ``portal`` names which of it stands for Microsoft's portal.
    """
    from function_app import app  # noqa: PLC0415 - the app is imported like the worker does: when it is to be run

    if clock > 1:
        _import_all()
    before = {name: os.environ.get(name) for name in (*environment, _PORTAL)}
    os.environ.update(environment)
    try:
        host = FunctionsHost(app, host_json=HOST_JSON, clock=clock, port=port, redeliver=redeliver, beside=beside)
        if now is not None:
            host.clock.skip((now() - host.clock.now()).total_seconds())
        async with host:
            if portal is not None:
                os.environ[_PORTAL] = f"{host.url}/{portal}"
            keep_time(host.clock.now)
            yield host
    finally:
        keep_time()
        await close_services()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
