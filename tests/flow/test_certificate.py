"""A UTM that signs in with a certificate: from a secret to it, to the next one, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.flow.app import App, running
from tests.flow.certified import Utm
from tests.flow.test_rotation import application, codes, confirm, post, retired, shown
from tests.flow.utm import accepted


def kinds(app: App) -> list[str]:
    return sorted(credential.kind for credential in application(app).credentials)


async def confirmed(app: App) -> dict[str, Any]:
    seen = await shown(app)
    assert (await confirm(app, seen["rotation"]["keyId"]))[0] == 200
    return await shown(app)


async def test_from_a_secret_to_a_certificate_to_the_next_one_and_back(tmp_path: Path) -> None:
    first, second = Utm(), Utm()
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        old = await app.parameters()

        seen = await first.offered(app)
        assert (seen["state"], seen["verified"], codes(seen)) == ("ready", True, ["certificate-offered"])
        assert (seen["secret"]["kind"], seen["rotation"]["kind"], seen["rotation"]["oldKind"]) == (
            "secret",
            "certificate",
            "secret",
        )
        handed = await app.parameters()
        assert (handed["provider"], handed["clientSecret"]) == ("Microsoft 365 (Certificate)", None)
        assert handed["secret"]["thumbprints"]["sha256"] == first.sha256
        assert handed["secret"]["uri"] is None
        assert await first.signs_in(app)
        assert await accepted(app, old)
        assert kinds(app) == ["certificate", "federated", "secret"]
        assert await first.give(app) == (202, "ready")
        assert await second.give(app) == (409, "rotation-open")
        answer = await post(app, "rotate", json={"credential": "secret"})
        assert (answer.status_code, answer.json()["code"]) == (409, "rotation-open")

        assert (await confirmed(app))["rotation"]["state"] == "retiring"
        assert await first.give(app) == (422, "certificate-present")
        done = await retired(app)
        assert (done["state"], done["verified"], codes(done)) == ("ready", True, [])
        assert kinds(app) == ["certificate", "federated"]
        assert not await accepted(app, old | {"clientSecret": old["clientSecret"]})
        assert (await app.set_up())["state"] == "ready"
        assert (await app.verify(lambda seen: seen["state"] == "ready" and seen["operation"] == "verify"))["verified"]
        answer = await post(app, "rotate")
        assert (answer.status_code, answer.json()["code"]) == (422, "certificate-needed")

        await second.offered(app)
        assert await first.signs_in(app)
        assert await second.signs_in(app)
        await confirmed(app)
        await retired(app)
        assert (await first.signs_in(app), await second.signs_in(app)) == (False, True)

        assert (await post(app, "rotate", json={"credential": "secret"})).status_code == 202
        await app.until(lambda seen: (seen["rotation"] or {}).get("state") == "offered")
        await app.settled()
        new = await app.parameters()
        assert new["provider"] == "Microsoft 365 (Secret Client Key)"
        assert await accepted(app, new)
        assert await second.signs_in(app)
        await confirmed(app)
        await retired(app)
        assert kinds(app) == ["secret"]
        assert (await app.set_up())["state"] == "ready"
        assert await accepted(app, await app.parameters())
