"""What the connection view promises, measured: what is next stands first, and nothing moves or leaves its frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from local.tenant.misbehaviour import Preset
from tests.browser.test_appearance import axe, overflow
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import NAME, App, running
from tests.flow.test_rights import least

PHONE = {"width": 360, "height": 740}
TWO_SCREENS = 2 * PHONE["height"]
MAIN_BUTTON = "main .primary"
FIRST = """() => [...document.querySelectorAll('main :is(a[href], button, summary, input, [tabindex="0"])')]
  .find(each => each.checkVisibility() && each.tabIndex >= 0)?.id"""
"""What Tab reaches first in a view, which has the focus itself when it has been opened."""
FRAMES = ".steps > li, .mailboxes > li, .connections > li, .actions, .card, .notice"
OUTSIDE = """frames => [...document.querySelectorAll(frames)].flatMap(frame => [...frame.querySelectorAll('*')]
  .filter(each => each.checkVisibility() && !each.closest('.menu ul, .scroll, pre')
    && getComputedStyle(each).clipPath === 'none'
    && (each.getBoundingClientRect().right > frame.getBoundingClientRect().right + 1
      || each.getBoundingClientRect().left < frame.getBoundingClientRect().left - 1))
  .map(each => each.outerHTML.slice(0, 120)))"""
SIDEWAYS = """() => [
  ...[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth),
  ...[...document.querySelectorAll('td')].filter(each => each.checkVisibility()
    && !getComputedStyle(each, '::before').content.includes(each.dataset.column)),
].map(each => each.ariaLabel ?? each.textContent)"""
"""On a phone: tables that scroll sideways, and values that do not say what they are."""
SIGNS = {
    "": ".connections li",
    f"c/{NAME}/hand-over": "#clientSecret",
    f"c/{NAME}/sheet": ".paper",
    f"c/{NAME}/remove": "#go",
    f"c/{NAME}/renewal": "#rotate",
    f"c/{NAME}/history": "#entries tr",
    "new": "#show-plan",
    "targets": "#target-name",
}
"""Views, each with what is there when it is."""
PLACES = """() => [...document.querySelectorAll('main *')].filter(each => each.checkVisibility()).map(each => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height].join();
})"""


@asynccontextmanager
async def viewing(folder: Path, viewport: dict[str, int] | None = None) -> AsyncIterator[Visitor]:
    """Look at a finished connection of ten mailboxes."""
    async with running(folder, mailboxes=10) as app:
        await app.set_up()
        async with visiting(app, viewport=viewport or PHONE) as visitor:
            await visitor.enter()
            await looked_at(visitor, 10)
            yield visitor


async def looked_at(visitor: Visitor, mailboxes: int) -> None:
    await visitor.go(f"c/{NAME}")
    await expect(visitor.page.locator(".mailboxes > li")).to_have_count(mailboxes)


async def first(page: Page) -> str | None:
    """Return the id of what Tab reaches first; what the browser does is what counts."""
    await page.locator("#main").focus()
    await page.keyboard.press("Tab")
    reached: str = await page.evaluate("document.activeElement.id")
    assert reached == await page.evaluate(FIRST)
    return reached


async def test_a_finished_connection_of_ten_mailboxes_shows_the_first_on_the_second_screen_of_a_phone(
    tmp_path: Path,
) -> None:
    async with viewing(tmp_path) as visitor:
        page = visitor.page
        assert await first(page) == "to-hand-over"
        await expect(page.locator(MAIN_BUTTON)).to_have_count(1)
        await page.evaluate("scrollTo(0, 0)")
        mailbox = await page.locator(".mailboxes > li").first.bounding_box()
        assert mailbox is not None
        assert mailbox["y"] + mailbox["height"] <= TWO_SCREENS
        heights = await page.evaluate("[...document.querySelectorAll('.steps > li')].map(each => each.offsetHeight)")
        assert len(heights) == 8
        assert max(heights) < 70  # one line; the two longest names take a second one at this width


async def test_nothing_leaves_its_frame_at_any_width_nor_with_text_of_twice_the_size(tmp_path: Path) -> None:
    async with viewing(tmp_path) as visitor:
        page = visitor.page
        seen: dict[str, Any] = {}
        for text in (100, 200):
            await page.evaluate("size => { document.documentElement.style.fontSize = `${size}%`; }", text)
            for width in (320, 360, 768, 1024, 1280, 1440, 1920):
                await page.set_viewport_size({"width": width, "height": 800})
                seen[f"{width} at {text} %"] = [*await overflow(visitor), *await page.evaluate(OUTSIDE, FRAMES)]
        for view, sign in SIGNS.items():
            await visitor.go(view)
            await expect(page.locator(sign).first).to_be_attached()
            for width in (320, 768, 1024):
                await page.set_viewport_size({"width": width, "height": 800})
                seen[f"{view}, {width} at 200 %"] = [*await overflow(visitor), *await page.evaluate(OUTSIDE, FRAMES)]
                seen[f"{view}, {width} sideways"] = await page.evaluate(SIDEWAYS) if width == 320 else []
        assert seen == {case: [] for case in seen}


async def test_copying_an_id_moves_nothing(tmp_path: Path) -> None:
    async with viewing(tmp_path) as visitor:
        page, seen = visitor.page, await visitor.app.until(lambda _: True)
        ids = {
            "prerequisites": seen["ids"]["tenantId"],
            "application": seen["ids"]["applicationId"],
            "enterprise-application": seen["ids"]["enterpriseApplicationId"],
            "secret": seen["secret"]["keyId"],
        }
        for step, value in ids.items():
            await page.locator(f"#about-{step} summary").press("Enter")
            before = await page.evaluate(PLACES)
            await page.locator(f"#copy-{step}").click()
            await expect(page.locator(f"#copy-{step}")).to_have_text("Kopiert")
            assert await page.evaluate(PLACES) == before
            assert await page.evaluate("navigator.clipboard.readText()") == value


async def test_the_menu_says_why_something_cannot_be_done_and_closes_by_escape_and_by_going_on(tmp_path: Path) -> None:
    async with viewing(tmp_path) as visitor:
        page = visitor.page
        await page.locator("#more-actions").press("Enter")
        await expect(page.locator("#stop")).to_contain_text("Im Augenblick läuft nichts.")
        assert [*await overflow(visitor), *await page.evaluate(OUTSIDE, FRAMES), *await axe(visitor, "#more")] == []
        await page.locator("#stop").press("Enter")
        assert visitor.asked("POST", "/cancel$") == []
        await page.keyboard.press("Escape")
        await expect(page.locator("#stop")).to_be_hidden()
        assert await page.evaluate("document.activeElement.id") == "more-actions"
        await page.keyboard.press("Enter")
        await page.locator("#mailbox-text").focus()
        await expect(page.locator("#stop")).to_be_hidden()


@asynccontextmanager
async def waiting(folder: Path) -> AsyncIterator[tuple[App, Visitor]]:
    """Look at a connection whose rights Microsoft does not spread for hours."""
    async with running(folder, mailboxes=2) as app:
        app.tenant.misbehave(Preset(imap_lag=(36_000, 36_000)))
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        async with visiting(app, statuses=frozenset({500})) as visitor:
            await visitor.enter()
            await looked_at(visitor, 2)
            await expect(visitor.page.locator("progress")).to_be_visible()
            yield app, visitor


async def test_stopping_is_said_before_the_server_answers_and_taken_back_where_it_refuses(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, visitor):
        page, held = visitor.page, asyncio.Event()

        async def hold(route: Route) -> None:
            await held.wait()
            await route.fulfill(status=500, json={"title": "Nein", "detail": "Es ging nicht.", "hint": ""})

        await page.route("**/cancel", hold)
        assert await first(page) == "stop"
        await page.locator("#stop").click()
        await expect(page.locator("#stop")).to_have_text("Wird angehalten …")
        await expect(page.locator("#stop")).to_have_attribute("aria-disabled", "true")
        await expect(page.locator("#part-top .lead")).to_contain_text("Das Anhalten ist veranlasst")
        await expect(page.locator("#progress")).to_contain_text("Wird angehalten")
        held.set()
        await expect(page.locator("#stop")).to_have_text("Anhalten")
        await expect(page.locator("#notices")).to_contain_text("Es ging nicht.")
        await page.unroute("**/cancel")
        await page.locator("#stop").click()
        await visitor.sees("cancelled")
        assert await first(page) == "again"


async def test_what_has_no_time_yet_is_not_said_to_have_one(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, visitor):
        page = visitor.page

        async def not_begun(route: Route) -> None:
            answer = await route.fetch()
            seen = await answer.json()
            seen["steps"][-1]["started"] = None
            await route.fulfill(response=answer, json=seen)

        await expect(page.locator("#part-wait")).to_contain_text("Geprüft wird seit")
        await page.route(f"**/api/connections/{NAME}?*", not_begun)
        await page.reload()
        await expect(page.locator("#part-wait")).to_contain_text("ist die Anmeldung gelungen")
        await expect(page.locator("#part-wait")).not_to_contain_text("seit")
        await page.unroute_all(behavior="ignoreErrors")


async def test_what_a_person_has_to_do_is_the_main_button_and_stands_there_once(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await looked_at(visitor, 2)
            assert await first(page) == "to-portal"
            await expect(page.locator(MAIN_BUTTON)).to_have_count(1)
            href = await page.locator("#to-portal").get_attribute("href")
            await expect(page.locator(f"main a[href='{href}']:visible")).to_have_count(1)


async def test_a_cause_is_told_once_and_what_waits_for_it_leads_there(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
        wrong = "suport@contoso.example"
        await app.set_up(mailboxes=[*app.tenant.addresses, wrong])
        async with visiting(app) as visitor:
            page, main = visitor.page, visitor.page.locator("main")
            await visitor.enter()
            for language, said, behind, own in (
                ("de", "Administratorzustimmung fehlt", "2 Postfächer öffnen sich erst danach", "1 Postfach erfordert"),
                ("en", "admin consent is missing", "2 mailboxes open only after that", "1 mailbox needs you"),
            ):
                await page.locator(f"#speak-{language}").click()
                await looked_at(visitor, 3)
                await expect(page.locator("#part-todo")).to_contain_text(behind)
                await expect(page.locator("#part-todo .notice")).to_contain_text(own)
                await expect(page.locator("#part-todo .notice .finding")).to_contain_text(wrong)
                assert (await main.inner_text()).count(said) == 1
                quoted = page.locator("#part-todo q[lang=en]")
                await expect(quoted).to_have_text("Insufficient privileges to complete the operation.")
                await expect(quoted.locator("..")).to_contain_text(
                    {"de": "Microsoft sagt: „", "en": "Microsoft says: “"}[language]
                )
                assert await axe(visitor) == []
                waiting = page.locator("#part-steps .see:visible, .mailboxes .see")
                await expect(waiting).to_have_count(4)
                for one in await waiting.all():
                    await one.press("Enter")
                    assert said in await page.evaluate("document.activeElement.textContent")


@pytest.mark.parametrize(("language", "said"), [("de", "lesen, ändern und löschen"), ("en", "read, change and delete")])
async def test_a_plan_says_what_its_rights_mean_and_on_which_mailboxes_and_what_is_not_known_yet(
    tmp_path: Path, language: str, said: str
) -> None:
    async with running(tmp_path, mailboxes=3) as app, visiting(app, language) as visitor:
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await visitor.plan()
        plan = visitor.page.locator("ol.plan")
        await expect(plan.locator("li", has_text="FullAccess").first).to_contain_text(said)
        for address in app.tenant.addresses:
            await expect(plan.get_by_text(address)).to_be_visible()
        shown = (await plan.inner_text()).splitlines()
        kinds = await plan.locator("h3").all_inner_texts()
        assert len(kinds) == len(set(kinds)) == 6
        assert [shown.count(one) for one in kinds] == [1] * 6
        later = {"de": "bekannt, sobald die Anwendung angelegt ist", "en": "known once the application has been made"}
        assert sum(later[language] in line for line in shown) == 2
        assert [line for line in shown if line.startswith(later[language])] == []  # it says what is


async def test_the_tenant_is_named_by_its_name_else_the_label_else_the_id_also_without_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_LABEL", "Filiale Nord")
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.administrator.grant("Organization.Read.All")
        await app.set_up()
        world = app.tenant.world

        async def away(route: Route) -> None:
            await route.fulfill(status=503, json={"title": "Weg", "detail": "Nicht lesbar.", "hint": ""})

        async with visiting(app, statuses=frozenset({503})) as visitor:
            page, header = visitor.page, visitor.page.locator("#header")
            await page.route("**/api/health", away)
            await visitor.enter()
            await expect(header).to_contain_text("Filiale Nord")
            await expect(header).to_contain_text(world.tenant_id)
            await page.unroute("**/api/health")
            await page.reload()
            await expect(header).to_contain_text(f"{world.name} ({world.tenant_id})")
