"""Two people at one connection: nobody undoes what the other has done without being told."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Route, expect

from tests.browser.visitor import Visitor, visiting
from tests.flow.app import NAME, App, running
from tests.flow.test_rights import obey, set_up_and_lose


async def test_who_changes_a_name_does_not_take_away_what_somebody_else_has_added(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=4) as app:
        await app.set_up(mailboxes=app.tenant.addresses[:2])
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await page.locator("#displayName").fill("UTM Zentrale")
            await app.set_up()
            await page.locator("#show-plan").click()
            await expect(page.locator("#plan")).to_contain_text("inzwischen geändert worden")
            await expect(page.locator("#go")).to_have_count(0)
            await page.locator("#reload").click()
            await expect(page.locator("#mailboxes-read")).to_contain_text("4 Postfächer erkannt.")
            await expect(page.locator("#displayName")).to_have_value("UTM Zentrale")
            await visitor.plan()
            await page.locator("#go").click()
            await expect(page.locator("h1")).to_contain_text("UTM Zentrale")
            await visitor.sees("ready")
            assert all(app.tenant.world.with_access(address) for address in app.tenant.addresses)


async def test_between_the_plan_and_its_going_nobody_is_overwritten(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=4) as app:
        await app.set_up(mailboxes=app.tenant.addresses[:2])
        async with visiting(app, statuses=frozenset({412})) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await page.locator("#displayName").fill("UTM Zentrale")
            await visitor.plan()
            await app.set_up(displayName="UTM Nord")
            await page.locator("#go").click()
            await expect(page.get_by_role("alert").first).to_contain_text(
                "hat sich geändert, seit Sie sie gelesen haben"
            )
            assert (await app.client.get(f"/api/connections/{NAME}")).json()["displayName"] == "UTM Nord"
            await page.locator("#reload").click()
            await expect(page.locator("#mailboxes-read")).to_contain_text("4 Postfächer erkannt.")
            await expect(page.locator("#displayName")).to_have_value("UTM Zentrale")
            await visitor.plan()
            await page.locator("#go").click()
            await expect(page.locator("h1")).to_contain_text("UTM Zentrale")
            assert all(app.tenant.world.with_access(address) for address in app.tenant.addresses)


async def test_the_plan_of_somebody_else_is_not_shown_as_ones_own(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page, path = visitor.page, f"**/api/connections/{NAME}/plan?top=1"
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()

        async def overtaken(route: Route) -> None:
            body = {"name": NAME, "mailboxes": app.tenant.addresses[:1]}
            (await app.client.post("/api/connections?dryRun=true", json=body)).raise_for_status()
            await route.continue_()

        await page.route(path, overtaken, times=1)
        await page.locator("#show-plan").click()
        await expect(page.get_by_role("alert")).to_contain_text("Jemand anderes")
        await expect(page.locator("#plan")).to_be_empty()
        await visitor.plan()
        await expect(page.locator("#plan")).to_contain_text("7 Änderungen")


async def test_access_that_the_app_may_not_take_back_is_led_to_its_end(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await set_up_and_lose(app, "Remove-MailboxPermission")
        first, second, third = app.tenant.addresses
        async with visiting(app) as visitor:
            await visitor.enter()
            await take_off(visitor, [second, third])
            await expect(visitor.page.locator("#part-todo pre")).to_contain_text(f"-Identity '{first}'")
            await take_off(visitor, [third])
            lines = visitor.page.locator("#part-todo pre")
            await expect(lines).to_contain_text(f"-Identity '{second}'")
            obey(app, await lines.inner_text())
            await visitor.sees("ready")
            assert [len(app.tenant.world.with_access(one)) for one in app.tenant.addresses] == [0, 0, 1]


async def take_off(visitor: Visitor, left: list[str]) -> None:
    """Shorten the list by one mailbox."""
    page = visitor.page
    await visitor.go(f"c/{NAME}/change")
    await page.locator("#mailboxes").fill("\n".join(left))
    await visitor.plan()
    await page.locator("#removed").fill("1")
    await page.locator("#go").click()
    await visitor.sees("action-required")


async def test_the_sheet_does_not_call_proven_what_no_longer_opens(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        ids = (await app.set_up())["ids"]
        lost, kept = app.tenant.addresses
        app.tenant.administrator.remove_mailbox_permission(lost, ids["applicationId"])
        await app.verify(lambda seen: seen["state"] == "action-required")
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}/sheet")
            assert await proof(visitor, app, lost) == "nein"
            assert "202" in await proof(visitor, app, kept)
            await expect(visitor.page.locator(".sheet")).to_contain_text("Eingriff nötig")


async def proof(visitor: Visitor, app: App, address: str) -> str:
    """Return what the sheet says of a mailbox's proof."""
    assert address in app.tenant.addresses
    return await visitor.page.locator(".paper tr").filter(has_text=address).locator("td").nth(1).inner_text()
