"""What the app may not do: a person does it, and the page notices; what a person may decide, they decide there."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.flow.test_causes import application
from tests.flow.test_rights import least, obey


async def test_what_a_person_does_elsewhere_is_noticed_without_a_reload(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await expect(page.get_by_role("heading", name="Fehlende Rechte der App")).to_be_visible()
            await visitor.go("new")
            await visitor.fill()
            await visitor.plan()
            await expect(page.locator("#plan .tag").first).to_have_text("von Ihnen zu tun")
            await page.locator("#go").click()
            await visitor.sees("action-required")
            app_id, todo = application(app.tenant).app_id, page.locator("#part-todo")
            portal = page.get_by_role("link", name="Administratorzustimmung: im Portal öffnen")
            assert str(await portal.get_attribute("href")).endswith(f"/CallAnAPI/appId/{app_id}")
            assert await portal.get_attribute("rel") == "noopener noreferrer"
            copy = todo.locator(".command", has_text="New-ServicePrincipal").first.get_by_role("button")
            await copy.click()
            await expect(copy).to_have_text("Kopiert")
            lines = await page.evaluate("navigator.clipboard.readText()")
            assert app_id in lines
            await page.evaluate("window.loadedOnce = true")
            obey(app, lines)
            app.tenant.administrator.consent(app_id)
            await visitor.sees("ready")
            assert await page.evaluate("window.loadedOnce")
            await expect(page.locator("#progress")).to_contain_text("fertig")


async def test_a_foreign_owner_is_accepted_from_its_finding_and_that_is_withdrawn_where_it_is_shown(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.administrator.add_owner(application(app.tenant))
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("ready")
            await (await visitor.action("again")).click()
            await page.locator("#go").click()
            await visitor.sees("action-required")
            await page.get_by_role("button", name="Annehmen und weitermachen").press("Enter")
            await visitor.sees("ready")
            assert await page.evaluate("document.activeElement.id") == "part-todo"  # where the button was
            await expect(page.locator("#part-known")).to_contain_text("weiteren Besitzer")
            await expect(page.get_by_role("button", name="Annehmen und weitermachen")).to_have_count(0)
            accepted = page.locator(".accepted li")
            await expect(accepted).to_contain_text(f"Anwendung {application(app.tenant).app_id}")
            await expect(accepted).to_contain_text("accept_finding")
            await accepted.get_by_role("button", name="Zurücknehmen").click()
            await expect(accepted).to_have_count(0)
            await expect(page.locator("#notices")).to_contain_text("Die nächste Einrichtung oder Prüfung")
            await (await visitor.action("verify")).click()
            await visitor.sees("action-required")


async def test_what_stops_a_plan_is_accepted_there_and_the_plan_is_made_anew(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.administrator.delete_application(application(app.tenant).app_id)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await visitor.plan()
            await expect(page.locator("#plan .plan li")).to_have_count(0)
            await page.locator("#plan").get_by_role("button", name="Annehmen und weitermachen").click()
            await expect(page.locator("#plan .plan li")).not_to_have_count(0)
            await expect(page.locator("#plan")).to_contain_text("gelöscht")


async def test_who_may_not_accept_is_told_which_key_it_needs_and_loses_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.administrator.add_owner(application(app.tenant))
        await app.set_up()
        keys = app.host.function_keys
        async with visiting(app, statuses=frozenset({401, 404, 422})) as visitor:
            page = visitor.page
            await visitor.enter(keys["read_connection"])
            await visitor.go(f"c/{NAME}")
            await visitor.sees("action-required")
            accept = page.get_by_role("button", name="Annehmen und weitermachen")
            await accept.click()
            dialog = page.get_by_role("dialog")
            await expect(dialog).to_contain_text("der Schlüssel der Funktion accept_finding")
            await dialog.get_by_role("button", name="Abbrechen").click()
            await expect(page.locator("#notices")).to_contain_text("Das ist ein eigenes Recht: einen Befund annehmen")
            await expect(page.locator("#notices")).to_contain_text("accept_finding")
            await visitor.sees("action-required")
            await accept.click()
            await visitor.use(keys["create_connection"])
            await expect(page.locator("#key-wrong")).to_contain_text("Auch dieser Schlüssel")
            await visitor.use(keys["accept_finding"])
            await visitor.sees("ready")
            await expect(dialog).to_have_count(0)
            stored = await page.evaluate("JSON.stringify(sessionStorage)")
            assert keys["read_connection"] in stored
            assert keys["accept_finding"] not in await visitor.shown()


async def test_a_running_set_up_is_stopped_and_started_again(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        least(app.tenant)
        await app.set_up()
        async with visiting(app, "en") as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await (await visitor.action("stop")).click()
            await visitor.sees("cancelled")
            app.tenant.forget_requests()
            await visitor.page.locator("#again").press("Enter")
            await expect(visitor.page.locator("#plan .notice, ol.plan > li").first).to_be_visible()
            assert app.tenant.writes() == []
            await visitor.page.locator("#go").press("Enter")
            await visitor.sees("action-required")


async def test_a_verification_finds_what_has_been_taken_away(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        connection = await app.set_up()
        app.tenant.administrator.remove_mailbox_permission(app.tenant.addresses[0], connection["ids"]["applicationId"])
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("ready")
            await (await visitor.action("verify")).click()
            lost = visitor.page.locator(".mailboxes > li", has_text=app.tenant.addresses[0])
            await expect(lost.locator("summary")).to_contain_text("keinen Vollzugriff")
            await lost.locator("summary").click()
            await expect(lost.locator("pre")).to_contain_text("Add-MailboxPermission")


async def test_removals_are_named_and_confirmed_by_their_number(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            page, kept = visitor.page, app.tenant.addresses[0]
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await expect(page.locator("#mailboxes")).to_have_value("\n".join(app.tenant.addresses))
            await page.locator("#mailboxes").fill(kept)
            await expect(page.locator("#mailboxes-read")).to_contain_text("0 neu, 2 entfallen")
            await visitor.plan()
            await expect(page.locator("#plan")).to_contain_text(app.tenant.addresses[2])
            await page.locator("#go").click()
            await expect(page.locator("#removed-wrong")).to_contain_text("die Zahl 2 eintippen")
            assert visitor.asked("POST", "allowRemoval") == []
            await page.locator("#removed").fill("2")
            await page.locator("#go").click()
            await visitor.sees("ready")
            await expect(page.locator(".mailboxes > li")).to_have_count(1)
            reached = [bool(app.tenant.world.with_access(address)) for address in app.tenant.addresses]
            assert reached == [True, False, False]


async def test_access_is_said_to_be_taken_whoever_gave_it_and_counted_in_mailboxes(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        kept, given, by_hand = app.tenant.addresses
        app.tenant.administrator.add_alias(kept, "info@contoso.example")
        app.tenant.administrator.add_alias(given, "post@contoso.example")
        ids = (await app.set_up(mailboxes=[kept, given]))["ids"]
        app.tenant.administrator.add_mailbox_permission(by_hand, ids["applicationId"])
        shown = await app.set_up(mailboxes=[*app.tenant.addresses, "info@contoso.example", "post@contoso.example"])
        assert [item["accessGiven"] for item in shown["mailboxes"]["items"]] == [True] * 5
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await page.locator("#mailboxes").fill(kept)
            await visitor.plan()
            await expect(page.locator("#plan")).to_contain_text("2 Postfächer verlieren den Zugriff")
            await page.locator("#removed").fill("2")
            await page.locator("#go").click()
            await visitor.sees("ready")
            await expect(page.locator(".mailboxes > li")).to_have_count(1)
            reached = [bool(app.tenant.world.with_access(address)) for address in app.tenant.addresses]
            assert reached == [True, False, False]


async def test_the_principal_name_in_place_of_an_alias_takes_nothing_away(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        eva = app.tenant.administrator.add_mailbox("eva@contoso.example", aliases=("info@contoso.example",))
        await app.set_up(mailboxes=["info@contoso.example"])
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/change")
            await page.locator("#mailboxes").fill(eva.address)
            await expect(page.locator("#mailboxes-read")).to_contain_text("0 neu, 0 entfallen")
            await visitor.plan()
            await expect(page.locator("#removed")).to_have_count(0)
            await page.locator("#go").click()
            await visitor.sees("ready")
            assert app.tenant.world.with_access(eva.address)


async def test_what_a_mailbox_needs_stands_above_and_what_the_plan_stumbles_over_comes_first(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        page, wrong = visitor.page, "suport@contoso.example"
        await visitor.enter()
        await visitor.go("new")
        await visitor.fill(mailboxes=f"{', '.join(app.tenant.addresses)}, {wrong}")
        await visitor.plan()
        first = page.locator("#plan .findings, #plan .plan").first
        await expect(first).to_contain_text(f"{wrong} gibt es in Exchange Online nicht")
        await expect(page.locator("#plan-title")).to_be_focused()
        await expect(page.locator("#plan-title")).to_be_in_viewport()
        await page.locator("#go").click()
        await visitor.sees("action-required")
        await expect(page.locator("#part-todo")).to_contain_text(wrong)
        await page.get_by_role("link", name="Liste der Postfächer ändern").click()
        await expect(page.locator("#mailboxes")).to_be_visible()
        await visitor.go("")
        await expect(page.locator(".connections li dd").last).to_have_text("1")
        await visitor.go(f"c/{NAME}/hand-over")
        await expect(page.locator(".notice.warning")).to_contain_text("erst 2 von 3 Postfächern")
        await expect(page.locator(".notice.warning li")).to_have_text(wrong)
        await expect(page.locator("textarea")).to_have_value("\n".join(app.tenant.addresses))
        await visitor.go(f"c/{NAME}/sheet")
        row = page.locator(".paper tr").filter(has_text=wrong)
        await expect(row).to_be_visible()
        assert await row.locator("td").all_inner_texts() == [wrong, "nein", "–"]


async def test_a_verification_is_called_one(tmp_path: Path) -> None:
    async with running(tmp_path, latencies={"imap": 1.0}) as app:
        await app.set_up()
        async with visiting(app) as visitor:
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await (await visitor.action("verify")).click()
            await expect(visitor.page.locator("#part-top .lead")).to_contain_text("Die Prüfung läuft")
            await visitor.sees("ready")
