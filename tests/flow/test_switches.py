"""POP and SMTP that were switched on for a mailbox: back as they were, unless somebody else has come to need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.tenant.misbehaviour import Fault, Preset
from tests.flow.app import NAME, App, running
from tests.flow.test_plan import dry_run
from tests.flow.test_protocols import finding

INFO, WITHOUT = "info@contoso.example", "nobody@contoso.example"
BOTH: dict[str, Any] = {"protocols": ["pop", "smtp"], "enablePop": True, "enableSmtp": True}


def off(app: App, *addresses: str, own: bool | None = None) -> None:
    """Switch both off: SMTP by the tenant, or by the mailbox's own setting."""
    app.tenant.world.submission_disabled = True
    for address in addresses:
        mailbox = app.tenant.world.mailboxes[address]
        mailbox.pop_enabled, mailbox.submission_disabled = False, own


def switches(app: App, address: str) -> tuple[bool, bool | None]:
    mailbox = app.tenant.world.mailboxes[address]
    return mailbox.pop_enabled, mailbox.submission_disabled


@pytest.mark.no_cover
async def test_what_leaves_is_switched_back_to_what_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        inherits, own, changed = app.tenant.addresses
        off(app, inherits)
        off(app, own, changed, own=True)
        assert (await app.set_up(**BOTH))["state"] == "ready"
        assert [switches(app, one) for one in app.tenant.addresses] == [(True, False)] * 3
        plan = await dry_run(app, mailboxes=[own, changed], **BOTH)
        told = [(one["action"], one["subject"]) for one in plan["changes"]]
        assert told == [("revoke-access", inherits), ("disable-pop", inherits), ("disable-smtp", inherits)]
        assert (await app.set_up(mailboxes=[own, changed], **BOTH))["state"] == "ready"
        assert (switches(app, inherits), switches(app, own)) == ((False, None), (True, False))
        app.tenant.world.mailboxes[changed].pop_enabled = False  # somebody has, since
        app.tenant.forget_requests()
        assert (await app.remove())["state"] == "removed"
        assert (switches(app, own), switches(app, changed)) == ((False, True), (False, True))
        assert sum(one.about.count("PopEnabled") for one in app.tenant.writes()) == 1


async def also(app: App, name: str, *mailboxes: str, **more: Any) -> dict[str, Any]:
    """Set another connection up."""
    return dict(await app.client.set_up({"name": name, "mailboxes": [*mailboxes], **more}, app.seen))


def by_two_names(app: App) -> str:
    """Give the only mailbox a second name, with its protocols off; return its address."""
    (address,) = app.tenant.addresses
    app.tenant.administrator.add_alias(address, INFO)
    off(app, address)
    return address


async def gone(app: App, name: str) -> dict[str, Any]:
    """Remove another connection."""
    (await app.client.delete(f"/api/connections/{name}?allowRemoval=9")).raise_for_status()
    return await app.client.until(name, lambda seen: seen["state"] in {"removed", "action-required"}, app.seen)


async def test_what_another_connection_uses_stays_on_until_the_last_one_goes(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        address = by_two_names(app)
        assert (await app.set_up(**BOTH))["state"] == "ready"
        for name, named in (("other", INFO), ("third", address)):  # by any of its names
            assert (await also(app, name, named, protocols=["smtp"]))["state"] == "ready"
        removed = await app.remove()
        assert switches(app, address) == (False, False)
        told = finding(removed, "switch-needed")
        assert (told["severity"], "(other, third). Mailboxes: 1." in told["message"]) == ("info", True)
        assert finding(await gone(app, "third"), "switch-needed")["severity"] == "info"
        assert switches(app, address) == (False, False)
        plan = await dry_run(app, name="other", mailboxes=[WITHOUT], protocols=["smtp"])
        assert ("disable-smtp", address) in [(one["action"], one["subject"]) for one in plan["changes"]]
        last = await gone(app, "other")
        assert (last["state"], last["findings"], switches(app, address)) == ("removed", [], (False, None))
        # Whoever switches it on now is not one of ours.
        own = app.tenant.world.mailboxes[address]
        own.submission_disabled = False
        assert (await also(app, "other", address, protocols=["smtp"]))["state"] == "ready"
        assert ((await gone(app, "other"))["state"], own.submission_disabled) == ("removed", False)


@pytest.mark.parametrize("lists", [["anna info"], ["anna info", "info"], ["anna", "anna info", "info"]])
async def test_of_two_names_of_one_mailbox_the_last_one_switches_back_once(tmp_path: Path, lists: list[str]) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        address = by_two_names(app)
        for names in lists:
            listed = [{"anna": address, "info": INFO}[name] for name in names.split()]
            assert (await app.set_up(mailboxes=listed, **BOTH))["state"] == "ready"
            assert switches(app, address) == (True, False)
        app.tenant.forget_requests()
        removed = await app.remove()
        assert (removed["state"], switches(app, address)) == ("removed", (False, None))
        assert removed["removed"]["mailboxes"] == [address]
        about = " ".join(one.about for one in app.tenant.writes())
        assert [about.count(one) for one in ("PopEnabled", "SmtpClient", "Remove-MailboxPermission")] == [1, 1, 1]


async def test_a_mailbox_that_is_named_otherwise_now_is_still_switched_back(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        address = by_two_names(app)
        assert (await app.set_up(**BOTH))["state"] == "ready"
        body = {"name": NAME, "mailboxes": [INFO], **BOTH}
        assert (await app.client.post("/api/connections?allowRemoval=1", json=body)).status_code == 202
        assert (await app.until(lambda seen: seen["state"] == "ready" and "mailboxes" in seen))["findings"] == []
        assert (switches(app, address), len(app.tenant.world.with_access(address))) == ((True, False), 1)
        assert ((await app.remove())["state"], switches(app, address)) == ("removed", (False, None))


@pytest.mark.no_cover
async def test_a_switch_that_was_left_to_a_connection_that_sends_as_others_is_switched_back_by_it(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        (own,) = app.tenant.addresses
        off(app, own, own=True)
        app.tenant.administrator.add_mailbox(INFO, kind="SharedMailbox", aliases=("smtp@contoso.example",))
        assert (await app.set_up(mailboxes=[own], **BOTH))["state"] == "ready"
        other = {"protocols": ["smtp"], "sendAs": [INFO]}
        assert (await also(app, "other", own, **other))["state"] == "ready"
        assert ((await app.remove())["state"], switches(app, own)) == ("removed", (False, False))
        app.tenant.forget_requests()
        assert ((await also(app, "other", own, **other))["state"], app.tenant.writes()) == ("ready", [])
        assert ((await gone(app, "other"))["state"], switches(app, own)) == ("removed", (False, True))


async def test_what_was_left_to_a_connection_that_never_came_to_look_goes_with_it(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        (own,) = app.tenant.addresses
        off(app, own, own=True)
        app.tenant.administrator.add_mailbox(INFO, kind="SharedMailbox")
        first = {"mailboxes": [own], "protocols": ["pop", "smtp"], "enablePop": True, "enableSmtp": True}
        assert (await app.set_up(**first, sendAs=[INFO]))["state"] == "ready"
        calm = app.tenant.misbehave(Preset(faults={"graph": {Fault.UNAVAILABLE: 1.0}}, in_a_row=1_000_000))
        body = {"name": "other", "mailboxes": [own], "protocols": ["smtp"], "sendAs": [INFO]}
        (await app.client.post("/api/connections", json=body)).raise_for_status()
        await app.client.until("other", lambda seen: seen["state"] == "waiting", app.seen)
        (await app.client.post("/api/connections/other/cancel")).raise_for_status()
        await app.client.until("other", lambda seen: seen["state"] == "cancelled", app.seen)
        app.tenant.misbehave(calm)
        removed = await app.remove()
        rights = app.tenant.world.mailboxes[INFO].send_as
        assert (removed["state"], switches(app, own), len(rights)) == ("removed", (False, False), 1)
        assert finding(removed, "switch-needed")
        assert (await gone(app, "other"))["state"] == "removed"
        assert (switches(app, own), rights) == ((False, True), {})
