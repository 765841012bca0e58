"""Sending as other addresses: given to the mailbox that logs in, proven, taken back, and only what is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.microsoft import Cmdlet
from connector.plans.prerequisites import CMDLETS
from tests.flow.app import NAME, App, running, states
from tests.flow.test_plan import dry_run
from tests.flow.test_protocols import finding
from tests.flow.test_switches import also, gone

INFO, TEAM, ALIAS = "info@contoso.example", "team@contoso.example", "own@contoso.example"
SENDING: tuple[Cmdlet, ...] = ("Get-RecipientPermission", "Add-RecipientPermission", "Remove-RecipientPermission")


def furnished(app: App) -> str:
    """Add a shared mailbox and a group; return the mailbox that is to log in."""
    app.tenant.administrator.add_mailbox(INFO, kind="SharedMailbox", aliases=("office@contoso.example",))
    app.tenant.administrator.add_recipient(TEAM)
    return next(one for one in app.tenant.addresses if one != INFO)


def may(app: App, address: str) -> set[str]:
    """Return the mailboxes that may send as an address."""
    world = app.tenant.world
    found = world.mailbox(address) or world.recipients[address]
    return {one.address for one in world.mailboxes.values() if one.guid in found.send_as}


def by_hand(app: App, address: str, mailbox: str) -> None:
    """Give a right as an administrator does."""
    world = app.tenant.world
    found = world.mailbox(address) or world.recipients[address]
    found.send_as[world.mailboxes[mailbox].guid] = 0.0


def permit_only(app: App, *cmdlets: str) -> None:
    """Let the identity run only these, besides what a set-up needs."""
    app.tenant.administrator.set_directory_roles()
    app.tenant.world.role_groups.clear()
    app.tenant.administrator.put_in_role_group({*CMDLETS, "Get-Recipient", *cmdlets})


async def relay(app: App, own: str, *senders: str, **more: Any) -> dict[str, Any]:
    return await app.set_up(**{"protocols": ["smtp"], "mailboxes": [own], "sendAs": [*senders], **more})


async def planned(app: App, own: str, *senders: str) -> list[tuple[str, str]]:
    changes = (await dry_run(app, mailboxes=[own], protocols=["smtp"], sendAs=[*senders]))["changes"]
    return [(one["action"], one["subject"]) for one in changes if "send-as" in one["action"]]


async def test_a_relay_sends_as_others_as_long_as_they_are_listed(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        own = furnished(app)
        assert await planned(app, own, INFO, TEAM) == [
            ("grant-send-as", f"{own} → {INFO}"), ("grant-send-as", f"{own} → {TEAM}"),
        ]  # fmt: skip
        assert (may(app, INFO), may(app, TEAM)) == (set(), set())
        connection = await relay(app, own, INFO, TEAM)
        assert (connection["state"], connection["wanted"]["sendAs"]) == ("ready", [INFO, TEAM])
        assert (may(app, INFO), may(app, TEAM), app.tenant.violations()) == ({own}, {own}, [])
        assert {INFO, TEAM} <= {one.path for one in app.tenant.requests if one.method == "MAIL"}
        app.tenant.forget_requests()
        again = await relay(app, own, TEAM, INFO)
        assert (again["state"], app.tenant.writes()) == ("ready", [])
        assert states(again)["mailboxes"] == "unchanged"
        assert await planned(app, own, "office@contoso.example") == [("revoke-send-as", f"{own} → {TEAM}")]
        assert (await relay(app, own, "office@contoso.example"))["state"] == "ready"
        assert (may(app, INFO), may(app, TEAM)) == ({own}, set())
        removed = await app.remove()
        assert (removed["state"], may(app, INFO)) == ("removed", set())


async def test_a_right_that_somebody_gave_by_hand_stays_and_is_said(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        own = furnished(app)
        other = next(one for one in app.tenant.addresses if one not in {own, INFO})
        by_hand(app, INFO, own)
        by_hand(app, TEAM, other)
        assert (await relay(app, own, INFO, TEAM))["state"] == "ready"
        connection = await relay(app, own)
        assert (connection["state"], finding(connection, "send-as-stays")["severity"]) == ("ready", "info")
        assert (may(app, INFO), may(app, TEAM)) == ({own}, {other})
        await app.remove()
        assert (may(app, INFO), may(app, TEAM)) == ({own}, {other})


async def test_what_another_connection_sends_by_is_left_to_it_and_the_last_one_takes_it_back(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        own = furnished(app)
        app.tenant.administrator.add_alias(own, ALIAS)
        assert (await relay(app, own, INFO, TEAM))["state"] == "ready"
        other = {"protocols": ["smtp"], "sendAs": ["office@contoso.example", ALIAS]}
        assert (await also(app, "other", ALIAS, **other))["state"] == "ready"
        assert ("revoke-send-as", f"{own} → {INFO}") not in await planned(app, own)
        left = await relay(app, own)
        told = finding(left, "send-as-needed")
        assert (left["state"], told["severity"], "(other)" in told["message"]) == ("ready", "info", True)
        assert (may(app, INFO), may(app, TEAM)) == ({own}, set())
        app.tenant.forget_requests()
        again = await also(app, "other", ALIAS, **other)
        assert (again["state"], app.tenant.writes()) == ("ready", [])
        assert ((await app.remove())["state"], may(app, INFO)) == ("removed", {own})
        assert ((await gone(app, "other"))["state"], may(app, INFO)) == ("removed", set())


@pytest.mark.no_cover
async def test_a_right_that_is_left_to_another_connection_goes_when_that_one_is_removed_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        own = furnished(app)
        assert (await relay(app, own, INFO))["state"] == "ready"
        assert (await also(app, "other", own, protocols=["smtp"], sendAs=[INFO]))["state"] == "ready"
        assert ((await app.remove())["state"], may(app, INFO)) == ("removed", {own})
        assert ((await gone(app, "other"))["state"], may(app, INFO)) == ("removed", set())


async def test_a_mailbox_that_leaves_the_list_no_longer_sends_as_anybody(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        own = furnished(app)
        other = next(one for one in app.tenant.addresses if one not in {own, INFO})
        assert (await relay(app, own, INFO, mailboxes=[own, other]))["state"] == "ready"
        assert may(app, INFO) == {own, other}
        assert (await relay(app, other, INFO))["state"] == "ready"
        assert may(app, INFO) == {other}
        # Without a protocol that sends nothing is left of it.
        assert (await app.set_up(protocols=["imap"], mailboxes=[other]))["state"] == "ready"
        assert may(app, INFO) == set()


async def test_what_may_not_be_given_or_read_is_a_persons_and_never_green(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        own = furnished(app)
        permit_only(app, SENDING[0])
        stuck = await relay(app, own, INFO, "nobody@contoso.example")
        missing = finding(stuck, "send-as-missing")
        assert stuck["state"] == "action-required"
        assert f"Add-RecipientPermission -Identity '{INFO}' -Trustee '{own}'" in missing["action"]["command"]
        assert finding(stuck, "sender-not-found")["subject"] == "nobody@contoso.example"
        by_hand(app, INFO, own)
        ready = await relay(app, own, INFO)
        assert ready["state"] == "ready"
        permit_only(app)
        unread = await relay(app, own, INFO)
        assert finding(unread, "send-as-unread")["severity"] == "warning"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sendAs": ["a@b.example>\r\nDATA"]}, "not-an-address"),
    ({"sendAs": ["a@b.example> SIZE=1"]}, "not-an-address"),
    ({"sendAs": ["a@b.example\nRCPT TO:<c@d.example>"]}, "not-an-address"),
    ({"sendAs": ["ü@b.example"]}, "not-an-address"),
    ({"sendAs": ["'; Remove-Mailbox 'x"]}, "not-an-address"),
    ({"sendAs": [INFO, INFO.upper()]}, "duplicate-mailbox"),
    ({"sendAs": INFO}, "field-type"),
    ({"sendAs": [f"a{number}@b.example" for number in range(41)]}, "list-length"),
    ({"sendAs": [INFO], "protocols": ["imap", "pop"]}, "senders-apart"),
]


async def test_what_is_no_sender_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        for more, code in REFUSED:
            body = {"name": NAME, "mailboxes": app.tenant.addresses, "protocols": ["smtp"], **more}
            answer = await app.client.post("/api/connections", json=body)
            told = answer.json()
            assert (answer.status_code, told["code"], told["field"].split(".")[0]) == (422, code, "sendAs"), more
        many = [f"a{number}@b.example" for number in range(11)]
        body = {"name": NAME, "mailboxes": many, "protocols": ["smtp"], "sendAs": [INFO]}
        told = (await app.client.post("/api/connections", json=body)).json()
        assert (told["code"], told["field"]) == ("list-length", "mailboxes")
        assert app.tenant.requests == []
