"""A certificate where secrets are forbidden, where others have meddled, where the store is lost, and when all goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.tenant.world import Application
from tests.flow.app import App, running
from tests.flow.certified import PATH, Utm, given
from tests.flow.test_certificate import kinds
from tests.flow.test_rotation import (
    application,
    codes,
    confirm,
    keys,
    lose,
    pass_days,
    retired,
    shown,
    tags,
    versions,
)
from tests.flow.utm import accepted


def without(found: Application, kind: str) -> None:
    found.credentials = [one for one in found.credentials if one.kind != kind]


async def handed(app: App) -> tuple[str, str]:
    values = await app.parameters()
    return values["provider"], values["secret"]["thumbprints"]["sha256"]


async def stuck(app: App) -> dict[str, Any]:
    body = {"name": "utm-headquarters", "mailboxes": app.tenant.addresses}
    assert (await app.client.post("/api/connections", json=body)).status_code == 202
    return await app.until(lambda seen: seen["state"] == "action-required")


async def test_where_secrets_are_forbidden_it_is_the_way_out_and_the_document_is_not_needed_for_it(
    tmp_path: Path,
) -> None:
    utm = Utm()
    async with running(tmp_path, mailboxes=1) as app:
        lines = {line for line in utm.private.splitlines() if "KEY" not in line}
        app.tenant._simulation.tokens.issued.update(lines)  # what is searched for in the end, in logs too
        app.tenant.administrator.limit_secrets(forbidden=True)
        assert "secrets-forbidden" in codes(await stuck(app))
        for text in (utm.private + utm.pem, json.dumps({"k": utm.private})):
            assert await given(app, text) == (422, "private-key")
        raw = await app.client.post(f"{PATH}/certificate", content=utm.private, headers={"Content-Type": "text/plain"})
        assert (raw.status_code, raw.json()["code"]) == (422, "private-key")
        assert await given(app, "nothing of the kind") == (422, "certificate-invalid")
        assert (await utm.give(app))[0] == 202
        seen = await app.until(lambda seen: seen["state"] == "ready")
        assert (seen["rotation"], seen["secret"]["kind"], codes(seen)) == (None, "certificate", [])
        assert kinds(app) == ["certificate", "federated"]
        assert await handed(app) == ("Microsoft 365 (Certificate)", utm.sha256)
        assert await utm.signs_in(app)

        without(application(app), "certificate")
        seen = await app.verify(lambda seen: seen["state"] == "action-required")
        assert codes(seen) == ["certificate-gone"]
        assert ((await app.set_up())["state"], await utm.signs_in(app)) == ("ready", True)
        without(application(app), "federated")
        seen = await app.verify(lambda seen: seen["state"] == "action-required")
        assert codes(seen) == ["federation-missing"]
        assert ((await app.set_up())["state"], kinds(app)) == ("ready", ["certificate", "federated"])

        lose(app)
        seen = await stuck(app)
        assert {one["subject"] for one in seen["findings"] if one["code"] == "foreign-credential"} == {
            one.key_id for one in application(app).credentials if one.kind == "certificate"
        }
        assert (await utm.give(app))[0] == 202
        seen = await app.until(lambda seen: seen["state"] == "ready")
        assert (seen["rotation"], await handed(app)) == (None, ("Microsoft 365 (Certificate)", utm.sha256))
        assert (kinds(app), await utm.signs_in(app)) == (["certificate", "federated"], True)

        foreign = app.tenant.administrator.add_credential(application(app), "certificate")
        assert "foreign-credential" in codes(await app.verify(lambda seen: seen["state"] == "action-required"))
        assert foreign in application(app).credentials
        adopted = application(app)
        adopted.created_by = "77777777-0000-4000-8000-000000000000"
        done = await app.remove()
        assert [one.key_id for one in adopted.credentials] == [foreign.key_id]
        assert any(adopted.app_id in one for one in done["removed"]["stays"])


async def test_given_up_it_leaves_the_secret_and_lost_with_the_store_it_is_told_by_its_thumbprint(
    tmp_path: Path,
) -> None:
    utm = Utm()
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = (await app.parameters())["secret"]["keyId"]
        key = (await utm.offered(app))["rotation"]["keyId"]
        assert (await app.client.delete(f"{PATH}/rotation?keyId={key}")).status_code == 202
        seen = await app.until(lambda seen: seen["rotation"] is None)
        assert (seen["state"], codes(seen), kinds(app)) == ("ready", [], ["secret"])
        assert (await app.parameters())["secret"]["keyId"] == old

        await utm.offered(app)
        lose(app)
        assert "foreign-credential" in codes(await stuck(app))
        assert (await utm.give(app))[0] == 202
        seen = await app.until(lambda seen: seen["state"] == "ready")
        assert (seen["secret"]["keyId"], seen["rotation"]["kind"]) == (old, "certificate")
        seen = await utm.offered(app)
        assert await confirm(app, seen["rotation"]["keyId"]) == (200, "ready")
        assert ((await shown(app))["secret"]["kind"], await utm.signs_in(app)) == ("certificate", True)


async def test_where_secret_and_certificate_are_both_gone_one_secret_is_made_and_no_more(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = keys(app)
        versions(app)[-1].enabled = False
        await Utm().offered(app)
        without(application(app), "certificate")
        pass_days(app, 0.1)
        assert codes(await app.set_up()) == ["utm-needs-new-secret"]
        new = (await app.parameters())["secret"]["keyId"]
        assert (keys(app), tags(app)) == ([*old, new], [("current", False), ("next", True)])
        again = await app.set_up()
        assert (again["rotation"]["keyId"], keys(app)) == (new, [*old, new])
        assert await accepted(app, await app.parameters())
        assert await confirm(app, new) == (200, "ready")
        await retired(app)
        assert (keys(app), kinds(app)) == ([new], ["secret"])


async def test_a_deleted_secret_comes_back_while_a_certificate_is_offered(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()
        await Utm().offered(app)
        app.tenant.administrator.delete_secret(next(iter(app.tenant.world.secrets)))
        seen = await app.set_up()
        assert (seen["state"], codes(seen)) == ("ready", ["secret-recovered", "certificate-offered"])
        assert seen["secret"]["keyId"] == old["secret"]["keyId"]
        assert (tags(app), kinds(app)) == ([("current", True)], ["certificate", "federated", "secret"])
