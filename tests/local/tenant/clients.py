"""One real client for each service, all of them acting as the managed identity."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential
from azure.keyvault.secrets.aio import SecretClient

from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_APP_ID, EXCHANGE_ROLES


@dataclass(frozen=True)
class Registered:
    """An application that the managed identity made, with its enterprise application and a secret."""

    id: str
    app_id: str
    principal_id: str
    secret: str
    key_id: str


@dataclass
class Clients:
    """See the module."""

    tenant: Tenant
    tls: ssl.SSLContext
    credential: ManagedIdentityCredential
    graph: Any
    vault: SecretClient
    http: httpx.AsyncClient

    async def token(self, service: str) -> str:
        """Return the managed identity's token for a service."""
        return str((await self.credential.get_token(f"{self.tenant.endpoints[service]}/.default")).token)

    async def ask_graph(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send one request to Graph, without an SDK that repeats it."""
        headers["Authorization"] = f"Bearer {await self.token('graph')}"
        url = f"{self.tenant.endpoints['graph']}/v1.0{path}"
        return await self.http.request(method, url, json=body, headers=headers)

    async def ask_vault(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send one request to the vault, with a token and without an SDK that repeats it."""
        token = (await self.credential.get_token("https://vault.azure.net/.default")).token
        url = f"{self.tenant.endpoints['vault']}{path}?api-version=2026-04-01"
        return await self.http.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})

    async def cmdlet(self, name: str, **parameters: Any) -> httpx.Response:
        """Run one Exchange cmdlet."""
        return await self.exchange({"CmdletInput": {"CmdletName": name, "Parameters": parameters}})

    async def exchange(self, body: Any, path: str = "beta", route: str = "InvokeCommand") -> httpx.Response:
        """Post to Exchange's admin interface."""
        endpoints = self.tenant.endpoints
        return await self.http.post(
            f"{endpoints['exchange']}/adminapi/{path}/{endpoints['tenantId']}/{route}",
            json=body,
            headers={"Authorization": f"Bearer {await self.token('exchange')}", "Accept-Encoding": "identity"},
        )

    async def register(self, name: str = "utm-mail-connect-hq") -> Registered:
        """Make an application with everything that Graph has to know of it."""
        prefer = {"Prefer": "create-if-missing"}
        path = f"/applications(uniqueName='{name}')"
        made = (await self.ask_graph("PATCH", path, {"displayName": "UTM"}, **prefer)).json()
        path = f"/servicePrincipals(appId='{made['appId']}')"
        principal = (await self.ask_graph("PATCH", path, {"displayName": "UTM"}, **prefer)).json()
        resource = self.tenant.world.service_principal(EXCHANGE_APP_ID)
        assert resource is not None
        assigned = await self.ask_graph(
            "POST",
            f"/servicePrincipals/{resource.id}/appRoleAssignedTo",
            {
                "principalId": principal["id"],
                "resourceId": resource.id,
                "appRoleId": EXCHANGE_ROLES["IMAP.AccessAsApp"],
            },
        )
        assert assigned.status_code == 201
        password = (await self.ask_graph("POST", f"/applications/{made['id']}/addPassword", {})).json()
        return Registered(made["id"], made["appId"], principal["id"], password["secretText"], password["keyId"])

    async def connect(self, registered: Registered, *addresses: str) -> None:
        """Make Exchange know an application, and give it access to mailboxes."""
        await self.cmdlet("New-ServicePrincipal", AppId=registered.app_id, ObjectId=registered.principal_id)
        for address in addresses:
            answer = await self.cmdlet(
                "Add-MailboxPermission", Identity=address, User=registered.principal_id, AccessRights=["FullAccess"]
            )
            assert answer.status_code == 200

    async def exchange_token(self, registered: Registered) -> str:
        """Return the application's own token for Exchange."""
        async with self.sign_in_as(registered.app_id, registered.secret) as credential:
            return str((await credential.get_token(f"{self.tenant.endpoints['exchange']}/.default")).token)

    def sign_in_as(self, app_id: str, secret: str) -> ClientSecretCredential:
        """Return a credential for an application with a secret."""
        return ClientSecretCredential(
            self.tenant.endpoints["tenantId"],
            app_id,
            secret,
            authority=self.tenant.endpoints["authority"],
            connection_verify=self.tenant.endpoints["caBundle"],
            retry_total=0,
        )

    def open_mailbox(self, address: str, token: str, command: str = "EXAMINE") -> tuple[str, str]:
        """Sign in by IMAP and open the inbox; return how far it got and what the server said."""
        host, _, port = self.tenant.endpoints["imap"].partition(":")
        client = imaplib.IMAP4_SSL(host, int(port), ssl_context=self.tls)
        try:
            client.authenticate("XOAUTH2", lambda _: f"user={address}\1auth=Bearer {token}\1\1".encode())
        except imaplib.IMAP4.abort:
            client.shutdown()
            raise
        except imaplib.IMAP4.error as error:
            client.shutdown()
            return "authenticate", str(error)
        try:
            client.select("INBOX", readonly=command == "EXAMINE")
        except imaplib.IMAP4.error as error:
            client.shutdown()
            return "open", str(error)
        client.logout()
        return "opened", ""


OpenClients = Callable[[Tenant], AbstractAsyncContextManager[Clients]]
