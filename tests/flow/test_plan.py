"""The dry run: what a set-up would do, without doing anything of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.tenant.exchange_rights import CMDLETS
from local.tenant.misbehaviour import Fault, Preset
from tests.flow.app import NAME, App, running
from tests.flow.test_rights import least, set_up_by_hand


async def dry_run(app: App, **more: Any) -> dict[str, Any]:
    """Ask for a plan and wait for it."""
    body = {"name": NAME, "mailboxes": app.tenant.addresses, **more}
    answer = await app.client.post("/api/connections?dryRun=true", json=body)
    assert answer.status_code == 202
    location = answer.headers["Location"]
    while True:
        answer = await app.client.get(location)
        if answer.status_code != 202:
            break
        await app.client.pause()
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    return document


def changes(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["step"], change["action"]) for change in plan["changes"]]


ALL = [
    ("application", "create-application"),
    ("enterprise-application", "create-enterprise-application"),
    ("consent", "assign-role"),
    ("secret", "add-secret"),
    ("exchange", "create-principal"),
    ("mailboxes", "grant-access"),
    ("mailboxes", "grant-access"),
]


async def test_a_plan_for_a_new_connection_lists_every_write_and_makes_none(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        plan = await dry_run(app)
        assert changes(plan) == ALL
        assert (plan["revision"], plan["state"], plan["next"], plan["complete"]) == (0, "ready", None, True)
        assert all(change["reason"] and change["text"] and not change["byHand"] for change in plan["changes"])
        later = {change["action"] for change in plan["changes"] if "known once" in change["subject"]}
        assert later == {"add-secret", "create-principal"}
        assert app.tenant.writes() == []
        assert (await app.client.get("/api/connections")).json()["items"] == []


async def test_a_plan_says_which_dry_run_it_is_of(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        body = {"name": NAME, "mailboxes": app.tenant.addresses}
        mine = (await app.client.post("/api/connections?dryRun=true", json=body)).json()
        others = (await app.client.post("/api/connections?dryRun=true", json=body)).json()
        assert mine["plan"] != others["plan"]
        while (answer := await app.client.get(others["location"])).status_code == 202:
            assert answer.json()["id"] == others["plan"]
            await asyncio.sleep(0.05)
        assert (answer.json()["id"], changes(answer.json())) == (others["plan"], ALL)
        real = (await app.client.post("/api/connections", json=body)).json()
        assert real["plan"] is None


async def test_what_was_planned_is_what_the_set_up_then_does(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_imap(app.tenant.addresses[0], enabled=False)
        planned = changes(await dry_run(app, enableImap=True))
        connection = await app.set_up(enableImap=True)
        done = {step["name"]: step["changes"] for step in connection["steps"] if step["changes"]}
        assert done == {step: sum(name == step for name, _ in planned) for step, _ in planned}


async def test_a_plan_says_what_could_not_be_read_and_does_not_wait_for_a_day(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        faults = {"exchange": {Fault.THROTTLED: 1.0}}
        app.tenant.misbehave(Preset(faults=faults, in_a_row=1_000_000, retry_after=(86_400, 86_400)))
        plan = await dry_run(app)
        assert (plan["state"], plan["complete"], plan["changes"]) == ("ready", False, [])
        (told,) = plan["findings"]
        assert (told["code"], told["step"], told["subject"]) == ("not-readable", "prerequisites", "exchange")


async def test_a_finished_connection_has_an_empty_plan(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.forget_requests()
        plan = await dry_run(app)
        assert (plan["changes"], plan["findings"], plan["revision"], plan["complete"]) == ([], [], 1, True)
        assert app.tenant.writes() == []


async def test_what_has_not_spread_yet_is_no_empty_plan(tmp_path: Path) -> None:
    """Whether a secret that was just made is gone, or not shown yet, nobody can say."""
    async with running(tmp_path) as app:
        await app.set_up()
        for one in app.tenant.world.applications.values():
            one.credentials.clear()
        plan = await dry_run(app)
        assert (plan["changes"], plan["complete"]) == ([], False)
        assert [one["code"] for one in plan["findings"]] == ["not-readable"]
        assert [one["step"] for one in plan["findings"]] == ["secret"]


async def test_a_plan_shows_what_would_be_taken_back_and_touches_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await app.set_up()
        before = await app.client.get(f"/api/connections/{NAME}")
        plan = await dry_run(app, mailboxes=app.tenant.addresses[:1])
        assert changes(plan) == [("mailboxes", "revoke-access")] * 2
        assert (await app.client.get(f"/api/connections/{NAME}")).json() == before.json()


async def test_what_is_delivered_twice_is_planned_once(tmp_path: Path) -> None:
    async with running(tmp_path, redeliver=True) as app:
        assert changes(await dry_run(app)) == ALL


async def test_what_the_app_may_not_do_is_marked_for_a_person(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        plan = await dry_run(app)
        by_hand = {change["step"] for change in plan["changes"] if change["byHand"]}
        assert plan["complete"]
        assert by_hand == {"consent", "exchange", "mailboxes"}


async def test_what_has_opened_is_not_planned_for_a_person_who_has_done_it(tmp_path: Path) -> None:
    """Without a right in Exchange nothing can be looked at, but a mailbox that has opened has its access."""
    async with running(tmp_path) as app:
        connection = await set_up_by_hand(app)
        new = app.tenant.administrator.add_mailbox("new@contoso.example")
        plan = await dry_run(app, mailboxes=[*app.tenant.addresses, new.address])
        granted = [change["subject"] for change in plan["changes"] if change["step"] == "mailboxes"]
        assert granted == [new.address]
        first = app.tenant.addresses[0]
        app.tenant.administrator.remove_mailbox_permission(first, connection["ids"]["applicationId"])
        await app.verify(lambda seen: seen["mailboxes"]["counts"].get("action-required") == 1)
        plan = await dry_run(app)
        assert [change["subject"] for change in plan["changes"] if change["step"] == "mailboxes"] == [first]


async def test_what_stops_a_set_up_stops_the_plan(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.register_application(f"utm-mail-connect-{NAME}")
        plan = await dry_run(app)
        assert plan["changes"] == []
        assert [finding["code"] for finding in plan["findings"]] == ["foreign-application", "foreign-owner"]


async def test_a_long_plan_comes_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=60) as app:
        await dry_run(app)
        first = (await app.client.get(f"/api/connections/{NAME}/plan?top=40")).json()
        second = (await app.client.get(f"/api/connections/{NAME}/plan?top=40&after={first['next']}")).json()
        subjects = [change["subject"] for page in (first, second) for change in page["changes"]]
        assert (len(first["changes"]), first["next"], second["next"]) == (40, "40", None)
        assert set(app.tenant.addresses) <= set(subjects)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_plan_waits_out_a_tenant_that_throttles(tmp_path: Path, seed: int) -> None:
    async with running(tmp_path, "hostile", seed=seed, clock=1) as app:
        assert changes(await dry_run(app)) == ALL
        assert app.tenant.writes() == []


async def test_a_mailbox_outside_the_scope_is_planned_and_then_told(tmp_path: Path) -> None:
    """Only the write tells the scope: a plan cannot know it."""
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles()
        app.tenant.administrator.put_in_role_group(set(CMDLETS), {app.tenant.addresses[0]})
        assert changes(await dry_run(app)) == ALL


async def test_a_dry_run_with_an_address_that_is_on_no_list_goes_when_the_set_up_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        kept, gone = app.tenant.addresses[:2]
        await dry_run(app)
        await app.set_up()
        assert (await app.client.get(f"/api/connections/{NAME}/plan")).status_code == 200  # both are on the list
        assert [path.parts[-2] for path in _holding(tmp_path, gone)].count("plans") == 1
        await app.set_up(mailboxes=[kept])
        for _ in range(400):  # it goes just after the state is there to be read
            if _holding(tmp_path, gone):
                await asyncio.sleep(0.05)
        assert _holding(tmp_path, gone) == []
        assert (await app.client.get(f"/api/connections/{NAME}/plan")).status_code == 404


def _holding(folder: Path, address: str) -> list[Path]:
    """Return the stored documents that hold an address."""
    paths = (path for path in folder.rglob("*.json") if path.is_file())
    return [path for path in paths if address in path.read_text("utf-8")]
