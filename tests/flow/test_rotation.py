"""The life of a secret: made beside the old one, proven, offered, entered, and the old one taken away a day later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from local.tenant.world import Application, SecretVersion
from tests.flow.app import NAME, App, running
from tests.flow.utm import accepted

PATH = f"/api/connections/{NAME}"
DAY = 86_400.0


async def post(app: App, what: str, **more: Any) -> httpx.Response:
    return await app.client.post(f"{PATH}/{what}", **more)


async def shown(app: App) -> dict[str, Any]:
    document: dict[str, Any] = (await app.client.get(PATH)).json()
    return document


async def rotated(app: App) -> dict[str, Any]:
    """Make the next secret and wait until it is offered."""
    answer = await post(app, "rotate")
    assert answer.status_code == 202, answer.text
    return await app.until(lambda seen: (seen["rotation"] or {}).get("state") == "offered")


async def timer(app: App, name: str = "renew_secrets") -> None:
    headers = {"x-functions-key": app.host.master_key}
    answer = await app.client.post(f"/admin/functions/{name}", json={"input": ""}, headers=headers)
    assert answer.status_code == 202


async def retired(app: App) -> dict[str, Any]:
    """Let a day pass and the timer come."""
    pass_days(app, 1.01)
    await timer(app)
    return await app.until(lambda seen: seen["rotation"] is None)


def pass_days(app: App, days: float) -> None:
    app.host.clock.skip(days * DAY)
    app.tenant.advance(days * DAY)


def versions(app: App) -> list[SecretVersion]:
    (secret,) = app.tenant.world.secrets.values()
    return secret.versions


def tags(app: App) -> list[tuple[str, bool]]:
    return [(version.tags["state"], version.enabled) for version in versions(app)]


def application(app: App) -> Application:
    (found,) = [one for one in app.tenant.world.applications.values() if one.unique_name]
    return found


def keys(app: App) -> list[str]:
    return [credential.key_id for credential in application(app).credentials]


def lose(app: App) -> None:
    for path in (app.store / "connections").rglob("*.json"):
        path.unlink()


def codes(seen: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in seen["findings"]]


async def confirm(app: App, key: str) -> tuple[int, str]:
    answer = await post(app, "confirm", json={"keyId": key})
    return answer.status_code, answer.json().get("code") or answer.json()["state"]


async def test_a_secret_is_replaced_without_a_day_without_mail(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        before = await app.set_up()
        old = await app.parameters()
        offered = await rotated(app)
        assert (offered["state"], offered["verified"], codes(offered)) == ("ready", True, ["secret-offered"])
        assert (offered["since"], offered["steps"]) == (before["since"], before["steps"])
        new = await app.parameters()
        assert new["clientSecret"] != old["clientSecret"]
        assert new["rotation"]["keyId"] == new["secret"]["keyId"] == offered["rotation"]["keyId"]
        assert new["rotation"]["oldWorksUntil"] == old["secret"]["expiresOn"]
        assert [await accepted(app, one) for one in (old, new)] == [True, True]
        assert tags(app) == [("current", True), ("next", True)]
        assert "offered" in versions(app)[-1].tags
        assert (await post(app, "rotate")).status_code == 202
        assert len(keys(app)) == 2

        assert await confirm(app, old["secret"]["keyId"]) == (409, "key-not-offered")
        assert await confirm(app, new["secret"]["keyId"]) == (200, "ready")
        assert await confirm(app, new["secret"]["keyId"]) == (200, "ready")
        seen = await shown(app)
        assert (seen["rotation"]["state"], seen["state"], codes(seen)) == ("retiring", "ready", [])
        assert await app.parameters() | {"rotation": None} == new | {"rotation": None}
        await timer(app)
        assert len(keys(app)) == 2  # not before a day is over
        done = await retired(app)
        assert (done["state"], done["verified"], codes(done)) == ("ready", True, [])
        assert keys(app) == [new["secret"]["keyId"]]
        assert tags(app) == [("retired", False), ("current", True)]
        assert [await accepted(app, one) for one in (old, new)] == [False, True]
        again = await app.set_up()
        assert (again["state"], codes(again), keys(app)) == ("ready", [], [new["secret"]["keyId"]])
