"""What the web server in the host does with a request before anything else: its limits, and the path that is meant.

Observed on the Functions host 4.1037 with raw requests. What Kestrel refuses itself is empty and has none of the
``customHeaders``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes, urlsplit

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_LINE = 8 * 1024
"""Bytes of the request line, its end included (``MaxRequestLineSize``)."""
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
READ_AT_MOST = 256 * 1024
"""Bytes of a request's head that are read at all before it is refused."""
Headers = Sequence[tuple[bytes, bytes]]
_BAD_REQUEST, _LINE_TOO_LONG, _HEADERS_TOO_LARGE = 400, 414, 431
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%-]*(?:\[[0-9A-Fa-f:.]+\])?(?::[0-9]*)?")
_SURROGATES = range(0xDC80, 0xDD00)


class Protocol(H11Protocol):
    """uvicorn's parser; what it cannot read is answered as Kestrel does, without a body."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the text is uvicorn's own
        """Refuse what is no HTTP, or whose head does not end."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", _BAD_REQUEST)
        if hint == _HEADERS_TOO_LARGE and b"\n" not in self.conn.trailing_data[0][:MAX_LINE]:
            hint = _LINE_TOO_LONG
        headers = [(b"content-length", b"0"), (b"connection", b"close"), (b"server", b"Kestrel")]
        self.transport.write(self.conn.send(h11.Response(status_code=hint, headers=headers)) or b"")
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()


class Kestrel:
    """Refuses what the web server refuses; hands everything else on with the path to be routed in ``path``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refused = _over_a_limit(scope)
        path = None if refused else _target_path(scope)
        if path is None:
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": refused or _BAD_REQUEST, "headers": headers})
            await send({"type": "http.response.body"})
            return
        await self._app({**scope, "path": path}, receive, send)


def _over_a_limit(scope: Scope) -> int | None:
    """Return the status with which a request is refused that is too large."""
    target, query, headers = scope["raw_path"], scope["query_string"], scope["headers"]
    line = len(scope["method"]) + len(target) + len(query) + bool(query) + len("  HTTP/1.1\r\n")
    if line > MAX_LINE:
        return _LINE_TOO_LONG
    size = sum(len(name) + len(value) + len(": \r\n") for name, value in headers)
    return _HEADERS_TOO_LARGE if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES else None


def _target_path(scope: Scope) -> str | None:
    """Return the path to be routed; None where the server answers 400."""
    host = header(scope["headers"], b"host")
    sent = scope["raw_path"].decode("ascii")
    if not _HOST.fullmatch(host):
        return None
    if sent.lower().startswith(("http://", "https://")):
        absolute = urlsplit(sent)
        if absolute.netloc.lower() != host.decode("ascii").lower():
            return None
        sent = absolute.path or "/"
    if not sent.startswith("/"):
        return None
    path = decoded(sent, keep="/")
    return None if "\0" in path else without_dots(path)


def decoded(text: str, keep: str = "") -> str:
    """Return text with its escapes resolved once; what is no UTF-8, and characters to ``keep``, stay as they are."""

    def run(match: re.Match[str]) -> str:
        escapes, place, found = match.group(), 0, []
        for character in unquote_to_bytes(escapes).decode("utf-8", "surrogateescape"):
            size = 3 * len(character.encode("utf-8", "surrogateescape"))
            stays = character in keep or ord(character) in _SURROGATES
            found.append(escapes[place : place + size] if stays else character)
            place += size
        return "".join(found)

    return _ESCAPES.sub(run, text)


def without_dots(path: str) -> str:
    """Return a path with ``.`` and ``..`` resolved (RFC 3986, 5.2.4); ``..`` does not lead out of the root."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)


def header(headers: Headers, name: bytes) -> bytes:
    """Return the first header of that name in lower case, or nothing."""
    return next((value for present, value in headers if present == name), b"")
