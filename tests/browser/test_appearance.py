"""How the page looks to whom: axe finds nothing, nothing is cut off on the smallest screen, no text is missing."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from playwright.async_api import expect

from connector.finding import Severity
from connector.messages import LANGUAGES, catalogue
from connector.steps import ConnectionState, StepName
from local.browser import DESKTOP, PHONE
from local.tenant.misbehaviour import Preset
from tests.browser.conftest import AXE
from tests.browser.visitor import Visitor, visiting
from tests.connector.test_messages import leaves
from tests.flow.app import NAME, App, running
from tests.flow.test_rights import set_up_by_hand
from tests.triggers.served import app_routes
from triggers.page import assets

WEB = Path("web")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def by_hand_and_ready(folder: Path) -> AsyncIterator[App]:
    """Run an app with a connection that is ready and one that waits for a person."""
    async with running(folder) as app:
        await set_up_by_hand(app)
        await app.client.set_up({"name": "stuck", "mailboxes": app.tenant.addresses})
        yield app


async def each_view(visitor: Visitor) -> AsyncIterator[str]:
    """Go from view to view, each with all that it can show."""
    page = visitor.page
    await page.goto(visitor.app.host.url)
    await expect(page.locator("#key")).to_be_visible()
    yield "key"
    await visitor.enter()
    await expect(page.locator(".connections li")).to_have_count(2)
    await expect(page.locator(".findings").first).to_be_visible()
    yield "overview"
    for name in (NAME, "stuck"):
        await visitor.go(f"c/{name}")
        await expect(page.locator(".mailboxes > li")).to_have_count(2)
        yield name
    await visitor.go(f"c/{NAME}/change")
    await page.locator("#mailboxes").fill(f"{visitor.app.tenant.addresses[0]}, nobody@contoso.example")
    await page.locator("#show-plan").click()
    await expect(page.locator("#go")).to_be_visible()
    yield "change"
    signs = (
        ("hand-over", "#clientSecret"),
        ("sheet", ".paper"),
        ("report", "main > pre"),
        ("remove", "#go"),
        ("again", "#go"),
    )
    for view, sign in signs:
        await visitor.go(f"c/{NAME}/{view}")
        await expect(page.locator(sign)).to_be_visible()
        yield view
    await visitor.go(f"c/{NAME}/hand-over")
    await page.locator("#show-secret").click()
    await expect(page.locator("#clientSecret.shown")).to_be_visible()
    yield "shown"
    await visitor.go("nowhere")
    yield "lost"


async def axe(visitor: Visitor, within: str = "html") -> list[str]:
    """Return what axe finds in a part of the page, told by the browser's own copy of the page."""
    await visitor.page.evaluate(AXE.read_text("utf-8"))  # as a debugger would: the page's policy forbids another script
    found: Any = await visitor.page.evaluate(
        "([within, rules]) => axe.run(within, { runOnly: rules })"
        ".then(({ violations }) => violations.map(({ id, nodes }) =>"
        " `${id}: ${nodes.map(node => node.html).join(' ')}`))",
        [within, RULES],
    )
    return list(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_and_nothing_is_cut_off(tmp_path: Path, scheme: str, viewport: dict[str, int]) -> None:
    async with by_hand_and_ready(tmp_path) as app:
        async with visiting(app, color_scheme=scheme, viewport=viewport) as visitor:
            seen = {view: (await axe(visitor), await overflow(visitor)) async for view in each_view(visitor)}
        assert seen == {view: ([], []) for view in seen}
        assert len(seen) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_what_comes_and_goes(tmp_path: Path, scheme: str) -> None:
    """The wait for Microsoft, a refused key in the middle, and the loss of the network."""
    async with running(tmp_path, mailboxes=2) as app:
        app.tenant.misbehave(Preset(imap_lag=(36_000, 36_000)))
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        async with visiting(app, color_scheme=scheme, viewport=PHONE, statuses=frozenset({401})) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("progress")).to_be_visible()
            seen = {"waiting": (await axe(visitor), await overflow(visitor))}
            await page.context.set_offline(True)
            await expect(page.locator("#offline")).to_be_visible()
            seen["offline"] = (await axe(visitor), await overflow(visitor))
            await page.context.set_offline(False)
            await expect(page.locator("#offline")).to_have_count(0)
            app.client.headers["x-functions-key"] = app.host.renew_key()
            # The dialog may be there before: the page looks by itself, too.
            await page.locator("#verify").evaluate("each => each.click()")
            await expect(page.locator("dialog")).to_be_visible()
            seen["dialog"] = (await axe(visitor), await overflow(visitor))
            await page.keyboard.press("Escape")
        assert seen == {view: ([], []) for view in seen}


async def overflow(visitor: Visitor) -> list[str]:
    """Return what is wider than the window, but for what scrolls by itself."""
    found: Any = await visitor.page.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll('*')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.scroll, pre'))"
        ".map(each => each.outerHTML.slice(0, 120))"
    )
    return list(found)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_view_speaks_the_readers_language_and_no_text_is_missing(tmp_path: Path, language: str) -> None:
    async with by_hand_and_ready(tmp_path) as app, visiting(app, language) as visitor:
        async for view in each_view(visitor):
            text = await visitor.page.inner_text("body")
            assert re.findall(r"\b(?:page|step|state|label)\.[a-z]\S*|\{\w+\}|undefined|NaN|\[object", text) == [], view
            assert view == "report" or not re.search(r"\bnull\b", text), view
            assert await visitor.page.get_attribute("html", "lang") == language


async def test_the_language_is_changed_in_the_middle_and_remembered(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, "fr-FR") as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.get_by_role("heading", name="Neue Verbindung")).to_be_visible()
        await expect(page.locator("#name")).to_have_value(NAME)
        await page.reload()
        await expect(page.get_by_role("heading", name="Neue Verbindung")).to_be_visible()


async def test_whose_deployment_it_is_stands_in_every_view_and_in_the_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_LABEL", "Contoso GmbH")
    async with by_hand_and_ready(tmp_path) as app, visiting(app) as visitor:
        async for view in each_view(visitor):
            if view != "key":
                await expect(visitor.page.locator("#header")).to_contain_text("Contoso GmbH")
                await expect(visitor.page.locator("#header")).to_contain_text(app.tenant.world.tenant_id)
                assert (await visitor.page.title()).startswith("Contoso GmbH · ")


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("means", set(ConnectionState)),
        ("does", set(StepName)),
        ("severity", set(get_args(Severity))),
        ("may", {route.function for route in app_routes() if not route.open}),
    ],
)
def test_what_is_named_one_by_one_is_named_whole(group: str, members: set[str]) -> None:
    assert set(catalogue("en", "page", group)) == members


def test_every_function_that_needs_a_key_is_one_that_the_page_asks_about() -> None:
    probes = assets()["probes.js"].content.decode().removeprefix("export const PROBES = ").rstrip(";\n")
    routes = {
        route.function: [route.method, re.sub(r"\{\w+\}", "-", route.path.lstrip("/"))]
        for route in app_routes()
        if not route.open
    }
    assert {name: [method, path.partition("?")[0]] for name, (method, path) in json.loads(probes).items()} == routes


def sources() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(WEB.rglob("*.js")))


def test_every_text_that_the_page_asks_for_exists_and_every_one_that_exists_is_asked_for() -> None:
    there = {key for key in leaves(catalogue("de")) if key.startswith("page.")}
    plain = set(re.findall(r"\b(?:t|part)\('(page\.[\w.-]+)'", sources()))
    counted = {
        f"{key}.{form}" for key in re.findall(r"\bcount\('(page\.[\w.-]+)'", sources()) for form in ("one", "many")
    }
    patterns = [
        re.compile(re.sub(r"\\\$\\\{[^}]*\\\}", r"[\\w-]+", re.escape(found)))
        for found in re.findall(r"`(page\.[^`]+)`", sources())
    ]
    assert plain | counted <= there
    assert all(any(pattern.fullmatch(key) for key in there) for pattern in patterns)
    unused = {key for key in there - plain - counted if not any(pattern.fullmatch(key) for pattern in patterns)}
    assert unused == set()
