"""From a request: who asks. The key is looked at here and nowhere else, and never logged or kept.

Who has signed in is known before a handler is called (``triggers/sign_in.py``), and for as long as it works.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import parse_qsl

import azure.functions as func

from connector.caller import Caller

_DIGITS = 8
"""Hex digits of the SHA-256: enough to tell the keys of one app apart, too few to find a key of 320 bits by."""
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


_signed_in: ContextVar[tuple[Caller, frozenset[str]] | None] = ContextVar("signed_in", default=None)
SIGNED_IN = "/entra"
"""Where the routes are for who signs in: before the path of the same route for keys."""


@contextmanager
def acting(who: Caller, roles: frozenset[str]) -> Iterator[None]:
    """Have a handler work for somebody who has signed in."""
    before = _signed_in.set((who, roles))
    try:
        yield
    finally:
        _signed_in.reset(before)


def here(path: str) -> str:
    """Return a path of the API as the caller reaches it: who has signed in stays among the routes for that."""
    return f"{SIGNED_IN}{path}" if _signed_in.get() is not None else path


def roles() -> frozenset[str] | None:
    """Return the roles of who has signed in; None for the holder of a key, who has none and needs none."""
    found = _signed_in.get()
    return found[1] if found is not None else None


def caller(req: func.HttpRequest, function: str) -> Caller:
    """Return who asks: somebody who has signed in, or the holder of a key, of which a digest is told; and the address.

    The key is the header's, else the query's, in the order in which the host looks at them (observed on host 4.1037).
    """
    if (found := _signed_in.get()) is not None:
        return found[0]
    key = req.headers.get("x-functions-key") or code(req)
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS] if key else None
    return Caller(function=function, key=digest, address=address(req))


def code(req: func.HttpRequest) -> str:
    """Return ``?code=``, whose name is not case sensitive to the host."""
    asked = parse_qsl(req.url.partition("?")[2])
    return next((value for name, value in (*asked, *req.params.items()) if name.lower() == "code" and value), "")


def address(req: func.HttpRequest) -> str | None:
    """Return the last address of ``X-Forwarded-For``, which the front end adds; what came before is the caller's claim.

    App Service writes IPv4 with a port. What is no IP address is not shown at all: it would be somebody's free text.
    """
    last = req.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if with_port := _WITH_PORT.fullmatch(last):
        last = with_port["v4"] or with_port["v6"]
    try:
        found = ipaddress.ip_address(last)
    except ValueError:
        return None
    return None if "%" in last else found.compressed  # a zone is free text too
