"""People sign in at the page: who they are, what they may do, and what is left of it anywhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from connector.messages import LANGUAGES, Language, text
from tests.browser.test_appearance import axe
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import App, running

NO_ICON = 404
"""The simulated login has no icon, for which the browser asks."""


@asynccontextmanager
async def visit(app: App, language: Language = "de", *statuses: int) -> AsyncIterator[Visitor]:
    """Open a tab; at its end no token and no code has been anywhere but in the memory of the page."""
    login = str(app.tenant.endpoints["authority"])
    async with visiting(
        app, language, statuses=frozenset({NO_ICON, *statuses}), login=login, ignore_https_errors=True
    ) as visitor:
        yield visitor
        for request in visitor.requests:
            told = request.url.partition("#")[0] + request.headers.get("referer", "").partition("#")[0]
            assert not [one for one in app.tenant.issued if one in told], request.url


async def come_in(visitor: Visitor, name: str) -> None:
    """Sign in as somebody, from whichever button is there."""
    page = visitor.page
    await page.locator("#sign-in, #sign-in-again").click()
    await page.get_by_role("link", name=name).click()
    await page.wait_for_url(re.compile(re.escape(visitor.app.host.url)))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_reader_comes_in_by_keyboard_sees_what_that_allows_and_leaves(
    tmp_path: Path, language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        async with visit(app, language) as visitor:
            page = visitor.page
            await page.goto(app.host.url)
            await expect(page.locator("#sign-in")).to_have_text(text(language, "page", "signIn", "use"))
            assert await axe(visitor) == []
            await page.locator("#sign-in").focus()
            await page.keyboard.press("Enter")
            await page.get_by_role("link", name="Rita Reader").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("#who")).to_have_text("Rita Reader")
            await expect(page.locator("header")).to_contain_text("(Reader)")
            assert await page.evaluate("location.href") == f"{app.host.url}/#/"
            assert await page.evaluate("[...Array(sessionStorage.length).keys()].map(n => sessionStorage.key(n))") == []
            await expect(page.locator("#roles")).to_contain_text(
                text(language, "page", "signIn", "takes", values={"roles": "Operator"})
            )
            assert await axe(visitor) == []
            await page.locator("#to-utm-headquarters").click()
            await expect(page.locator("#why-not")).to_contain_text("Operator, SecretReader")
            await expect(page.locator("#verify, #to-change, #again, #stop, #to-hand-over, #to-remove")).to_have_count(0)
            assert await axe(visitor) == []
            await page.locator("#sign-out").click()
            await expect(page.locator("#sign-in")).to_be_visible()
            assert visitor.asked("GET", "/oauth2/v2.0/logout")
        assert not [one for one in app.tenant.issued if one in caplog.text]


async def test_what_was_typed_is_still_there_after_a_sign_in_that_has_ended_in_the_middle(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2) as app:
        app.tenant.people.lifetime = 30  # so that each call renews
        async with visit(app, "en", 400) as visitor:
            page = visitor.page
            await page.goto(app.host.url)
            await come_in(visitor, "Otto Operator")
            await visitor.go("new")
            await visitor.fill("utm-new")
            app.tenant.people.end_sessions()
            await page.locator("#show-plan").click()
            await expect(page.locator("dialog")).to_contain_text("Your sign-in has ended")
            await come_in(visitor, "Otto Operator")
            await expect(page.locator("#name")).to_have_value("utm-new")
            await expect(page.locator("#mailboxes")).to_have_value("\n".join(app.tenant.addresses))
            await visitor.plan()
            await page.locator("#go").click()
            await visitor.sees("ready")
            await expect(page.locator("#part-facts .facts")).to_contain_text("Set up byOtto Operator")
            # A certificate takes two roles: who has one of them is told which other.
            await page.goto(f"{app.host.url}/#/c/utm-new/renewal")
            await expect(page.locator("#certificate .hint")).to_have_text("This takes the role SecretReader.")
            await expect(page.locator("#give-certificate")).to_have_count(0)


async def test_who_goes_on_before_the_page_knows_who_has_come_in_is_signed_in_there(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visit(app, "en") as visitor:
        await visitor.page.goto(app.host.url)
        await visitor.page.locator("#sign-in").wait_for()
        late = asyncio.Event()

        async def hold(route: Route) -> None:
            await late.wait()
            await route.continue_()

        await visitor.page.route("**/doors.json", hold)
        await come_in(visitor, "Otto Operator")
        await visitor.go("new")
        late.set()
        await visitor.fill("utm-new")


async def test_a_sign_in_is_renewed_without_a_word_and_brings_other_roles(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.people.lifetime = 30  # so that each call renews
        person = app.tenant.people.with_roles("Operator", "SecretReader")
        async with visit(app, "en") as visitor:
            page = visitor.page
            await page.goto(app.host.url)
            await come_in(visitor, person.name)
            await expect(page.locator("header")).to_contain_text("(SecretReader, Operator)")
            await expect(page.get_by_role("link", name="New connection")).to_be_visible()
            person.roles = ["Reader"]
            await visitor.go("new")
            await visitor.go("")
            await expect(page.locator("header")).to_contain_text("(Reader)")
            await visitor.go("new")
            await expect(page.locator("main")).to_contain_text("This takes the role Operator.")
            assert len(visitor.asked("POST", "/oauth2/v2.0/token")) > 1


async def test_who_has_no_role_is_told_and_who_is_not_assigned_is_told_by_the_login(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visit(app, "de", 400, 403) as visitor:
        page = visitor.page
        await page.goto(app.host.url)
        await page.locator("#sign-in").click()
        await page.get_by_role("link", name="Fred Fremd").click()
        await expect(page.locator("main")).to_contain_text("AADSTS50105")
        await page.goto(app.host.url)
        await come_in(visitor, "Nora Namenlos")
        await expect(page.locator("main")).to_contain_text("Sie sind als Nora Namenlos angemeldet")
        assert await axe(visitor) == []
        await page.locator("#no-role-out").click()
        await expect(page.locator("#sign-in")).to_be_visible()


async def test_roles_that_cannot_be_read_are_not_said_to_be_none_and_are_asked_for_again(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visit(app, "de", 401, 503) as visitor:
        page, main = visitor.page, visitor.page.locator("main")

        async def fails(route: Route) -> None:
            await route.fulfill(status=503, json={"title": "Weg", "detail": "Nicht lesbar.", "hint": ""})

        async def refuses(route: Route) -> None:
            await route.fulfill(status=401, body="")

        async def nobody(route: Route) -> None:
            await route.abort("internetdisconnected")

        for answers, said in (
            (fails, "Nicht lesbar."),
            (refuses, "nicht angenommen"),
            (nobody, text("de", "page", "offline", "title")),
        ):
            await page.route("**/api/caller", answers)
            await page.goto(app.host.url)
            await come_in(visitor, "Otto Operator")
            await expect(main).to_contain_text("Ihre Rollen waren nicht zu lesen")
            await expect(main).to_contain_text("Sie sind als Otto Operator angemeldet")
            await expect(page.get_by_role("alert")).to_contain_text(said)
            await expect(page.locator("header")).not_to_contain_text("keine Rolle")
            await page.locator("#roles-again").click()
            await expect(page.get_by_role("alert")).to_contain_text(said)
            await page.unroute("**/api/caller")
        assert await axe(visitor) == []
        await page.locator("#roles-again").click()
        await expect(page.locator("header")).to_contain_text("(Operator)")
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_without_keys_the_page_asks_for_none_and_without_sign_in_it_loads_nothing_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_KEYS", "off")
    async with running(tmp_path, mailboxes=1) as app, visit(app, "en", 403) as visitor:
        await visitor.page.goto(app.host.url)
        await expect(visitor.page.locator("main")).to_contain_text("Keys open nothing here")
        await expect(visitor.page.locator("#key")).to_have_count(0)
        await come_in(visitor, "Alma Alles")
        await expect(visitor.page.locator("#who")).to_have_text("Alma Alles")
        await expect(visitor.page.locator("#roles")).to_have_count(0)


async def test_what_comes_back_from_the_login_uninvited_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visit(app, "en") as visitor:
        page = visitor.page
        await page.goto(f"{app.host.url}/#code=1.planted&state=made-up&session_state=x")
        await expect(page.locator("#sign-in")).to_be_visible()
        assert "code=" not in await page.evaluate("location.href")
        assert not visitor.asked("POST", "/oauth2/v2.0/token")
        # One that was begun here is not ended by the answer to another one.
        await page.locator("#sign-in").click()
        await page.get_by_role("link", name="Rita Reader").wait_for()
        await page.goto(f"{app.host.url}/#code=1.planted&state=made-up&session_state=x")
        await expect(page.get_by_role("alert")).to_contain_text("Signing in did not work")
        assert not visitor.asked("POST", "/oauth2/v2.0/token")
