"""A connection is taken back from the page: the plan, the number to type, and the sheet of what was taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from connector.messages import Language, text
from connector.model import Connection
from connector.services import services
from local.tenant.exchange_rights import CMDLETS
from tests.browser.test_appearance import axe
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


async def test_a_removal_that_waits_for_an_administrator_goes_on_when_that_is_said(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visiting(app) as visitor:
        page = visitor.page
        app.tenant.administrator.set_directory_roles()
        permitted = app.tenant.administrator.put_in_role_group(set(CMDLETS))
        await app.set_up()
        permitted.cmdlets.clear()
        await visitor.enter()
        await visitor.go(f"c/{NAME}/remove")
        await page.locator("#removed").fill("1")
        await page.locator("#go").click()
        await visitor.sees("action-required")
        await expect(page.locator("#part-todo")).to_contain_text("„Zurücknehmen fortsetzen“")
        await expect(page.locator("#part-todo .notice")).to_have_count(0)
        await expect(page.locator("#part-facts")).to_contain_text("Zugriff zurückgenommen0 von 1")
        await expect(page.locator("#mailbox-state option")).to_have_text(["alle (1)", "Eingriff nötig (1)"])
        await expect(page.locator(".rows.mailboxes")).to_contain_text(app.tenant.addresses[0])
        lines = page.locator("#part-todo .command pre").first
        await expect(lines).to_contain_text("Remove-")
        await expect(page.locator("main .primary")).to_have_text("Zurücknehmen fortsetzen")
        await page.locator("main .primary").press("Enter")
        await page.locator("#by-hand").check()
        assert await axe(visitor) == []
        if await page.locator("#removed").is_visible():
            await page.locator("#removed").fill("1")
        await page.locator("#go").click()
        await visitor.sees("removed")
