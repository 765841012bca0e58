"""POP and SMTP that were switched on for a mailbox: back as they were, unless somebody else has come to need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.flow.app import App, running
from tests.flow.test_plan import dry_run
from tests.flow.test_protocols import finding

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


async def test_what_another_connection_uses_stays_on_and_is_said(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        (address,) = app.tenant.addresses
        off(app, address)
        assert (await app.set_up(**BOTH))["state"] == "ready"
        other = {"name": "other", "mailboxes": [address], "protocols": ["smtp"]}
        assert (await app.client.set_up(other, app.seen))["state"] == "ready"
        removed = await app.remove()
        assert switches(app, address) == (False, False)
        told = finding(removed, "switch-needed")
        assert (told["severity"], "(other). Mailboxes: 1." in told["message"]) == ("info", True)
