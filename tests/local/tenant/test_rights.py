"""The ladder of refusals in Exchange: 401 without the app role, 403 with it alone, 200 with it and a role."""

from __future__ import annotations

import zlib

import httpx
import pytest
from azure.core import AsyncPipelineClient
from azure.core.rest import AsyncHttpResponse, HttpRequest

from local.tenant import Tenant
from local.tenant.catalogue import DIRECTORY_ROLES, EXCHANGE_APP_ID
from local.tenant.exchange_rights import CMDLETS, READS
from local.tenant.world import AppRole
from tests.local.tenant.clients import Clients, OpenClients


async def status(clients: Clients, token: str | None = None) -> int:
    """Return the status of the list of permitted cmdlets; its body may be unreadable."""
    async with clients.http.stream("GET", module_file(clients), headers=await allowed(clients, token)) as answer:
        return answer.status_code


async def permitted(clients: Clients) -> set[str]:
    answer = await clients.http.get(module_file(clients), headers=await allowed(clients, None))
    return set(answer.json()["value"][0]["exportedCmdlets"].split(","))


def module_file(clients: Clients) -> str:
    endpoints = clients.tenant.endpoints
    return f"{endpoints['exchange']}/adminapi/v1.0/{endpoints['tenantId']}/EXOModuleFile?Version=3.9.2"


async def allowed(clients: Clients, token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token or await clients.token('exchange')}", "CommandName": "*"}


async def raw(clients: Clients, cmdlet: str) -> tuple[int, dict[str, str], bytes]:
    """Run a cmdlet and return status, headers and body, the body not decompressed."""
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": {}}}
    endpoints = clients.tenant.endpoints
    headers = {"Authorization": f"Bearer {await clients.token('exchange')}"}
    url = f"{endpoints['exchange']}/adminapi/beta/{endpoints['tenantId']}/InvokeCommand"
    async with clients.http.stream("POST", url, json=body, headers=headers) as answer:
        return answer.status_code, dict(answer.headers), b"".join([part async for part in answer.aiter_raw()])


async def test_without_the_app_role_the_answer_is_401(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.revoke("Exchange.ManageAsApp")
    async with clients_of(tenant) as clients:
        assert await status(clients) == 401
        code, headers, _ = await raw(clients, "Get-Mailbox")
    assert code == 401
    assert "x-ms-diagnostics" in headers


async def test_with_the_app_role_alone_the_answer_is_a_mute_403(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles()
    async with clients_of(tenant) as clients:
        code, headers, body = await raw(clients, "Get-Mailbox")
    assert code == 403
    assert headers["content-encoding"] == "gzip"
    assert "x-ms-diagnostics" not in headers
    assert set(body) == {0}


async def test_a_client_that_decompresses_breaks_on_the_mute_403(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles()
    async with clients_of(tenant) as clients:
        with pytest.raises(httpx.DecodingError):
            await clients.cmdlet("Get-Mailbox")
        with pytest.raises(zlib.error):
            await by_azure_core(clients)


async def by_azure_core(clients: Clients) -> AsyncHttpResponse:
    endpoints = clients.tenant.endpoints
    async with AsyncPipelineClient[HttpRequest, AsyncHttpResponse](
        endpoints["exchange"], policies=[], connection_verify=endpoints["caBundle"]
    ) as client:
        request = HttpRequest(
            "POST",
            f"{endpoints['exchange']}/adminapi/beta/{endpoints['tenantId']}/InvokeCommand",
            json={"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}},
            headers={"Authorization": f"Bearer {await clients.token('exchange')}"},
        )
        return await client.send_request(request)


async def test_azure_core_reads_what_is_in_order(clients: Clients) -> None:
    answer = await by_azure_core(clients)
    assert len(answer.json()["value"]) == 3


async def test_a_cmdlet_that_is_not_granted_is_a_403_with_its_reason(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles(DIRECTORY_ROLES["Exchange Recipient Administrator"])
    async with clients_of(tenant) as clients:
        served, _, _ = await raw(clients, "Get-Mailbox")
        code, headers, _ = await raw(clients, "New-ServicePrincipal")
        cmdlets = await permitted(clients)
    assert (served, code) == (200, 403)
    assert headers["x-ms-diagnostics"].startswith("2000003;")
    assert "Add-MailboxPermission" in cmdlets
    assert "New-ServicePrincipal" not in cmdlets


async def test_with_app_role_and_directory_role_everything_is_permitted(clients: Clients) -> None:
    assert await permitted(clients) == CMDLETS
    assert (await raw(clients, "Get-Mailbox"))[0] == 200


async def test_a_reader_may_only_read(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles(DIRECTORY_ROLES["Global Reader"])
    async with clients_of(tenant) as clients:
        assert await permitted(clients) == READS


async def test_a_role_group_needs_no_directory_role_and_no_new_token(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles()
    async with clients_of(tenant) as clients:
        assert await status(clients) == 403
        tenant.administrator.put_in_role_group({"Get-Mailbox", "Add-MailboxPermission"})
        assert await permitted(clients) == {"Get-Mailbox", "Add-MailboxPermission"}


async def test_a_directory_role_is_frozen_in_the_token(tenant: Tenant, clients_of: OpenClients) -> None:
    tenant.administrator.set_directory_roles()
    async with clients_of(tenant) as before:
        assert await status(before) == 403
    tenant.administrator.set_directory_roles(DIRECTORY_ROLES["Exchange Administrator"])
    async with clients_of(tenant) as still:
        assert await status(still) == 403
    tenant.forget_tokens()
    async with clients_of(tenant) as after:
        assert await status(after) == 200


async def test_a_look_alike_role_is_refused_without_a_word(tenant: Tenant, clients_of: OpenClients) -> None:
    resource = tenant.world.service_principal(EXCHANGE_APP_ID)
    assert resource is not None
    resource.roles.append(AppRole("a0000000-0000-4000-8000-000000000000", "Exchange.ManageAsAppV2"))
    tenant.administrator.revoke("Exchange.ManageAsApp")
    tenant.administrator.grant("Exchange.ManageAsAppV2")
    async with clients_of(tenant) as clients:
        code, headers, body = await raw(clients, "Get-Mailbox")
    assert (code, body) == (403, b"")
    assert "x-ms-diagnostics" not in headers


async def test_a_token_for_graph_is_refused(clients: Clients) -> None:
    assert await status(clients, await clients.token("graph")) == 401


async def test_another_tenant_is_refused(clients: Clients) -> None:
    answer = await clients.http.get(
        f"{clients.tenant.endpoints['exchange']}/adminapi/v1.0/00000000-0000-4000-8000-000000000000/EXOModuleFile",
        headers={"Authorization": f"Bearer {await clients.token('exchange')}"},
    )
    assert answer.status_code == 401
