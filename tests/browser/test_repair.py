"""A document that cannot be read: the page says which ways there are, and takes one."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.browser.visitor import visiting
from tests.flow.app import NAME, running


async def test_what_cannot_be_read_is_repaired_from_the_page(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        (app.store / f"connections/{NAME}.json").write_bytes(b"{")
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await expect(page.locator("#main")).to_contain_text("nicht lesbar")
            await visitor.go(f"c/{NAME}")
            await page.get_by_role("button", name="Was lässt sich tun?").click()
            await expect(page.locator("#part-repair h2")).to_be_focused()
            await expect(page.locator("#part-repair")).to_contain_text("connection: es ist kein JSON")
            assert (app.store / f"connections/{NAME}.json").read_bytes() == b"{"
            await page.locator("#repair-version").click()
            await expect(page.locator("#notices")).to_contain_text("Repariert.")
            await expect(page.locator("#part-top .state")).to_contain_text("fertig")
            await expect(page.locator("#part-repair *")).to_have_count(0)
