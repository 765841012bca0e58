"""What accepting does to a connection: nothing to what is no matter of it, and what it cannot do by itself is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.flow.app import NAME, running
from tests.flow.test_causes import application, codes, found, stale_principal
from tests.flow.test_plan import ALL, changes, dry_run

ACCEPT = f"/api/connections/{NAME}/accept"


async def test_what_is_no_matter_of_acceptance_cannot_be_accepted(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.revoke("Exchange.ManageAsApp")
        shown = await app.set_up()
        about = shown["ids"]["applicationId"]
        others = [each["id"] for each in shown["findings"] if not each["action"]["accept"]]
        assert others
        for each in others:
            answer = await app.client.post(ACCEPT, json={"id": each, "applicationId": about})
            assert (answer.status_code, answer.json()["code"]) == (422, "not-acceptable")
        assert not (tmp_path / "acceptances").exists()


async def test_a_plan_after_an_accepted_deletion_lists_all_that_is_made_anew(tmp_path: Path) -> None:
    """The steps after the application would else wait for the one that is gone."""
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.administrator.delete_application(application(app.tenant).app_id)
        plan = await dry_run(app)
        assert (changes(plan), [each["code"] for each in plan["findings"]]) == ([], ["application-deleted"])
        await app.accept(plan["findings"][0])
        async with asyncio.timeout(120):
            plan = await dry_run(app)
        assert changes(plan) == ALL
        assert [each["severity"] for each in plan["findings"]] == ["info"]
        shown = await app.set_up()
        assert (shown["state"], "utm-needs-new-secret" in codes(shown)) == ("action-required", True)
        entered = await app.client.post(f"/api/connections/{NAME}/confirm", json={"keyId": shown["rotation"]["keyId"]})
        assert entered.json()["state"] == "ready"


async def test_a_verification_says_that_an_accepted_replacement_needs_a_set_up(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        stale_principal(app.tenant)
        shown = await app.verify(lambda seen: "principal-stale" in codes(seen))
        assert not (await app.accept(found(shown, "principal-stale")))["goesOn"]
        shown = await app.until(lambda seen: "principal-accepted" in codes(seen))
        assert not any(each["action"]["accept"] for each in shown["findings"])
        assert (await app.set_up())["state"] == "ready"
