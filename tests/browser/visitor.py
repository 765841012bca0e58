"""A person at the page in a real browser; whatever a visit does, it ends with what must hold of every visit."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from local.browser import browsing, context
from tests.flow.app import NAME, App

PATIENCE = 30_000
"""Milliseconds after which something is taken never to appear."""
expect.set_options(timeout=PATIENCE)
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
LISTEN = """
window.violations = [];
addEventListener('securitypolicyviolation', event => {
  window.violations.push(`${event.blockedURI} ${event.violatedDirective}`);
});
"""
ALL_OF_IT = """() => [
  document.documentElement.outerHTML, location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage),
  document.cookie, JSON.stringify(history.state), document.title,
  ...[...document.querySelectorAll('input, textarea, output')].map(each => each.value),
].join(' ')"""


_running: list[Browser] = []
"""The one browser; to start it takes most of the time of a short visit."""


@asynccontextmanager
async def chromium() -> AsyncIterator[None]:
    """Start the browser of all visits."""
    async with browsing() as browser:
        _running.append(browser)
        yield
        _running.remove(browser)


def window(language: str = "de", **more: Any) -> AbstractAsyncContextManager[BrowserContext]:
    """Open a window of its own in the browser of all visits."""
    return context(_running[-1], language, **more)


@dataclass
class Visitor:
    """One person with one tab."""

    app: App
    page: Page
    requests: list[Request] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    """Of the refused requests, which the browser's console reports by itself."""
    wrong: list[str] = field(default_factory=list)

    def hears(self, message: ConsoleMessage) -> None:
        """Keep what the console says."""
        refused = REFUSED.search(message.text)
        if refused:
            self.statuses.add(int(refused[1]))
        elif message.type in {"error", "warning"} and "ERR_INTERNET_DISCONNECTED" not in message.text:
            self.wrong.append(message.text)

    def asks(self, request: Request) -> None:
        """Keep a request that the page makes."""
        self.requests.append(request)

    async def enter(self, key: str | None = None) -> None:
        """Open the page with a key."""
        await self.page.goto(self.app.host.url)
        await self.use(key or self.app.host.key)
        await expect(self.page.locator("#key")).to_have_count(0)

    async def use(self, key: str) -> None:
        """Give a key where one is asked for."""
        await self.page.locator("#key").fill(key)
        await self.page.locator("#key").press("Enter")

    async def go(self, path: str) -> None:
        """Go to a view of the page."""
        await self.page.evaluate("path => { location.hash = path; }", f"#/{path}")

    async def fill(self, name: str = NAME, mailboxes: str | None = None) -> None:
        """Fill the form of a new connection in."""
        await self.page.locator("#name").fill(name)
        await self.page.locator("#mailboxes").fill(mailboxes or "\n".join(self.app.tenant.addresses))

    async def plan(self) -> None:
        """Have the plan made, and wait for it."""
        await self.page.locator("#show-plan").click()
        await expect(self.page.locator("#go")).to_be_visible()

    async def set_up(self) -> None:
        """Do the main job."""
        await self.go("new")
        await self.fill()
        await self.plan()
        await self.page.locator("#go").click()
        await self.sees("ready")

    async def sees(self, state: str) -> None:
        """Wait for a state of the connection."""
        await expect(self.page.locator(f"#part-top .state.{state}")).to_be_visible()

    async def action(self, name: str) -> Locator:
        """Return what can be done with the connection, with the menu open where it stands in there."""
        action = self.page.locator(f"#{name}")
        await expect(action).to_be_attached()
        if not await action.is_visible():
            await self.page.locator("#more-actions").click()
        return action

    def step(self, name: str, state: str) -> Locator:
        """Return a step in a state."""
        return self.page.locator(f"#step-{name} .state.{state}")

    async def shown(self) -> str:
        """Return all that a script in the page, or a person at the machine, could find: elements, fields, storage."""
        return str(await self.page.evaluate(ALL_OF_IT))

    async def knows_a_secret(self) -> bool:
        """Return whether a client secret is anywhere in the page."""
        shown = await self.shown()
        return any(secret in shown or json.dumps(secret)[1:-1] in shown for secret in self.app.tenant.issued)

    def asked(self, method: str, path: str) -> list[Request]:
        """Return the requests that were made of the API."""
        return [one for one in self.requests if one.method == method and re.search(path, one.url)]


@asynccontextmanager
async def visiting(
    app: App, language: str = "de", *, statuses: frozenset[int] = frozenset(), login: str | None = None, **more: Any
) -> AsyncIterator[Visitor]:
    """Open a tab at the app; ``statuses`` are the refusals that the visit is about, ``login`` where one signs in.

    At its end: no request has left the origin (but for the login), the policy was not violated, the console holds no
    error, and the secret is nowhere in the page.
    """
    async with window(language, **more) as opened:
        await opened.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.host.url)
        await opened.add_init_script(LISTEN)
        page = await opened.new_page()
        page.set_default_timeout(PATIENCE)
        visitor = Visitor(app, page)
        page.on("console", visitor.hears)
        page.on("pageerror", lambda error: visitor.wrong.append(str(error)))
        page.on("request", visitor.asks)
        yield visitor
        assert not await visitor.knows_a_secret()
        assert await page.evaluate("window.violations") == []
    own = (app.host.url, "blob:", *((login,) if login is not None else ()))
    assert {one.url for one in visitor.requests if not one.url.startswith(own)} == set()
    assert visitor.wrong == []
    assert visitor.statuses <= statuses
