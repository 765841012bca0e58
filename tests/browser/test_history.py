"""Who asked for what, as the page shows it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from connector.services import services
from tests.browser.test_appearance import axe
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.receiver import Receiver


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
            await (await visitor.action("to-history")).click()
            rows = page.locator("#entries tr")
            await expect(rows).to_have_count(2)
            await expect(rows.nth(0)).to_contain_text("Prüfung – abgelehnt: Ein Abfrageparameter ist unbekannt")
            await expect(rows.nth(1)).to_contain_text("Einrichtung oder Änderung")
            await expect(rows.nth(1)).to_contain_text("Postfächer auf der Liste: 2 (2 neu, 0 herausgenommen)")
            await expect(rows.nth(1)).to_contain_text("127.0.0.1, Verbindungen einrichten und ändern")
            await expect(page.locator("#more")).to_be_hidden()
            assert app.tenant.addresses[0] not in await page.locator("#main").inner_text()


@pytest.mark.parametrize(
    ("language", "words", "fate"),
    [("de", "Gemeldet: Verbindung fertig", "ops: zugestellt"), ("en", "Told: Connection ready", "ops: delivered")],
)
async def test_the_history_says_what_was_told_to_whom(tmp_path: Path, language: str, words: str, fate: str) -> None:
    async with Receiver() as receiver, running(tmp_path) as app:
        services().__dict__["webhooks"] = receiver.webhooks()
        await app.client.put("/api/targets/ops", json={"address": "https://hooks.example.com/in"})
        await app.set_up()
        async with asyncio.timeout(120):
            while not receiver.got:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        await app.settled()
        async with visiting(app, language) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}/history")
            told = visitor.page.locator("#entries tr.accepted").first
            await expect(told).to_contain_text(words)
            await expect(told).to_contain_text(fate)
            assert await axe(visitor) == []
