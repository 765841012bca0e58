"""A mailbox is its guid: second names, names that move, renames, and answers of Exchange that are not true."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.tenant.misbehaviour import PRESETS, Preset
from tests.flow.app import NAME, running, states
from tests.flow.test_causes import found
from tests.flow.test_plan import changes, dry_run

INFO = "info@contoso.example"


async def test_of_two_names_of_one_mailbox_either_keeps_it_and_it_is_handed_over_once(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        anna, other = app.tenant.addresses
        app.tenant.administrator.add_alias(anna, INFO)
        assert changes(await dry_run(app, mailboxes=[anna, INFO]))[-1:] == [("mailboxes", "grant-access")]
        connection = await app.set_up(mailboxes=[anna, INFO, other])
        assert (connection["state"], connection["mailboxes"]["counts"]) == ("ready", {"open": 3})
        assert {step["name"]: step["changes"] for step in connection["steps"]}["mailboxes"] == 2
        assert (await app.parameters())["imap"]["mailboxes"] == [anna, other]
        plan = await dry_run(app, mailboxes=[anna, other])
        assert (plan["changes"], plan["findings"]) == ([], [])
        answer = await app.client.post(
            "/api/connections?allowRemoval=0", json={"name": NAME, "mailboxes": [INFO, other]}
        )
        assert answer.status_code == 202
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert [item["requested"] for item in connection["mailboxes"]["items"]] == [INFO, other]
        assert all(app.tenant.world.with_access(address) for address in app.tenant.addresses)
        assert (await app.parameters())["imap"]["mailboxes"] == [anna, other]


async def test_a_name_that_has_moved_opens_the_new_mailbox_and_the_old_one_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        anna, other = app.tenant.addresses
        app.tenant.administrator.add_alias(anna, INFO)
        await app.set_up(mailboxes=[INFO, other])
        app.tenant.administrator.remove_alias(INFO)
        app.tenant.administrator.add_mailbox(INFO)
        told = await app.verify(lambda seen: seen["state"] == "action-required")
        assert found(told, "removal-by-hand")["action"]["command"].splitlines()[1].split("'")[1] == anna
        assert [bool(app.tenant.world.with_access(address)) for address in (anna, INFO)] == [True, False]
        plan = await dry_run(app, mailboxes=[INFO, other])
        assert {(change["action"], change["subject"]) for change in plan["changes"]} == {
            ("grant-access", INFO), ("revoke-access", anna),
        }  # fmt: skip
        assert (await app.set_up(mailboxes=[INFO, other]))["state"] == "ready"
        assert [bool(app.tenant.world.with_access(address)) for address in (anna, INFO)] == [False, True]


@pytest.mark.parametrize("keep", [True, False])
async def test_a_renamed_mailbox_keeps_its_access_is_told_by_its_new_name_and_is_taken_back(
    tmp_path: Path, *, keep: bool
) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        anna, other = app.tenant.addresses
        await app.set_up()
        renamed = app.tenant.administrator.rename_mailbox(anna, "anna.neu@contoso.example", keep=keep).address
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert found(connection, "address-is-alias")["subject"] == anna
        assert (await app.parameters())["imap"]["mailboxes"] == [renamed, other]
        assert (await app.set_up(mailboxes=[other]))["state"] == "ready"
        assert app.tenant.world.with_access(renamed) == set()


SILENT = Preset(silent_writes=1.0, in_a_row=1_000)


async def test_a_removal_that_exchange_only_claims_is_never_done(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        first, *kept = app.tenant.addresses
        await app.set_up()
        app.tenant.misbehave(SILENT)
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": kept})
        connection = await app.until(lambda seen: states(seen)["mailboxes"] == "waiting")
        assert connection["state"] != "ready"
        assert app.tenant.world.with_access(first)
        app.tenant.misbehave(PRESETS["calm"])
        assert (await app.until(lambda seen: seen["state"] == "ready"))["findings"] == []
        assert app.tenant.world.with_access(first) == set()


@pytest.mark.parametrize("imap", [True, False])
async def test_access_and_imap_that_exchange_only_claims_are_never_done(tmp_path: Path, *, imap: bool) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        (address,) = app.tenant.addresses
        await app.set_up(mailboxes=["nobody@contoso.example"])
        app.tenant.administrator.set_imap(address, enabled=imap)
        app.tenant.misbehave(SILENT)
        body = {"name": NAME, "mailboxes": [address], "enableImap": True}
        assert (await app.client.post("/api/connections", json=body)).status_code == 202
        connection = await app.until(lambda seen: states(seen)["mailboxes"] == "waiting")
        assert connection["mailboxes"]["counts"].get("open", 0) == 0
        mailbox = app.tenant.world.mailboxes[address]
        assert (mailbox.access, mailbox.imap_enabled) == ({}, imap)
        app.tenant.misbehave(PRESETS["calm"])
        connection = await app.until(lambda seen: seen["state"] == "ready")
        assert {step["name"]: step["changes"] for step in connection["steps"]}["mailboxes"] == 2 - imap


async def test_a_mailbox_that_was_licensed_again_is_opened_again(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        app.tenant.administrator.license_again(app.tenant.addresses[0])
        told = await app.verify(lambda seen: seen["state"] == "action-required")
        assert told["mailboxes"]["items"][0]["finding"]["code"] == "access-missing"
        connection = await app.set_up()
        assert (connection["state"], states(connection)["mailboxes"]) == ("ready", "done")
