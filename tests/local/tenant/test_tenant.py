"""The tenant as a whole: what it offers, what it records, how it starts and stops, and what a person does in it."""

from __future__ import annotations

import asyncio
import gc
import http.client
import imaplib
import socket
import ssl
import threading
import warnings

import httpx
import jwt
import pytest

from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_APP_ID
from tests.local.tenant.clients import Clients, OpenClients


async def test_the_endpoints_are_those_of_an_endpoints_file(tenant: Tenant) -> None:
    endpoints = tenant.endpoints
    assert set(endpoints) == {
        "tenantId",
        "authority",
        "graph",
        "exchange",
        "vault",
        "imap",
        "pop",
        "smtp",
        "identityEndpoint",
        "identityHeader",
        "caBundle",
        "managedIdentity",
        "signIn",
    }
    assert set(endpoints["managedIdentity"]) == {"clientId", "objectId"}
    assert all(endpoints[name].startswith("https://127.0.0.1:") for name in ("authority", "graph", "exchange", "vault"))
    assert endpoints["imap"].startswith("127.0.0.1:")
    assert ssl.create_default_context(cafile=endpoints["caBundle"]).get_ca_certs()


def test_it_has_the_mailboxes_of_a_small_company() -> None:
    assert Tenant(mailboxes=5).addresses == [
        "invoices@contoso.example",
        "support@contoso.example",
        "sales@contoso.example",
        "user0004@contoso.example",
        "user0005@contoso.example",
    ]


def test_the_seed_decides_the_ids() -> None:
    assert Tenant(seed=1).world.tenant_id == Tenant(seed=1).world.tenant_id
    assert Tenant(seed=1).world.tenant_id != Tenant(seed=2).world.tenant_id


async def test_nothing_is_left_behind() -> None:
    before = threading.active_count()
    for _ in range(3):
        async with Tenant(preset="calm") as tenant:
            bundle = tenant.endpoints["caBundle"]
            assert threading.active_count() == before + 1
        assert threading.active_count() == before
        with pytest.raises(FileNotFoundError):
            ssl.create_default_context(cafile=bundle)


async def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    tenant = Tenant(preset="calm")
    await tenant.stop()
    await tenant.start()
    await tenant.stop()
    await tenant.stop()


async def test_it_stops_while_clients_are_connected() -> None:
    tenant = Tenant(preset="calm")
    await tenant.start()
    tls = ssl.create_default_context(cafile=tenant.endpoints["caBundle"])
    host, _, port = tenant.endpoints["imap"].partition(":")
    async with httpx.AsyncClient(verify=tls) as client:
        await client.get(f"{tenant.endpoints['graph']}/v1.0/applications")
        mail = await asyncio.to_thread(imaplib.IMAP4_SSL, host, int(port), ssl_context=tls)
        await tenant.stop()
    mail.shutdown()


async def test_it_answers_while_the_caller_s_loop_is_blocked(tenant: Tenant) -> None:
    blocked = http.client.HTTPSConnection(
        tenant.endpoints["graph"].removeprefix("https://"),
        context=ssl.create_default_context(cafile=tenant.endpoints["caBundle"]),
    )
    blocked.request("GET", "/v1.0/applications")
    assert blocked.getresponse().status == 401
    blocked.close()


async def test_two_tenants_do_not_know_each_other(tenant: Tenant, clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", seed=2) as other:
        async with clients_of(tenant) as clients:
            token = await clients.token("graph")
        async with clients_of(other) as clients:
            url = f"{other.endpoints['graph']}/v1.0/applications"
            answer = await clients.http.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_requests_are_counted_by_service(clients: Clients) -> None:
    registered = await clients.register()
    await clients.connect(registered, "invoices@contoso.example")
    token = await clients.exchange_token(registered)
    await asyncio.to_thread(clients.open_mailbox, "invoices@contoso.example", token)
    assert clients.tenant.calls == {"identity": 2, "graph": 4, "exchange": 2, "token": 1, "imap": 4}
    assert [request.method for request in clients.tenant.requests if request.service == "imap"] == [
        "CAPABILITY",
        "AUTHENTICATE",
        "EXAMINE",
        "LOGOUT",
    ]
    assert all(request.succeeded for request in clients.tenant.requests)
    assert len(clients.tenant.writes()) == 6
    assert clients.tenant.writes()[-1].names == ("Add-MailboxPermission",)


async def test_every_token_and_secret_is_known(clients: Clients) -> None:
    registered = await clients.register()
    token = await clients.exchange_token(registered)
    assert {registered.secret, token, await clients.token("graph")} <= clients.tenant.issued


async def test_a_named_latency_holds_up_its_service_only(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", latencies={"graph": 0.2}) as tenant, clients_of(tenant) as clients:
        await clients.token("graph")
        await clients.ask_vault("GET", "/secrets")
        ended: list[str] = []

        async def graph() -> None:
            await clients.ask_graph("GET", "/applications")
            ended.append("graph")

        async def vault() -> None:
            await clients.ask_vault("GET", "/secrets")
            ended.append("vault")

        await asyncio.gather(graph(), vault())
    assert ended == ["vault", "graph"]


async def test_a_person_consents_and_withdraws(clients: Clients) -> None:
    registered = await clients.register()
    administrator = clients.tenant.administrator
    held = f"/servicePrincipals/{registered.principal_id}/appRoleAssignments"

    async def roles() -> list[str]:
        token = await clients.exchange_token(registered)
        found: list[str] = jwt.decode(token, options={"verify_signature": False}).get("roles", [])
        return found

    administrator.withdraw_consent(registered.app_id)
    assert await roles() == []
    assert (await clients.ask_graph("GET", held)).json()["value"] == []
    administrator.consent(registered.app_id)
    assert await roles() == ["IMAP.AccessAsApp"]
    assert len((await clients.ask_graph("GET", held)).json()["value"]) == 1


async def test_a_person_deletes_an_application(clients: Clients) -> None:
    registered = await clients.register()
    clients.tenant.administrator.delete_application(registered.app_id)
    assert (await clients.ask_graph("GET", f"/applications/{registered.id}")).status_code == 404
    items = (await clients.ask_graph("GET", "/directory/deletedItems/microsoft.graph.application")).json()["value"]
    assert [item["appId"] for item in items] == [registered.app_id]
    principal = await clients.ask_graph("GET", f"/servicePrincipals(appId='{registered.app_id}')")
    assert principal.status_code == 404


async def test_a_foreign_application_may_have_an_enterprise_application(clients: Clients) -> None:
    administrator = clients.tenant.administrator
    foreign = administrator.register_application("utm-mail-connect-hq")
    made = administrator.create_enterprise_application(foreign)
    seen = await clients.ask_graph("GET", f"/servicePrincipals(appId='{foreign.app_id}')")
    assert seen.json()["id"] == made.id


async def test_the_resource_offers_the_roles_by_value(clients: Clients) -> None:
    seen = await clients.ask_graph("GET", f"/servicePrincipals(appId='{EXCHANGE_APP_ID}')?$select=id,appRoles")
    roles = {role["value"]: role for role in seen.json()["appRoles"]}
    assert roles["IMAP.AccessAsApp"]["id"] == "5e5addcd-3e8d-4e90-baf5-964efab2b20a"
    assert roles["IMAP.AccessAsApp"]["allowedMemberTypes"] == ["Application"]


def test_whoever_has_just_come_when_it_stops_is_broken_off() -> None:
    """What is left open is told when it is collected: by whichever test runs then."""

    async def begin() -> list[socket.socket]:
        async with Tenant(preset="calm") as tenant:
            host, _, port = tenant.endpoints["graph"].removeprefix("https://").partition(":")
            return [await asyncio.to_thread(socket.create_connection, (host, int(port))) for _ in range(5)]

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(3):
            for one in asyncio.run(begin()):
                one.close()
            gc.collect()
    assert [str(one.message) for one in told] == []
