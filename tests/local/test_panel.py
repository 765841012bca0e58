"""``make run``: the profiles, and what can be done in the simulated tenant by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

import function_app  # noqa: F401 - importing it takes seconds, by which the tenant's fast clock would be ahead
from local.browser import browsing, context
from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.panel import Panel
from local.tenant import Tenant
from local.tenant.profile import PROFILES, ROLES, Profile, grant
from tests.flow.app import NAME


@asynccontextmanager
async def panelled(folder: Path, profile: Profile) -> AsyncIterator[tuple[Tenant, FunctionsHost, ApiClient]]:
    async with Tenant(preset="calm", clock=60, mailboxes=2) as tenant:
        grant(tenant, profile)
        panel = Panel(tenant)
        beside = {"tenant": panel.app}
        async with serving(settings(tenant.endpoints, folder), clock=60, beside=beside, portal="tenant") as host:
            panel.host = host
            async with ApiClient(host) as client:
                yield tenant, host, client


async def do(client: httpx.AsyncClient, host: FunctionsHost, act: str, what: str = "") -> str:
    answer = await client.post(f"/tenant/{act}", data={"what": what}, headers={"Origin": host.url})
    assert answer.status_code == 303
    return answer.headers["location"].partition("=")[2]


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_profile_leads_as_far_as_it_does_for_a_customer_and_the_administrator_does_the_rest(
    tmp_path: Path, profile: Profile
) -> None:
    async with panelled(tmp_path, profile) as (tenant, host, client):
        body = {"name": NAME, "mailboxes": tenant.addresses}
        first = await client.set_up(body, patience=0)
        assert first["state"] == ("ready" if profile == "automatic" else "action-required")
        assert tenant.world.role_groups == [] or profile == "careful"
        for act in ("consent", "exchange"):
            assert await do(client, host, act) == act
        assert (await client.set_up(body))["state"] == "ready"


async def test_what_is_done_at_the_panel_is_seen_in_the_app(tmp_path: Path) -> None:
    async with panelled(tmp_path, "automatic") as (tenant, host, client):
        assert await do(client, host, "consent") == "failed"
        first, second = tenant.addresses
        assert (await client.set_up({"name": NAME, "mailboxes": tenant.addresses}))["state"] == "ready"
        await do(client, host, "rename", first)
        await do(client, host, "imap-off", second)
        await do(client, host, "revoke", "Policy.Read.All")
        await do(client, host, "slow")
        assert tenant.latencies["exchange"] > 1
        await do(client, host, "quick")
        page = (await client.get("/tenant", headers={"Accept-Language": "de"})).text
        assert "IMAP aus" in page
        assert first not in page
        assert "<option value='Policy.Read.All'>" in page
        assert [name for name in ROLES if name != "Policy.Read.All"] == [
            name
            for name in ROLES
            if f"<option value='{name}'>" in page.partition("/tenant/revoke")[2].partition("</form>")[0]
        ]
        before = host.clock.now()
        await do(client, host, "expire")
        assert (host.clock.now() - before).days > 100
        assert abs((host.clock.now() - tenant.now()).total_seconds()) < 60
        shown = (await client.get(f"/api/connections/{NAME}")).json()
        assert "secret-expired" in {finding["code"] for finding in shown["findings"]}
        await do(client, host, "away")
        assert (await client.get("/api/health")).json()["status"] == "action-required"
        assert await do(client, host, "rename", "<nobody>") == "failed"


@pytest.mark.parametrize(("profile", "acts"), [("careful", ["consent"]), ("minimal", ["consent", "exchange"])])
async def test_what_is_done_in_the_portal_leads_to_the_panel_which_does_what_a_relay_lacks(
    tmp_path: Path, profile: Profile, acts: list[str]
) -> None:
    async with panelled(tmp_path, profile) as (tenant, host, client):
        own, other = tenant.addresses
        body = {"name": NAME, "mailboxes": [own], "protocols": ["smtp"], "sendAs": [other]}
        began = tenant.now()
        stuck = await client.set_up(body, patience=0)
        assert (tenant.now() - began).total_seconds() < 30 * 60  # what only a person can do waits for no deadline
        (missing,) = {one["action"]["link"] for one in stuck["findings"] if one["code"] == "consent-missing"}
        assert missing.startswith(f"{host.url}/tenant/#")
        panel = await client.get(missing.partition("#")[0], headers={"Accept-Language": "en"}, follow_redirects=True)
        assert "“Open in the portal” leads here" in panel.text
        for act in acts:
            assert await do(client, host, act) == act
        ready = await client.set_up(body)
        assert ready["state"] == "ready"
        assert ready["mailboxes"]["counts"] == {"open": 1}


async def test_no_other_site_handles_the_tenant(tmp_path: Path) -> None:
    async with panelled(tmp_path, "careful") as (tenant, host, client):
        before = tenant.now()
        for headers in (
            {"Origin": "https://evil.example"},
            {},
            {"Origin": "http://evil.example", "Host": "evil.example"},
        ):
            assert (await client.post("/tenant/pass/half", headers=headers)).status_code == 403
        assert (await client.get("/tenant", headers={"Host": "evil.example"})).status_code == 421
        assert (await client.post("/tenant/nothing", headers={"Origin": host.url})).status_code == 403
        assert (tenant.now() - before).days == 0
        shown = await client.get("/tenant?said=<img>")
        assert "<img" not in shown.text


async def test_the_page_says_how_fast_its_clock_is_and_goes_by_it(tmp_path: Path) -> None:
    async with panelled(tmp_path, "automatic") as (tenant, host, client):
        await client.set_up({"name": NAME, "mailboxes": tenant.addresses})
        await do(client, host, "pass/month")
        async with browsing() as browser, context(browser) as window:
            page = await window.new_page()
            await page.goto(host.url)
            await page.locator("#key").fill(host.key)
            await page.locator("#key").press("Enter")
            simulated = page.locator("#simulated")
            await simulated.get_by_text("60-mal so schnell").wait_for()
            assert f"{host.clock.now():%Y}" in await simulated.inner_text()
            await page.evaluate("name => { location.hash = `#/c/${name}`; }", NAME)
            await page.get_by_text("149 Tage").or_(page.get_by_text("150 Tage")).first.wait_for()
            async with window.expect_page() as opened:
                await simulated.get_by_role("link").click()
            panel = await opened.value
            await panel.get_by_role("button", name="1 Tag", exact=True).click()
            await panel.get_by_text("Erledigt.").wait_for()
            time = panel.locator("time")
            there = datetime.fromisoformat(await time.get_attribute("datetime") or "")
            assert await time.inner_text() == f"{there.astimezone(ZoneInfo('Europe/Berlin')):%d.%m.%Y, %H:%M}"
