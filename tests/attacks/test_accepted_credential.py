"""Who puts something else under the id of a credential that was accepted gets nothing by the acceptance.

Who adds a certificate chooses its ``keyId``, and issuer and subject of a federated credential can be changed (PATCH
/applications/{id}/federatedIdentityCredentials/{id}): an owner of one moment would need no more than that.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from local.tenant.world import Credential
from tests.attacks.test_planted_application import errors, ours
from tests.flow.app import NAME, App, running


async def test_an_acceptance_does_not_hold_for_what_takes_the_place_of_a_credential(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        assert (await app.set_up())["state"] == "ready"
        application, _ = ours(app.tenant, NAME)
        own = application.credentials
        app.tenant.member.add_certificate(application)
        app.tenant.member.add_credential(application, "federated")
        certificate, federated = application.credentials[len(own) :]
        await accepted(app, await app.verify(lambda seen: len(foreign(seen)) == 2))
        await app.until(lambda seen: seen["state"] == "ready")

        app.tenant.member.add_certificate(application)
        other = replace(application.credentials[-1], key_id=certificate.key_id)
        elsewhere = replace(federated, value="repo:member/own:ref:refs/heads/main")
        for planted in ([other, federated], [certificate, elsewhere]):
            application.credentials = [*own, *planted]
            shown = await app.verify(lambda seen: seen["state"] not in {"running", "waiting"})
            (found,) = foreign(shown)
            assert found["subject"] == changed(planted, certificate, federated).key_id
            if planted[1] is elsewhere:
                assert elsewhere.value in errors(shown)["foreign-credential"]["message"]
        application.credentials = [*own, certificate, federated]
        await app.until(lambda seen: seen["state"] == "ready")


def changed(planted: list[Credential], *before: Credential) -> Credential:
    return next(now for now, one in zip(planted, before, strict=True) if now is not one)


def foreign(seen: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in seen["findings"] if one["code"] == "foreign-credential" and one["severity"] == "error"]


async def accepted(app: App, shown: dict[str, Any]) -> None:
    for finding in foreign(shown):
        await app.accept(finding)
