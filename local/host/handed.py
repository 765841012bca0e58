"""What the host hands to Python of a request, and what it makes of the answer.

Not what was sent: empty parameters are gone, doubled ones and headers are joined, a body in chunks is lost. The keys
are handed on like everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import Morsel
from typing import Any

import azure.functions as func
from azure.functions.http import HttpResponseConverter
from starlette.requests import Request
from starlette.types import Scope

from local.host.kestrel import Headers, decoded, header

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


async def request(scope: Request, route_params: Mapping[str, str]) -> func.HttpRequest:
    """Return the request as the worker hands it to a function, with the front end's forwarding header."""
    sent = headers(scope.scope["headers"])
    client = f"{scope.client.host}:{scope.client.port}" if scope.client is not None else ""
    forwarded = ", ".join(part for part in (sent.get("x-forwarded-for"), client) if part)
    # Drained, but a body without a length does not reach Python; the header that says so does.
    body = await scope.body()
    return func.HttpRequest(
        method=scope.method,
        url=url(scope.scope),
        headers={**sent, "x-forwarded-for": forwarded},
        params=params(scope.scope["query_string"].decode("ascii")),
        route_params=dict(route_params),
        body=b"" if "transfer-encoding" in sent else body,
    )


def url(scope: Scope) -> str:
    """Return the address with path and query as they were sent; TLS has ended before the host."""
    target = scope["raw_path"].decode("ascii")
    host = header(scope["headers"], b"host").decode("ascii")
    query = scope["query_string"].decode("ascii")
    sent = target if target.startswith("http") else f"http://{host}{target}"
    return f"{sent}?{query}" if query else sent


def headers(sent: Headers) -> dict[str, str]:
    """Return the headers by name: read as UTF-8, those of one name joined; a length beside chunks is renamed."""
    found: dict[str, str] = {}
    for name, value in sent:
        key, text = name.decode("ascii").lower(), value.decode("utf-8", "replace")
        found[key] = f"{found[key]},{text}" if key in found else text
    if "transfer-encoding" in found and "content-length" in found:
        found["x-content-length"] = found.pop("content-length")
    return found


def params(query: str) -> dict[str, str]:
    """Return the parameters as ASP.NET joins them: without regard to case, named as the last, without empty values."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in _pairs(query):
        _, values = found.get(name.lower(), ("", []))
        found[name.lower()] = (name, [*values, *([value] if value else [])])
    return {name: ",".join(values) for name, values in found.values() if values}


def key(scope: Request) -> str | None:
    """Return the key of a request: the header's, right or wrong; only without one the query's; the first of several."""
    sent = [value for name, value in scope.scope["headers"] if name == b"x-functions-key"]
    if sent:
        return str(sent[0].decode("utf-8", "replace"))
    query = scope.scope["query_string"].decode("ascii")
    return next((value for name, value in _pairs(query) if name.lower() == "code"), None)


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    for part in query.split("&"):
        if part:
            name, _, value = part.replace("+", " ").partition("=")
            yield decoded(name), decoded(value)


def answer(given: Any) -> Answer:
    """Return status, headers and body of what a function has returned, encoded by the worker's own converter.

    Raises:
        NotImplementedError: it is nothing that can be an answer, ``None`` among it.
    """
    encoded = HttpResponseConverter.encode(given, expected_type=None)
    if encoded.type == "string":
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], str(encoded.value).encode()
    value = encoded.value
    lines = [(name.lower(), datum.value) for name, datum in value["headers"].items()]
    cookies = [("set-cookie", _cookie(morsel)) for one in value["cookies"] or () for morsel in one.values()]
    encoded_lines = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in [*lines, *cookies]]
    return int(value["status_code"].value), encoded_lines, value["body"].value


def _cookie(morsel: Morsel[str]) -> str:
    """Return a cookie as ASP.NET writes it anew: domain and path stand there even where nobody has set them."""
    parts = [f"{morsel.key}={morsel.coded_value}"]
    parts += [f"{name}={morsel[name]}" for name in ("expires", "max-age") if morsel[name]]
    parts += [f"{name}={morsel[name]}" for name in ("domain", "path")]
    parts += [name for name in ("secure", "httponly") if morsel[name]]
    return "; ".join(parts + ([f"samesite={morsel['samesite']}"] if morsel["samesite"] else []))
