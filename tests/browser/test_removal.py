"""A connection is taken back from the page: the plan, the number to type, and the sheet of what was taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from connector.messages import Language, text
from connector.model import Connection
from connector.services import services
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.flow.test_removal import left


def _wants_more(connection: Connection) -> None:
    """A mailbox is on the list to which nobody has given access: nobody types its number."""
    more = [*connection.wanted.mailboxes, "later@contoso.example"]
    connection.wanted = connection.wanted.model_copy(update={"mailboxes": more})


@pytest.mark.parametrize("language", ["de", "en"])
async def test_a_connection_is_taken_back_by_keyboard_after_its_plan_and_its_number(
    tmp_path: Path, language: Language
) -> None:
    async with running(tmp_path, mailboxes=1) as app, visiting(app, language) as visitor:
        await app.set_up()
        await services().documents.update(NAME, _wants_more)
        page = visitor.page
        await visitor.enter()
        await visitor.go(f"c/{NAME}")
        await page.locator("#more-actions").press("Enter")
        await page.locator("#to-remove").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("ol.plan > li")).to_have_count(4)
        await expect(page.locator("#plan-title")).to_be_focused()
        app.tenant.forget_requests()
        await page.locator("#go").click()
        await expect(page.locator("#removed-wrong")).not_to_be_empty()
        assert app.tenant.writes() == []
        await page.locator("#removed").fill("1")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await visitor.sees("removed")
        await expect(page.locator("#taken li")).to_have_count(5)
        await expect(page.locator("#part-steps h2")).to_have_text(text(language, "page", "stepsBack"))
        assert text(language, "page", "does", "exchange") not in (
            await page.locator("#part-steps").text_content() or ""
        )
        await expect(page.locator("#mailboxes")).to_be_hidden()
        await expect(page.locator("#part-record")).to_contain_text(app.tenant.addresses[0])
        assert left(app) == []
