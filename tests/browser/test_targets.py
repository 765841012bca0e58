"""Targets on the page: one is added, tested, seen to be tried again, changed and removed; by keyboard and with axe."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from connector.event import EventType
from connector.services import services
from local.browser import DESKTOP, PHONE
from tests.browser.test_appearance import axe, overflow
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import running
from tests.receiver import Receiver, status

ADDRESS = "https://hooks.example.com/in?sig=a-secret-of-teams"


async def add(visitor: Visitor) -> None:
    """Add a target by the keyboard alone, with a key that the page makes."""
    page = visitor.page
    await page.locator("#to-targets").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#target-name")).to_be_visible()
    await page.locator("#target-name").fill("ops")
    await page.locator("#target-address").fill(ADDRESS)
    await page.locator("#target-format").select_option("cloudevents")
    await page.locator("#target-make-key").press("Enter")
    await expect(page.locator("#target-key")).to_have_value(re.compile(r"^whsec_[A-Za-z0-9+/]{43}=$"))
    await page.locator("[id='target-event-connection.ready']").press("Space")
    await page.locator("#target-name").press("Enter")
    await expect(page.locator("#target-test")).to_be_visible()


async def test_a_target_is_added_tested_and_removed(tmp_path: Path) -> None:
    async with Receiver([*[status(500)] * 3, status(204)]) as receiver, running(tmp_path) as app:
        services().__dict__["webhooks"] = receiver.webhooks()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await add(visitor)
            shown = await visitor.shown()
            assert "a-secret-of-teams" not in shown
            assert re.search(r"whsec_\w", shown) is None
            await expect(page.locator("#target-now")).to_contain_text("/secrets/target-ops/")
            await page.locator("#target-test").press("Enter")
            first = page.locator("#sent tr").first
            await expect(first).to_contain_text("HTTP 500")
            await expect(first).to_contain_text("Versuche: 3")  # the next one is in half an hour of the host's clock
            await expect(first).to_contain_text("unterwegs")
            await expect(page.locator("#target-now .tag")).to_be_visible()
            await first.get_by_role("button").press("Enter")
            await expect(first).to_contain_text("zugestellt")
            assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
            await page.locator("#target-turn").click()
            await expect(page.locator("#target-test")).to_have_count(0)
            await page.locator("#change-target summary").click()
            await page.locator("#target-format").select_option("slack")
            await page.locator("#target-save").click()
            await expect(page.locator("#target-now")).to_contain_text("Slack")
            await page.locator("#remove-target summary").click()
            await page.locator("#target-remove").click()
            await expect(page.locator("#target-name")).to_be_visible()
            assert await services().targets.names() == []


@pytest.mark.parametrize(("scheme", "viewport", "language"), [("light", DESKTOP, "de"), ("dark", PHONE, "en")])
async def test_axe_finds_nothing_in_the_views_of_targets(
    tmp_path: Path, scheme: str, viewport: dict[str, int], language: str
) -> None:
    async with Receiver([status(410)]) as receiver, running(tmp_path) as app:
        services().__dict__["webhooks"] = receiver.webhooks()
        async with visiting(app, language, color_scheme=scheme, viewport=viewport) as visitor:
            page, seen = visitor.page, {}
            await visitor.enter()
            await page.locator("#to-targets").click()
            await expect(page.locator("#target-name")).to_be_visible()
            seen["none"] = (await axe(visitor), await overflow(visitor))
            await visitor.go("")
            await add(visitor)
            await page.locator("#target-test").click()
            await expect(page.locator("#sent tr")).to_have_count(1)
            await expect(page.locator("#target-now .tag")).to_be_visible()
            await page.locator("#change-target summary").click()
            seen["one"] = (await axe(visitor), await overflow(visitor))
            await visitor.go("targets")
            await expect(page.locator("#targets li")).to_have_count(1)
            await page.locator("#add-target summary").click()
            seen["all"] = (await axe(visitor), await overflow(visitor))
            texts = await page.locator("body").inner_text()
            assert re.findall(r"\b(?:page|event|deliveryState)\.[a-zA-Z.-]+", texts) == []
        assert seen == {view: ([], []) for view in seen}


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("de", "ändert er nichts", "binnen etwa zwanzig Minuten"),
        ("en", "changes nothing", "within about twenty minutes"),
    ],
)
async def test_an_alarm_is_tried_by_keyboard_and_it_is_said_before_what_will_happen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, language: str, before: str, after: str
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    async with running(tmp_path) as app, visiting(app, language) as visitor:
        page = visitor.page
        await visitor.enter()
        await page.locator("#to-targets").click()
        await expect(page.locator("#alarm-hint")).to_contain_text(before)
        assert "test-alarm" not in caplog.text
        await page.locator("#test-alarm").press("Enter")
        await expect(page.locator("#alarm-said")).to_contain_text(after)
        assert '"event": "test-alarm"' in caplog.text


async def test_who_may_only_read_is_offered_no_alarm(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({401})) as visitor:
        await visitor.enter(app.host.function_keys["list_targets"])
        await visitor.go("targets")
        await expect(visitor.page.locator("#alarm")).to_contain_text("Einmalcode")
        await expect(visitor.page.locator("#test-alarm")).to_have_count(0)


def test_the_page_knows_every_type_of_event() -> None:
    (listed,) = re.findall(
        r"export const EVENTS = \[(.*?)\];", Path("web/target-form.js").read_text("utf-8"), re.DOTALL
    )
    assert re.findall(r"'([a-z_.]+)'", listed) == [one.value for one in EventType if one is not EventType.TEST]
