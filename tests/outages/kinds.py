"""How each service misbehaves: what breaks HTTP or IMAP, what answers in its place, and what it says that is wrong.

The first are those of the clients' own tables. The second come of what stands in between (a proxy's page, a sign-in
page, a gateway) and of a service in trouble. The third are answers of the service itself, well formed and not true.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.connector.clients.misbehaving import HTTP, Peer, Talk, answers, ok, sized
from tests.connector.clients.test_imap_bounds import KINDS
from tests.outages.front import Request, Rewriting

Kind = Talk | Rewriting
_PAGE = b"<html><body>Please sign in to the network</body></html>"


def _page(status: str) -> Talk:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\n\r\n"
    return answers(head, _PAGE)


def _said(code: str, status: str, *headers: str) -> Talk:
    document = {"error": {"code": code, "message": "No."}}
    return sized(json.dumps(document).encode(), *headers, status=status)


async def _garbage(peer: Peer) -> None:
    await peer.request()
    await peer.say(bytes(range(256)) * 16)


async def _resets_in_the_middle(peer: Peer) -> None:
    await peer.request()
    await peer.say(ok("Content-Length: 900") + '{"value":[')
    peer.writer.transport.abort()


BETWEEN: dict[str, Kind] = {
    "a page, 200": _page("200 OK"),
    "a page, 403": _page("403 Forbidden"),
    "a page, 404": _page("404 Not Found"),
    "a page, 407": _page("407 Proxy Authentication Required"),
    "a page, 502": _page("502 Bad Gateway"),
    "204": answers("HTTP/1.1 204 No Content\r\n\r\n"),
    "null": sized(b"null"),
    "a list": sized(b"[]"),
    "a text": sized(b'"fine"'),
    "empty, 200": sized(b""),
    "deep": sized(b'{"value":' + b"[" * 30_000),
    "NUL": sized(bytes(2000)),
    "NUL, 403": sized(bytes(2000), status="403 Forbidden"),
    "no bytes of HTTP": _garbage,
    "resets in the middle": _resets_in_the_middle,
    "401 each time": _said("InvalidAuthenticationToken", "401 Unauthorized", 'WWW-Authenticate: Bearer realm=""'),
    "401, claims that are none": _said("x", "401 Unauthorized", 'WWW-Authenticate: Bearer claims="%%%"'),
    "403 each time": _said("Authorization_RequestDenied", "403 Forbidden"),
    "400 of no known code": _said("SomethingNew", "400 Bad Request"),
    "429 for a year": _said("TooManyRequests", "429 Too Many", "Retry-After: 31536000"),
    "429 until 1970": _said("TooManyRequests", "429 Too Many", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"),
    "429 until NaN": _said("TooManyRequests", "429 Too Many", "Retry-After: NaN"),
    "503 for -5 seconds": _said("Later", "503 Later", "Retry-After: -5"),
    "503 for 1e400 seconds": _said("Later", "503 Later", "Retry-After: " + "9" * 400),
    "418": sized(b"{}", status="418 Teapot"),
    "599": sized(b"{}", status="599 No"),
    "moved to nowhere": sized(b"", "Location: https://login.invalid/", status="307 Moved"),
    "moved to a local file": sized(b"", "Location: file:///etc/hostname", status="301 Moved"),
}


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """Return a document in which each plain value was changed."""
    if isinstance(value, dict):
        return {key: _each(change, one) for key, one in value.items()}
    return [_each(change, one) for one in value] if isinstance(value, list) else change(value)


def _other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return [value]
    return str(value) if isinstance(value, int | float) else 7


def _values(change: Callable[[Any], Any]) -> Rewriting:
    return Rewriting(lambda document, _: _each(change, document))


_GUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _strangers(document: Any, _: Request) -> bytes:
    """Return an answer in which every id is nobody's."""
    return _GUID.sub(lambda _: str(uuid4()).encode(), json.dumps(document).encode())


def _without(*names: str) -> Rewriting:
    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(one) for key, one in value.items() if not names or key not in names}
        return [change(one) for one in value] if isinstance(value, list) else value

    return Rewriting(lambda document, _: change(document))


def _leading(name: str, to: Callable[[Request], str]) -> Rewriting:
    """Return answers whose lists have a next page, those in a batch too."""

    def change(document: Any, request: Request) -> Any:
        if isinstance(document, dict) and isinstance(document.get("value"), list):
            return {**document, name: to(request)}
        if isinstance(document, dict) and isinstance(document.get("responses"), list):
            parts = [{**one, "body": change(one.get("body"), request)} for one in document["responses"]]
            return {**document, "responses": parts}
        return document

    return Rewriting(change)


def _batched(change: Callable[[list[Any]], list[Any]]) -> Rewriting:
    """Return batches whose parts were changed; there may be but one part."""

    def changed(document: Any, _: Request) -> Any:
        parts = document.get("responses") if isinstance(document, dict) else None
        return document if not isinstance(parts, list) else {**document, "responses": change(parts)}

    return Rewriting(changed)


def _swapped(parts: list[Any]) -> list[Any]:
    return [{**one, "id": other["id"]} for one, other in zip(parts, reversed(parts), strict=True)]


def _foreign(parts: list[Any]) -> list[Any]:
    return [{**one, "id": "9" + str(one["id"])} for one in parts]


def _with_status(status: Any) -> Rewriting:
    return _batched(lambda parts: [{**one, "status": status} for one in parts])


_HALF: dict[str, Kind] = {
    "half of the answer": Rewriting(lambda document, _: json.dumps(document).encode()[:-20]),
    "breaks off after it has done it": Rewriting(lambda document, _: document, breaks=True),
    "other types": _values(_other),
    "nothing but null": _values(lambda _: None),
    "all ids nobody's": Rewriting(_strangers),
    "text with NUL and ESC": _values(lambda value: f"{value}\0\x1b[2J" if isinstance(value, str) else value),
    "text of a megabyte": _values(lambda value: value + "a" * 100_000 if isinstance(value, str) else value),
    "an answer within a list": Rewriting(lambda document, _: [document]),
}
_BATCHES: dict[str, Kind] = {
    "batch: one part twice": _batched(lambda parts: [*parts, *parts[:1]]),
    "batch: ids of nobody": _batched(_foreign),
    "batch: answers exchanged": _batched(_swapped),
    "batch: one is missing": _batched(lambda parts: parts[:-1]),
    "batch: empty": _batched(lambda _: []),
    "batch: parts that are none": _batched(lambda parts: ["x" for _ in parts]),
    "batch: 429 for a year": _batched(
        lambda parts: [{**one, "status": 429, "headers": {"Retry-After": "31536000"}, "body": None} for one in parts]
    ),
    "batch: status in words": _with_status("fine"),
    "batch: status 10 ** 40": _with_status(10**40),
}


def _jwt(**claims: Any) -> str:
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".x"


def _token(**values: Any) -> Rewriting:
    return Rewriting(lambda document, _: {**document, **values})


def _refused(error: str, text: str, status: str = "400 Bad Request") -> Talk:
    return sized(json.dumps({"error": error, "error_description": text}).encode(), status=status)


_TOKENS: dict[str, Kind] = {
    "no token in it": _without("access_token"),
    "a token of nobody": _token(access_token=_jwt(aud="x", tid="x", appid="x", oid="x", iat=1)),
    "a token that is none": _token(access_token="fine"),
    "an empty token": _token(access_token=""),
    "a token of two megabytes": _token(access_token="a" * 2_000_000),
    "a token with line breaks": _token(access_token="a\r\nX-Evil: 1\r\n\r\n"),
    "ends before it began": _token(expires_in=-3600, expires_on=-3600),
    "ends never": _token(expires_in=10**400, expires_on=10**400),
    "ends in words": _token(expires_in="soon", expires_on="soon"),
    "refuses in words of nobody": _refused("no", "Something that nobody has ever said"),
    "refuses by an unknown code": _refused("invalid_client", "AADSTS99999999: No."),
    "refuses without words": _refused("", ""),
}

KINDS_OF: Mapping[str, dict[str, Kind]] = {
    "graph": {
        **_HALF,
        **_BATCHES,
        **BETWEEN,
        **HTTP,
        "a list that leads to itself": _leading("@odata.nextLink", lambda request: request.address),
        "a list that leads elsewhere": _leading("@odata.nextLink", lambda _: "https://elsewhere.invalid/v1.0/x"),
    },
    "exchange": {**_HALF, **_BATCHES, **BETWEEN, **HTTP},
    "vault": {
        **_HALF,
        **BETWEEN,
        **HTTP,
        "a list that leads to itself": _leading("nextLink", lambda request: request.address),
        "a list that leads elsewhere": _leading("nextLink", lambda _: "https://elsewhere.invalid/secrets/x"),
        "nothing of when": _without("attributes"),
        "nothing of which": _without("id"),
        "another value": Rewriting(
            lambda document, _: {**document, "value": "x"} if isinstance(document.get("value"), str) else document
        ),
    },
    "token": {**_TOKENS, **_HALF, **BETWEEN, **HTTP},
    "identity": {**_TOKENS, **_HALF, **BETWEEN, **HTTP},
    "imap": {kind: talk for kind, (talk, _) in KINDS.items()},
}
