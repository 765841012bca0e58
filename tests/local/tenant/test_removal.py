"""What removal meets: deleted applications, principals that are gone, secrets that are disabled and deleted."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from local.tenant import Tenant
from local.tenant.misbehaviour import Preset
from local.tenant.vault_roles import ALL
from tests.local.tenant.clients import Clients, OpenClients, Registered
from tests.local.tenant.test_graph import code

MAILBOX = "invoices@contoso.example"
NAME = "utm-mail-connect-hq"
ITEMS = "/directory/deletedItems"


async def roles(clients: Clients, registered: Registered) -> list[str]:
    """Return the roles that the application's enterprise application holds, as Graph says."""
    held = await clients.ask_graph("GET", f"/servicePrincipals/{registered.principal_id}/appRoleAssignments")
    assert held.status_code == 200
    return [entry["appRoleId"] for entry in held.json()["value"]]


@pytest.mark.parametrize("consent", [True, False])
async def test_the_enterprise_application_goes_and_comes_back_with_its_application(
    clients: Clients, consent: bool
) -> None:
    registered = await clients.register()
    clients.tenant.world.consent_comes_back = consent
    principal = f"/servicePrincipals/{registered.principal_id}"
    assert (await clients.ask_graph("DELETE", f"/applications/{registered.id}")).status_code == 204
    assert (await clients.ask_graph("GET", principal)).status_code == 404
    assert (await clients.ask_graph("DELETE", f"/applications/{registered.id}")).status_code == 404
    item = (await clients.ask_graph("GET", f"{ITEMS}/{registered.id}")).json()
    gone = (await clients.ask_graph("GET", f"{ITEMS}/{registered.principal_id}")).json()
    listed = (await clients.ask_graph("GET", f"{ITEMS}/graph.servicePrincipal")).json()["value"]
    assert (item["@odata.type"], item["uniqueName"]) == ("#microsoft.graph.application", NAME)
    assert (gone["appId"], [entry["id"] for entry in listed]) == (registered.app_id, [registered.principal_id])
    assert item["deletedDateTime"]
    assert (await clients.ask_graph("POST", f"{ITEMS}/{registered.id}/restore")).status_code == 200
    assert (await clients.ask_graph("GET", principal)).json()["deletedDateTime"] is None
    assert len(await roles(clients, registered)) == (1 if consent else 0)
    assert (await clients.ask_graph("GET", f"{ITEMS}/{registered.id}")).status_code == 404
    assert await clients.exchange_token(registered)


async def test_an_application_that_is_deleted_for_good_does_not_come_back(clients: Clients) -> None:
    registered = await clients.register()
    await clients.ask_graph("DELETE", f"/applications/{registered.id}")
    assert (await clients.ask_graph("DELETE", f"{ITEMS}/{registered.id}")).status_code == 204
    assert (await clients.ask_graph("POST", f"{ITEMS}/{registered.id}/restore")).status_code == 404
    assert (await clients.ask_graph("GET", f"{ITEMS}/{registered.principal_id}")).status_code == 404


@pytest.mark.parametrize("kept", [False, True])
async def test_the_unique_name_of_a_deleted_application(clients: Clients, kept: bool) -> None:
    registered = await clients.register()
    clients.tenant.world.deleted_keep_names = kept
    await clients.ask_graph("DELETE", f"/applications/{registered.id}")
    path, wanted = f"/applications(uniqueName='{NAME}')", {"displayName": "UTM"}
    again = await clients.ask_graph("PATCH", path, wanted, Prefer="create-if-missing")
    restored = await clients.ask_graph("POST", f"{ITEMS}/{registered.id}/restore")
    assert (again.status_code, restored.status_code) == ((400, 200) if kept else (201, 400))
    assert code(again if kept else restored) == "Request_MultipleObjectsWithSameKeyValue"


async def test_only_its_owner_deletes_restores_and_purges_an_application(clients: Clients) -> None:
    administrator = clients.tenant.administrator
    foreign, deleted = (administrator.register_application(name) for name in ("one", "two"))
    administrator.delete_application(deleted.app_id)
    answers = [
        await clients.ask_graph("DELETE", f"/applications/{foreign.id}"),
        await clients.ask_graph("POST", f"{ITEMS}/{deleted.id}/restore"),
        await clients.ask_graph("DELETE", f"{ITEMS}/{deleted.id}"),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_a_deletion_travels_and_is_seen_on_one_replica_after_the_other(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        made = await clients.register()
        tenant.misbehave(Preset(directory_lag=(10, 10)))
        paths = [f"/applications/{made.id}", f"/servicePrincipals/{made.principal_id}", f"{ITEMS}/{made.id}"]
        await clients.ask_graph("DELETE", paths[0])
        tenant.advance(1)
        for path in paths:
            assert {(await clients.ask_graph("GET", path)).status_code for _ in range(20)} == {200, 404}
        tenant.advance(10)
        for path, status in zip(paths, (404, 404, 200), strict=True):
            assert {(await clients.ask_graph("GET", path)).status_code for _ in range(20)} == {status}


async def test_an_assignment_is_taken_back_once(clients: Clients) -> None:
    registered = await clients.register()
    held = f"/servicePrincipals/{registered.principal_id}/appRoleAssignments"
    entry = (await clients.ask_graph("GET", held)).json()["value"][0]["id"]
    answers = [await clients.ask_graph("DELETE", f"{held}/{entry}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]
    assert await roles(clients, registered) == []


async def remove_access(clients: Clients, user: str) -> tuple[bool, list[str]]:
    """Run ``Remove-MailboxPermission``; return whether it succeeded, and its warnings."""
    answer = await clients.cmdlet(
        "Remove-MailboxPermission", Identity=MAILBOX, User=user, AccessRights=["FullAccess"], Confirm=False
    )
    return answer.is_success, answer.json().get("@adminapi.warnings", [])


async def test_an_unknown_principal_cannot_be_removed_or_lose_access(clients: Clients) -> None:
    unknown = "6f1c0d2e-0000-4000-8000-00000000000f"
    assert not (await clients.cmdlet("Remove-ServicePrincipal", Identity=unknown, Confirm=False)).is_success
    assert await remove_access(clients, unknown) == (False, [])


async def test_access_that_dangles_is_taken_by_its_sid_only(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    sid = clients.tenant.world.exchange_principals[registered.app_id].sid
    await clients.cmdlet("Remove-ServicePrincipal", Identity=registered.principal_id, Confirm=False)
    assert await remove_access(clients, registered.principal_id) == (False, [])
    assert clients.tenant.world.with_access(MAILBOX) == {sid}
    assert await remove_access(clients, sid) == (True, [])
    assert clients.tenant.world.with_access(MAILBOX) == set()


@pytest.mark.parametrize("forgets", [False, True])
async def test_exchange_may_or_may_not_resolve_a_principal_whose_application_is_gone(
    clients: Clients, forgets: bool
) -> None:
    registered = await clients.register()
    await clients.connect(registered, MAILBOX)
    clients.tenant.world.exchange_forgets_deleted = forgets
    await clients.ask_graph("DELETE", f"/applications/{registered.id}")
    assert (await remove_access(clients, registered.principal_id))[0] is not forgets
    removed = await clients.cmdlet("Remove-ServicePrincipal", Identity=registered.principal_id, Confirm=False)
    assert removed.is_success is not forgets


async def test_access_that_is_not_there_is_a_warning_or_an_error(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.administrator.new_service_principal("app", "object")
        tenant.misbehave(Preset(odd_answers=0.5))
        heard = {(await remove_access(clients, "object"))[0] for _ in range(30)}
    assert heard == {True, False}


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("update/action", ("PATCH", "/secrets/hq/{version}", {"attributes": {"enabled": False}})),
        ("delete", ("DELETE", "/secrets/hq", None)),
        ("recover/action", ("POST", "/deletedsecrets/gone/recover", None)),
        ("readMetadata/action", ("GET", "/deletedsecrets/gone", None)),
        ("readMetadata/action", ("GET", "/deletedsecrets", None)),
        ("purge/action", ("DELETE", "/deletedsecrets/gone", None)),
    ],
)
async def test_taking_a_secret_back_needs_a_right_for_each_step(
    clients: Clients, action: str, call: tuple[str, str, object]
) -> None:
    version = (await clients.vault.set_secret("hq", "one")).properties.version
    await clients.vault.set_secret("gone", "one")
    await clients.vault.delete_secret("gone")
    method, path, body = call
    path = path.format(version=version)
    clients.tenant.administrator.limit_vault(ALL - {f"Microsoft.KeyVault/vaults/secrets/{action}"})
    refused = await clients.ask_vault(method, path, body)
    clients.tenant.administrator.limit_vault(ALL)
    allowed = await clients.ask_vault(method, path, body)
    assert refused.json()["error"]["innererror"]["code"] == "ForbiddenByRbac"
    assert allowed.is_success


async def test_disabled_versions_stay_disabled_through_deletion_and_recovery(clients: Clients) -> None:
    for value in ("one", "two"):
        made = await clients.vault.set_secret("hq", value)
        await clients.vault.update_secret_properties("hq", made.properties.version, enabled=False)
    await clients.vault.delete_secret("hq")
    with pytest.raises(ResourceNotFoundError):
        await clients.vault.delete_secret("hq")
    await clients.vault.recover_deleted_secret("hq")
    listed = [version.enabled async for version in clients.vault.list_properties_of_secret_versions("hq")]
    assert listed == [False, False]
    with pytest.raises(HttpResponseError):
        await clients.vault.get_secret("hq")
