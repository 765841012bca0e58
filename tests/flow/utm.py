"""What a UTM does with the parameters."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any

import httpx

from tests.flow.app import App

_TRIES = 20
_PAUSE = 0.25
"""Real seconds: a UTM fetches again and again, whatever has befallen one of its requests."""


async def accepted(app: App, parameters: dict[str, Any]) -> bool:
    """Say whether the token endpoint takes the secret, as a UTM would ask it: again where nobody has said yes or no."""
    for _ in range(_TRIES):
        with suppress(httpx.TransportError):
            answer = await _asked(app, parameters)
            if answer.status_code != 429 and answer.status_code < 500:
                return answer.status_code == 200
        await asyncio.sleep(_PAUSE)
    raise AssertionError("the token endpoint has answered nothing")


async def _asked(app: App, parameters: dict[str, Any]) -> httpx.Response:
    trusting = ssl.create_default_context(cafile=app.tenant.endpoints["caBundle"])
    async with httpx.AsyncClient(verify=trusting) as utm:
        return await utm.post(
            parameters["oauth2"]["tokenUrl"],
            data={
                "grant_type": "client_credentials",
                "client_id": parameters["applicationId"],
                "client_secret": parameters["clientSecret"],
                "scope": parameters["oauth2"]["scope"],
            },
        )
