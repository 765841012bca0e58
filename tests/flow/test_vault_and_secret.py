"""A secret is made by one delivery, only where the vault takes it, and not where the old one can be brought back."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from activities.secret import STAGE
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import Order
from connector.plans.secret_names import secret_name
from connector.services import services
from connector.steps import StepName
from local.tenant.vault_roles import ALL, USER
from local.tenant.world import Application, VaultSecret
from tests.flow.app import NAME, App, running


async def test_with_a_role_that_only_reads_no_secret_is_made_and_the_vault_is_not_hammered(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        health = (await app.client.get("/api/health")).json()
        assert (health["status"], health["vaultWrite"]["outcome"]) == ("ok", "not-known-yet")
        app.tenant.administrator.limit_vault(USER)
        shown = await app.set_up()
        assert (shown["state"], shown["secret"]) == ("action-required", None)
        (finding,) = [one for one in shown["findings"] if one["severity"] != "info"]
        assert (finding["code"], finding["step"]) == ("vault-right-missing", "secret")

        assert (_asked(app, "PUT"), _application(app).credentials) == (1, [])
        at = services().now()
        for minutes in range(2, 182, 4):
            assert (await _deliver(at + timedelta(minutes=minutes)))["state"] == "action-required"
        assert 3 <= _asked(app, "PUT") <= 9  # in three hours
        assert _asked(app, "addPassword") == 0
        health = (await app.client.get("/api/health")).json()
        assert (health["status"], health["vaultWrite"]["outcome"]) == ("action-required", "vault-right-missing")
        assert [one["code"] for one in health["missing"]] == ["vault-right-missing"]

        app.tenant.administrator.limit_vault(ALL)
        done = await app.verify(lambda seen: seen["state"] == "ready")
        assert done["findings"] == []
        health = (await app.client.get("/api/health")).json()
        assert (health["status"], health["vaultWrite"]["outcome"]) == ("ok", "ok")
        assert set(app.tenant.world.secrets) == {secret_name(NAME, done["ids"]["applicationId"])}
        assert len(_application(app).credentials) == 1


def _asked(app: App, what: str) -> int:
    """Return how often the vault was to take a secret, or Entra to make one."""
    return sum(what in f"{one.method} {one.path}" and one.service in {"vault", "graph"} for one in app.tenant.writes())


def _application(app: App) -> Application:
    (found,) = [one for one in app.tenant.world.applications.values() if one.unique_name]
    return found


def _secret(app: App) -> VaultSecret:
    (found,) = app.tenant.world.secrets.values()
    return found


async def test_two_deliveries_at_once_leave_one_usable_secret_and_no_dead_version(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1, latencies={"vault": 0.02, "graph": 0.03}) as app:
        await app.set_up()
        for round_, pauses in enumerate([(0.0, 0.0), (0.0, 0.05), (0.0, 0.15), (0.0, 0.3), (0.0, 0.1, 0.2)], 2):
            _secret(app).versions[-1].enabled = False
            at = services().now() + timedelta(days=round_)
            await services().documents.update(NAME, _reopen)
            await asyncio.gather(*(_deliver(at, pause) for pause in pauses))
            for later in range(1, 20):
                if (await _deliver(at + timedelta(seconds=30 * later)))["state"] != "wait":
                    break
            versions = [version.tags["keyId"] for version in _secret(app).versions]
            held = [credential.key_id for credential in _application(app).credentials]
            assert len(versions) == round_
            assert sorted(held) == sorted(versions)
            assert [version.enabled for version in _secret(app).versions] == [False] * (round_ - 1) + [True]
            assert (await app.parameters())["secret"]["keyId"] == versions[-1]


async def test_a_delivery_that_was_killed_is_waited_for_and_what_it_left_goes(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1, latencies={"vault": 0.08}) as app:
        await app.set_up()
        _secret(app).versions[-1].enabled = False
        at = services().now() + timedelta(days=2)
        await services().documents.update(NAME, _reopen)
        killed = asyncio.create_task(_deliver(at))
        while len(_application(app).credentials) < 2:  # noqa: ASYNC110 - the tenant tells nobody
            await asyncio.sleep(0.01)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        waits = await _deliver(at + timedelta(minutes=1))
        assert (waits["state"], waits["reason"]) == ("wait", "secret-in-the-making")
        await _deliver(at + timedelta(minutes=6))
        assert len(_application(app).credentials) == 2
        assert len(_secret(app).versions) == 2


def _reopen(connection: Connection) -> None:
    connection.steps[StepName.SECRET] = StepRecord()


async def _deliver(now: datetime, pause: float = 0.0) -> dict[str, Any]:
    await asyncio.sleep(pause)
    return (await STAGE.deliver(Order(name=NAME, revision=1, now=now, attempt=1))).to_json()


async def test_a_deleted_secret_that_still_works_is_brought_back_and_used(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        before = await app.parameters()
        app.tenant.administrator.delete_secret(_secret(app).name)
        finished = await app.set_up()
        assert finished["state"] == "ready"
        told = [(finding["code"], finding["severity"]) for finding in finished["findings"]]
        assert told == [("secret-recovered", "info")]
        assert await app.parameters() == before
        assert (len(_application(app).credentials), len(_secret(app).versions)) == (1, 1)
        assert (await app.set_up())["findings"] == []
