"""A stand-in for the Functions host: it runs the app as it is, durable orchestrations included, in this process.

What the real host does was observed and recorded; where this one does the same thing, tests compare the two. The
orchestrations run on a small engine of our own: its clock can run faster, and timers fire early as the real ones do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import azure.durable_functions as df
import azure.functions as func
import uvicorn
from azure.durable_functions.models.utils import http_utils
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from local.host.beside import Beside
from local.host.clock import Clock
from local.host.dated import Dated
from local.host.durable import DurableEngine
from local.host.functions import Functions
from local.host.http import CustomHeaders, Front, Keys
from local.host.kestrel import READ_AT_MOST, Kestrel, Protocol
from local.host.losses import visibility
from local.host.management import PREFIX, Management, client_binding

__all__ = ["FunctionsHost", "Keys"]


_KEEP_ALIVE = 130
"""Seconds for which an idle connection stays open: Kestrel's default (learn.microsoft.com, KestrelServerLimits).

With uvicorn's five it was closed under the next request of a client that shares the loop and was held up by an import.
"""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: who runs the host decides about signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class FunctionsHost:
    """Serves one app on the loopback address until it is stopped."""

    def __init__(
        self,
        app: func.FunctionApp | df.DFApp,
        *,
        host_json: dict[str, Any] | Path,
        clock: float = 1.0,
        port: int = 0,
        redeliver: bool = False,
        beside: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self._beside = dict(beside or {})
        self._functions = Functions(app)
        self._host_json = json.loads(host_json.read_text("utf-8")) if isinstance(host_json, Path) else host_json
        self._port = port
        self.clock = Clock(clock)
        self.durable = DurableEngine(
            self._functions, self.clock, redeliver=redeliver, visibility=visibility(self._host_json)
        )
        names = [function.name for function in self._functions.http]
        self._keys = Keys(_new_key(), _new_key(), {name: _new_key() for name in names})
        self._system_key = _new_key()
        self.url = ""
        self.rpc_url = ""

    @property
    def key(self) -> str:
        """Return the host key: it opens every function."""
        return self._keys.host

    def renew_key(self) -> str:
        """Give the host key another value, as an administrator does; the old one opens nothing from now on."""
        self._keys.host = _new_key()
        return self._keys.host

    @property
    def master_key(self) -> str:
        """Return the master key: it opens the admin routes as well."""
        return self._keys.master

    @property
    def function_keys(self) -> dict[str, str]:
        """Return the key of each function, which opens only that one."""
        return self._keys.functions

    @property
    def timers(self) -> list[str]:
        """Return the names of the functions that a timer calls; who runs the host calls them by hand."""
        return sorted(self._functions.timers)

    async def start(self) -> None:
        """Listen; afterwards ``url`` is set, and ``rpc_url``, where the durable client asks without a key."""
        listener, for_client = _listener(self._port), _listener(0)
        self.url, self.rpc_url = _address(listener), _address(for_client) + PREFIX
        client = client_binding(self.url, self.rpc_url, self._system_key)
        binding = self._functions.binding = lambda: client
        headers = self._host_json.get("extensions", {}).get("http", {}).get("customHeaders", {})
        self._front = Front(self._functions, self._keys, self._host_json, binding)
        served = Kestrel(CustomHeaders(self._front, headers))
        dated = Dated(served, self.clock, tells_factor=bool(self._beside) and self.clock.factor != 1)
        front = Beside(dated, self._beside)
        management = Starlette(routes=Management(self.durable, self.url, self._system_key).routes())
        config = uvicorn.Config(
            _ByPort({for_client.getsockname()[1]: management}, front),
            http=Protocol,
            h11_max_incomplete_event_size=READ_AT_MOST,
            timeout_keep_alive=_KEEP_ALIVE,
            server_header=False,
            date_header=False,
            headers=[("Server", "Kestrel")],
            log_level="error",
            lifespan="off",
            access_log=False,
            ws="none",
            proxy_headers=False,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener, for_client]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has nothing else to wait for
            await asyncio.sleep(0.005)

    async def run_timers(self) -> None:
        """Run every timer once, as when its time has come."""
        for name in self._functions.timers:
            await self._front.run_timer(name)

    def kill(self) -> None:
        """Do what a killed process does to the orchestrations, when another one takes its place at once."""
        self.durable.kill()

    async def stop(self) -> None:
        """Stop as when the process is killed: what is under way is not finished."""
        await self.durable.close()
        self._server.should_exit = True
        await self._serving
        # The durable client keeps one session for the whole process, bound to the loop that has made it.
        await http_utils._close_session()  # noqa: SLF001 - the library has no other way

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def dump(self) -> str:
        """Return everything that Durable has ever held, for tests that search it."""
        return self.durable.dump()

    def history_sizes(self) -> dict[str, tuple[int, int]]:
        """Return, per instance, the most events and bytes that one generation's history had."""
        return self.durable.history_sizes()


class _ByPort:
    """One server, two addresses: what the durable client asks is not to be had where callers ask."""

    def __init__(self, by_port: dict[int, ASGIApp], otherwise: ASGIApp) -> None:
        self._by_port = by_port
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._by_port.get(scope["server"][1], self._otherwise)(scope, receive, send)


def _listener(port: int) -> socket.socket:
    # Named as TCP, so that asyncio switches Nagle's algorithm off on its connections: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _new_key() -> str:
    return secrets.token_urlsafe(32)
