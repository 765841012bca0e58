"""From a request: who asks. The key is looked at here and nowhere else, and never logged or kept."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import parse_qsl

import azure.functions as func

from connector.caller import Caller

_DIGITS = 8
"""Hex digits of the SHA-256: enough to tell the keys of one app apart, too few to find a key of 320 bits by."""
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


def caller(req: func.HttpRequest, function: str) -> Caller:
    """Return who asks: the function that was called, a digest of the key, and the address.

    The key is the header's, else the query's, in the order in which the host looks at them (observed on host 4.1037).
    """
    key = req.headers.get("x-functions-key") or _code(req)
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS] if key else None
    return Caller(function=function, key=digest, address=_address(req.headers.get("X-Forwarded-For", "")))


def _code(req: func.HttpRequest) -> str:
    """Return ``?code=``, whose name is not case sensitive to the host."""
    asked = parse_qsl(req.url.partition("?")[2])
    return next((value for name, value in (*asked, *req.params.items()) if name.lower() == "code" and value), "")


def _address(forwarded: str) -> str | None:
    """Return the last address of ``X-Forwarded-For``, which the front end adds; what came before is the caller's claim.

    App Service writes IPv4 with a port. What is no IP address is not shown at all: it would be somebody's free text.
    """
    last = forwarded.rpartition(",")[2].strip()
    if found := _WITH_PORT.fullmatch(last):
        last = found["v4"] or found["v6"]
    try:
        address = ipaddress.ip_address(last)
    except ValueError:
        return None
    return None if "%" in last else address.compressed  # a zone is free text too
