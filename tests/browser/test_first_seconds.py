"""The first seconds at the page: the app is waking, the list comes before health, the urgent comes first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Route, expect

from connector.credential import SecretRecord
from connector.model import Connection
from connector.operation import Operation
from connector.services import services
from connector.steps import ConnectionState, OperationKind
from connector.wanted import Wanted
from tests.browser.visitor import visiting
from tests.flow.app import running


async def slowly(route: Route) -> None:
    await asyncio.sleep(2)
    await route.continue_()


async def for_ever(route: Route) -> None:
    """Health that does not come while the test looks."""
    del route


async def stored(name: str, state: ConnectionState, days: int) -> None:
    now = datetime.now(UTC)
    connection = Connection(
        name=name,
        wanted=Wanted(revision=1, display_name=f"UTM {name}", mailboxes=["a@b.de"]),
        operation=Operation(id="1", kind=OperationKind.SET_UP, started=now, begun=True, ended=now),
        state=state,
        since=now,
        last_change=now,
        secret=SecretRecord(uri="https://v", key_id=name, version="1", expires_on=now + timedelta(days=days)),
    )
    await services().documents.save(connection, None)


async def test_the_list_comes_first_and_says_what_needs_somebody_first(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await stored("later", ConnectionState.READY, 100)
        await stored("soon", ConnectionState.READY, 20)
        await stored("wrong", ConnectionState.FAILED, 300)
        for number in range(6):
            await stored(f"more-{number}", ConnectionState.READY, 150)
        async with visiting(app) as visitor:
            page = visitor.page
            await page.route("**/api/health", for_ever)
            await page.route("**/api/connections*", slowly)
            await page.goto(app.host.url)
            await visitor.use(app.host.key)
            await expect(page.locator("#waking")).to_have_text(
                "Die App wacht nach einer Pause auf; das dauert einige Sekunden …"
            )
            names = page.locator(".connections h2 a")
            await expect(names).to_have_text(["wrong", "soon", "later", *(f"more-{number}" for number in range(6))])
            await expect(page.locator("#waking")).to_be_hidden()
            await page.locator("#search").fill("UTM soon")
            await expect(page.locator(".connections > li:visible")).to_have_count(1)
            await page.unroute_all(behavior="ignoreErrors")
