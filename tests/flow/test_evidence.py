"""With the right to read sign-ins, a rotation is confirmed by the UTM's own use of the new secret."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from connector.dates import written
from local.tenant.misbehaviour import Preset
from local.tenant.sign_in_report import delayed
from tests.flow.app import NAME, App, running
from tests.flow.certified import Utm
from tests.flow.test_certificate import kinds
from tests.flow.test_rotation import application, codes, confirm, keys, pass_days, rotated, shown, timer, versions
from tests.flow.utm import accepted

PATH = f"/api/connections/{NAME}"
READ = "AuditLog.Read.All"


async def test_the_utm_s_use_of_the_new_secret_confirms_it_and_the_old_one_goes(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.grant(READ)
        await app.set_up()
        offered = await rotated(app)
        new = await app.parameters()
        app.tenant.misbehave(Preset(report_lag=delayed(1.5)))
        pass_days(app, 2)
        await timer(app)
        assert (await shown(app))["rotation"]["state"] == "offered"
        assert await accepted(app, new)  # the UTM has it now
        await timer(app)
        assert (await shown(app))["rotation"]["state"] == "offered"  # the record is late
        pass_days(app, 2)
        answer = await app.client.delete(f"{PATH}/rotation", params={"keyId": offered["rotation"]["keyId"]})
        assert (answer.status_code, answer.json()["code"]) == (409, "next-in-use")
        await timer(app)
        seen = await app.until(lambda seen: seen["rotation"]["state"] == "retiring")
        assert seen["secret"]["keyId"] == new["secret"]["keyId"]
        assert seen["secret"]["usedSince"] is not None
        day = written("en", seen["secret"]["usedSince"], "day")
        text = await app.client.get(f"{PATH}/parameters", headers={"Accept": "text/plain"})
        assert day in text.text
        assert (await app.parameters())["secret"]["usedSince"] == seen["secret"]["usedSince"]
        pass_days(app, 1.01)
        await timer(app)
        done = await app.until(lambda seen: seen["rotation"] is None)
        assert (keys(app), codes(done)) == ([new["secret"]["keyId"]], [])
        assert done["secret"]["usedSince"] is not None
        told = (await app.client.get(f"{PATH}/history")).json()["items"]
        (entry,) = [one for one in told if one["action"] == "evidence"]
        assert (entry["outcome"], entry["revision"], entry["caller"]["key"]) == ("accepted", seen["revision"], None)
        assert new["secret"]["uri"].endswith(entry["version"])


@pytest.mark.no_cover
async def test_what_cannot_be_known_leaves_it_to_a_person(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        world = app.tenant.world
        app.tenant.administrator.grant(READ)
        await app.set_up()
        await rotated(app)
        new = await app.parameters()
        pass_days(app, 2)
        assert await accepted(app, new)
        pass_days(app, 2)
        for cause in ("licence", "absent", "empty"):
            world.premium = cause != "licence"
            world.sign_in_report = "absent" if cause == "absent" else "empty"
            asked = len(reads(app))
            await timer(app)
            seen = await shown(app)
            assert (seen["rotation"]["state"], seen["state"], codes(seen)) == ("offered", "ready", ["secret-offered"])
            assert len(reads(app)) == asked + 1
        assert await confirm(app, new["secret"]["keyId"]) == (200, "ready")


def reads(app: App) -> list[str]:
    return [request.path for request in app.tenant.requests if request.path.endswith("appCredentialSignInActivities")]


@pytest.mark.no_cover
async def test_an_old_secret_that_somebody_still_uses_stays_until_nobody_does(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.grant(READ)
        await app.set_up()
        old = await app.parameters()
        await rotated(app)
        new = await app.parameters()
        assert await confirm(app, new["secret"]["keyId"]) == (200, "ready")
        pass_days(app, 1.01)
        assert await accepted(app, old)  # a second UTM
        await timer(app)
        seen = await app.until(lambda seen: codes(seen) == ["old-secret-still-used"])
        assert (seen["state"], len(keys(app))) == ("ready", 2)
        assert not [
            one for one in (await app.client.get(f"{PATH}/history")).json()["items"] if one["action"] == "evidence"
        ]
        await _nobody_any_more(app)
        assert keys(app) == [new["secret"]["keyId"]]


async def test_an_old_secret_whose_use_the_record_shows_late_is_not_taken_away_before(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.grant(READ)
        app.tenant.misbehave(Preset(report_lag=delayed(28 / 24)))
        await app.set_up()
        old = await app.parameters()
        new = (await rotated(app))["rotation"]["keyId"]
        pass_days(app, 5)
        assert await confirm(app, new) == (200, "ready")  # and it was entered nowhere
        for day in range(4):
            assert await accepted(app, old), day
            pass_days(app, 1)
            await timer(app)
            await app.until(lambda seen: seen["rotation"]["state"] == "retiring")
        assert codes(await shown(app)) == ["old-secret-still-used"]


@pytest.mark.no_cover
async def test_nothing_of_ours_makes_it_seem_that_the_utm_has_the_new_secret(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.grant(READ)
        await app.set_up()
        await rotated(app)
        pass_days(app, 2)
        seen = await app.verify(lambda seen: seen["operation"] == "verify" and seen["state"] == "ready")
        assert seen["verified"]
        again = await app.set_up()
        assert (again["state"], codes(again)) == ("ready", ["secret-offered"])
        await app.parameters()
        pass_days(app, 2)
        await timer(app)
        await timer(app)
        assert (await shown(app))["rotation"]["state"] == "offered"
        last = {entry.key_id: entry.at for entry in app.tenant.world.sign_ins}
        old, new = keys(app)
        assert last[old] > last[new]


@pytest.mark.no_cover
async def test_what_is_ours_may_have_to_use_the_new_secret_for_a_while_and_that_proves_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.grant(READ)
        await app.set_up()
        await rotated(app)
        pass_days(app, 2)
        versions(app)[0].enabled = False
        assert codes(await app.set_up()) == ["utm-needs-new-secret"]
        versions(app)[0].enabled = True
        assert codes(await app.set_up()) == ["secret-offered"]
        old, new = keys(app)
        last = {entry.key_id: entry.at for entry in app.tenant.world.sign_ins}
        pass_days(app, 2)
        await timer(app)
        await timer(app)
        seen = await shown(app)
        assert (last[new] - datetime.fromisoformat(seen["rotation"]["offeredOn"])).days >= 1
        assert (seen["rotation"]["state"], seen["secret"]["keyId"]) == ("offered", old)
        app.tenant.administrator.utm_signs_in(application(app).app_id, new)
        await timer(app)
        assert (await app.until(lambda seen: seen["rotation"]["state"] == "retiring"))["secret"]["keyId"] == new


async def _nobody_any_more(app: App) -> None:
    pass_days(app, 5)
    await timer(app)
    await app.until(lambda seen: seen["rotation"] is None)


async def test_a_certificate_is_confirmed_by_its_use_and_our_proof_of_it_is_none(tmp_path: Path) -> None:
    utm = Utm()
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.administrator.grant(READ)
        await app.set_up()
        await utm.offered(app)
        app.tenant.misbehave(Preset(report_lag=delayed(1.5)))
        pass_days(app, 2)
        await timer(app)
        assert (await shown(app))["rotation"]["state"] == "offered"  # our own proof of it is no use by the UTM
        assert await utm.signs_in(app)
        pass_days(app, 2)
        await timer(app)
        seen = await app.until(lambda seen: seen["rotation"]["state"] == "retiring")
        assert (seen["secret"]["kind"], seen["secret"]["usedSince"] is not None) == ("certificate", True)
        pass_days(app, 1.01)
        await timer(app)
        done = await app.until(lambda seen: seen["rotation"] is None)
        assert (kinds(app), codes(done)) == (["certificate", "federated"], [])
