"""``make screenshots``: the pictures of the page in ``docs/images``, in German and English, taken of the real thing.

One simulated tenant, three connections: one that is ready, one that waits for a person, one that waits for Microsoft.
``--all`` takes every view in every appearance, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from connector.clouds import PUBLIC
from connector.messages import LANGUAGES, Language
from local.browser import DESKTOP, browsing, context
from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.tenant import Tenant
from local.tenant.misbehaviour import Preset

FOLDER = Path("docs/images")
READY, STUCK, WAITING = "utm-headquarters", "utm-branch", "utm-warehouse"
PHONE = {"width": 390, "height": 800}
TALLEST = 1500
"""Pixels. What is below looks like what is above."""
SLOW = Preset(imap_lag=(120, 3600))
"""Microsoft on a slow day: some mailboxes open at once, some within the hour."""
DESKTOP_LIGHT, DESKTOP_DARK, PHONE_LIGHT, PHONE_DARK = "desktop-light", "desktop-dark", "phone-light", "phone-dark"
APPEARANCES: dict[str, dict[str, Any]] = {
    DESKTOP_LIGHT: {"viewport": DESKTOP, "color_scheme": "light"},
    DESKTOP_DARK: {"viewport": DESKTOP, "color_scheme": "dark"},
    PHONE_LIGHT: {"viewport": PHONE, "color_scheme": "light"},
    PHONE_DARK: {"viewport": PHONE, "color_scheme": "dark"},
}


@dataclass(frozen=True, slots=True)
class View:
    """A view, and what has to be there before the picture is taken."""

    path: str
    sign: str
    shown_in: tuple[str, ...]
    begin: str = "body"
    """Where the picture begins."""


VIEWS = {
    "overview": View("", ".connections li", (DESKTOP_LIGHT,)),
    "plan": View("new", "#go", (DESKTOP_LIGHT,), ".protocols"),
    "waiting": View(f"c/{WAITING}", ".mailboxes li", (DESKTOP_LIGHT,)),
    "by-hand": View(f"c/{STUCK}", "#part-todo .finding", (DESKTOP_LIGHT, PHONE_DARK)),
    "ready": View(f"c/{READY}", ".mailboxes li", (DESKTOP_DARK,)),
    "hand-over": View(f"c/{READY}/hand-over", "#clientSecret", (DESKTOP_LIGHT, PHONE_LIGHT)),
    "sheet": View(f"c/{READY}/sheet", ".paper", (DESKTOP_LIGHT,)),
}


@asynccontextmanager
async def story() -> AsyncIterator[tuple[FunctionsHost, Tenant]]:
    """Run an app of a customer who keeps the right to consent, with the three connections."""
    os.environ["CONNECTOR_LABEL"] = "Contoso GmbH"
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with (
            Tenant(preset="calm", clock=60, mailboxes=14) as tenant,
            serving(
                settings(tenant.endpoints, Path(folder)) | {"CONNECTOR_PORTAL": PUBLIC.portal or ""}, clock=60
            ) as host,
            ApiClient(host) as client,
        ):
            tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
            await _consented(client, tenant, READY, tenant.addresses[:3])
            await client.set_up({"name": STUCK, "mailboxes": [*tenant.addresses[3:5], "suport@contoso.example"]})
            tenant.misbehave(SLOW)
            await client.set_up({"name": WAITING, "mailboxes": tenant.addresses[5:]})
            await _consent(client, tenant, WAITING)
            await client.until(WAITING, lambda seen: seen["mailboxes"]["counts"].get("open", 0) > 0)
            yield host, tenant


async def _consented(client: ApiClient, tenant: Tenant, name: str, mailboxes: list[str]) -> None:
    await client.set_up({"name": name, "mailboxes": mailboxes})
    await _consent(client, tenant, name)
    await client.until(name, lambda seen: seen["state"] == "ready")


async def _consent(client: ApiClient, tenant: Tenant, name: str) -> None:
    connection = (await client.get(f"/api/connections/{name}")).json()
    tenant.administrator.consent(connection["ids"]["applicationId"])


async def take(
    browser: Browser, host: FunctionsHost, lang: Language, appearance: str, folder: Path, *, every: bool
) -> None:
    """Take the pictures of one language and appearance."""
    # Where nothing moves, no picture is taken in the middle of it.
    async with context(browser, lang, reduced_motion="reduce", **APPEARANCES[appearance]) as window:
        page = await window.new_page()
        await page.goto(host.url)
        await page.locator("#key").wait_for()
        if every:
            await _picture(page, folder / f"key-{appearance}.{lang}.webp")
        await page.locator("#key").fill(host.key)
        await page.locator("#key").press("Enter")
        await page.locator(".connections li").first.wait_for()
        for name, view in VIEWS.items():
            if every or appearance in view.shown_in:
                await page.evaluate("path => { location.hash = path; }", f"#/{view.path}")
                if name == "plan":
                    await _plan(page)
                await page.locator(view.sign).first.wait_for()
                await page.locator(".working").wait_for(state="detached")
                await _picture(page, folder / f"{name}-{appearance}.{lang}.webp", view.begin)


async def _picture(page: Page, path: Path, begin: str = "body") -> None:
    """Take a picture of the page from an element on, as WebP: a third of the PNG that Playwright takes."""
    await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    session = await page.context.new_cdp_session(page)
    sizes = """([from, most]) => {
        const top = Math.max(0, document.querySelector(from).getBoundingClientRect().top - 16);
        return [innerWidth, top, Math.min(document.documentElement.scrollHeight - top, most)];
    }"""
    width, top, height = await page.evaluate(sizes, [begin, TALLEST])
    clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
    taken = await session.send(
        "Page.captureScreenshot", {"format": "webp", "quality": 60, "captureBeyondViewport": True, "clip": clip}
    )
    await asyncio.to_thread(path.write_bytes, base64.b64decode(taken["data"]))


async def _plan(page: Page) -> None:
    await page.locator("#name").fill("utm-shop")
    await page.locator("#mailboxes").fill("Eva Müller <invoices@contoso.example>, support@contoso.example")
    await page.locator("#show-plan").click()


async def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    await asyncio.to_thread(arguments.out.mkdir, parents=True, exist_ok=True)
    async with story() as (host, _), browsing() as browser:
        for appearance in (DESKTOP_LIGHT, DESKTOP_DARK, PHONE_LIGHT, PHONE_DARK):
            for lang in LANGUAGES:
                await take(browser, host, lang, appearance, arguments.out, every=arguments.all)


if __name__ == "__main__":
    asyncio.run(main())
