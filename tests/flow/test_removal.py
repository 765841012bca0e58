"""Taking a connection back: all of ours goes, nothing else does, and what stays is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.tenant import PresetName
from tests.flow.app import NAME, App, running, states


def left(app: App) -> list[str]:
    """Return what the tenant still holds of the connection."""
    world = app.tenant.world
    applications = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
    ids = {one.app_id for one in (*applications, *world.deleted_applications.values())}
    found = [f"application {one.app_id}" for one in applications]
    found += [f"principal {one}" for one in ids if world.service_principal(one) is not None]
    found += [f"exchange {one}" for one in ids & world.exchange_principals.keys()]
    found += [f"secret {name}" for name in world.secrets if name.startswith(NAME)]
    found += [f"credential {one.app_id}" for one in world.deleted_applications.values() if one.credentials]
    found += [f"access {address}" for address, mailbox in world.mailboxes.items() if mailbox.access]
    enabled = [one for secret in world.deleted_secrets.values() for one in secret.versions if one.enabled]
    return found + [f"version {one.version}" for one in enabled]


def lists(store: Path) -> list[Path]:
    return [*(store / "connections" / NAME).glob("*.json"), *store.glob(f"plans/{NAME}*")]


@pytest.mark.parametrize(("preset", "seed", "mailboxes"), [("calm", 1, 2), ("normal", 1, 1)])
async def test_what_was_made_is_taken_back_and_said(
    tmp_path: Path, preset: PresetName, seed: int, mailboxes: int
) -> None:
    async with running(tmp_path, preset, seed=seed, mailboxes=mailboxes) as app:
        ready = await app.set_up()
        removed = await app.remove()
        assert (removed["state"], left(app)) == ("removed", [])
        assert [*states(removed)] == ["prerequisites", "secret", "mailboxes", "exchange", "consent", "application"]
        record = removed["removed"]
        assert record["mailboxes"] == sorted(app.tenant.addresses)
        assert record["applicationId"] == ready["ids"]["applicationId"]
        # A probe that the vault was too busy to remove is taken back with the secret: another one of its kind then.
        assert [*dict.fromkeys(one["action"] for one in record["taken"])] == [
            "remove-credential",
            "disable-version",
            "delete-secret",
            "remove-principal",
            "delete-application",
        ]
        assert len(record["stays"]) == 2
        assert (record["by"]["kind"], record["by"]["function"]) == ("key", "remove_connection")
        assert lists(tmp_path) == []
        refused = await app.client.get(f"/api/connections/{NAME}/parameters")
        assert (refused.status_code, refused.json()["code"]) == (409, "connection-removed")
        again = await app.client.delete(f"/api/connections/{NAME}")
        assert (again.status_code, again.json()["state"]) == (202, "removed")


async def test_a_plan_shows_what_would_be_taken_back_in_its_order_and_nothing_is(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.forget_requests()
        plan = await planned(app)
        assert (app.tenant.writes(), plan["losing"]) == ([], 2)
        removed = await app.remove()
        done = [(one["action"], one["subject"]) for one in removed["removed"]["taken"]]
        told = [(one["action"], one["subject"]) for one in plan["changes"] if one["action"] != "revoke-access"]
        assert told == done
        assert [one["subject"] for one in plan["changes"] if one["action"] == "revoke-access"] == app.tenant.addresses
        steps = [one["step"] for one in plan["changes"]]
        assert steps == sorted(steps, key=["secret", "mailboxes", "exchange", "application"].index)


async def planned(app: App) -> dict[str, Any]:
    answer = await app.client.delete(f"/api/connections/{NAME}", params={"dryRun": "true"})
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/connections/{NAME}/plan")
    while True:
        plan = await app.client.get(f"/api/connections/{NAME}/plan")
        if plan.status_code == 200:
            found: dict[str, Any] = plan.json()
            return found


async def test_without_the_number_of_mailboxes_nothing_is_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.forget_requests()
        for query in ({}, {"allowRemoval": 1}):
            answer = await app.client.delete(f"/api/connections/{NAME}", params=query)
            assert (answer.status_code, answer.json()["code"]) == (409, "removal-not-allowed")
            assert "2 of 2" in answer.json()["detail"]
        assert app.tenant.writes() == []


@pytest.mark.no_cover
async def test_a_name_may_be_used_again_and_its_numbers_count_on(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        first = await app.set_up()
        await app.remove()
        answer = await app.client.post(
            "/api/connections", params={"dryRun": "true"}, json={"name": NAME, "mailboxes": app.tenant.addresses}
        )
        assert answer.status_code == 202
        while (plan := await app.client.get(f"/api/connections/{NAME}/plan")).status_code != 200:
            pass
        assert [one["code"] for one in plan.json()["findings"]] == ["application-anew"]
        second = await app.set_up()
        assert (second["state"], second["removed"], second["revision"]) == ("ready", None, 3)
        assert first["ids"]["applicationId"] != second["ids"]["applicationId"]
        await app.remove()
        assert left(app) == []
