"""What goes wrong is said in words where it belongs, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from connector.operation import Operation
from connector.services import services
from connector.steps import OperationKind
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import NAME, running
from tests.flow.test_rights import least

UNAUTHORISED = frozenset({401})


async def test_a_wrong_key_opens_nothing_and_is_not_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=UNAUTHORISED) as visitor:
        await visitor.page.goto(app.host.url)
        for key in ("wrong", "schlüssel", "two words"):
            await visitor.use(key)
            await expect(visitor.page.locator("#key")).to_have_attribute("aria-invalid", "true")
        await expect(visitor.page.get_by_role("alert")).to_contain_text("öffnet nichts")
        assert "wrong" not in await visitor.page.evaluate("JSON.stringify(sessionStorage)")
        await visitor.use(app.host.key)
        await expect(visitor.page.get_by_text("Es gibt noch keine Verbindung.")).to_be_visible()


async def test_a_key_that_is_renewed_in_the_middle_costs_nothing_but_the_new_one(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=UNAUTHORISED) as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        app.client.headers["x-functions-key"] = app.host.renew_key()
        await page.locator("#show-plan").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Verbindungen einrichten und ändern")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("alert").first).to_contain_text("Es ist nichts geschehen")
        await page.locator("#show-plan").click()
        await dialog.locator("#key").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("öffnet nichts")
        await visitor.use(app.host.key)
        await expect(dialog).to_have_count(0)
        await expect(page.locator("#go")).to_be_visible()
        await expect(page.locator("#name")).to_have_value(NAME)


async def test_the_key_is_in_the_tab_alone_and_can_be_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        await visitor.page.goto(app.host.url)
        masked = (
            "[document.querySelector('#key').type, getComputedStyle(document.querySelector('#key')).webkitTextSecurity]"
        )
        await expect(visitor.page.locator("#key")).to_be_visible()
        assert await visitor.page.evaluate(masked) == [
            "text",
            "disc",
        ]  # of a password, a browser would offer to keep it
        await visitor.enter()
        assert app.host.key not in await visitor.page.evaluate("JSON.stringify(localStorage) + document.cookie")
        assert all(app.host.key not in one.url for one in visitor.requests)
        await visitor.page.get_by_role("button", name="Schlüssel vergessen").click()
        await expect(visitor.page.locator("#key")).to_be_visible()
        assert app.host.key not in await visitor.shown()


async def test_a_lesser_key_shows_what_it_opens_and_leads_there(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app, statuses=frozenset({401, 404})) as visitor:
            page = visitor.page
            await visitor.enter(app.host.function_keys["read_parameters"])
            await expect(page.get_by_text("die Werte für die UTM lesen, auch den Clientschlüssel")).to_be_visible()
            await expect(page.get_by_text("Neue Verbindung")).to_have_count(0)
            await page.locator("#which").fill(NAME)
            await page.keyboard.press("Enter")
            await page.locator("#show-secret").click()
            await expect(page.locator("#clientSecret")).to_have_text((await app.parameters())["clientSecret"])
            await visitor.go(f"c/{NAME}/change")
            await expect(page.get_by_text("Dieser Schlüssel öffnet das nicht: Verbindungen einrichten")).to_be_visible()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "UTM Zentrale", "Kleinbuchstaben"),
        ("name", "", "Bitte ausfüllen"),
        ("mailboxes", "", "Bitte ausfüllen"),
        ("mailboxes", "eva@contoso.example, kein@postfach", "was nicht lesbar oder abgekürzt ist"),
        ("days", "731", "zwischen 1 und 730"),
        ("days", "bald", "ganze Zahl"),
    ],
)
async def test_a_wrong_field_is_marked_where_it_stands(tmp_path: Path, field: str, typed: str, said: str) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({422})) as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await page.locator(f"#{field}").fill(typed)
        await page.locator("#show-plan").click()
        await expect(page.locator(f"#{field}-wrong")).to_contain_text(said)
        await expect(page.locator(f"#{field}")).to_be_focused()
        await expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
        assert f"{field}-wrong" in str(await page.locator(f"#{field}").get_attribute("aria-describedby"))
        assert app.host.history_sizes() == {}


async def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go("new")
            await visitor.fill(mailboxes=app.tenant.addresses[0])
            await visitor.page.locator("#show-plan").click()
            await expect(visitor.page.locator("#plan")).to_contain_text("gibt es schon")
            await expect(visitor.page.locator("#go")).to_have_count(0)


async def test_a_refusal_of_the_api_is_shown_in_its_own_words(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({404, 409})) as visitor:
        await visitor.enter()
        await visitor.go("c/nobody")
        await expect(visitor.page.get_by_role("alert")).to_contain_text(
            "Es gibt keine Verbindung mit dem Namen „nobody“"
        )
        await expect(visitor.page.locator("main")).to_have_text("Verbindungen")
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        await visitor.go(f"c/{NAME}/hand-over")
        await expect(visitor.page.get_by_role("alert")).to_contain_text("Es gibt noch keine Parameter")
        await visitor.go(f"c/{NAME}")
        await visitor.sees("ready")


async def test_before_the_rights_are_granted_the_page_says_how_and_keeps_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_GRANTED", "")
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({503})) as visitor:
        page = visitor.page
        await visitor.enter()
        await expect(page.locator(".finding")).to_contain_text("noch keine Rechte")
        await expect(page.locator(".finding pre")).to_contain_text("infra/grant.sh")
        await visitor.go("new")
        await visitor.fill()
        await page.locator("#show-plan").click()
        await expect(page.get_by_role("alert").first).to_contain_text("CONNECTOR_GRANTED ist nicht gesetzt")
        await expect(page.locator("#name")).to_have_value(NAME)


async def test_a_wrong_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_VERIFY_MINUTES", "soon")
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({503})) as visitor:
        await visitor.enter()
        await expect(visitor.page.get_by_role("alert").first).to_contain_text("VERIFY_MINUTES")


async def test_without_a_network_the_page_says_so_and_catches_up_afterwards(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        await app.set_up()
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("action-required")
            await visitor.page.context.set_offline(True)
            await expect(visitor.page.locator("#offline")).to_contain_text("nicht zu erreichen")
            await expect(visitor.page.locator(".steps")).to_be_visible()
            await app.client.post(f"/api/connections/{NAME}/cancel")
            await visitor.page.context.set_offline(False)
            await visitor.sees("cancelled")
            await expect(visitor.page.locator("#offline")).to_have_count(0)


async def test_a_trouble_that_passes_is_said_once_and_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app, statuses=frozenset({503})) as visitor:
            page, path = visitor.page, f"**/api/connections/{NAME}?state=*"
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("ready")
            body = {"title": "Störung", "detail": "Der Speicher antwortet nicht.", "hint": "Später noch einmal."}
            await page.route(path, lambda route: route.fulfill(status=503, json=body))
            trouble = page.get_by_role("alert").filter(has_text="Der Speicher antwortet nicht.")
            await expect(trouble).to_be_visible()
            await trouble.get_by_role("button").click()
            async with page.expect_response(path) as refused:
                pass
            assert (await refused.value).status == 503
            await expect(trouble).to_have_count(0)
            await expect(page.locator(".steps")).to_be_visible()
            await page.reload()
            await expect(trouble).to_be_visible()
            await page.unroute(path)
            await visitor.sees("ready")
            await expect(trouble).to_have_count(0)


async def test_a_plan_that_is_gone_leaves_the_form_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, statuses=frozenset({404})) as visitor:
        page, path = visitor.page, f"**/api/connections/{NAME}/plan?top=1"
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        body = {"title": "Kein Plan", "detail": "Der Plan ist nicht mehr da.", "hint": "Noch einmal planen."}
        await page.route(path, lambda route: route.fulfill(status=404, json=body))
        await page.locator("#show-plan").click()
        await expect(page.get_by_role("alert")).to_contain_text("Der Plan ist nicht mehr da.")
        await expect(page.locator("#plan")).to_be_empty()
        await page.unroute(path)
        await visitor.plan()


async def test_every_moment_is_shown_with_its_date_in_one_form(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        connection = await app.set_up()
        started = str(connection["steps"][1]["started"])
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            form = "new Intl.DateTimeFormat('de-DE', {dateStyle: 'medium', timeStyle: 'short'})"
            written = await page.evaluate(f"on => {form}.format(new Date(on))", started)
            await visitor.go(f"c/{NAME}")
            done = page.locator("#step-application .outcome")
            await expect(done).to_contain_text(written)
            app.host.clock.skip(2 * 86_400)  # it is absolute: another day changes nothing of it
            await page.reload()
            await expect(done).to_contain_text(written)
            moments = await page.evaluate("document.body.innerText.match(/\\d+\\.\\d+\\.\\d+, \\S+/g)")
            assert len(moments) > len(app.tenant.addresses)
            assert [one for one in moments if not re.fullmatch(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d\.?", one)] == []


async def test_nobody_is_asked_while_nobody_looks(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await page.clock.install()
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("ready")
            for _ in range(60):
                await quiet_second(visitor)
            before = len(visitor.requests)
            for _ in range(15):
                await quiet_second(visitor)
            assert len(visitor.requests) - before <= 2
            await look_away(visitor, hidden=True)
            await quiet_second(visitor)
            before = len(visitor.requests)
            for _ in range(60):
                await quiet_second(visitor)
            assert len(visitor.requests) == before
            async with page.expect_request("**/api/connections/*"):
                await look_away(visitor, hidden=False)


async def quiet_second(visitor: Visitor) -> None:
    """Let a second of the page's time pass, and as much of the real one as a request needs."""
    await visitor.page.clock.run_for(1000)
    await asyncio.sleep(0.02)


async def look_away(visitor: Visitor, *, hidden: bool) -> None:
    """Put the tab behind another one, or back: a browser without a screen has no other tab to show."""
    await visitor.page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); }",
        hidden,
    )


async def test_a_plan_is_never_shown_for_what_the_form_no_longer_says(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await page.locator("#show-plan").click()
        await expect(page.locator(".working")).to_be_visible()
        await page.locator("#mailboxes").fill(app.tenant.addresses[0])
        await page.wait_for_timeout(5_000)  # longer than the plan and the next look at it take
        await expect(page.locator("#plan")).to_be_empty()
        await visitor.plan()
        await page.locator("#mailboxes").fill(app.tenant.addresses[1])
        await expect(page.locator("#plan")).to_be_empty()


async def test_a_list_that_is_not_arranged_yet_is_not_offered_for_change(tmp_path: Path) -> None:
    """A request that nobody has taken up yet: the documents of the mailboxes are still those of the one before."""
    async with running(tmp_path, mailboxes=3) as app:
        await app.set_up()
        documents = services().documents
        found = await documents.load(NAME)
        assert found is not None
        waiting = found.connection.model_copy(deep=True)
        waiting.wanted.mailboxes = app.tenant.addresses[:2]
        waiting.operation = Operation(id="later", kind=OperationKind.SET_UP, started=datetime.now(UTC))
        await documents.save(waiting, found.etag)
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await expect(visitor.page.get_by_text("noch nicht begonnen")).to_be_visible()
            await expect(visitor.page.locator("#mailboxes")).to_have_count(0)
            await visitor.go(f"c/{NAME}")
            await visitor.sees("interrupted")
            await (await visitor.action("again")).click()
            await visitor.page.locator("#go").click()
            await visitor.sees("ready")
            assert app.tenant.world.with_access(app.tenant.addresses[2]) == set()


async def test_the_rights_are_asked_for_once_and_the_list_does_not_wait_for_them(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            held = asyncio.Event()

            async def hold(route: Route) -> None:
                await held.wait()
                await route.continue_()

            await visitor.page.goto(app.host.url)
            await visitor.use(app.host.key)
            await expect(visitor.page.locator(".connections li")).to_be_visible()
            await visitor.page.route("**/api/health", hold)
            await visitor.page.reload()
            await expect(visitor.page.locator(".connections li")).to_be_visible()
            await expect(visitor.page.locator("#header")).not_to_contain_text(app.tenant.world.tenant_id)
            held.set()
            await expect(visitor.page.locator("#header")).to_contain_text(app.tenant.world.tenant_id)
            assert len(visitor.asked("GET", "/api/health")) == 2  # for each of two loads
