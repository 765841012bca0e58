"""The attacker's own logins: with his credential at the token endpoint, then by IMAP, as any mail program would."""

from __future__ import annotations

import asyncio
import imaplib
import ssl

import httpx

from local.tenant import Tenant
from local.tenant.world import Application


async def opened(tenant: Tenant, app_id: str, secret: str) -> list[str]:
    """Return the mailboxes that a secret opens."""
    token = await _token(tenant, app_id, secret)
    if token is None:
        return []
    return [one for one in tenant.addresses if await asyncio.to_thread(_opens, tenant, one, token)]


async def _token(tenant: Tenant, app_id: str, secret: str) -> str | None:
    found = tenant.endpoints
    trusting = ssl.create_default_context(cafile=found["caBundle"])
    async with httpx.AsyncClient(verify=trusting) as http:
        answer = await http.post(
            f"{found['authority']}/{found['tenantId']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": app_id,
                "client_secret": secret,
                "scope": f"{found['exchange']}/.default",
            },
        )
    return str(answer.json()["access_token"]) if answer.is_success else None


def _opens(tenant: Tenant, address: str, token: str) -> bool:
    host, _, port = tenant.endpoints["imap"].partition(":")
    trusting = ssl.create_default_context(cafile=tenant.endpoints["caBundle"])
    client = imaplib.IMAP4_SSL(host, int(port), ssl_context=trusting)
    try:
        client.authenticate("XOAUTH2", lambda _: f"user={address}\1auth=Bearer {token}\1\1".encode())
        client.select("INBOX", readonly=True)
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()
    return True


def given(tenant: Tenant, application: Application) -> list[str]:
    """Return what an application was given of consent, access, and secrets."""
    world = tenant.world
    principal = world.service_principal(application.app_id)
    held = [one.role_id for one in world.assignments.values() if principal and one.principal_id == principal.id]
    secrets = [name for name in world.secrets if application.app_id in name]
    ours = [one.display_name for one in application.credentials if one.display_name.startswith("utm-mail-connect")]
    known = [application.app_id] if application.app_id in world.exchange_principals else []
    return [*held, *secrets, *ours, *known]
