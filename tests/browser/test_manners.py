"""Where the focus is, what is read out, in which language, and what a key leads to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.model import Connection
from tests.browser.test_set_up import saved
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.flow.test_rights import least


async def focused(page: Page) -> str:
    """Return the id of what has the focus."""
    return str(await page.evaluate("document.activeElement.id"))


async def test_the_skip_link_leads_to_the_content_and_leaves_the_view(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await expect(page.locator("#name")).to_be_visible()
        await page.locator("#skip").focus()
        await page.keyboard.press("Enter")
        assert await focused(page) == "main"
        await expect(page.locator("#name")).to_be_visible()


async def test_a_view_names_itself_in_the_tab_and_to_who_does_not_see_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            assert await focused(page) == "main"
            titles = {await page.title()}
            for view, words in {
                "": "Verbindung", "/change": "Verbindung ändern", "/hand-over": "Werte für die UTM",
                "/sheet": "Übergabeblatt", "/report": "Bericht für den Support",
            }.items():  # fmt: skip
                await visitor.go(f"c/{NAME}{view}")
                await expect(page.locator("main")).to_have_attribute("aria-label", f"{NAME} · {words}")
                assert await focused(page) == "main"
                titles.add(await page.title())
            assert len(titles) == 6


async def test_what_cannot_be_done_now_keeps_its_place_and_the_focus(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("action-required")
            before = await places(page)
            await page.locator("#more-actions").focus()
            await page.keyboard.press("Enter")
            await page.locator("#stop").focus()
            await page.keyboard.press("Enter")
            await visitor.sees("cancelled")
            await expect(page.locator("#more #stop")).to_have_attribute("aria-disabled", "true")
            await expect(page.locator("#more #stop")).to_contain_text("Im Augenblick läuft nichts.")
            assert await focused(page) == "more-actions"  # the menu has what had the focus
            await page.keyboard.press("Enter")
            assert await places(page) == [one for one in before if one != "again"]  # which is next now
            await page.locator("#stop").click(force=True)
            assert len(visitor.asked("POST", "/cancel$")) == 1


async def places(page: Page) -> list[str]:
    """Return what the menu holds, in its order."""
    found: list[str] = await page.evaluate("[...document.querySelectorAll('#more .item')].map(each => each.id)")
    return found


async def test_another_language_also_changes_what_has_been_found(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await expect(page.locator(".finding .message").first).to_contain_text("fehlt")
            await page.get_by_role("button", name="English").click()
            await expect(page.locator(".finding .message").first).to_contain_text("lacks")


async def test_forgetting_the_key_remembers_no_language_and_shows_no_tenant(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page, held = visitor.page, asyncio.Event()

        async def hold(route: Route) -> None:
            answer = await route.fetch()
            await held.wait()
            await route.fulfill(response=answer)

        await visitor.enter()
        await page.route("**/api/health", hold)
        await page.reload()
        await page.get_by_role("button", name="Schlüssel vergessen").click()
        await expect(page.locator("#key")).to_be_visible()
        async with page.expect_response("**/api/health"):
            held.set()
        await expect(page.locator("#header")).not_to_contain_text(app.tenant.world.tenant_id)
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("function", ["create_connection", "read_plan", "read_connection"])
async def test_a_key_of_one_function_leads_into_no_dead_end(tmp_path: Path, function: str) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app, statuses=frozenset({401, 404, 415, 422})) as visitor:
            page = visitor.page
            await visitor.enter(app.host.function_keys[function])
            await expect(page.get_by_role("heading", name="Was dieser Schlüssel öffnet")).to_be_visible()
            await expect(page.locator("a[href='#/new']")).to_have_count(0)
            await visitor.go("new")
            await expect(page.get_by_text("Dieser Schlüssel öffnet das nicht")).to_be_visible()
            await expect(page.locator("#name")).to_have_count(0)
            if function == "read_connection":
                await visitor.go(f"c/{NAME}")
                await visitor.sees("ready")
                await expect(page.locator("#part-top .actions > *")).to_have_count(0)


async def test_what_goes_wrong_with_a_key_is_said_in_its_dialog(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({401})) as visitor:
        page = visitor.page
        await visitor.enter()
        app.client.headers["x-functions-key"] = app.host.renew_key()
        await visitor.go("new")
        dialog = page.locator("dialog")
        await expect(page.locator("#name")).to_be_visible()
        await visitor.fill()
        await page.locator("#show-plan").click()
        await expect(dialog).to_be_visible()
        await page.context.set_offline(True)
        await visitor.use(app.host.key)
        await expect(dialog.get_by_role("alert")).to_contain_text("nicht zu erreichen")
        await page.context.set_offline(False)
        await visitor.use(app.host.key)
        await expect(page.locator("#go")).to_be_visible()


async def test_an_answer_that_is_not_the_apps_is_said_in_words(tmp_path: Path) -> None:
    """A gateway's own page, or the host's while it starts."""
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page, path = visitor.page, f"**/api/connections/{NAME}?state=*"
            await visitor.enter()
            await page.route(path, lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Hello"))
            await visitor.go(f"c/{NAME}")
            await expect(page.get_by_role("alert")).to_contain_text("HTTP-Status 200")
            await page.unroute(path)
            await visitor.sees("ready")
            await expect(page.get_by_role("alert")).to_have_count(0)


async def test_who_has_gone_elsewhere_is_not_fetched_back(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page, held = visitor.page, asyncio.Event()

        async def hold(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await visitor.plan()
        await page.route("**/api/connections?allowRemoval=0", hold)
        await page.locator("#go").click()
        await visitor.go("")
        async with page.expect_response("**/api/connections?allowRemoval=0"):
            held.set()
        await expect(page.locator(f"#to-{NAME}")).to_be_visible()
        assert (await page.evaluate("location.hash")) == "#/"
        await visitor.go("new")
        await expect(page.locator("#name")).to_have_value("")


async def test_finding_sheet_and_calendar_name_the_day_that_it_is_where_the_reader_is(tmp_path: Path) -> None:
    """In Berlin it is tomorrow when the secret ends."""
    async with running(tmp_path) as app:
        await app.set_up()
        ends = (datetime.now(UTC) + timedelta(days=9)).replace(hour=23, minute=30, second=0, microsecond=0)
        there, after = ends + timedelta(days=1), ends + timedelta(days=2)

        def late(connection: Connection) -> None:
            assert connection.secret is not None
            connection.secret.expires_on = ends

        await Documents(FolderStore(app.store)).update(NAME, late)
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            message = visitor.page.locator(".finding .message", has_text="Der geheime Clientschlüssel endet")
            await expect(message).to_contain_text(f"endet am {there:%d.%m.%Y}, in ")
            await visitor.go(f"c/{NAME}/sheet")
            await expect(visitor.page.locator(".sheet")).to_contain_text(f"{there:%d.%m.%Y}")
            entry = await saved(visitor, "Ende als Kalendereintrag (.ics)")
            assert f"DTSTART;VALUE=DATE:{there:%Y%m%d}\r\n" in entry
            assert f"DTEND;VALUE=DATE:{after:%Y%m%d}\r\n" in entry
