"""The HTTP front: routes, keys, headers, and what the host itself answers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.host.functions import ALL_METHODS, Function, Functions, call

_logger = logging.getLogger("local.host")
_PARAMETER = re.compile(r"\{(\*?)(\w+)(:[^}]*)?(\?)?\}")


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


class Front:
    """The routes of the functions, and the admin route that runs a timer by hand."""

    def __init__(self, functions: Functions, keys: Keys, host_json: dict[str, Any], binding: Callable[[], str]) -> None:
        self._functions = functions
        self._keys = keys
        self._binding = binding
        self._prefix = host_json.get("extensions", {}).get("http", {}).get("routePrefix", "api").strip("/")

    def routes(self) -> list[Route]:
        """Return the routes, those with fewer parameters first, as ASP.NET matches them."""
        ordered = sorted(self._functions.http, key=lambda function: len(_PARAMETER.findall(self._template(function))))
        return [
            Route("/admin/functions/{name}", self._admin, methods=["POST"]),
            *(
                Route(_path(self._template(function)), self._serve(function), methods=_methods(function))
                for function in ordered
            ),
        ]

    def _template(self, function: Function) -> str:
        route = str(function.trigger.get("route", function.name)).strip("/")
        return "/".join(part for part in (self._prefix, route) if part)

    def _serve(self, function: Function) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            if not self._keys.open(function, _key(request)):
                return Response(status_code=401)
            arguments: dict[str, Any] = {function.argument: await _request(request)}
            if function.client is not None:
                arguments[function.client] = self._binding()
            try:
                answer = await call(function, **arguments)
            except Exception:
                _logger.exception("the function %s has raised", function.name)
                return Response(status_code=500)
            return _response(answer)

        return serve

    async def _admin(self, request: Request) -> Response:
        """Run a timer now."""
        if _key(request) != self._keys.master:
            return Response(status_code=401)
        function = self._functions.timers.get(request.path_params["name"])
        if function is None:
            return Response(status_code=404)
        arguments: dict[str, Any] = {function.argument: func.timer.TimerRequest()}
        if function.client is not None:
            arguments[function.client] = self._binding()
        try:
            await call(function, **arguments)
        except Exception:
            _logger.exception("the function %s has raised", function.name)
        return Response(status_code=202)


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


def _path(template: str) -> str:
    """Return a route of ours as Starlette writes it; ``{x:maxlength(0)?}`` is the way to say "the root"."""

    def parameter(match: re.Match[str]) -> str:
        rest, name, constraint, _ = match.groups()
        if constraint and "maxlength(0)" in constraint:
            return ""
        return f"{{{name}:path}}" if rest else f"{{{name}}}"

    return "/" + _PARAMETER.sub(parameter, template)


def _methods(function: Function) -> list[str]:
    return [str(method) for method in function.trigger.get("methods") or ALL_METHODS]


def _key(request: Request) -> str | None:
    return request.headers.get("x-functions-key") or request.query_params.get("code")


async def _request(request: Request) -> func.HttpRequest:
    """Return the request as the worker hands it to a function, with the front end's forwarding header."""
    client = f"{request.client.host}:{request.client.port}" if request.client is not None else ""
    forwarded = ", ".join(part for part in (request.headers.get("x-forwarded-for"), client) if part)
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers={**request.headers, "x-forwarded-for": forwarded},
        params=dict(request.query_params),
        route_params=dict(request.path_params),
        # A body in chunks does not reach Python, the header that says so does.
        body=b"" if "transfer-encoding" in request.headers else await request.body(),
    )


def _response(answer: func.HttpResponse | str | None) -> Response:
    if not isinstance(answer, func.HttpResponse):
        return Response(json.dumps(answer) if answer is not None else b"", status_code=200 if answer else 204)
    headers = dict(answer.headers.items())
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = f"{answer.mimetype}; charset={answer.charset}"
    return Response(answer.get_body(), status_code=answer.status_code, headers=headers)
