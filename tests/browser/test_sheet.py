"""The hand-over sheet as paper: one page up to ten mailboxes, numbered pages, room to sign, fields to fill in."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, Route, expect

from tests.browser.printed import pages
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running

MILLIMETRE = 96 / 25.4
"""CSS pixels."""
ROOM = 10 * MILLIMETRE
TYPED = {"Zuständig für die Erneuerung": "IT-Service Muster", "Übergeben": "Erika Muster", "Übernommen": "Max Beispiel"}


async def printed(page: Page) -> list[str]:
    """Return the text of each page of the paper."""
    return pages(await page.pdf(format="A4", prefer_css_page_size=True, print_background=True))


async def test_ten_mailboxes_fit_one_numbered_page_with_what_was_typed_and_room_to_sign(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=10) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/sheet")
            for label, value in TYPED.items():
                await page.get_by_label(label).fill(value)
            (text,) = await printed(page)
            assert "1 / 1" in text
            assert [part for part in (*app.tenant.addresses, *TYPED.values()) if part not in text] == []
            await page.emulate_media(media="print")
            lines = page.locator(".signatures .line input")
            await expect(lines).to_have_count(2)
            table = await page.locator(".paper table").last.bounding_box()
            for line in await lines.all():
                box = await line.bounding_box()
                assert box is not None
                assert table is not None
                assert box["y"] + box["height"] - table["y"] - table["height"] >= ROOM


async def test_many_mailboxes_take_more_pages_each_with_its_number_and_nobody_is_left_out(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        names = [f"postfach-{number:03}@contoso.example" for number in range(120)]

        async def many(route: Route) -> None:
            answer = await route.fetch()
            seen = await answer.json()
            (only,) = seen["mailboxes"]["items"]
            seen["mailboxes"]["items"] = [{**only, "requested": name, "address": name} for name in names]
            await route.fulfill(response=answer, json=seen)

        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await page.route(f"**/api/connections/{NAME}?top=500*", many)
            await visitor.go(f"c/{NAME}/sheet")
            await expect(page.locator(".paper")).to_contain_text(names[-1])
            texts = await printed(page)
            assert len(texts) > 1
            assert [f"{number} / {len(texts)}" in text for number, text in enumerate(texts, 1)] == [True] * len(texts)
            whole = "".join(texts)
            assert [name for name in names if whole.count(name) != 1] == []
            assert ["Übergeben" in text for text in texts] == ["Übernommen" in text for text in texts]
