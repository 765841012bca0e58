"""The page's own path for sending: by keyboard, in both languages, and for those who do not see it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.browser.test_appearance import axe
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import running
from tests.flow.test_senders import TEAM, furnished, may


async def typed(visitor: Visitor, field: str, text: str) -> None:
    """Reach a field by the tab key alone, and type."""
    page = visitor.page
    for _ in range(30):
        if await page.evaluate("document.activeElement.id") == field:
            break
        await page.keyboard.press("Tab")
    await page.keyboard.type(text)


async def test_a_relay_is_set_up_by_keyboard_and_the_plan_says_what_it_allows(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visiting(app, statuses=frozenset({422})) as visitor:
        page, own = visitor.page, furnished(app)
        await visitor.enter()
        await visitor.go("send")
        await expect(page.locator("h1")).to_have_text("E-Mails versenden (Mailrelay)")
        await expect(page.locator("#smtp")).to_be_checked()
        await expect(page.locator("#imap")).not_to_be_checked()
        await typed(visitor, "name", "relay")
        await typed(visitor, "mailboxes", own)
        await typed(visitor, "sendAs", TEAM)
        await typed(visitor, "show-plan", "\n")
        plan = page.locator("#plan")
        await expect(page.locator("#plan-title")).to_be_focused()
        await expect(page.locator("#plan-title")).to_be_in_viewport()
        await expect(plan).to_contain_text(f"{own} → {TEAM}")
        await expect(plan).to_contain_text("kann danach auch als diese Adresse senden")
        await expect(plan).to_contain_text("Mit SMTP.SendAsApp zusammen kann sie in ihrem Namen senden")
        assert await axe(visitor) == []
        await typed(visitor, "go", "\n")
        await visitor.sees("ready")
        await page.locator("#about-verification summary").press("Enter")
        await expect(page.locator("#step-verification")).to_contain_text("Meldet sich an jedem Postfach an (SMTP)")
        await expect(page.locator("#part-steps")).to_contain_text("Erteilt der Anwendung SMTP.SendAsApp.")
        assert "IMAP" not in await page.locator("#part-steps").inner_text()
        assert may(app, TEAM) == {own}
        await visitor.go("c/relay/sheet")
        await expect(page.locator(".paper")).to_contain_text("mit SMTP.SendAsApp zusammen auch: in seinem Namen senden")
        await visitor.go("send")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("h1")).to_have_text("Send e-mails (Mailrelay)")
        await expect(page.locator("label[for=sendAs]")).to_have_text("Also send as")
        assert await axe(visitor) == []
        await page.locator("#imap").check()
        await page.locator("#smtp").uncheck()
        await expect(page.locator("#sendAs")).to_be_hidden()
        await page.locator("#smtp").check()
        await page.locator("#name").fill("other")
        await page.locator("#mailboxes").fill(own)
        await page.locator("#sendAs").fill(TEAM)
        await page.locator("#smtp").uncheck()
        await page.locator("#show-plan").click()
        await expect(page.locator("#sendAs-wrong")).to_contain_text("none of the protocols sends")
