"""Every cause, produced in the tenant: what the app says of it, and the way out that it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_APP_ID
from local.tenant.exchange_rights import CMDLETS, ON_RECIPIENTS, READS
from local.tenant.misbehaviour import Fault, Preset
from local.tenant.world import Application, VaultSecret
from tests.flow.app import NAME, App, running

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Arrange = Callable[[Tenant], object]


def codes(connection: dict[str, Any]) -> set[str]:
    """Return the codes that a connection shows, its mailboxes' included."""
    shown = {finding["code"] for finding in connection["findings"]}
    return shown | {item["finding"]["code"] for item in connection["mailboxes"]["items"] if item["finding"]}


def found(connection: dict[str, Any], code: str) -> dict[str, Any]:
    """Return a finding by its code."""
    items = [item["finding"] for item in connection["mailboxes"]["items"] if item["finding"]]
    return next(finding for finding in [*connection["findings"], *items] if finding["code"] == code)


def application(tenant: Tenant) -> Application:
    """Return the application of the connection."""
    (one,) = [one for one in tenant.world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
    return one


def secret(tenant: Tenant) -> VaultSecret:
    """Return the connection's secret in the vault, made long ago as far as the app can see."""
    (one,) = [one for name, one in tenant.world.secrets.items() if name.startswith(NAME)]
    one.versions[-1].created -= timedelta(days=1)
    return one


def only_cmdlets(*cmdlets: str) -> Arrange:
    """Let the identity run only these, by a role group."""

    def arrange(tenant: Tenant) -> None:
        tenant.administrator.set_directory_roles()
        tenant.administrator.put_in_role_group(set(cmdlets))

    return arrange


def scoped(tenant: Tenant) -> None:
    tenant.administrator.set_directory_roles()
    tenant.administrator.put_in_role_group(set(CMDLETS), {tenant.addresses[0]})


def dehydrated(tenant: Tenant) -> None:
    tenant.world.dehydrated = True


def no_exchange(tenant: Tenant) -> None:
    (id_,) = [id_ for id_, one in tenant.world.service_principals.items() if one.app_id == EXCHANGE_APP_ID]
    tenant.world.service_principals[id_].app_id = "gone"


def other_role(tenant: Tenant) -> None:
    (one,) = [one for one in tenant.world.service_principals.values() if one.app_id == EXCHANGE_APP_ID]
    for role in one.roles:
        if role.value == "IMAP.AccessAsApp":
            role.id = "00000000-0000-0000-0000-000000000001"


def quota(tenant: Tenant) -> None:
    tenant.world.directory_quota_reached = True


def shorter(tenant: Tenant) -> None:
    tenant.administrator.revoke("Policy.Read.All")
    tenant.administrator.limit_secrets(30)


def no_vault(tenant: Tenant) -> None:
    tenant.world.identity.vault_access = False


BEFORE: list[tuple[str, Arrange]] = [
    ("consent-missing", lambda tenant: tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All")),
    ("consent-by-hand", lambda tenant: tenant.administrator.revoke("Application.Read.All")),
    ("role-missing", lambda tenant: tenant.administrator.revoke("Application.ReadWrite.OwnedBy")),
    ("exchange-role-missing", lambda tenant: tenant.administrator.set_directory_roles()),
    ("cmdlet-missing", only_cmdlets(*READS)),
    ("principal-missing", only_cmdlets(*READS, *ON_RECIPIENTS)),
    ("exchange-by-hand", lambda tenant: tenant.administrator.revoke("Exchange.ManageAsApp")),
    ("access-missing", only_cmdlets(*READS, "New-ServicePrincipal")),
    ("vault-right-missing", no_vault),
    ("imap-disabled", lambda tenant: tenant.administrator.set_imap(tenant.addresses[0], enabled=False)),
    ("mailbox-outside-scope", scoped),
    ("tenant-not-customised", dehydrated),
    ("exchange-resource-missing", no_exchange),
    ("imap-role-unexpected", other_role),
    ("directory-quota", quota),
    ("secrets-forbidden", lambda tenant: tenant.administrator.limit_secrets(forbidden=True)),
    ("secret-lifetime-refused", shorter),
    (
        "foreign-application",
        lambda tenant: tenant.administrator.register_application(f"utm-mail-connect-{NAME}"),
    ),
]


@pytest.mark.parametrize(("code", "arrange"), BEFORE, ids=[code for code, _ in BEFORE])
async def test_a_set_up_names_what_is_in_its_way(tmp_path: Path, code: str, arrange: Arrange) -> None:
    async with running(tmp_path) as app:
        arrange(app.tenant)
        connection = await app.set_up()
        assert connection["state"] == "action-required"
        assert code in codes(connection)
        check_words(found(connection, code))


def check_words(finding: dict[str, Any]) -> None:
    """Assert that a finding can be acted upon."""
    assert finding["message"] != finding["code"]
    assert finding["action"]["text"]
    assert finding["help"].endswith(f"/findings/{finding['code']}.en")
    assert "{" not in finding["message"] + finding["action"]["text"]


ADDRESSES = [
    ("address-is-group", "MailUniversalDistributionGroup"),
    ("address-is-elsewhere", "MailUser"),
    ("address-is-no-mailbox", "PublicFolder"),
]


@pytest.mark.parametrize(("code", "kind"), ADDRESSES)
async def test_what_is_no_mailbox_is_told_by_its_kind(tmp_path: Path, code: str, kind: str) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.add_recipient("team@contoso.example", kind)
        connection = await app.set_up(mailboxes=["team@contoso.example"])
        assert codes(connection) == {code}
        check_words(found(connection, code))


async def test_an_alias_opens_and_the_address_to_type_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.add_mailbox("berta@contoso.example", aliases=("b@contoso.example",))
        connection = await app.set_up(mailboxes=["b@contoso.example"])
        assert connection["state"] == "ready"
        assert found(connection, "address-is-alias")["severity"] == "warning"
        assert (await app.parameters())["imap"]["mailboxes"] == ["berta@contoso.example"]


def expire(tenant: Tenant) -> None:
    secret(tenant)
    application(tenant).credentials[0].end -= timedelta(days=400)


def refuse(tenant: Tenant) -> None:
    secret(tenant)
    application(tenant).credentials[0].value = "another"


def remove_credential(tenant: Tenant) -> None:
    secret(tenant)
    application(tenant).credentials.clear()


def unknown_application(tenant: Tenant) -> None:
    secret(tenant)
    application(tenant).effective = float("inf")


def unknown_tenant(tenant: Tenant) -> None:
    tenant.world.in_another_cloud = True


def wrong_role(tenant: Tenant) -> None:
    tenant.administrator.withdraw_consent(application(tenant).app_id)
    tenant.administrator.consent(application(tenant).app_id, "full_access_as_app")


def late_role(tenant: Tenant) -> None:
    principal = tenant.world.service_principal(application(tenant).app_id)
    for one in tenant.world.assignments.values():
        if principal is not None and one.principal_id == principal.id:
            one.effective = float("inf")


def wrong_audience(tenant: Tenant) -> None:
    tenant.world.token_audience = "https://graph.example"


def stale_principal(tenant: Tenant) -> None:
    one = application(tenant)
    tenant.administrator.remove_service_principal(one.app_id)
    tenant.administrator.new_service_principal(one.app_id, one.id)  # the registration's object id, as the wiki warns


def no_enterprise_application(tenant: Tenant) -> None:
    principal = tenant.world.service_principal(application(tenant).app_id)
    assert principal is not None
    del tenant.world.service_principals[principal.id]


def forget_application(tenant: Tenant) -> None:
    del tenant.world.applications[application(tenant).id]


def renamed(tenant: Tenant) -> None:
    application(tenant).display_name = "Somebody was here"


def faulty(fault: Fault) -> Arrange:
    def arrange(tenant: Tenant) -> None:
        tenant.misbehave(Preset(faults={"imap": {fault: 1.0}}, in_a_row=1_000_000))

    return arrange


def slow_imap(tenant: Tenant) -> None:
    for address in tenant.addresses:
        for access in tenant.world.mailboxes[address].access.values():
            access.effective = float("inf")


def remove_access(tenant: Tenant) -> None:
    tenant.administrator.remove_mailbox_permission(tenant.addresses[0], application(tenant).app_id)


AFTER: list[tuple[str, str, Arrange]] = [
    ("secret-expired", "action-required", expire),
    ("secret-refused", "action-required", refuse),
    ("secret-gone", "action-required", remove_credential),
    ("secret-disabled", "action-required", lambda tenant: tenant.administrator.disable_secret(secret(tenant).name)),
    ("secret-missing", "action-required", lambda tenant: tenant.world.secrets.clear()),
    ("secret-deleted", "action-required", lambda tenant: tenant.administrator.delete_secret(secret(tenant).name)),
    ("application-unknown", "action-required", unknown_application),
    ("tenant-unknown", "action-required", unknown_tenant),
    (
        "conditional-access",
        "action-required",
        lambda tenant: tenant.world.blocked_by_conditional_access.add(application(tenant).app_id),
    ),
    (
        "enterprise-application-disabled",
        "action-required",
        lambda tenant: tenant.administrator.enable_enterprise_application(application(tenant).app_id, enabled=False),
    ),
    ("enterprise-application-missing", "action-required", no_enterprise_application),
    ("application-missing", "action-required", forget_application),
    (
        "application-deleted",
        "action-required",
        lambda tenant: tenant.administrator.delete_application(application(tenant).app_id),
    ),
    ("application-differs", "ready", renamed),
    (
        "consent-missing",
        "action-required",
        lambda tenant: tenant.administrator.withdraw_consent(application(tenant).app_id),
    ),
    ("token-wrong-role", "action-required", wrong_role),
    ("token-role-missing", "waiting", late_role),
    ("token-audience", "action-required", wrong_audience),
    (
        "principal-missing",
        "action-required",
        lambda tenant: tenant.administrator.remove_service_principal(application(tenant).app_id),
    ),
    ("principal-stale", "action-required", stale_principal),
    ("access-missing", "action-required", remove_access),
    (
        "imap-disabled",
        "action-required",
        lambda tenant: tenant.administrator.set_imap(tenant.addresses[0], enabled=False),
    ),
    ("foreign-owner", "action-required", lambda tenant: tenant.administrator.add_owner(application(tenant))),
    (
        "foreign-credential",
        "action-required",
        lambda tenant: tenant.administrator.add_credential(application(tenant), "certificate"),
    ),
    ("imap-not-connected", "waiting", slow_imap),
    ("imap-throttled", "waiting", faulty(Fault.THROTTLED)),
    ("imap-server-error", "waiting", faulty(Fault.DROPPED)),
]


@pytest.mark.parametrize(("code", "state", "arrange"), AFTER, ids=[code for code, _, _ in AFTER])
async def test_a_verification_says_why_mail_has_stopped(
    tmp_path: Path, code: str, state: str, arrange: Arrange
) -> None:
    """And changes nothing: putting it right is a set-up, or a person's."""
    async with running(tmp_path) as app:
        assert (await app.set_up())["state"] == "ready"
        arrange(app.tenant)
        app.tenant.forget_requests()
        connection = await app.verify(lambda seen: seen["state"] == state and code in codes(seen))
        check_words(found(connection, code))
        assert app.tenant.writes() == []


async def test_after_a_verification_the_same_request_is_a_set_up_again(tmp_path: Path) -> None:
    """The run of a verification only looks; it must not swallow the request that puts things right."""
    async with running(tmp_path) as app:
        await app.set_up()
        expire(app.tenant)
        await app.verify(lambda seen: seen["state"] == "action-required" and "secret-expired" in codes(seen))
        connection = await app.set_up()
        assert (connection["state"], connection["revision"]) == ("action-required", 2)
        assert (connection["verified"], codes(connection)) == (True, {"utm-needs-new-secret"})


async def test_a_policy_that_is_relaxed_is_noticed_without_a_new_request(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.limit_secrets(forbidden=True)
        connection = await app.set_up()
        assert "secrets-forbidden" in codes(connection)
        app.tenant.administrator.limit_secrets(180)
        await app.until(lambda seen: seen["state"] == "ready")


COMMANDS = {
    "exchange-by-hand": ("New-ServicePrincipal -AppId ", "-ObjectId ", "Add-MailboxPermission -Identity "),
    "principal-missing": ("New-ServicePrincipal -AppId ", "-ObjectId "),
    "access-missing": ("Add-MailboxPermission -Identity ", "-AutoMapping $false"),
    "mailbox-outside-scope": ("Add-DistributionGroupMember -Identity ", "-Member "),
    "imap-disabled": ("Set-CASMailbox -Identity ", "-ImapEnabled $true"),
    "tenant-not-customised": ("Enable-OrganizationCustomization",),
}


@pytest.mark.parametrize("code", COMMANDS)
async def test_the_line_to_run_is_filled_in(tmp_path: Path, code: str) -> None:
    async with running(tmp_path) as app:
        dict(BEFORE)[code](app.tenant)
        connection = await app.set_up()
        command = found(connection, code)["action"]["command"]
        assert all(part in command for part in COMMANDS[code])
        assert "-ServiceId" not in command
        if "-ObjectId" in command:
            assert connection["ids"]["enterpriseApplicationId"] in command
            assert connection["ids"]["objectId"] not in command


async def test_what_remains_possible_is_listed_where_the_app_may_not_look(tmp_path: Path) -> None:
    """By hand with an alias: Exchange accepts the login and opens no mailbox of that name."""
    async with running(tmp_path) as app:
        administrator = app.tenant.administrator
        administrator.revoke("Exchange.ManageAsApp")
        administrator.add_mailbox("berta@contoso.example", aliases=("b@contoso.example",))
        connection = await app.set_up(mailboxes=["b@contoso.example"])
        refused = found(connection, "imap-login-refused")
        assert len(refused["action"]["causes"]) == 5
        ids = connection["ids"]
        administrator.new_service_principal(ids["applicationId"], ids["enterpriseApplicationId"])
        administrator.add_mailbox_permission("berta@contoso.example", ids["applicationId"])
        connection = await app.verify(lambda seen: "imap-not-connected" in codes(seen))
        causes = found(connection, "imap-not-connected")["action"]["causes"]
        assert any("user principal name" in cause for cause in causes)
        assert not any("Get-ServicePrincipal" in cause for cause in causes)


async def test_a_policy_that_shortens_secrets_is_told_and_obeyed(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.limit_secrets(30)
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert found(connection, "secret-shortened")["severity"] == "info"


async def _accepting(app: App, code: str, arrange: Arrange) -> dict[str, Any]:
    assert (await app.set_up())["state"] == "ready"
    arrange(app.tenant)
    connection = await app.set_up()
    assert codes(connection) == {code}
    assert (await app.accept(found(connection, code)))["goesOn"]
    return await app.until(lambda seen: seen["state"] == "ready" or "utm-needs-new-secret" in codes(seen))


ACCEPTED: list[tuple[str, Arrange]] = [
    ("foreign-owner", lambda tenant: tenant.administrator.add_owner(application(tenant))),
    ("foreign-credential", lambda tenant: tenant.administrator.add_credential(application(tenant))),
    ("principal-stale", stale_principal),
    ("application-deleted", lambda tenant: tenant.administrator.delete_application(application(tenant).app_id)),
]


@pytest.mark.parametrize(("code", "arrange"), ACCEPTED, ids=[code for code, _ in ACCEPTED])
async def test_what_is_accepted_no_longer_stops(tmp_path: Path, code: str, arrange: Arrange) -> None:
    async with running(tmp_path) as app:
        seen = await _accepting(app, code, arrange)
        if code == "application-deleted":  # another application: the UTM needs its values, and somebody is told so
            key = (await app.parameters())["secret"]["keyId"]
            await app.client.post(f"/api/connections/{NAME}/confirm", json={"keyId": key})
            seen = await app.until(lambda seen: seen["state"] == "ready")
        assert seen["state"] == "ready"
