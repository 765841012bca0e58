"""What a set-up makes because the old secret is gone is offered like any other, and nobody gets a new one untold."""

from __future__ import annotations

from pathlib import Path

from tests.flow.app import running
from tests.flow.test_rotation import codes, confirm, keys, lose, retired, tags, versions
from tests.flow.utm import accepted


async def test_a_disabled_version_gives_way_to_a_new_secret_and_the_old_one_goes_on_working(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        old = await app.parameters()
        versions(app)[-1].enabled = False
        finished = await app.set_up()
        new = await app.parameters()
        assert new["clientSecret"] != old["clientSecret"]
        assert (new["applicationId"], new["tenantId"]) == (old["applicationId"], old["tenantId"])
        assert [await accepted(app, one) for one in (old, new)] == [True, True]
        assert not await accepted(app, {**new, "clientSecret": "wrong"})

        assert (finished["state"], finished["verified"]) == ("action-required", True)
        (finding,) = finished["findings"]
        assert (finding["code"], finding["subject"]) == ("utm-needs-new-secret", new["secret"]["keyId"])
        assert (new["rotation"]["state"], new["rotation"]["oldWorksUntil"]) == ("offered", None)
        again = await app.set_up()
        assert (again["state"], codes(again), len(keys(app))) == ("action-required", ["utm-needs-new-secret"], 2)
        listed = (await app.client.get("/api/connections")).json()["items"][0]
        assert (listed["state"], listed["findings"]) == ("action-required", ["utm-needs-new-secret"])

        assert await confirm(app, old["secret"]["keyId"]) == (409, "key-not-offered")
        assert await confirm(app, new["secret"]["keyId"]) == (200, "ready")
        done = await retired(app)
        assert (done["state"], codes(done), keys(app)) == ("ready", [], [new["secret"]["keyId"]])
        entries = (await app.client.get(f"/api/connections/{done['name']}/history")).json()["items"]
        assert [entry["outcome"] for entry in entries if entry["action"] == "confirm"] == ["accepted", "refused"]


async def test_where_the_store_is_lost_the_vault_tells_that_the_utm_may_have_an_older_secret(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        assert tags(app) == [("current", True)]
        lose(app)
        assert (await app.set_up())["state"] == "ready"  # the same secret: the UTM has it
        versions(app)[-1].enabled = False
        lose(app)
        shown = await app.set_up()
        assert (shown["state"], codes(shown)) == ("action-required", ["utm-needs-new-secret"])
        assert tags(app) == [("current", False), ("next", True)]
        assert await confirm(app, (await app.parameters())["secret"]["keyId"]) == (200, "ready")
        await app.set_up()
        lose(app)
        assert (await app.set_up())["state"] == "ready"


async def test_a_secret_that_was_never_accepted_is_replaced_without_a_word(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        versions(app)[-1].tags["state"] = "new"
        versions(app)[-1].enabled = False
        lose(app)
        shown = await app.set_up()
        assert (shown["state"], shown["findings"]) == ("ready", [])
