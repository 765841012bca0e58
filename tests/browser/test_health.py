"""What the daily look has seen, as the page shows it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from connector.check import digest
from connector.checks import Answer, Check, Item, Seen, Snooze
from connector.finding import OF_OTHERS, Finding
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


@pytest.mark.parametrize(("language", "until"), [("de", "Bis "), ("en", "Until ")])
async def test_a_finding_is_put_to_sleep_by_keyboard_with_a_reason_and_an_end(
    tmp_path: Path, language: str, until: str
) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        await seen(app)
        async with visiting(app, language) as visitor:
            page, todo = visitor.page, visitor.page.locator("#part-todo")
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await todo.locator("details[id^=snooze-] summary").press("Enter")
            await page.keyboard.press("Tab")
            await page.keyboard.type("Umbau im Haus")
            await expect(todo.locator("input[type=date]")).not_to_have_value("")
            assert await axe(visitor) == []
            await page.keyboard.press("Enter")
            asleep = page.locator("#part-health .rows")
            await expect(asleep).to_contain_text("Umbau im Haus")
            await expect(asleep).to_contain_text(until)
            await expect(todo).not_to_contain_text(app.tenant.addresses[0])
            (_, made) = (await services().checks.load(NAME)).snoozed
            ends = made.until - services().now()
            assert timedelta(days=13) < ends < timedelta(days=16)
            await page.locator(f"#wake-{made.digest}").press("Enter")
            await expect(todo).to_contain_text(app.tenant.addresses[0])


async def test_who_may_not_put_to_sleep_is_not_offered_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        await seen(app)
        async with visiting(app, statuses=frozenset({401, 404, 409, 415, 422})) as visitor:
            await visitor.enter(app.host.function_keys["read_connection"])
            await visitor.go(f"c/{NAME}")
            await expect(visitor.page.locator("#part-todo")).to_contain_text(app.tenant.addresses[0])
            await expect(visitor.page.locator("details[id^=snooze-]")).to_have_count(0)
            await expect(visitor.page.locator("[id^=wake-]")).to_have_count(0)


def test_the_page_knows_which_findings_are_put_to_sleep_by_a_right_of_their_own() -> None:
    (listed,) = re.findall(r"export const FOREIGN = \[(.*?)\];", Path("web/snooze.js").read_text("utf-8"), re.DOTALL)
    assert {*re.findall(r"'([a-z-]+)'", listed)} == OF_OTHERS
