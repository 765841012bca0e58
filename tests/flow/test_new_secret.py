"""The way of docs/how-to/new-secret.md: a new secret beside the old one, with which the UTM goes on working."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx

from tests.flow.app import NAME, App, running


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
        new = await app.parameters()
        assert new["clientSecret"] != old["clientSecret"]
        assert (new["applicationId"], new["tenantId"]) == (old["applicationId"], old["tenantId"])
        assert [await _accepted(app, one) for one in (old, new)] == [True, True]
        assert not await _accepted(app, {**new, "clientSecret": "wrong"})

        assert (finished["state"], finished["verified"]) == ("action-required", True)
        (finding,) = finished["findings"]
        assert (finding["code"], finding["subject"]) == ("utm-needs-new-secret", new["secret"]["keyId"])
        again = await app.set_up()
        assert (again["state"], _codes(again)) == ("action-required", ["utm-needs-new-secret"])
        listed = (await app.client.get("/api/connections")).json()["items"][0]
        assert (listed["state"], listed["findings"]) == ("action-required", ["utm-needs-new-secret"])

        assert await _confirm(app, old) == (409, "key-not-offered")
        assert await _confirm(app, new) == (200, "ready")
        assert await _confirm(app, new) == (200, "ready")
        shown = (await app.client.get(f"/api/connections/{NAME}")).json()
        assert (shown["state"], shown["findings"], shown["revision"]) == ("ready", [], again["revision"])
        entries = (await app.client.get(f"/api/connections/{NAME}/history")).json()["items"]
        assert [entry["outcome"] for entry in entries if entry["action"] == "confirm"] == [
            "accepted",
            "accepted",
            "refused",
        ]


async def test_where_the_store_is_lost_the_vault_tells_that_the_utm_may_have_an_older_secret(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        (secret,) = app.tenant.world.secrets.values()
        assert [version.tags["state"] for version in secret.versions] == ["current"]
        _lose(app)
        assert (await app.set_up())["state"] == "ready"  # the same secret: the UTM has it
        secret.versions[-1].enabled = False
        _lose(app)
        shown = await app.set_up()
        assert (shown["state"], _codes(shown)) == ("action-required", ["utm-needs-new-secret"])
        assert [version.tags["state"] for version in secret.versions] == ["current", "next"]
        assert await _confirm(app, await app.parameters()) == (200, "ready")
        await app.set_up()
        assert [version.tags["state"] for version in secret.versions] == ["current", "current"]
        _lose(app)
        assert (await app.set_up())["state"] == "ready"


async def test_a_secret_that_was_never_accepted_is_replaced_without_a_word(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        (secret,) = app.tenant.world.secrets.values()
        secret.versions[-1].tags["state"] = "new"
        secret.versions[-1].enabled = False
        _lose(app)
        shown = await app.set_up()
        assert (shown["state"], shown["findings"]) == ("ready", [])


def _lose(app: App) -> None:
    for path in (app.store / "connections").rglob("*.json"):
        path.unlink()


def _codes(connection: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in connection["findings"]]


async def _confirm(app: App, parameters: dict[str, Any]) -> tuple[int, str]:
    body = {"keyId": parameters["secret"]["keyId"]}
    answer = await app.client.post(f"/api/connections/{NAME}/confirm", json=body)
    return answer.status_code, answer.json().get("code") or answer.json()["state"]
