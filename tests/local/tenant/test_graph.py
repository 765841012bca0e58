"""Microsoft Graph: what it refuses, what it remembers, and whom it lets do what."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from kiota_abstractions.api_error import APIError

from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_APP_ID, EXCHANGE_ROLES, GRAPH_APP_ID
from tests.local.tenant.clients import Clients, OpenClients

# The SDK's generated modules warn about themselves when they are imported.
pytestmark = pytest.mark.filterwarnings(
    "ignore:GetQueryParameters is deprecated:DeprecationWarning", "ignore:This class is deprecated:DeprecationWarning"
)
NAMED = "/applications(uniqueName='utm-mail-connect-hq')"


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


async def test_the_sdk_raises_graph_s_own_code_and_request_id(clients: Clients) -> None:
    with pytest.raises(APIError) as error:
        await clients.graph.applications_with_unique_name("none").get()
    found: Any = error.value
    assert found.response_status_code == 404
    assert found.error.code == "Request_ResourceNotFound"
    assert found.error.inner_error.request_id


async def test_an_upsert_creates_once_and_then_changes(clients: Clients) -> None:
    wanted = {"displayName": "UTM", "tags": ["a"], "signInAudience": "AzureADMyOrg"}
    missing = await clients.ask_graph("PATCH", NAMED, wanted)
    made = await clients.ask_graph("PATCH", NAMED, wanted, Prefer="create-if-missing")
    changed = await clients.ask_graph("PATCH", NAMED, {"tags": ["a", "b"]}, Prefer="create-if-missing")
    seen = (await clients.ask_graph("GET", f"{NAMED}?$select=id,tags,signInAudience")).json()
    assert (missing.status_code, made.status_code, changed.status_code) == (404, 201, 204)
    assert seen["tags"] == ["a", "b"]
    assert seen["signInAudience"] == "AzureADMyOrg"
    assert "displayName" not in seen
    assert list(clients.tenant.world.applications) == [made.json()["id"]]


async def test_a_new_application_belongs_to_the_caller_and_is_found_by_each_key(clients: Clients) -> None:
    registered = await clients.register()
    for key in (f"/{registered.id}", f"(appId='{registered.app_id}')", "(uniqueName='utm-mail-connect-hq')"):
        assert (await clients.ask_graph("GET", f"/applications{key}")).json()["appId"] == registered.app_id
    owners = (await clients.ask_graph("GET", f"/applications/{registered.id}/owners")).json()["value"]
    assert [owner["id"] for owner in owners] == [clients.tenant.world.identity.object_id]


async def test_lists_are_filtered_and_paged(clients: Clients) -> None:
    for number in range(3):
        path = f"/applications(uniqueName='app-{number}')"
        await clients.ask_graph("PATCH", path, {"displayName": "UTM", "tags": ["ours"]}, Prefer="create-if-missing")
    named = await clients.ask_graph("GET", "/applications?$filter=uniqueName eq 'app-1'")
    tagged = await clients.ask_graph("GET", "/applications?$filter=tags/any(t:t eq 'ours')&$top=2")
    assert [found["uniqueName"] for found in named.json()["value"]] == ["app-1"]
    following = tagged.json()["@odata.nextLink"].removeprefix(f"{clients.tenant.endpoints['graph']}/v1.0")
    rest = (await clients.ask_graph("GET", following)).json()
    assert len(tagged.json()["value"]) == 2
    assert len(rest["value"]) == 1
    assert "@odata.nextLink" not in rest


async def test_the_secret_s_text_is_shown_once(clients: Clients) -> None:
    registered = await clients.register()
    shown = (await clients.ask_graph("GET", f"/applications/{registered.id}")).json()["passwordCredentials"]
    assert [entry["keyId"] for entry in shown] == [registered.key_id]
    assert shown[0]["secretText"] is None
    assert registered.secret in clients.tenant.issued


async def test_a_removed_secret_is_gone(clients: Clients) -> None:
    registered = await clients.register()
    path = f"/applications/{registered.id}/removePassword"
    first = await clients.ask_graph("POST", path, {"keyId": registered.key_id})
    second = await clients.ask_graph("POST", path, {"keyId": registered.key_id})
    assert (first.status_code, second.status_code) == (204, 400)
    assert clients.tenant.world.applications[registered.id].credentials == []


async def test_a_secret_cannot_be_set_by_patch(clients: Clients) -> None:
    registered = await clients.register()
    body = {"passwordCredentials": [{"secretText": "mine"}]}
    assert (await clients.ask_graph("PATCH", f"/applications/{registered.id}", body)).status_code == 400


@pytest.mark.parametrize(
    ("days", "forbidden", "expected"),
    [(90, False, "CredentialInvalidLifetimeAsPerAppPolicy"), (None, True, "CredentialTypeNotAllowedAsPerAppPolicy")],
)
async def test_the_tenant_s_policy_limits_secrets(
    clients: Clients, days: int | None, forbidden: bool, expected: str
) -> None:
    registered = await clients.register()
    clients.tenant.administrator.limit_secrets(days, forbidden=forbidden)
    policy = (await clients.ask_graph("GET", "/policies/defaultAppManagementPolicy")).json()
    restrictions = policy["applicationRestrictions"]["passwordCredentials"]
    refused = await clients.ask_graph("POST", f"/applications/{registered.id}/addPassword", {})
    assert policy["isEnabled"] is True
    assert restrictions[0]["maxLifetime"] == (f"P{days}D" if days else None)
    assert refused.status_code == 400
    assert code(refused) == expected


async def test_a_secret_within_the_policy_is_made(clients: Clients) -> None:
    registered = await clients.register()
    clients.tenant.administrator.limit_secrets(90)
    body = {
        "passwordCredential": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-03-31T00:00:00.1234567Z"}
    }
    too_late = await clients.ask_graph("POST", f"/applications/{registered.id}/addPassword", body)
    assert code(too_late) == "CredentialInvalidEndDate"


async def test_without_a_policy_nothing_is_restricted(clients: Clients) -> None:
    policy = (await clients.ask_graph("GET", "/policies/defaultAppManagementPolicy")).json()
    assert policy["isEnabled"] is False
    assert policy["applicationRestrictions"]["passwordCredentials"] == []


async def test_an_assignment_that_exists_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    resource = clients.tenant.world.service_principal(EXCHANGE_APP_ID)
    assert resource is not None
    body = {
        "principalId": registered.principal_id,
        "resourceId": resource.id,
        "appRoleId": EXCHANGE_ROLES["IMAP.AccessAsApp"],
    }
    answer = await clients.ask_graph("POST", f"/servicePrincipals/{resource.id}/appRoleAssignedTo", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Permission being assigned already exists on the object"


async def test_an_assignment_is_listed_on_both_sides_until_it_is_deleted(clients: Clients) -> None:
    registered = await clients.register()
    resource = clients.tenant.world.service_principal(EXCHANGE_APP_ID)
    assert resource is not None
    held = f"/servicePrincipals/{registered.principal_id}/appRoleAssignments"
    given = f"/servicePrincipals/{resource.id}/appRoleAssignedTo"
    assignment = (await clients.ask_graph("GET", held)).json()["value"][0]
    assert assignment["id"] in {entry["id"] for entry in (await clients.ask_graph("GET", given)).json()["value"]}
    gone = await clients.ask_graph("DELETE", f"{given}/{assignment['id']}")
    assert gone.status_code == 204
    assert (await clients.ask_graph("GET", held)).json()["value"] == []


async def test_a_deleted_application_waits_among_the_deleted_items(clients: Clients) -> None:
    registered = await clients.register()
    deleted = await clients.ask_graph("DELETE", f"/applications/{registered.id}")
    items = (await clients.ask_graph("GET", "/directory/deletedItems/microsoft.graph.application")).json()["value"]
    assert deleted.status_code == 204
    assert [item["uniqueName"] for item in items] == ["utm-mail-connect-hq"]
    assert (await clients.ask_graph("GET", f"/applications/{registered.id}")).status_code == 404
    restored = await clients.ask_graph("POST", f"/directory/deletedItems/{registered.id}/restore")
    assert restored.status_code == 200
    assert (await clients.ask_graph("GET", f"/applications/{registered.id}")).status_code == 200


async def test_owned_by_reaches_only_what_the_caller_owns(clients: Clients) -> None:
    foreign = clients.tenant.administrator.register_application("utm-mail-connect-hq")
    seen = await clients.ask_graph("GET", NAMED)
    changed = await clients.ask_graph("PATCH", NAMED, {"displayName": "x"}, Prefer="create-if-missing")
    secret = await clients.ask_graph("POST", f"/applications/{foreign.id}/addPassword", {})
    principal = await clients.ask_graph(
        "PATCH", f"/servicePrincipals(appId='{foreign.app_id}')", {}, Prefer="create-if-missing"
    )
    assert seen.json()["appId"] == foreign.app_id
    assert [answer.status_code for answer in (changed, secret, principal)] == [403, 403, 403]
    assert code(changed) == "Authorization_RequestDenied"
    assert "backing application" in principal.json()["error"]["message"]


async def test_foreign_owners_and_credentials_are_shown(clients: Clients) -> None:
    registered = await clients.register()
    application = clients.tenant.world.applications[registered.id]
    administrator = clients.tenant.administrator
    administrator.add_owner(application)
    for kind in ("secret", "certificate", "federated"):
        administrator.add_credential(application, kind)
    path = f"/applications/{registered.id}"
    shown = (await clients.ask_graph("GET", f"{path}?$expand=owners")).json()
    federated = (await clients.ask_graph("GET", f"{path}/federatedIdentityCredentials")).json()["value"]
    assert [owner["@odata.type"] for owner in shown["owners"]] == [
        "#microsoft.graph.servicePrincipal",
        "#microsoft.graph.user",
    ]
    assert len(shown["passwordCredentials"]) == 2
    assert len(shown["keyCredentials"]) == 1
    assert len(federated) == 1


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("Policy.Read.All", "GET", "/policies/defaultAppManagementPolicy"),
        ("AppRoleAssignment.ReadWrite.All", "POST", "/servicePrincipals/x/appRoleAssignedTo"),
        ("AppRoleAssignment.ReadWrite.All", "DELETE", "/servicePrincipals/x/appRoleAssignedTo/y"),
        ("Application.ReadWrite.OwnedBy", "POST", "/applications"),
        ("Organization.Read.All", "GET", "/organization"),
    ],
)
async def test_a_call_needs_its_role(
    tenant: Tenant, clients_of: OpenClients, role: str, method: str, path: str
) -> None:
    tenant.administrator.revoke(role)
    async with clients_of(tenant) as without:
        refused = await without.ask_graph(method, path, {"displayName": "x"})
    tenant.forget_tokens()
    tenant.administrator.grant(role)
    async with clients_of(tenant) as granted:
        served = await granted.ask_graph(method, path, {"displayName": "x"})
    assert refused.status_code == 403
    assert served.status_code != 403


@pytest.mark.parametrize("missing", ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"])
async def test_assigning_a_role_needs_two_rights(tenant: Tenant, clients_of: OpenClients, missing: str) -> None:
    tenant.administrator.revoke(missing)
    async with clients_of(tenant) as clients:
        answer = await clients.ask_graph("POST", "/servicePrincipals/x/appRoleAssignedTo", {})
    assert answer.status_code == 403


async def test_owned_by_alone_can_still_list(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.revoke("Application.Read.All", "AppRoleAssignment.ReadWrite.All", "Policy.Read.All")
    async with clients_of(tenant) as clients:
        for path in ("/applications", "/servicePrincipals", f"/servicePrincipals(appId='{GRAPH_APP_ID}')"):
            assert (await clients.ask_graph("GET", path)).status_code == 200


async def test_a_token_for_another_service_is_refused(clients: Clients) -> None:
    token = await clients.token("exchange")
    url = f"{clients.tenant.endpoints['graph']}/v1.0/applications"
    wrong = await clients.http.get(url, headers={"Authorization": f"Bearer {token}"})
    broken = await clients.http.get(url, headers={"Authorization": f"Bearer {token[:-3]}abc"})
    none = await clients.http.get(url)
    assert [answer.status_code for answer in (wrong, broken, none)] == [401, 401, 401]
    assert "Invalid audience" in wrong.json()["error"]["message"]


async def test_a_reached_quota_is_said(clients: Clients) -> None:
    clients.tenant.world.directory_quota_reached = True
    answer = await clients.ask_graph("PATCH", NAMED, {"displayName": "UTM"}, Prefer="create-if-missing")
    assert code(answer) == "Directory_QuotaExceeded"


async def test_what_is_not_simulated_says_so(clients: Clients) -> None:
    answer = await clients.ask_graph("GET", "/users")
    assert answer.status_code == 400
    assert "segment 'users'" in answer.json()["error"]["message"]
