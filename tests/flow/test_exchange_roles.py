"""Sending by a role in Exchange that an administrator assigns: no consent, no full access, and nothing is mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.microsoft import Cmdlet
from local.tenant.catalogue import DIRECTORY_ROLES
from local.tenant.exchange_rights import CMDLETS
from local.tenant.misbehaviour import Preset
from tests.flow.app import NAME, App, running, states
from tests.flow.test_certified_look import looked
from tests.flow.test_plan import changes, dry_run
from tests.flow.test_protocols import application_of, finding, roles, spoken

ASKED: Cmdlet = "Test-ServicePrincipalAuthorization"
RELAY: dict[str, Any] = {"protocols": ["smtp"]}
WISHED: dict[str, Any] = {**RELAY, "roleBasedSending": True}


def codes(connection: dict[str, Any]) -> set[str]:
    return {one["code"] for one in connection["findings"]}


def access(app: App) -> set[str]:
    """Return the mailboxes to which the application has full access."""
    return {one for one in app.tenant.addresses if app.tenant.world.with_access(one)}


def asked(app: App) -> int:
    return sum(one.names.count(ASKED) for one in app.tenant.requests if not one.part)


def assign(app: App, *addresses: str) -> None:
    app.tenant.administrator.assign_sending_role(application_of(app).app_id, *(addresses or app.tenant.addresses))


def pass_hours(app: App, hours: float = 2) -> None:
    app.host.clock.skip(hours * 3_600)
    app.tenant.advance(hours * 3_600)


async def narrowed(app: App, **wanted: Any) -> dict[str, Any]:
    """Set up so that the role is seen, and again when all of Exchange goes by it."""
    await app.set_up(**wanted)
    pass_hours(app)
    return await app.set_up(**wanted)


async def waiting(app: App, **more: Any) -> dict[str, Any]:
    """Ask for a connection, and wait until it needs somebody."""
    body = {"name": NAME, "mailboxes": app.tenant.addresses, **more}
    (await app.client.post("/api/connections", json=body)).raise_for_status()
    return await app.until(lambda seen: seen["state"] == "action-required")


async def test_who_wants_that_way_is_shown_the_lines_and_nothing_is_given_before_or_after(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        connection = await waiting(app, **WISHED)
        told = finding(connection, "sending-role-missing")
        app_id = application_of(app).app_id
        object_id = app.tenant.world.exchange_principals[app_id].object_id
        assert "New-ManagementScope" in told["action"]["command"]
        assert f"-Role 'Application SMTP.SendAsApp' -App '{object_id}'" in told["action"]["command"]
        assert (roles(app), access(app)) == (set(), set())
        assign(app)
        ready = await app.until(lambda seen: seen["state"] == "ready")
        assert (roles(app), access(app), spoken(app), app.tenant.violations()) == (set(), set(), {"smtp"}, [])
        assert (ready["wanted"]["exchangeRoles"], ready["wanted"]["roles"]) == (["Application SMTP.SendAsApp"], [])
        assert finding(ready, "sending-by-role")["severity"] == "info"
        assert application_of(app).required_resource_access in ([], [{"resourceAppId": "", "resourceAccess": []}])
        await app.settled()
        app.tenant.forget_requests()
        again = await app.set_up(**WISHED)
        assert (again["state"], app.tenant.writes()) == ("ready", [])
        assert {state for name, state in states(again).items() if name != "verification"} == {"unchanged"}
        removed = await app.remove()
        left = next(one for one in removed["findings"] if one["code"] == "sending-role-left")
        assert "Remove-ManagementRoleAssignment" in left["action"]["command"]
        assert object_id in left["action"]["command"]
        assert app.tenant.world.application_scopes  # the administrator's: it is said, and never touched


@pytest.mark.no_cover
async def test_a_role_that_is_there_takes_the_place_of_consent_and_then_of_access(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        assert (roles(app), access(app)) == ({"smtp"}, {*app.tenant.addresses})
        assign(app)
        first = await narrowed(app, **RELAY)
        assert (first["state"], roles(app)) == ("ready", set())
        assert access(app) == {*app.tenant.addresses}  # a token of the UTM's may still ask for it
        assert (await app.set_up(**RELAY), access(app))[1] == {*app.tenant.addresses}
        pass_hours(app)
        second = await app.set_up(**RELAY)
        assert (second["state"], roles(app), access(app)) == ("ready", set(), set())
        app.tenant.forget_requests()
        assert ((await app.set_up(**RELAY))["state"], app.tenant.writes()) == ("ready", [])


@pytest.mark.no_cover
async def test_no_mail_is_lost_while_exchange_does_not_go_by_a_new_role_yet(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        app.tenant.misbehave(Preset(role_lag=(7_100, 7_100)))
        assign(app)
        checked = await app.verify(lambda seen: seen["state"] == "ready" and "sending-role-spreads" in codes(seen))
        assert finding(checked, "sending-role-spreads")["severity"] == "info"
        for hours in (0, 1.9):
            pass_hours(app, hours)
            connection = await app.set_up(**RELAY)
            assert (connection["state"], roles(app), access(app)) == ("ready", {"smtp"}, {*app.tenant.addresses})
            assert codes(connection) == {"sending-role-spreads"}
        shorter = {**RELAY, "mailboxes": app.tenant.addresses[:1]}
        assert (await app.set_up(**shorter), roles(app))[1] == {"smtp"}  # of this list nobody has known it yet
        pass_hours(app)
        assert (await app.set_up(**shorter), roles(app))[1] == set()


async def test_access_stays_for_hours_also_where_somebody_else_withdraws_the_consent(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        assign(app)
        app.tenant.administrator.withdraw_consent(application_of(app).app_id, "SMTP.SendAsApp")
        assert ((await app.set_up(**RELAY))["state"], access(app)) == ("ready", {*app.tenant.addresses})
        pass_hours(app)
        assert ((await app.set_up(**RELAY))["state"], access(app)) == ("ready", set())


def body(app: App) -> dict[str, Any]:
    return {"name": NAME, "mailboxes": app.tenant.addresses, **RELAY}


async def test_what_reads_keeps_its_own_consent_and_access(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await waiting(app, protocols=["imap", "smtp"], roleBasedSending=True)
        assert (roles(app), access(app)) == ({"imap"}, {*app.tenant.addresses})
        assign(app)
        await app.until(lambda seen: seen["state"] == "ready")
        assert (roles(app), spoken(app)) == ({"imap"}, {"imap", "smtp"})


async def test_a_mailbox_outside_the_scope_is_named_and_the_others_send(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        inside, outside = app.tenant.addresses
        await waiting(app, **WISHED)
        assign(app, inside)
        stuck = await app.until(lambda seen: {one["state"] for one in seen["mailboxes"]["items"]} > {"open"})
        stuck = await app.set_up(**WISHED)
        told = {one["requested"]: one["finding"] for one in stuck["mailboxes"]["items"]}
        assert told[inside] is None
        assert told[outside]["code"] == "mailbox-outside-role"
        assert f"-Resource '{outside}'" in told[outside]["action"]["command"]
        assign(app)
        assert (await app.set_up(**WISHED))["state"] == "ready"


async def test_a_role_that_does_not_reach_every_mailbox_takes_no_consent_away(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        assign(app, app.tenant.addresses[0])
        connection = await app.set_up(**RELAY)
        assert (connection["state"], roles(app), access(app)) == ("ready", {"smtp"}, {*app.tenant.addresses})
        assert finding(connection, "mailbox-outside-role")["subject"] == app.tenant.addresses[1]
        assert connection["wanted"]["exchangeRoles"] == []


async def test_a_role_without_a_scope_is_said_to_reach_every_mailbox_of_the_tenant(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await waiting(app, **WISHED)
        app.tenant.administrator.assign_sending_role(application_of(app).app_id)
        ready = await app.until(lambda seen: seen["state"] == "ready")
        told = finding(ready, "sending-role-boundless")
        assert (told["severity"], "-CustomResourceScope" in told["action"]["command"]) == ("warning", True)
        app.tenant.administrator.remove_sending_role(application_of(app).app_id)
        assign(app)
        assert "sending-role-boundless" not in codes(await app.set_up(**WISHED))


async def test_who_may_not_ask_goes_the_way_of_today(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles()
        app.tenant.administrator.put_in_role_group({*CMDLETS} - {ASKED})
        await app.set_up(**RELAY)
        assign(app)
        connection = await app.set_up(**RELAY)
        assert (connection["state"], roles(app), access(app)) == ("ready", {"smtp"}, {*app.tenant.addresses})
        assert (asked(app), codes(connection) & {"sending-by-role"}) == (0, set())


async def test_who_may_not_ask_widens_nothing_that_was_wished_narrow_and_the_login_decides(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles()
        app.tenant.administrator.put_in_role_group({*CMDLETS} - {ASKED})
        (await app.client.post("/api/connections", json={**body(app), **WISHED})).raise_for_status()
        await app.until(lambda seen: "sending-role-unread" in codes(seen))
        assert (roles(app), access(app)) == (set(), set())
        await app.until(lambda _: application_of(app).app_id in app.tenant.world.exchange_principals)
        assign(app)
        await app.until(lambda seen: seen["state"] == "ready")
        assert (roles(app), access(app)) == (set(), set())


@pytest.mark.no_cover
async def test_a_consent_of_somebody_else_is_said_and_not_widened(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await waiting(app, **WISHED)
        assign(app)
        await app.until(lambda seen: seen["state"] == "ready")
        app.tenant.administrator.consent(application_of(app).app_id, "SMTP.SendAsApp")
        connection = await waiting(app, **WISHED)
        told = {one["finding"]["code"] for one in connection["mailboxes"]["items"]}
        assert (told, access(app), roles(app)) == ({"consent-mixed"}, set(), {"smtp"})
        app.tenant.administrator.withdraw_consent(application_of(app).app_id, "SMTP.SendAsApp")
        await app.until(lambda seen: seen["state"] == "ready")


async def test_a_consent_that_a_person_gives_where_ours_was_refused_is_his(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        administrator = app.tenant.administrator
        administrator.revoke("AppRoleAssignment.ReadWrite.All")
        await waiting(app, **RELAY)
        administrator.consent(application_of(app).app_id, "SMTP.SendAsApp")
        await app.until(lambda seen: seen["state"] == "ready")
        await app.settled()
        assign(app)
        connection = await narrowed(app, **RELAY)
        assert (connection["state"], finding(connection, "consent-mixed")["severity"]) == ("ready", "warning")
        assert "withdraw-role" not in {action for _, action in changes(await dry_run(app, **RELAY))}


@pytest.mark.parametrize("after", [RELAY, {"protocols": ["imap"]}])
async def test_a_consent_that_somebody_gives_after_ours_was_withdrawn_is_his(
    tmp_path: Path, after: dict[str, Any]
) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**{**RELAY, "protocols": [*dict.fromkeys([*after["protocols"], "smtp"])]})
        if after is RELAY:
            assign(app)
        await narrowed(app, **after)
        kept = roles(app)
        assert "smtp" not in kept
        app.tenant.administrator.consent(application_of(app).app_id, "SMTP.SendAsApp")
        body = {"name": NAME, "mailboxes": app.tenant.addresses, **after}
        (await app.client.post("/api/connections", json=body)).raise_for_status()
        stays = await app.until(lambda seen: {"consent-mixed", "role-stays"} & codes(seen) != set())
        assert (roles(app), stays["state"] != "failed") == ({*kept, "smtp"}, True)


@pytest.mark.no_cover
async def test_a_long_list_is_asked_for_to_its_end_and_no_mailbox_is_said_to_be_outside_unasked(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=101) as app:
        await app.set_up(**RELAY)
        assign(app)
        connection = await narrowed(app, **RELAY)
        assert (connection["state"], roles(app), "mailbox-outside-role" in codes(connection)) == ("ready", set(), False)


@pytest.mark.no_cover
async def test_a_role_that_is_gone_is_not_replaced_by_what_permits_more(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        assign(app)
        await narrowed(app, **RELAY)
        app_id = application_of(app).app_id
        app.tenant.administrator.remove_sending_role(app_id)
        connection = await waiting(app, **RELAY)
        assert (roles(app), "sending-role-missing" in codes(connection)) == (set(), True)
        app.host.clock.skip(120)  # so long one that was withdrawn may be shown still
        app.tenant.administrator.consent(app_id, "SMTP.SendAsApp")  # a person goes back to it
        await app.until(lambda seen: seen["state"] == "ready")
        assert (await app.set_up(**RELAY))["wanted"]["exchangeRoles"] == []


async def test_a_connection_that_sends_nothing_asks_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        assert asked(app) == 0
        await app.set_up(**RELAY)
        assert 1 <= asked(app) <= 2  # before the consent is given, and when that is read back


async def test_a_role_outlives_the_protocol_and_is_said(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await waiting(app, **WISHED)
        assign(app)
        await app.until(lambda seen: seen["state"] == "ready")
        await app.settled()
        connection = await app.set_up()
        assert (connection["state"], roles(app)) == ("ready", {"imap"})
        assert finding(connection, "sending-role-left")["severity"] == "warning"
        app.tenant.administrator.remove_sending_role(application_of(app).app_id)
        assert "sending-role-left" not in codes(await app.set_up())


@pytest.mark.parametrize("role", ["Exchange Recipient Administrator"])
async def test_a_role_that_manages_recipients_alone_cannot_ask(tmp_path: Path, role: str) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles(DIRECTORY_ROLES[role])
        connection = await waiting(app, **RELAY)
        assert (asked(app), "sending-by-role" in codes(connection)) == (0, False)


async def test_who_may_not_look_at_consents_recognises_the_role_all_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
        connection = await waiting(app, **WISHED)
        assert {"sending-role-missing"} <= codes(connection)
        assign(app)
        ready = await app.until(lambda seen: seen["state"] == "ready")
        assert (codes(ready) & {"sending-by-role", "right-missing"}, access(app)) == ({"sending-by-role"}, set())


async def test_what_may_still_rest_on_a_consent_that_nobody_may_see_keeps_its_access(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
        await waiting(app, **RELAY)
        app.tenant.administrator.consent(application_of(app).app_id, "SMTP.SendAsApp")
        await app.until(lambda seen: seen["state"] == "ready")
        await app.settled()
        assign(app)
        connection = await narrowed(app, **RELAY)
        assert (connection["state"], access(app)) == ("ready", {*app.tenant.addresses})
        assert finding(connection, "consent-mixed")["severity"] == "warning"  # all opens; the permission is a person's


@pytest.mark.no_cover
async def test_the_daily_look_is_quiet_until_the_role_or_a_mailbox_of_it_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        inside, outside = app.tenant.addresses
        await waiting(app, **WISHED)
        assign(app)
        await app.until(lambda seen: seen["state"] == "ready")
        await app.settled()
        health = await looked(app)
        assert (health["answer"], health["drift"], health["unread"]) == ("good", [], [])
        assign(app, inside)
        assert (await looked(app))["drift"] == [f"mailbox-outside-role:{outside}"]
        app.tenant.administrator.remove_sending_role(application_of(app).app_id)
        assert {one.partition(":")[0] for one in (await looked(app))["drift"]} == {"sending-role-missing"}


async def test_the_look_at_a_role_beside_a_consent_says_only_that_they_mix(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up(**RELAY)
        assign(app)
        assert [one.partition(":")[0] for one in (await looked(app))["drift"]] == ["consent-mixed"]
        plan = await dry_run(app, **RELAY)
        assert (changes(plan), codes(plan)) == ([], {"sending-role-spreads"})
        await app.set_up(**RELAY)
        assert (await looked(app))["drift"] == []
        pass_hours(app)
        assert [one.partition(":")[0] for one in (await looked(app))["drift"]] == ["consent-mixed"]
        assert changes(await dry_run(app, **RELAY)) == [("consent", "withdraw-role")]
        await app.set_up(**RELAY)
        assert changes(await dry_run(app, **RELAY)) == [("application", "update-application")]
        pass_hours(app)
        assert "access-spare" in {one.partition(":")[0] for one in (await looked(app))["drift"]}
        left = [("mailboxes", "revoke-access")] * 2
        assert changes(await dry_run(app, **RELAY)) == [("application", "update-application"), *left]


async def test_a_plan_of_the_narrow_way_gives_nothing_for_sending_and_says_what_is_missing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        plan = await dry_run(app, **WISHED)
        assert not {action for _, action in changes(plan)} & {"assign-role", "grant-access"}
        assert "sending-role-missing" in codes(plan)
