"""Fetching by POP and sending by SMTP, end to end: set up, changed, proven, taken away, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.microsoft import PROTOCOLS, Protocol
from local.attacker import opened
from local.tenant.world import Application
from tests.flow.app import NAME, App, running, states


def application_of(app: App) -> Application:
    found = app.tenant.world.applications.values()
    (one,) = [one for one in found if one.unique_name == f"utm-mail-connect-{NAME}"]
    return one


def roles(app: App) -> set[str]:
    """Return the protocols whose roles the application holds."""
    principal = app.tenant.world.service_principal(application_of(app).app_id)
    assert principal is not None
    held = {one.role_id for one in app.tenant.world.assignments.values() if one.principal_id == principal.id}
    return {protocol.value for protocol, needs in PROTOCOLS.items() if needs.role_id in held}


def spoken(app: App) -> set[str]:
    """Return the mail protocols in which somebody has logged in."""
    return {one.service for one in app.tenant.requests if one.method in {"AUTH", "AUTHENTICATE"}}


def finding(connection: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [one for one in connection["findings"] if one["code"] == code]
    return dict(found)


@pytest.mark.parametrize("wanted", [["smtp"], ["pop"], ["imap", "smtp"]])
async def test_a_connection_gets_what_its_protocols_need_and_nothing_else(tmp_path: Path, wanted: list[str]) -> None:
    async with running(tmp_path) as app:
        connection = await app.set_up(protocols=wanted)
        assert connection["state"] == "ready"
        assert connection["wanted"]["protocols"] == wanted
        assert (roles(app), spoken(app), app.tenant.violations()) == ({*wanted}, {*wanted}, [])
        parameters = await app.parameters()
        assert [one["protocol"] for one in parameters["servers"]] == wanted
        assert parameters["mail"]["mailboxes"] == app.tenant.addresses
        assert (parameters["imap"] is None) == ("imap" not in wanted)
        app.tenant.forget_requests()
        again = await app.set_up(protocols=wanted)
        assert (again["state"], app.tenant.writes()) == ("ready", [])
        assert {state for name, state in states(again).items() if name != "verification"} == {"unchanged"}
        removed = await app.remove()
        assert removed["state"] == "removed"
        assert app.tenant.world.applications == {}
        assert not any(app.tenant.world.with_access(address) for address in app.tenant.addresses)


async def test_a_protocol_is_added_and_taken_away_with_its_role(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        both = await app.set_up(protocols=["smtp", "imap"])
        assert (both["state"], both["wanted"]["protocols"], roles(app)) == ("ready", ["imap", "smtp"], {"imap", "smtp"})
        app.tenant.forget_requests()
        one = await app.set_up(protocols=["smtp"])
        assert (one["state"], roles(app), spoken(app)) == ("ready", {"smtp"}, {"smtp"})
        assert application_of(app).required_resource_access[0]["resourceAccess"] == [
            {"id": PROTOCOLS[Protocol.SMTP].role_id, "type": "Role"}
        ]
        secret = application_of(app).credentials[0].value
        # The attacker has the relay's secret, and reads nothing with it.
        assert await opened(app.tenant, application_of(app).app_id, secret) == []


async def test_a_role_that_somebody_else_gave_is_left_and_said(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(protocols=["smtp"])
        app.tenant.administrator.consent(application_of(app).app_id)
        connection = await app.set_up(protocols=["smtp"])
        assert (connection["state"], roles(app)) == ("ready", {"imap", "smtp"})
        assert finding(connection, "role-stays")["severity"] == "warning"


async def test_what_is_off_is_switched_on_only_when_asked_and_the_tenant_is_never_touched(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        world, (address,) = app.tenant.world, app.tenant.addresses
        world.submission_disabled = True
        world.mailboxes[address].pop_enabled = False
        stuck = await app.set_up(protocols=["pop", "smtp"])
        assert stuck["state"] == "action-required"
        (told,) = stuck["mailboxes"]["items"]
        assert told["finding"]["code"] in {"pop-disabled", "smtp-off-for-tenant"}
        ready = await app.set_up(protocols=["pop", "smtp"], enablePop=True, enableSmtp=True)
        assert ready["state"] == "ready"
        assert (world.submission_disabled, world.mailboxes[address].submission_disabled) == (True, False)
        assert world.mailboxes[address].pop_enabled


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("blocked", True, "smtp-blocked"), ("licensed", False, "smtp-not-licensed")],
)
async def test_a_refusal_of_sending_is_told_with_the_servers_words(
    tmp_path: Path, name: str, value: bool, code: str
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        setattr(app.tenant.world.mailboxes[app.tenant.addresses[0]], name, value)
        connection = await app.set_up(protocols=["smtp"])
        assert connection["state"] == "action-required"
        (told,) = connection["mailboxes"]["items"]
        assert (told["finding"]["code"], "550" in told["finding"]["message"]) == (code, True)
