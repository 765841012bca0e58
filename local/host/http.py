"""The HTTP front: keys, functions, timers by hand, and what the host itself answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.host import handed
from local.host.functions import Function, Functions, call
from local.host.handed import Answer
from local.host.routing import Routes

_logger = logging.getLogger("local.host")
_ADMIN = "/admin/functions/"
_EMPTY = [(b"content-length", b"0")]
_ASK_FOR_TOKEN = [*_EMPTY, (b"www-authenticate", b"Bearer")]
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _FAILED = 401, 403, 404, 500


@dataclass(slots=True)
class Keys:
    """The keys of a host: one for every function, one for each, one for all and the admin routes."""

    host: str
    master: str
    functions: dict[str, str]

    def open(self, function: Function, given: str | None) -> bool:
        """Return whether a key opens a function."""
        level = str(function.trigger.get("authLevel", "FUNCTION")).lower()
        if level == "anonymous":
            return True
        allowed = {self.master}
        if level == "function":
            allowed |= {self.host, self.functions[function.name]}
        return given in allowed

    def known(self, given: str | None) -> bool:
        """Return whether it is a key of this host at all."""
        return given in {self.master, self.host, *self.functions.values()}


class Front:
    """The functions by their routes, and the host's own routes, of which only running a timer is built."""

    def __init__(self, functions: Functions, keys: Keys, host_json: dict[str, Any], binding: Callable[[], str]) -> None:
        self._functions = functions
        self._keys = keys
        self._binding = binding
        prefix = host_json.get("extensions", {}).get("http", {}).get("routePrefix", "api").strip("/")
        self._routes = Routes(functions.http, prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. The length of what a function answers is not said: it is sent in chunks."""
        request = Request(scope, receive)
        own = scope["path"].lower().startswith(("/admin/", "/runtime/"))
        status, headers, body = await (self._own(request) if own else self._serve(request))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _serve(self, request: Request) -> Answer:
        found = self._routes.find(request.method, request.scope["path"])
        if found is None:
            return _NOT_FOUND, _EMPTY, b""
        function, parameters = found
        if not self._keys.open(function, handed.key(request)):
            return _UNAUTHORIZED, _EMPTY, b""
        arguments: dict[str, Any] = {function.argument: await handed.request(request, parameters)}
        if function.client is not None:
            arguments[function.client] = self._binding()
        try:
            return handed.answer(await call(function, **arguments))
        except Exception:
            _logger.exception("the function %s has raised", function.name)
            return _FAILED, _EMPTY, b""

    async def _own(self, request: Request) -> Answer:
        """Answer under ``/admin`` and ``/runtime``: only the master key opens them."""
        given = handed.key(request)
        if given != self._keys.master:
            return (_FORBIDDEN, _EMPTY, b"") if self._keys.known(given) else (_UNAUTHORIZED, _ASK_FOR_TOKEN, b"")
        path = request.scope["path"]
        name = path[len(_ADMIN) :].rstrip("/") if path.lower().startswith(_ADMIN) else ""
        if name not in self._functions.timers or request.method != "POST":
            return _NOT_FOUND, _EMPTY, b""
        await self.run_timer(name)
        return 202, _EMPTY, b""

    async def run_timer(self, name: str) -> None:
        """Run a timer's function; what it raises is logged."""
        function = self._functions.timers[name]
        arguments: dict[str, Any] = {function.argument: func.timer.TimerRequest()}
        if function.client is not None:
            arguments[function.client] = self._binding()
        try:
            await call(function, **arguments)
        except Exception:
            _logger.exception("the function %s has raised", function.name)


class CustomHeaders:
    """``http.customHeaders`` of host.json: on every response; a header that the function has set wins."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in self._headers.items()
                        if name.lower().encode() not in present
                    ),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)
