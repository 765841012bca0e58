"""The record of when each credential was last used."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from local.tenant import Tenant
from local.tenant.misbehaviour import Preset
from local.tenant.sign_in_report import delayed
from tests.local.tenant.clients import Clients, OpenClients, Registered
from tests.local.tenant.test_graph import code

HOUR = 3600


async def report(clients: Clients, registered: Registered) -> httpx.Response:
    """Ask for the report on one application."""
    clients.tenant.forget_tokens()
    path = f"/beta/reports/appCredentialSignInActivities?$filter=appId eq '{registered.app_id}'"
    headers = {"Authorization": f"Bearer {await clients.token('graph')}"}
    return await clients.http.get(clients.tenant.endpoints["graph"] + path, headers=headers)


@pytest.fixture
async def registered(tenant: Tenant, clients_of: OpenClients) -> Registered:
    """Return an application whose secret nobody has used yet; the identity may read the report."""
    tenant.administrator.grant("AuditLog.Read.All")
    async with clients_of(tenant) as clients:
        return await clients.register()


async def test_every_sign_in_counts_and_is_dated_at_midnight(clients: Clients, registered: Registered) -> None:
    tenant = clients.tenant
    assert (await report(clients, registered)).json()["value"] == []
    await clients.exchange_token(registered)
    (ours,) = (await report(clients, registered)).json()["value"]
    tenant.advance(48 * HOUR)
    tenant.administrator.utm_signs_in(registered.app_id, registered.key_id)
    (theirs,) = (await report(clients, registered)).json()["value"]
    dates = [datetime.fromisoformat(row["signInActivity"]["lastSignInDateTime"]) for row in (ours, theirs)]
    assert (ours["keyId"], ours["keyType"], ours["credentialOrigin"]) == (
        registered.key_id,
        "clientSecret",
        "application",
    )
    assert (dates[1] - dates[0]).days == 2
    assert {date.hour for date in dates} == {0}


async def test_a_refused_sign_in_is_none(clients: Clients, registered: Registered) -> None:
    clients.tenant.world.service_principals[registered.principal_id].enabled = False
    with pytest.raises(Exception, match="AADSTS7000112"):
        await clients.exchange_token(registered)
    assert (await report(clients, registered)).json()["value"] == []


async def test_the_report_comes_a_day_or_two_late(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.administrator.grant("AuditLog.Read.All")
        made = await clients.register()
        tenant.misbehave(Preset(report_lag=delayed(1.5)))
        await clients.exchange_token(made)
        tenant.advance(35 * HOUR)
        assert (await report(clients, made)).json()["value"] == []
        tenant.advance(2 * HOUR)
        assert len((await report(clients, made)).json()["value"]) == 1


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("right", "Authentication_MSGraphPermissionMissing"),
        ("licence", "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
        ("cloud", "BadRequest"),
    ],
)
async def test_what_cannot_be_known_is_refused(
    clients: Clients, registered: Registered, cause: str, expected: str
) -> None:
    tenant = clients.tenant
    if cause == "right":
        tenant.administrator.revoke("AuditLog.Read.All")
    elif cause == "licence":
        tenant.world.premium = False
    else:
        tenant.world.sign_in_report = "absent"
    answer = await report(clients, registered)
    assert (answer.status_code, code(answer)) == (400 if cause == "cloud" else 403, expected)


async def test_in_some_tenants_the_report_holds_nothing(clients: Clients, registered: Registered) -> None:
    clients.tenant.world.sign_in_report = "empty"
    await clients.exchange_token(registered)
    assert (await report(clients, registered)).json()["value"] == []
