"""Whose an application is: who made it, who owns it, and with which credentials one signs in as it."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import CertificateCredential

from local.tenant.member import AZURE_CLI, LockedError
from tests.local.tenant.clients import Clients, Registered

LOCK = {"servicePrincipalLockConfiguration": {"isEnabled": True, "allProperties": True}}


async def graph(clients: Clients, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await clients.ask_graph("GET", path)).json()
    return answer


async def signs_in(clients: Clients, app_id: str, secret: str) -> bool:
    try:
        async with clients.sign_in_as(app_id, secret) as credential:
            await credential.get_token(f"{clients.tenant.endpoints['exchange']}/.default")
    except ClientAuthenticationError:
        return False
    return True


async def test_entra_says_which_client_made_an_object_and_nobody_can_set_it(clients: Clients) -> None:
    ours = await clients.register()
    planted, _ = clients.tenant.member.plant("utm-mail-connect-other")
    us = clients.tenant.world.identity.client_id
    paths = (f"/applications/{ours.id}", f"/servicePrincipals/{ours.principal_id}", f"/applications/{planted.id}")
    assert [(await graph(clients, path))["createdByAppId"] for path in paths] == [us, us, AZURE_CLI]
    refused = await clients.ask_graph("PATCH", f"/applications/{ours.id}", {"createdByAppId": AZURE_CLI})
    assert refused.status_code == 400
    clients.tenant.world.tells_maker = False
    assert (await graph(clients, paths[0]))["createdByAppId"] is None


async def test_application_and_service_principal_have_owners_of_their_own(clients: Clients) -> None:
    ours = await clients.register()
    tenant = clients.tenant
    tenant.member.add_owner(tenant.world.service_principals[ours.principal_id])
    owners = {
        path: [owner["id"] for owner in (await graph(clients, f"{path}/owners"))["value"]]
        for path in (f"/applications/{ours.id}", f"/servicePrincipals/{ours.principal_id}")
    }
    us = tenant.world.identity.object_id
    assert list(owners.values()) == [[us], [us, tenant.member.id]]


async def test_an_owner_adds_and_removes_owners_and_who_owns_nothing_changes_nothing(clients: Clients) -> None:
    ours, tenant = await clients.register(), clients.tenant
    for path in (f"/applications/{ours.id}", f"/servicePrincipals/{ours.principal_id}"):
        reference = {"@odata.id": f"{tenant.endpoints['graph']}/v1.0/directoryObjects/{tenant.member.id}"}
        statuses = [(await clients.ask_graph("POST", f"{path}/owners/$ref", reference)).status_code for _ in range(2)]
        gone = await clients.ask_graph("DELETE", f"{path}/owners/{tenant.world.identity.object_id}/$ref")
        assert (statuses, gone.status_code) == ([204, 400], 204)
        for change in (("PATCH", "", {}), ("POST", "/addPassword", {}), ("POST", "/owners/$ref", reference)):
            assert (await clients.ask_graph(change[0], f"{path}{change[1]}", change[2])).status_code == 403
    again = {"displayName": "UTM"}
    path = "/applications(uniqueName='utm-mail-connect-hq')"
    upsert = await clients.ask_graph("PATCH", path, again, Prefer="create-if-missing")
    assert upsert.status_code == 403


async def test_owners_of_another_s_service_principal_may_be_hidden(clients: Clients) -> None:
    tenant = clients.tenant
    other = tenant.member.create_enterprise_application(tenant.member.register_application("other"))
    tenant.administrator.revoke("Application.Read.All")
    tenant.world.hides_owners = False
    seen = [(await clients.ask_graph("GET", f"/servicePrincipals/{other.id}/owners")).status_code]
    tenant.world.hides_owners = True
    seen.append((await clients.ask_graph("GET", f"/servicePrincipals/{other.id}/owners")).status_code)
    other.owners.append(tenant.world.identity.object_id)
    seen.append((await clients.ask_graph("GET", f"/servicePrincipals/{other.id}/owners")).status_code)
    assert seen == [200, 403, 200]


async def test_a_password_of_the_service_principal_signs_in_as_the_application(clients: Clients) -> None:
    ours = await clients.register()
    path = f"/servicePrincipals/{ours.principal_id}"
    made = (await clients.ask_graph("POST", f"{path}/addPassword", {})).json()
    assert await signs_in(clients, ours.app_id, made["secretText"])
    assert [one["keyId"] for one in (await graph(clients, path))["passwordCredentials"]] == [made["keyId"]]
    on_application = (await graph(clients, f"/applications/{ours.id}"))["passwordCredentials"]
    assert [one["keyId"] for one in on_application] == [ours.key_id]
    await clients.ask_graph("POST", f"{path}/removePassword", {"keyId": made["keyId"]})
    assert not await signs_in(clients, ours.app_id, made["secretText"])
    assert await signs_in(clients, ours.app_id, ours.secret)


@pytest.mark.parametrize("where", ["application", "service principal"])
async def test_a_certificate_signs_in_wherever_it_was_added(clients: Clients, where: str) -> None:
    ours, tenant = await clients.register(), clients.tenant
    thing = tenant.world.applications[ours.id] if where == "application" else principal(clients, ours)
    pem = tenant.member.add_certificate(thing)
    assert await trusted(clients, ours.app_id, pem)
    thing.credentials = [one for one in thing.credentials if one.kind != "certificate"]
    assert not await trusted(clients, ours.app_id, pem)


async def trusted(clients: Clients, app_id: str, pem: bytes) -> bool:
    found = clients.tenant.endpoints
    credential = CertificateCredential(
        found["tenantId"],
        app_id,
        certificate_data=pem,
        authority=found["authority"],
        connection_verify=found["caBundle"],
        retry_total=0,
        disable_instance_discovery=True,
    )
    try:
        async with credential:
            await credential.get_token(f"{found['exchange']}/.default")
    except ClientAuthenticationError:
        return False
    return True


async def test_a_lock_refuses_passwords_of_the_service_principal_until_an_owner_takes_it_off(clients: Clients) -> None:
    ours, tenant = await clients.register(), clients.tenant
    assert (await clients.ask_graph("PATCH", f"/applications/{ours.id}", LOCK)).status_code == 204
    assert (await graph(clients, f"/applications/{ours.id}"))["servicePrincipalLockConfiguration"]["isEnabled"] is True
    path = f"/servicePrincipals/{ours.principal_id}/addPassword"
    refused = await clients.ask_graph("POST", path, {})
    assert refused.json()["error"]["code"] == "CannotUpdateLockedServicePrincipalProperty"
    with pytest.raises(LockedError):
        tenant.member.add_credential(principal(clients, ours))
    assert (await clients.ask_graph("POST", f"/applications/{ours.id}/addPassword", {})).status_code == 200
    tenant.member.take_lock_off(tenant.world.applications[ours.id])
    assert (await clients.ask_graph("POST", path, {})).status_code == 200


async def test_what_a_member_plants_looks_like_the_identity_s_and_lets_him_in(clients: Clients) -> None:
    planted, password = clients.tenant.member.plant("utm-mail-connect-hq")
    owners = (await graph(clients, f"/applications/{planted.id}/owners"))["value"]
    assert [owner["id"] for owner in owners] == [clients.tenant.world.identity.object_id]
    assert (await graph(clients, f"/applications/{planted.id}"))["passwordCredentials"] == []
    assert await signs_in(clients, planted.app_id, password.value)


def principal(clients: Clients, ours: Registered) -> Any:
    return clients.tenant.world.service_principals[ours.principal_id]
