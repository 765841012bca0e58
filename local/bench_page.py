"""What the page weighs, and when it can be used."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext

from local.browser import EXECUTABLE, browsing, context
from local.environment import serving, settings
from local.tenant import Tenant

_VISITS = 7
_WATCH = """
new MutationObserver(() => {
  if (document.getElementById('key')) window.usable ??= performance.now();
}).observe(document, { childList: true, subtree: true });
"""
"""The page can be used as soon as the field for the key is there."""
_COUNT = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const all = [page, ...performance.getEntriesByType('resource')];
  const sum = what => all.reduce((total, one) => total + one[what], 0);
  return {
    files: all.length, decoded: sum('decodedBodySize'), sent: sum('transferSize'), usable: window.usable,
    document: page.responseEnd,
  };
}"""


async def measure_page() -> dict[str, Any] | None:
    """Open the page in a new browser, then again; return what the browser counts: what travelled, when it was usable.

    None where there is no browser.
    """
    if EXECUTABLE is None:
        return None
    cold, again = [], []
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with (
            Tenant(preset="calm", mailboxes=1) as tenant,
            serving(settings(tenant.endpoints, Path(folder))) as host,
            browsing() as browser,
        ):
            for _ in range(_VISITS):
                async with context(browser) as window:
                    cold.append(await _visit(window, host.url))
                    again.append(await _visit(window, host.url))
    first = cold[0]
    return {
        "files": first["files"],
        "bytes": first["decoded"],
        "bytesSent": first["sent"],
        "bytesSentAgain": again[0]["sent"],
        "usableMilliseconds": statistics.median(one["usable"] for one in cold),
        "usableAgainMilliseconds": statistics.median(one["usable"] for one in again),
        "ratio": statistics.median(one["usable"] / one["document"] for one in cold),
    }


async def _visit(window: BrowserContext, url: str) -> dict[str, float]:
    page = await window.new_page()
    await page.add_init_script(_WATCH)
    await page.goto(url)
    await page.locator("#key").wait_for()
    counted: dict[str, float] = await page.evaluate(_COUNT)
    await page.close()
    return counted
