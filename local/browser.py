"""Debian's Chromium, driven by Playwright: for the tests of the page, its screenshots and the bench."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, async_playwright

EXECUTABLE = shutil.which("chromium")
"""None where there is none: Playwright's own download is not used."""
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 640}
"""The width that WCAG 1.4.10 asks a page to work at: a desktop of 1280 at 400 %."""


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Start the browser."""
    async with async_playwright() as playwright:
        # Without its sandbox it also starts for root, as in a container; it only ever sees our own page.
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def context(browser: Browser, language: str = "de", **more: Any) -> AsyncIterator[BrowserContext]:
    """Open a window of its own: nothing is remembered from another one."""
    locale = {"de": "de-DE", "en": "en-GB"}.get(language, language)
    opened = await browser.new_context(
        **{"locale": locale, "viewport": DESKTOP, "timezone_id": "Europe/Berlin", **more}
    )
    try:
        yield opened
    finally:
        await opened.close()
