"""The life of a secret: made beside the old one, proven, offered, entered, and the old one taken away a day later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.credential import RotationState
from connector.model import Connection
from connector.services import services
from local.tenant.vault_roles import ALL
from local.tenant.world import Application, SecretVersion
from tests.flow.app import NAME, App, running
from tests.flow.test_protocols import spoken
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
    await app.until(lambda seen: (seen["rotation"] or {}).get("state") == "offered")
    return await app.settled()


async def timer(app: App, name: str = "renew_secrets") -> None:
    headers = {"x-functions-key": app.host.master_key}
    answer = await app.client.post(f"/admin/functions/{name}", json={"input": ""}, headers=headers)
    assert answer.status_code == 202


async def retired(app: App) -> dict[str, Any]:
    """Let a day pass and the timer come."""
    pass_days(app, 1.01)
    await timer(app)
    await app.until(lambda seen: seen["rotation"] is None)
    return await app.settled()


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


@pytest.mark.no_cover
@pytest.mark.parametrize("used", [["smtp"], ["pop"], ["imap", "smtp"]], ids="+".join)
async def test_a_secret_is_replaced_without_a_day_without_mail(tmp_path: Path, used: list[str]) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        before = await app.set_up(protocols=used)
        old = await app.parameters()
        app.tenant.forget_requests()
        offered = await rotated(app)
        assert spoken(app) == {*used}  # the next secret is proven by what it is made for
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
        again = await app.set_up(protocols=used)
        assert (again["state"], codes(again), keys(app)) == ("ready", [], [new["secret"]["keyId"]])
        assert ((await app.remove())["state"], app.tenant.violations()) == ("removed", [])
        assert (app.tenant.world.applications, app.tenant.world.secrets) == ({}, {})


async def _preparing(app: App) -> None:
    """Leave a next secret of which nobody was told, and no run that works on it."""
    await rotated(app)
    del versions(app)[-1].tags["offered"]

    def back(connection: Connection) -> None:
        assert connection.rotation is not None
        connection.rotation.state, connection.rotation.offered_on = RotationState.PREPARING, None

    await services().documents.update(NAME, back)


async def _offered(app: App) -> None:
    await rotated(app)


async def _retiring(app: App) -> None:
    seen = await rotated(app)
    assert await confirm(app, seen["rotation"]["keyId"]) == (200, "ready")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("arrange", "state", "left", "in_vault"),
    [
        (_preparing, None, 1, [("current", True), ("given-up", False)]),
        (_offered, "offered", 2, [("current", True), ("next", True)]),
        (_retiring, "offered", 2, [("current", True), ("next", True)]),
    ],
)
async def test_after_the_store_is_lost_the_vault_tells_how_far_it_was(
    tmp_path: Path, arrange: Callable[[App], Awaitable[None]], state: str | None, left: int, in_vault: Any
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        await arrange(app)
        lose(app)
        seen = await app.set_up()
        assert (seen["state"], (seen["rotation"] or {}).get("state")) == ("ready", state)
        assert (len(keys(app)), tags(app)) == (left, in_vault)
        assert await accepted(app, await app.parameters())
        again = await app.set_up()
        assert ((again["rotation"] or {}).get("state"), len(keys(app)), tags(app)) == (state, left, in_vault)


@pytest.mark.no_cover
async def test_a_confirmed_one_whose_tags_say_it_is_still_confirmed_after_the_store_is_lost(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        await _retiring(app)
        new = (await app.parameters())["secret"]["keyId"]
        await app.set_up()
        assert tags(app) == [("retiring", True), ("current", True)]
        lose(app)
        seen = await app.set_up()
        assert (seen["rotation"]["state"], seen["secret"]["keyId"]) == ("retiring", new)
        await retired(app)
        assert keys(app) == [new]


async def test_tags_that_somebody_has_taken_away_come_back_and_nobodys_secret_is_another_one(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = (await app.parameters())["secret"]["keyId"]
        new = (await rotated(app))["rotation"]["keyId"]
        del versions(app)[-1].tags["state"]
        seen = await app.set_up()
        assert (seen["state"], seen["secret"]["keyId"], codes(seen)) == ("ready", old, ["secret-offered"])
        assert (len(keys(app)), tags(app)) == (2, [("current", True), ("next", True)])
        for version in versions(app):
            version.tags.clear()
        assert await confirm(app, new) == (200, "ready")
        seen = await app.set_up()
        assert (seen["state"], seen["secret"]["keyId"], codes(seen)) == ("ready", new, [])
        assert (keys(app), tags(app)) == ([old, new], [("retiring", True), ("current", True)])
        assert {version.tags["connection"] for version in versions(app)} == {NAME}
        await retired(app)
        assert (keys(app), tags(app)) == ([new], [("retired", False), ("current", True)])


async def test_a_next_secret_is_given_up_and_the_old_one_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()
        key = (await rotated(app))["rotation"]["keyId"]
        answer = await app.client.delete(f"{PATH}/rotation?keyId={old['secret']['keyId']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "key-not-offered")
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).status_code == 202
        seen = await app.until(lambda seen: seen["rotation"] is None)
        assert (seen["state"], codes(seen), await app.parameters()) == ("ready", [], old)
        assert (keys(app), tags(app)) == ([old["secret"]["keyId"]], [("current", True), ("retired", False)])
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).json()["code"] == "no-rotation"
        await timer(app)
        assert (await shown(app))["rotation"] is None
        lose(app)
        assert ((await app.set_up())["rotation"], len(keys(app))) == (None, 1)


async def test_the_timer_begins_at_two_thirds_reminds_and_clears_an_expired_one_away(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()
        pass_days(app, 118.9)  # it begins in the last day before two thirds are over, at an hour of its own
        await timer(app)
        assert (await shown(app))["rotation"] is None
        pass_days(app, 1.2)
        await timer(app)
        await app.until(lambda seen: (seen["rotation"] or {}).get("state") == "offered")
        seen = await app.settled()
        key = seen["rotation"]["keyId"]
        pass_days(app, 54)
        await timer(app)
        seen = await shown(app)
        assert (seen["state"], codes(seen)) == ("action-required", ["utm-needs-new-secret"])
        found = await services().documents.load(NAME)
        assert found is not None
        assert found.connection.rotation is not None
        assert found.connection.rotation.reminded == [7]
        pass_days(app, 6)
        await timer(app)
        await app.until(lambda seen: seen["rotation"]["oldKeyId"] is None)
        assert (keys(app), tags(app)) == ([key], [("retired", False), ("next", True)])
        assert not await accepted(app, old)
        assert await accepted(app, await app.parameters())
        seen = await app.set_up()
        assert (seen["state"], seen["verified"], codes(seen)) == ("action-required", True, ["utm-needs-new-secret"])
        assert await confirm(app, key) == (200, "ready")
        assert ((await shown(app))["rotation"], (await app.set_up())["state"]) == (None, "ready")
        assert tags(app) == [("retired", False), ("current", True)]


async def test_what_others_take_away_while_a_secret_is_offered(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = (await app.parameters())["secret"]["keyId"]
        seen = await rotated(app)
        _take_away(app, seen["rotation"]["keyId"])
        pass_days(app, 0.1)
        seen = await app.verify(lambda seen: seen["state"] == "ready" and "offered-secret-gone" in codes(seen))
        answer = await app.client.get(f"{PATH}/parameters")
        assert (answer.status_code, answer.json()["code"]) == (409, "secret-lost")
        seen = await app.set_up()
        assert ((await app.parameters())["secret"]["keyId"], seen["rotation"]) == (old, None)

        new = (await rotated(app))["rotation"]["keyId"]
        _take_away(app, old)
        pass_days(app, 0.1)
        seen = await app.set_up()
        assert (seen["state"], codes(seen)) == ("action-required", ["utm-needs-new-secret"])
        assert ((await app.parameters())["secret"]["keyId"], keys(app)) == (new, [new])
        answer = await app.client.delete(f"{PATH}/rotation?keyId={new}")
        assert (answer.status_code, answer.json()["code"]) == (409, "last-secret")
        assert await confirm(app, new) == (200, "ready")
        assert (await retired(app))["state"] == "ready"
        assert keys(app) == [new]


async def test_the_offered_one_goes_only_when_somebody_asks_for_another_one(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = (await app.parameters())["secret"]["keyId"]
        entered = (await rotated(app))["rotation"]["keyId"]
        versions(app)[-1].enabled = False
        seen = await app.set_up()
        assert (keys(app), codes(seen)) == ([old, entered], ["offered-secret-gone"])
        another = (await rotated_from(app, entered))["rotation"]["keyId"]
        assert keys(app) == [old, another]
        assert (await app.parameters())["secret"]["keyId"] == another


async def rotated_from(app: App, gone: str) -> dict[str, Any]:
    assert (await post(app, "rotate")).status_code == 202
    assert (await post(app, "verify")).json()["code"] == "operation-running"
    await app.until(
        lambda seen: (seen["rotation"] or {"state": None})["state"] == "offered" and seen["rotation"]["keyId"] != gone
    )
    return await app.settled()


@pytest.mark.no_cover
async def test_a_confirmed_one_that_others_take_away_is_replaced_and_nothing_is_left_of_three(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = (await app.parameters())["secret"]["keyId"]
        await _retiring(app)
        _take_away(app, (await app.parameters())["secret"]["keyId"])
        pass_days(app, 0.1)
        seen = await app.set_up()
        assert (seen["state"], codes(seen)) == ("action-required", ["utm-needs-new-secret"])
        third = (await app.parameters())["secret"]["keyId"]
        assert (keys(app), seen["rotation"]["keyId"]) == ([old, third], third)
        pass_days(app, 1.1)
        await timer(app)
        assert (await shown(app))["rotation"]["keyId"] == third
        assert await confirm(app, third) == (200, "ready")
        done = await retired(app)
        assert (done["state"], codes(done), keys(app)) == ("ready", [], [third])
        assert await accepted(app, await app.parameters())


@pytest.mark.no_cover
async def test_of_an_offered_one_whose_value_others_have_disabled_nothing_is_left_either(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        _take_away(app, (await app.parameters())["secret"]["keyId"])
        await app.set_up()
        versions(app)[-1].enabled = False
        seen = await app.set_up()
        key = seen["rotation"]["keyId"]
        assert len(keys(app)) == 2
        assert await confirm(app, key) == (200, "ready")
        await retired(app)
        assert keys(app) == [key]


async def test_a_policy_that_forbids_a_secret_leaves_the_present_one(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        app.tenant.administrator.limit_secrets(forbidden=True)
        assert (await post(app, "rotate")).status_code == 202
        seen = await app.until(lambda seen: "rotation-failed" in codes(seen))
        assert (seen["state"], seen["rotation"], len(keys(app))) == ("ready", None, 1)
        assert await accepted(app, await app.parameters())
        app.tenant.administrator.limit_secrets(90)
        await timer(app)
        assert (await shown(app))["rotation"] is None
        seen = await rotated(app)
        assert "rotation-failed" not in codes(seen)


async def test_a_give_up_that_ends_between_entra_and_the_vault_shows_nobody_a_dead_secret(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()
        key = (await rotated(app))["rotation"]["keyId"]
        app.tenant.administrator.limit_vault(ALL - {"Microsoft.KeyVault/vaults/secrets/update/action"})
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).status_code == 202
        await app.until(lambda _: keys(app) == [old["secret"]["keyId"]])
        assert (await app.client.get(f"{PATH}/parameters")).json()["code"] in {"secret-lost", "operation-running"}
        app.tenant.administrator.limit_vault(ALL)
        seen = await app.until(lambda seen: "offered-secret-gone" in codes(seen))
        assert (seen["state"], tags(app)[-1]) == ("ready", ("next", True))
        answer = await app.client.get(f"{PATH}/parameters")
        assert (answer.status_code, answer.json()["code"]) == (409, "secret-lost")
        assert await confirm(app, key) == (409, "secret-lost")
        pass_days(app, 0.1)
        seen = await rotated_from(app, key)
        assert await accepted(app, await app.parameters())
        assert (len(keys(app)), seen["state"]) == (2, "ready")


@pytest.mark.no_cover
async def test_a_next_secret_that_has_expired_is_not_handed_out_and_another_one_is_made(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        app.tenant.administrator.limit_secrets(7)
        await app.verify(lambda seen: seen["operation"] == "verify" and seen["state"] == "ready")
        key = (await rotated(app))["rotation"]["keyId"]
        pass_days(app, 8)
        seen = await shown(app)
        assert (seen["state"], "offered-secret-gone" in codes(seen)) == ("ready", True)
        answer = await app.client.get(f"{PATH}/parameters")
        assert (answer.status_code, answer.json()["code"]) == (409, "secret-lost")
        await timer(app)
        seen = await app.until(
            lambda seen: (seen["rotation"] or {}).get("state") == "offered" and seen["rotation"]["keyId"] != key
        )
        assert (seen["state"], len(keys(app))) == ("ready", 2)
        assert await accepted(app, await app.parameters())


async def test_a_give_up_while_the_vault_shows_nothing_leaves_it_offered_and_goes_on_afterwards(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()
        key = (await rotated(app))["rotation"]["keyId"]
        app.tenant.administrator.delete_secret(next(iter(app.tenant.world.secrets)))
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).status_code == 202
        seen = await app.settled()
        assert (seen["rotation"]["keyId"], "last-secret-kept" in codes(seen), len(keys(app))) == (key, True, 2)
        assert codes(await app.set_up()) == ["secret-recovered", "secret-offered"]
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).status_code == 202
        seen = await app.until(lambda seen: seen["rotation"] is None)
        assert (seen["state"], keys(app)) == ("ready", [old["secret"]["keyId"]])
        assert await app.parameters() == old


def _take_away(app: App, key: str) -> None:
    one = application(app)
    one.credentials[:] = [credential for credential in one.credentials if credential.key_id != key]


@pytest.mark.no_cover
async def test_all_that_a_rotation_has_made_is_taken_back_with_the_connection(tmp_path: Path) -> None:
    cases = zip((_preparing, _offered, _retiring), (["smtp"], ["pop"], ["imap", "smtp"]), strict=True)
    for number, (arrange, used) in enumerate(cases):
        async with running(tmp_path / str(number), mailboxes=1) as app:
            await app.set_up(protocols=used)
            await arrange(app)
            one = application(app)
            answer = await app.client.delete(f"{PATH}?allowRemoval=1")
            assert answer.status_code == 202, answer.text
            seen = await app.until(lambda seen: seen["state"] in {"removed", "action-required"})
            assert (seen["state"], one.credentials) == ("removed", [])
            assert not app.tenant.world.secrets
            await timer(app)
            assert (await shown(app))["state"] == "removed"


async def test_every_activity_delivered_twice_comes_to_the_same(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1, redeliver=True) as app:
        await app.set_up()
        key = (await rotated(app))["rotation"]["keyId"]
        assert (len(keys(app)), tags(app)) == (2, [("current", True), ("next", True)])
        assert await confirm(app, key) == (200, "ready")
        await retired(app)
        assert (keys(app), tags(app)) == ([key], [("retired", False), ("current", True)])
