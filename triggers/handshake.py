"""Other systems' webhooks: how each finds out whether it may send them here, before it does.

What a route does that they start its address says alone: their bodies are read for a handshake and nothing else.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import azure.functions as func

from triggers.answers import NO_STORE, Handler
from triggers.caller import code

METHOD = "OPTIONS"
_MOST_CODE = 512
_MOST_BODY = 65_536
_RATE = "120"
"""Requests a minute that are taken (CloudEvents 1.0, "HTTP 1.1 Web Hooks for Event Delivery", 4.2.2)."""


def shaken(handler: Handler) -> Handler:
    """Return a handler that answers handshakes, and hands everything else on."""

    @functools.wraps(handler)
    async def answer(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        return handshake(req) or await handler(req, **bindings)

    return answer


def handshake(req: func.HttpRequest) -> func.HttpResponse | None:
    """Return the answer to a handshake; None where the request is none."""
    if req.method == METHOD:
        return _cloud_events(req.headers.get("WebHook-Request-Origin", ""))
    if req.headers.get("aeg-event-type") == "SubscriptionValidation":
        return _event_grid(req.get_body())
    return None


def from_elsewhere(req: func.HttpRequest, field: str) -> bool:
    """Return whether a body is another system's, and says nothing to us: its key stands in the address.

    Not where it is an object with ``field``, which is what a caller of ours would say.
    """
    if code(req) == "" or "x-functions-key" in req.headers:
        return False
    try:
        body = json.loads(req.get_body()[:_MOST_BODY])
    except (ValueError, RecursionError):
        return True
    return not (isinstance(body, dict) and field in body)


def _cloud_events(origin: str) -> func.HttpResponse:
    """Let a sender of CloudEvents send (the same specification, 4.1): whoever knows the key may."""
    allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": _RATE} if origin.isprintable() else {}
    return func.HttpResponse(status_code=200, headers={**NO_STORE, "Allow": f"POST, {METHOD}", **allowed})


def _event_grid(body: bytes) -> func.HttpResponse | None:
    """Return Event Grid's code to it (learn.microsoft.com/azure/event-grid, "Endpoint validation").

    None where there is none: the request is then one like all others.
    """
    try:
        (event,) = json.loads(body[:_MOST_BODY])
        code = event["data"]["validationCode"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(code, str) or len(code) > _MOST_CODE:
        return None
    answer = json.dumps({"validationResponse": code})
    return func.HttpResponse(answer, headers=NO_STORE, mimetype="application/json")
