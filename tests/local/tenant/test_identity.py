"""The token endpoint and the managed identity's, asked by azure-identity."""

from __future__ import annotations

import asyncio
import time

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from local.tenant import Tenant
from local.tenant.catalogue import DIRECTORY_ROLES
from tests.local.tenant.clients import Clients, OpenClients


def claims_of(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_a_token_of_the_managed_identity_says_what_it_may_do(clients: Clients) -> None:
    graph, exchange = claims_of(await clients.token("graph")), claims_of(await clients.token("exchange"))
    endpoints = clients.tenant.endpoints
    assert graph["roles"] == [
        "AppRoleAssignment.ReadWrite.All",
        "Application.Read.All",
        "Application.ReadWrite.OwnedBy",
        "Policy.Read.All",
    ]
    assert exchange["roles"] == ["Exchange.ManageAsApp"]
    assert exchange["aud"] == endpoints["exchange"]
    assert exchange["oid"] == endpoints["managedIdentity"]["objectId"]
    assert exchange["appid"] == endpoints["managedIdentity"]["clientId"]
    assert exchange["tid"] == endpoints["tenantId"]
    wids = exchange["wids"]
    assert isinstance(wids, list)
    assert DIRECTORY_ROLES["Exchange Administrator"] in wids


async def test_a_token_is_dated_five_minutes_before_its_issue(clients: Clients) -> None:
    issued = claims_of(await clients.token("graph"))["iat"]
    assert isinstance(issued, int)
    assert time.time() - 310 < issued <= time.time() - 300


async def test_the_platform_keeps_a_token_with_the_roles_that_it_had(tenant: Tenant, clients_of: OpenClients) -> None:
    async def policy_role(clients: Clients) -> bool:
        return "Policy.Read.All" in str(claims_of(await clients.token("graph"))["roles"])

    tenant.administrator.revoke("Policy.Read.All")
    async with clients_of(tenant) as first:
        assert not await policy_role(first)
    tenant.administrator.grant("Policy.Read.All")
    async with clients_of(tenant) as second:
        assert not await policy_role(second)
    tenant.advance(24 * 3600)
    async with clients_of(tenant) as third:
        assert await policy_role(third)


async def test_forgotten_tokens_are_issued_anew(tenant: Tenant, clients_of: OpenClients) -> None:
    async with clients_of(tenant) as first:
        frozen = await first.token("graph")
    tenant.forget_tokens()
    async with clients_of(tenant) as second:
        assert await second.token("graph") != frozen


@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        ("wrong", {}, 401),
        (None, {"client_id": "00000000-0000-0000-0000-000000000000"}, 400),
        (None, {"api-version": "2017-09-01"}, 400),
        (None, {"resource": "https://unknown.example"}, 400),
    ],
)
async def test_the_managed_identity_endpoint_refuses(
    tenant: Tenant, header: str | None, query: dict[str, str], status: int
) -> None:
    endpoints = tenant.endpoints
    asked = {
        "api-version": "2019-08-01",
        "resource": endpoints["graph"],
        "client_id": endpoints["managedIdentity"]["clientId"],
    }
    async with httpx.AsyncClient() as http:
        headers = {"X-IDENTITY-HEADER": header or endpoints["identityHeader"]}
        answer = await http.get(endpoints["identityEndpoint"], params=asked | query, headers=headers)
    assert answer.status_code == status
    assert answer.json()["statusCode"] == status


async def test_a_secret_gives_a_token_with_the_application_s_roles(clients: Clients) -> None:
    registered = await clients.register()
    claims = claims_of(await clients.exchange_token(registered))
    assert claims["roles"] == ["IMAP.AccessAsApp"]
    assert claims["oid"] == registered.principal_id
    assert claims["appid"] == registered.app_id


async def test_the_credential_that_blocks_finds_the_token_endpoint_by_discovery(clients: Clients) -> None:
    registered = await clients.register()
    endpoints = clients.tenant.endpoints

    def sign_in() -> str:
        credential = ClientSecretCredential(
            endpoints["tenantId"],
            registered.app_id,
            registered.secret,
            authority=endpoints["authority"],
            disable_instance_discovery=True,
            connection_verify=endpoints["caBundle"],
        )
        with credential:
            return str(credential.get_token(f"{endpoints['exchange']}/.default").token)

    assert claims_of(await asyncio.to_thread(sign_in))["roles"] == ["IMAP.AccessAsApp"]


async def refusal(clients: Clients, app_id: str, secret: str, scope: str | None = None) -> str:
    async with clients.sign_in_as(app_id, secret) as credential:
        with pytest.raises(ClientAuthenticationError) as error:
            await credential.get_token(scope or f"{clients.tenant.endpoints['exchange']}/.default")
    return str(error.value)


async def test_a_wrong_secret_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    assert "AADSTS7000215" in await refusal(clients, registered.app_id, "wrong")


async def test_an_unknown_application_is_refused(clients: Clients) -> None:
    assert "AADSTS700016" in await refusal(clients, "0d3c8a4f-0000-4000-8000-000000000000", "wrong")


async def test_an_expired_secret_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    clients.tenant.advance(731 * 24 * 3600)
    assert "AADSTS7000222" in await refusal(clients, registered.app_id, registered.secret)


async def test_a_disabled_enterprise_application_gets_no_token(clients: Clients) -> None:
    registered = await clients.register()
    clients.tenant.administrator.enable_enterprise_application(registered.app_id, enabled=False)
    assert "AADSTS7000112" in await refusal(clients, registered.app_id, registered.secret)


async def test_conditional_access_blocks_an_application(clients: Clients) -> None:
    registered = await clients.register()
    clients.tenant.world.blocked_by_conditional_access.add(registered.app_id)
    assert "AADSTS53003" in await refusal(clients, registered.app_id, registered.secret)


async def test_a_deleted_enterprise_application_gets_no_token(clients: Clients) -> None:
    registered = await clients.register()
    await clients.ask_graph("DELETE", f"/servicePrincipals/{registered.principal_id}")
    assert "AADSTS7000229" in await refusal(clients, registered.app_id, registered.secret)


async def test_an_unknown_resource_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    said = await refusal(clients, registered.app_id, registered.secret, "https://unknown.example/.default")
    assert "AADSTS500011" in said


async def test_a_scope_without_default_is_refused(clients: Clients) -> None:
    registered = await clients.register()
    assert "AADSTS1002012" in await refusal(clients, registered.app_id, registered.secret, "Mail.Read")
