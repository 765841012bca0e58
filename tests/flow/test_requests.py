"""Requests that meet a run: cancelling, and lists that would take much away."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from local.tenant.misbehaviour import Fault, Preset
from tests.flow.app import NAME, App, running, states
from tests.triggers.served import problem


async def cancel(app: App) -> None:
    answer = await app.client.post(f"/api/connections/{NAME}/cancel")
    assert answer.status_code == 202


async def test_a_run_that_waits_ends_at_once_when_it_is_cancelled(tmp_path: Path) -> None:
    async with running(tmp_path, "normal", seed=1) as app:
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        await app.until(lambda seen: seen["state"] == "waiting")
        await cancel(app)
        await app.until(lambda seen: seen["state"] == "cancelled")
        asked = len(app.tenant.requests)
        await asyncio.sleep(1)
        assert len(app.tenant.requests) == asked
        app.tenant.advance(3_600)
        assert (await app.set_up())["state"] == "ready"


async def test_a_run_that_is_cancelled_in_the_middle_goes_on_from_there(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        faults = {"exchange": {Fault.UNAVAILABLE: 1.0}}
        calm = app.tenant.misbehave(Preset(faults=faults, in_a_row=1_000_000))
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        await app.until(lambda seen: any(step["state"] == "waiting" for step in seen["steps"]))
        await cancel(app)
        connection = await app.until(lambda seen: seen["state"] == "cancelled")
        assert states(connection)["verification"] == "pending"
        app.tenant.misbehave(calm)
        assert (await app.set_up())["state"] == "ready"
        assert sum(len(one.credentials) for one in app.tenant.world.applications.values()) <= 1


async def test_a_service_that_asks_for_a_day_stops_nobody_and_is_not_pressed(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        faults = {"graph": {Fault.THROTTLED: 1.0}}
        calm = app.tenant.misbehave(Preset(faults=faults, in_a_row=1_000_000, retry_after=(86_400, 86_400)))
        one, two = app.tenant.addresses
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": [one]})
        connection = await app.until(lambda seen: seen["state"] == "waiting")
        (told,) = connection["findings"]
        assert (told["code"], told["severity"], told["subject"]) == ("service-asks-to-wait", "warning", "graph")
        asked = len(app.tenant.requests)
        for _ in range(5):
            assert (await app.client.post(f"/api/connections/{NAME}/verify")).status_code == 202
            await asyncio.sleep(0.1)
        assert len(app.tenant.requests) == asked
        body = {"name": NAME, "mailboxes": [one, two]}
        assert (await app.client.post("/api/connections", json=body)).status_code == 202
        await app.until(lambda seen: seen["revision"] == 2 and seen["state"] == "waiting")
        await cancel(app)
        await app.until(lambda seen: seen["state"] == "cancelled")
        app.tenant.misbehave(calm)
        app.tenant.advance(86_400)
        assert (await app.set_up())["state"] == "ready"


async def test_cancelling_what_does_not_run_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        before = await app.set_up()
        await cancel(app)
        assert (await app.client.get(f"/api/connections/{NAME}")).json() == before


@pytest.mark.parametrize(("limit", "allowed"), [("", False), ("?allowRemoval=2", False), ("?allowRemoval=3", True)])
async def test_more_than_half_is_taken_away_only_by_its_number(tmp_path: Path, limit: str, allowed: bool) -> None:
    async with running(tmp_path, mailboxes=5) as app:
        await app.set_up()
        app.tenant.forget_requests()
        body = {"name": NAME, "mailboxes": app.tenant.addresses[:2]}
        answer = await app.client.post(f"/api/connections{limit}", json=body)
        if allowed:
            assert answer.status_code == 202
            connection = await app.until(lambda seen: seen["state"] == "ready" and seen["revision"] == 2)
            assert connection["mailboxes"]["total"] == 2
        else:
            assert "3 of 5" in problem(answer, 409, "removal-not-allowed")["detail"]
            assert app.tenant.requests == []


async def test_access_on_the_list_is_the_lists_whoever_gave_it_and_what_was_never_on_it_stays(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=4) as app:
        kept, given, by_hand, never = app.tenant.addresses
        first = await app.set_up(mailboxes=[kept, given])
        for address in (by_hand, never):
            app.tenant.administrator.add_mailbox_permission(address, first["ids"]["applicationId"])
        assert (await app.set_up(mailboxes=[kept, given, by_hand]))["state"] == "ready"
        answer = await app.client.post("/api/connections", json={"name": NAME, "mailboxes": [kept]})
        assert "2 of 3" in problem(answer, 409, "removal-not-allowed")["detail"]
        await app.client.post("/api/connections?allowRemoval=2", json={"name": NAME, "mailboxes": [kept]})
        await app.until(lambda seen: seen["state"] == "ready")
        reached = [bool(app.tenant.world.with_access(address)) for address in app.tenant.addresses]
        assert reached == [True, False, False, True]


async def test_after_a_lost_store_what_is_on_the_list_is_ours_again(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await app.set_up()
        await asyncio.to_thread(shutil.rmtree, tmp_path / "connections")
        assert (await app.set_up())["state"] == "ready"
        assert (await app.set_up(mailboxes=app.tenant.addresses[:2]))["state"] == "ready"
        reached = [bool(app.tenant.world.with_access(address)) for address in app.tenant.addresses]
        assert reached == [True, True, False]


@pytest.mark.parametrize(("lost", "state"), [("deleted", "ready"), ("disabled", "action-required")])
async def test_a_secret_that_was_lost_in_the_vault_is_told_and_brought_back_or_made_anew(
    tmp_path: Path, lost: str, state: str
) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        before = await app.parameters()
        (name,) = [name for name in app.tenant.world.secrets if name.startswith(NAME)]
        administrator = app.tenant.administrator
        (administrator.delete_secret if lost == "deleted" else administrator.disable_secret)(name)
        answer = await app.client.get(f"/api/connections/{NAME}/parameters")
        assert "set-up again" in problem(answer, 409, "secret-lost")["hint"]
        finished = await app.set_up()
        assert (finished["state"], finished["verified"]) == (state, True)
        assert (await app.parameters())["applicationId"] == before["applicationId"]


async def test_a_report_says_what_support_needs_and_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All")
        await app.set_up()
        answer = await app.client.get(f"/api/connections/{NAME}/report")
        report = answer.json()
        (consent,) = [step for step in report["steps"] if step["name"] == "consent"]
        assert consent["findings"][0]["code"] == "consent-missing"
        assert consent["findings"][0]["requestId"]
        assert report["version"]
        assert report["examples"][0]["address"] == "in…@co…"
        assert not any(address in answer.text for address in app.tenant.addresses)
        assert not any(secret in answer.text for secret in app.tenant.issued)
