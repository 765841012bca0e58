"""Who asked for what, as the page shows it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.browser.visitor import visiting
from tests.flow.app import NAME, running


async def test_the_history_names_who_asked_for_what_and_what_was_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        await app.client.post(f"/api/connections/{NAME}/verify?now=1")
        headers = {"x-functions-key": app.host.function_keys["read_connection"]}
        await app.client.get(f"/api/connections/{NAME}", headers=headers)  # reading leaves nothing
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await page.locator("#to-history").click()
            rows = page.locator("#entries tr")
            await expect(rows).to_have_count(2)
            await expect(rows.nth(0)).to_contain_text("Prüfung – abgelehnt: Ein Abfrageparameter ist unbekannt")
            await expect(rows.nth(1)).to_contain_text("Einrichtung oder Änderung")
            await expect(rows.nth(1)).to_contain_text("Postfächer auf der Liste: 2 (2 neu, 0 herausgenommen)")
            await expect(rows.nth(1)).to_contain_text("127.0.0.1, Verbindungen einrichten und ändern")
            await expect(page.locator("#more")).to_be_hidden()
            assert app.tenant.addresses[0] not in await page.locator("#main").inner_text()
