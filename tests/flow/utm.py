"""What a UTM does with the parameters."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from tests.flow.app import App


async def accepted(app: App, parameters: dict[str, Any]) -> bool:
    """Say whether the token endpoint takes the secret, as a UTM would ask it."""
    trusting = ssl.create_default_context(cafile=app.tenant.endpoints["caBundle"])
    async with httpx.AsyncClient(verify=trusting) as utm:
        answer = await utm.post(
            parameters["oauth2"]["tokenUrl"],
            data={
                "grant_type": "client_credentials",
                "client_id": parameters["applicationId"],
                "client_secret": parameters["clientSecret"],
                "scope": parameters["oauth2"]["scope"],
            },
        )
    return answer.status_code == 200
