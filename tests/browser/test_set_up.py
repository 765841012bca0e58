"""The main job at the page, from the key to the three values."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.async_api import expect

from local.tenant.misbehaviour import Fault, Preset
from tests.browser.visitor import Visitor, visiting
from tests.flow.app import NAME, running


async def test_the_whole_job_from_the_key_to_the_three_values(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app, visiting(app) as visitor:
        page = visitor.page
        await visitor.enter()
        await expect(page.get_by_text("Es gibt noch keine Verbindung.")).to_be_visible()
        await page.get_by_role("link", name="Neue Verbindung").click()
        first, second, third = app.tenant.addresses
        await visitor.fill(mailboxes=f"Müller, Eva <{first}>, {second}\n{second.upper()};{third}")
        await expect(page.locator("#mailboxes-read")).to_have_text(
            "3 Postfächer erkannt. 1 stand doppelt da und zählt einmal."
        )
        await visitor.plan()
        plan = page.locator("#plan")
        await expect(plan).to_contain_text("8 Änderungen. Noch ist nichts geschehen.")
        await expect(plan).to_contain_text("Grund: die Anwendung darf das Protokoll noch nicht benutzen")
        assert app.tenant.writes() == []
        await page.locator("#go").click()
        await visitor.sees("ready")
        await expect(visitor.step("prerequisites", "unchanged")).to_be_visible()
        await expect(visitor.step("verification", "done")).to_be_visible()
        await expect(page.locator("#step-consent")).to_contain_text("Abb. 8–9")
        await expect(page.locator(".mailboxes .state.open")).to_have_count(3)
        await page.locator("#to-hand-over").click()
        await values_of_the_utm(visitor)


async def values_of_the_utm(visitor: Visitor) -> None:
    page, values = visitor.page, await visitor.app.parameters()
    await expect(page.locator("#applicationId")).to_have_text(values["applicationId"])
    await expect(page.locator("#tenantId")).to_have_text(values["tenantId"])
    await expect(page.locator("#clientSecret")).to_have_text("verborgen")
    await expect(page.get_by_text("Von Azure aus bewiesen")).to_be_visible()
    for label in ("Anwendungs-ID", "Mandanten-ID", "Geheimer Clientschlüssel", "Authentifizierung › OAuth 2"):
        await expect(page.get_by_text(label).first).to_be_visible()
    assert not await visitor.knows_a_secret()
    await page.locator("#show-secret").click()
    await expect(page.locator("#clientSecret")).to_have_text(values["clientSecret"])
    assert await visitor.knows_a_secret()
    await page.locator("#show-secret").click()
    await expect(page.locator("#clientSecret")).to_have_text("verborgen")
    assert not await visitor.knows_a_secret()
    before = await page.locator("#copy-clientSecret").bounding_box()
    await page.locator("#copy-clientSecret").click()
    await expect(page.locator("#copy-clientSecret")).to_have_text("Kopiert")
    assert await page.locator("#copy-clientSecret").bounding_box() == before
    assert await page.evaluate("navigator.clipboard.readText()") == values["clientSecret"]
    assert not await visitor.knows_a_secret()
    reads = visitor.asked("GET", "/parameters")
    assert [one.url.partition("?")[2] for one in reads] == ["secret=reference", "", ""]


async def test_a_shown_secret_is_gone_when_the_view_is_left(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}/hand-over")
            await visitor.page.locator("#show-secret").click()
            await expect(visitor.page.locator("#clientSecret.shown")).to_be_visible()
            await visitor.go("")
            await expect(visitor.page.locator(".connections")).to_be_visible()
            assert not await visitor.knows_a_secret()


async def test_a_shown_secret_hides_itself_after_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            await visitor.page.clock.install()
            await visitor.enter()
            await visitor.go(f"c/{NAME}/hand-over")
            await visitor.page.locator("#show-secret").click()
            await expect(visitor.page.locator("#clientSecret.shown")).to_be_visible()
            await visitor.page.clock.fast_forward(61_000)
            await expect(visitor.page.locator("#clientSecret.shown")).to_have_count(0)


async def test_by_keyboard_alone_and_in_english(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app, "en") as visitor:
        page = visitor.page
        await page.goto(app.host.url)
        await tab_to(visitor, "#key")
        await page.keyboard.type(app.host.key)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("There is no connection yet.")).to_be_visible()
        await tab_to(visitor, "a[href='#/new']")
        await page.keyboard.press("Enter")
        await tab_to(visitor, "#name")
        await page.keyboard.type(NAME)
        await tab_to(visitor, "#mailboxes")
        await page.keyboard.type(", ".join(app.tenant.addresses))
        await tab_to(visitor, "#show-plan")
        await page.keyboard.press("Enter")
        await expect(page.locator("#go")).to_be_visible()
        await tab_to(visitor, "#go")
        await page.keyboard.press("Enter")
        await visitor.sees("ready")
        await tab_to(visitor, "#to-hand-over")
        await page.keyboard.press("Enter")
        await tab_to(visitor, "#copy-tenantId")
        await page.keyboard.press("Enter")
        await expect(page.locator("#copy-tenantId")).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == (await app.parameters())["tenantId"]
        await expect(page.get_by_text('calls the tenant id "Client ID"')).to_be_visible()


async def tab_to(visitor: Visitor, selector: str) -> None:
    """Press Tab until an element has the focus, and see that each stop on the way shows it.

    ``main`` is no stop: it gets the focus when a view has been opened, so that Tab goes on from the view's beginning.
    """
    for _ in range(60):
        await visitor.page.keyboard.press("Tab")
        here, unseen = await visitor.page.evaluate(
            "wanted => { const here = document.activeElement; return [here.matches(wanted),"
            " !here.matches('body, main') && getComputedStyle(here).outlineStyle === 'none' && here.outerHTML]; }",
            selector,
        )
        assert not unseen
        if here:
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


async def test_a_set_up_goes_on_over_a_reload_and_a_draft_survives_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page = visitor.page
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await page.reload()
        await expect(page.locator("#name")).to_have_value(NAME)
        await visitor.plan()
        await page.locator("#go").click()
        await expect(page.locator(".steps")).to_be_visible()
        await page.reload()
        await visitor.sees("ready")
        await visitor.go("new")
        await expect(page.locator("#name")).to_have_value("")


async def test_a_double_click_starts_nothing_twice(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill()
        await visitor.page.locator("#show-plan").dblclick()
        await expect(visitor.page.locator("#go")).to_be_visible()
        await visitor.page.locator("#go").dblclick()
        await visitor.sees("ready")
        assert len(visitor.asked("POST", "dryRun=true")) == 1
        assert len(visitor.asked("POST", "allowRemoval=0$")) == 1


async def test_the_sheet_the_calendar_and_the_report_hold_what_they_promise(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=10) as app:
        connection = await app.set_up()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/sheet")
            paper = page.locator(".paper")
            for part in (connection["ids"]["tenantId"], connection["ids"]["enterpriseApplicationId"],
                         connection["secret"]["keyId"], "IMAP.AccessAsApp", "FullAccess", "Exchange.ManageAsApp",
                         "Policy.Read.All", *app.tenant.addresses, "Übernommen"):  # fmt: skip
                await expect(paper).to_contain_text(part)
            document = json.loads(await saved(visitor, "Als JSON speichern"))
            assert document["secret"] == connection["secret"]
            assert [one["address"] for one in document["mailboxes"]] == app.tenant.addresses
            assert all(one["reason"] and one["holder"] and one["revoke"] for one in document["rights"])
            identity, tenant = app.tenant.world.identity.object_id, connection["ids"]["tenantId"]
            revoked = {one["right"]: one["revoke"] for one in document["rights"]}
            assert revoked["Policy.Read.All"] == f"infra/grant.sh --identity {identity} --tenant {tenant} --revoke"
            (exchange,) = [one for one in document["rights"] if one["right"] == "Exchange"]
            assert "Add-MailboxPermission, Remove-MailboxPermission" in exchange["reason"]
            assert "{" not in json.dumps([list(one.values()) for one in document["rights"]])
            calendar = await saved(visitor, "Ende als Kalendereintrag (.ics)")
            assert calendar.count("BEGIN:VALARM") == 4
            assert max(len(line.encode()) for line in calendar.split("\r\n")) <= 75
            assert document["missing"] == []
            await paper.get_by_label("Zuständig für die Erneuerung").fill("IT-Service Muster")
            printed = await page.pdf(format="A4", print_background=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
            await page.emulate_media(media="print")
            await expect(page.locator("#header")).to_be_hidden()
            await expect(paper).to_be_visible()
            await visitor.go(f"c/{NAME}/report")
            await expect(page.locator("main > pre")).to_contain_text('"package": "utm-mail-connect"')


async def test_a_sheet_says_that_rights_could_not_be_read(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        faults = {"exchange": {Fault.THROTTLED: 1.0}}
        calm = app.tenant.misbehave(Preset(faults=faults, in_a_row=1_000_000, retry_after=(600, 600)))
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}/sheet")
            paper = visitor.page.locator(".paper")
            await expect(paper).to_contain_text("nicht lesbar")
            await expect(paper).to_contain_text("Policy.Read.All")
            await expect(paper).to_contain_text("Dieses Blatt ist unvollständig: ihre Cmdlets in Exchange")
            await expect(paper.locator(".signatures")).to_have_count(0)
            app.tenant.misbehave(calm)
            app.tenant.advance(600)
            await visitor.page.get_by_role("button", name="Noch einmal nachsehen").click()
            await expect(paper).to_contain_text("Add-MailboxPermission")
            await expect(paper.locator(".signatures")).to_have_count(1)
            await expect(paper).not_to_contain_text("nicht lesbar")


async def saved(visitor: Visitor, button: str) -> str:
    """Return what a button saves."""
    async with visitor.page.expect_download() as waiting:
        await visitor.page.get_by_role("button", name=button).click()
    download = await waiting.value
    return Path(await download.path()).read_bytes().decode()  # noqa: ASYNC240 - a small file of a test
