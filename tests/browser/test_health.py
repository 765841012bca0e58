"""What the daily look has seen, as the page shows it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.async_api import expect

from connector.check import digest
from connector.checks import Answer, Check, Item, Seen, Snooze
from connector.finding import Finding
from connector.services import services
from connector.steps import StepName
from tests.browser.test_appearance import axe
from tests.browser.visitor import visiting
from tests.flow.app import NAME, App, running


async def seen(app: App) -> None:
    """Let a look have seen drift, what could not be read, and what sleeps."""
    lost = Finding(code="access-missing", step=StepName.MAILBOXES, subject=app.tenant.addresses[0])
    known = Finding(code="imap-disabled", step=StepName.MAILBOXES, subject=app.tenant.addresses[1])
    blind = Finding(
        code="not-readable",
        severity="warning",
        step=StepName.EXCHANGE,
        subject="exchange",
        values={"code": "unavailable", "reason": "no answer"},
    )
    answers = {StepName.MAILBOXES: Answer.DRIFTED, StepName.EXCHANGE: Answer.NOT_READABLE}
    found, now = await services().documents.load(NAME), services().now()
    assert found is not None
    came = Seen(
        on=now,
        basis=found.connection.operation.id,
        items=[Item(step=step, answer=answers.get(step, Answer.GOOD)) for step in StepName],
        mailboxes={Answer.DRIFTED: 2},
        drift=[lost, known],
        unread=[blind],
    )
    until = now + timedelta(days=30)
    asleep = Snooze(id=known.id, digest=digest(known), code=known.code, reason="Umzug", until=until, on=now, by="key 1")
    await services().checks.update(NAME, lambda _: Check(name=NAME, seen=came, snoozed=[asleep]))


async def test_the_page_says_when_it_was_looked_what_was_seen_and_what_could_not_be_read(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            part = page.locator("#part-health")
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(part).to_contain_text("noch nicht nachgesehen")
            await page.locator("#look").click()
            await expect(part.locator(".answer.good").first).to_contain_text("wie eingerichtet", timeout=20_000)
            await seen(app)
            await expect(part.locator(".answer.drifted").first).to_contain_text(
                "nicht wie eingerichtet", timeout=20_000
            )
            await expect(part).to_contain_text("Nicht lesbar")
            await expect(part).to_contain_text("Umzug")
            await expect(page.locator("#part-todo")).to_contain_text(app.tenant.addresses[0])
            await expect(page.locator("#part-todo")).not_to_contain_text(app.tenant.addresses[1])
            await page.locator("#looked-at summary").click()
            await page.locator("#notices button").click()  # what was said stands beside the page
            assert await axe(visitor) == []
            await part.get_by_role("button", name="Wecken").click()
            await expect(page.locator("#part-todo")).to_contain_text(app.tenant.addresses[1], timeout=20_000)
