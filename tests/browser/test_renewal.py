"""A new secret, from the wish to the end of the old one, as a person walks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from connector.clients.store import FolderStore
from connector.credential import Rotation, RotationState
from connector.documents import Documents
from connector.messages import Language, catalogue
from connector.model import Connection
from tests.browser.test_appearance import axe, overflow
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.flow.test_rotation import retired, rotated, shown


async def pressed(page: Page, selector: str) -> None:
    """Do with the keyboard what a click would do."""
    await page.locator(selector).focus()
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["de", "en"])
async def test_a_secret_is_renewed_by_keyboard_alone(tmp_path: Path, language: Language) -> None:
    page_words: Any = catalogue(language)["page"]
    words = page_words["renewal"]
    async with running(tmp_path) as app:
        old = (await app.set_up())["secret"]["keyId"]
        async with visiting(app, language) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await pressed(page, "#more-actions")
            await pressed(page, "#to-renewal")
            await expect(page.locator("#main")).to_contain_text(words["will"]["retired"])
            assert (await axe(visitor), await overflow(visitor)) == ([], [])
            await pressed(page, "#rotate")
            await expect(page.locator("#renewal-now")).to_contain_text(words["offered"]["title"])
            new = (await shown(app))["rotation"]["keyId"]
            assert new != old
            await expect(page.locator("#confirm")).to_contain_text(new[:8])
            assert (await axe(visitor), await overflow(visitor)) == ([], [])
            await pressed(page, "#copy-clientSecret")
            await expect(page.locator("#copy-clientSecret")).to_have_text(page_words["copied"])
            copied = await page.evaluate("navigator.clipboard.readText()")
            assert copied == (await app.client.get(f"/api/connections/{NAME}/parameters")).json()["clientSecret"]
            await visitor.go("")
            await expect(page.locator(".connections")).to_contain_text(words["offered"]["title"])
            await visitor.go(f"c/{NAME}/hand-over")
            await expect(page.locator("#rotation")).to_contain_text(new[:8])
            await pressed(page, "#to-rotation")
            await pressed(page, "#confirm")
            await expect(page.locator("#renewal-now")).to_contain_text(words["retiring"]["title"])
            await expect(page.locator("#abandon")).to_have_count(0)
            await retired(app)
            await expect(page.locator("#rotate")).to_be_visible()


async def test_a_new_secret_may_be_given_up_as_long_as_nobody_has_confirmed_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        old = (await app.set_up())["secret"]["keyId"]
        await rotated(app)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/renewal")
            await page.locator("#give-up summary").click()
            await page.locator("#abandon").click()
            await expect(page.locator("#rotate")).to_be_visible()
            assert (await shown(app))["secret"]["keyId"] == old


async def test_where_the_old_secret_is_dead_the_page_says_so_and_the_new_one_cannot_be_given_up(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        documents = Documents(FolderStore(app.store))
        await app.set_up()

        def alone(connection: Connection) -> None:
            assert connection.secret is not None
            connection.rotation = Rotation(
                id="r", state=RotationState.OFFERED, begun=connection.since, next=connection.secret, alone=True
            )

        def expired(connection: Connection) -> None:
            assert connection.secret is not None
            connection.secret.expires_on = datetime.now(UTC) - timedelta(days=1)
            connection.secret.used_since = datetime(2026, 5, 4, tzinfo=UTC)

        await documents.update(NAME, alone)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#rotation.error")).to_contain_text("Der alte gilt nicht mehr")
            await page.locator("#to-rotation").click()
            await expect(page.locator("#confirm")).to_be_visible()
            await expect(page.locator("#give-up")).to_have_count(0)
            await page.locator("#confirm").click()
            await expect(page.locator("#renewal-now")).to_contain_text("Neuer Clientschlüssel eingetragen")
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#part-top .state")).to_contain_text("fertig")
            await documents.update(NAME, expired)
            await visitor.go(f"c/{NAME}/hand-over")
            await expect(page.locator("#main")).to_contain_text("Der Clientschlüssel ist abgelaufen")
            await expect(page.locator("#main .hint").first).to_contain_text("hat das am 04.05.2026 festgehalten")
            await expect(page.locator("#main .notice.good")).to_have_count(0)


async def test_in_the_place_of_an_offered_secret_that_is_over_another_one_is_made(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        dead = (await rotated(app))["rotation"]["keyId"]

        def ends(connection: Connection) -> None:
            rotation = connection.rotation
            assert rotation is not None
            assert rotation.next is not None
            ended = rotation.next.model_copy(update={"expires_on": datetime.now(UTC) - timedelta(days=1)})
            connection.rotation = rotation.model_copy(update={"next": ended})

        await Documents(FolderStore(tmp_path)).update(NAME, ends)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#part-notes")).to_contain_text(dead[:8])
            await expect(page.locator("#rotation")).to_have_count(0)
            await visitor.go(f"c/{NAME}/renewal")
            await expect(page.locator("#renewal-now")).to_contain_text("Tragen Sie ihn nicht ein")
            await expect(page.locator("#confirm")).to_have_count(0)
            await expect(page.locator("#rotate")).to_be_enabled()
