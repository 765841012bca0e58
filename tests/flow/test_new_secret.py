"""The way of docs/how-to/new-secret.md: a new secret beside the old one, with which the UTM goes on working."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx

from tests.flow.app import App, running


async def _accepted(app: App, parameters: dict[str, Any]) -> bool:
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


async def test_a_disabled_version_gives_way_to_a_new_secret_and_the_old_one_goes_on_working(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        old = await app.parameters()
        (secret,) = app.tenant.world.secrets.values()
        secret.versions[-1].enabled = False
        finished = await app.set_up()
        assert finished["state"] == "ready"
        new = await app.parameters()
        assert new["clientSecret"] != old["clientSecret"]
        assert (new["applicationId"], new["tenantId"]) == (old["applicationId"], old["tenantId"])
        assert [await _accepted(app, one) for one in (old, new)] == [True, True]
        assert not await _accepted(app, {**new, "clientSecret": "wrong"})
