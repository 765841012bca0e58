"""A removal with few rights: a person does what the app may not, and what others have done stops nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.services import services
from local.tenant.exchange_rights import CMDLETS
from tests.flow.app import NAME, App, running, states
from tests.flow.test_causes import codes, found
from tests.flow.test_removal import left


def obey(app: App, lines: str) -> None:
    """Do what the PowerShell lines of a removal say."""
    administrator, records = app.tenant.administrator, app.tenant.world.exchange_principals
    for line in lines.splitlines():
        values = dict(re.findall(r"-(\w+) '([^']*)'", line))
        known = {one.object_id: one.app_id for one in records.values()}
        if line.startswith("Remove-MailboxPermission"):
            administrator.remove_mailbox_permission(values["Identity"], known[values["User"]])
        elif line.startswith("Remove-ServicePrincipal"):
            administrator.remove_service_principal(known[values["Identity"]])


def told(seen: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in seen["findings"]}


async def removed(app: App) -> dict[str, Any]:
    await app.client.post(f"/api/connections/{NAME}/verify")
    return await app.until(lambda seen: seen["state"] == "removed")


async def test_a_person_takes_access_and_record_back_and_the_run_notices(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles()
        permitted = app.tenant.administrator.put_in_role_group(set(CMDLETS))
        await app.set_up()
        permitted.cmdlets -= {"Remove-MailboxPermission", "Remove-ServicePrincipal"}
        stuck = await app.remove(stuck=True)
        assert (states(stuck)["secret"], states(stuck)["application"]) == ("done", "pending")
        lines = found(stuck, "removal-by-hand")["action"]["command"].splitlines()
        first, *rest = [line for line in lines if line.startswith("Remove-MailboxPermission")]
        listed = stuck["mailboxes"]
        assert (listed["total"], listed["counts"]) == (len(rest) + 1, {"action-required": len(rest) + 1})
        assert {one["state"] for one in listed["items"]} == {"action-required"}
        obey(app, first)
        await app.client.post(f"/api/connections/{NAME}/verify")
        some = {"action-required": len(rest), "removed": 1}
        listed = (await app.until(lambda seen: seen["mailboxes"]["counts"] == some))["mailboxes"]
        assert [one["accessGiven"] for one in listed["items"]].count(False) == listed["counts"]["removed"]
        gone = (await app.client.get(f"/api/connections/{NAME}", params={"state": "removed"})).json()["mailboxes"]
        assert [one["requested"] in first for one in gone["items"]] == [True]
        obey(app, "\n".join(rest))
        await app.client.post(f"/api/connections/{NAME}/verify")
        stuck = await app.until(lambda seen: "principal-left" in codes(seen))
        assert stuck["mailboxes"]["counts"] == {"removed": len(rest) + 1}
        obey(app, found(stuck, "principal-left")["action"]["command"])
        done = await removed(app)
        assert (left(app), done["removed"]["mailboxes"]) == ([], app.tenant.addresses)


async def test_where_exchange_may_not_be_looked_at_a_person_says_that_it_is_done(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        app.tenant.administrator.set_directory_roles()
        permitted = app.tenant.administrator.put_in_role_group(set(CMDLETS))
        await app.set_up()
        permitted.cmdlets.clear()
        stuck = await app.remove(stuck=True)
        command = found(stuck, "removal-by-hand")["action"]["command"]
        assert "New-ServicePrincipal" not in command
        obey(app, command)
        again = await app.client.delete(f"/api/connections/{NAME}", params={"byHand": "true"})
        assert again.status_code == 202
        done = await app.until(lambda seen: seen["state"] == "removed")
        assert {one["code"] for one in done["findings"]} == {"taken-back-by-hand"}
        assert done["removed"]["mailboxes"] == app.tenant.addresses
        assert left(app) == [f"exchange {stuck['ids']['applicationId']}"]  # what nobody has done nobody sees


@pytest.mark.parametrize("right", ["its ownership", "the vault"])
async def test_a_right_that_is_given_back_lets_it_go_on(tmp_path: Path, right: str) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        identity = app.tenant.world.identity
        (ours,) = [one for one in app.tenant.world.applications.values() if NAME in (one.unique_name or "")]
        identity.vault_access = right != "the vault"
        ours.owners = [identity.object_id] if right == "the vault" else []
        stuck = await app.remove(stuck=True)
        code = "vault-right-missing" if right == "the vault" else "credential-left"
        assert code in codes(stuck)
        assert not any(mailbox.access for mailbox in app.tenant.world.mailboxes.values())
        assert bool(ours.credentials) == (right != "the vault")
        identity.vault_access, ours.owners = True, [identity.object_id]
        await removed(app)
        assert left(app) == []


async def test_what_others_have_done_stops_nothing_and_what_is_theirs_stays(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        world, administrator = app.tenant.world, app.tenant.administrator
        other = administrator.register_application("utm-mail-connect-another")
        (ours,) = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
        administrator.add_credential(ours)
        ours.owners.append("99999999-0000-4000-8000-000000000000")
        await app.remove()
        assert list(world.applications.values()) == [other]
        assert [credential.key_id for credential in other.credentials] == []


async def test_an_application_that_somebody_had_deleted_comes_back_with_its_credentials_if_at_all(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        ready = await app.set_up()
        known = ready["ids"]["applicationId"]
        app.tenant.administrator.delete_application(known)
        record = (await app.remove())["removed"]
        assert record["applicationId"] is None
        (said,) = [one for one in record["stays"] if known in one]
        assert "restored" in said


async def test_a_secret_whose_tags_somebody_has_taken_away_goes_too(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        for secret in app.tenant.world.secrets.values():
            for version in secret.versions:
                version.tags.clear()
        done = await app.remove()
        assert (done["state"], [*app.tenant.world.secrets]) == ("removed", [])


async def test_a_credential_of_which_only_a_deleted_vault_secret_tells_goes_too(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        (one,) = [one for one in app.tenant.world.applications.values() if one.unique_name]
        await services().documents.update(NAME, lambda connection: setattr(connection, "secret", None))
        app.tenant.administrator.delete_secret(next(iter(app.tenant.world.secrets)))
        done = await app.remove()
        assert (done["state"], one.credentials) == ("removed", [])


async def test_an_application_that_is_not_ours_stays_without_our_secret_and_consent(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        world = app.tenant.world
        (adopted,) = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
        adopted.created_by = "77777777-0000-4000-8000-000000000000"
        theirs = app.tenant.administrator.add_credential(adopted)
        done = await app.remove()
        assert [one for one in adopted.credentials if one.key_id != theirs.key_id] == []
        assert adopted.id in world.applications
        principal = world.service_principal(adopted.app_id)
        assert principal is not None
        assert [one for one in world.assignments.values() if one.principal_id == principal.id] == []
        assert adopted.app_id not in world.exchange_principals
        assert "application-stays" in codes(done)
        assert any(adopted.app_id in one for one in done["removed"]["stays"])


async def test_it_takes_the_place_of_a_set_up_in_the_midst_of_a_step_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        body = {"name": NAME, "mailboxes": app.tenant.addresses}
        for step in ("secret", "verification"):
            await app.client.post("/api/connections", json=body)
            await app.until(lambda seen, step=step: states(seen)[step] != "pending")  # type: ignore[misc] # a step
            await app.remove()
            assert left(app) == [], step
        await app.set_up()
        await app.client.delete(f"/api/connections/{NAME}", params={"allowRemoval": 1})
        await app.client.post(f"/api/connections/{NAME}/cancel")
        seen = await app.until(lambda seen: seen["state"] in {"cancelled", "removed"})
        if seen["state"] == "cancelled":
            answer = await app.client.post(f"/api/connections/{NAME}/verify")
            assert (answer.status_code, answer.json()["code"]) == (409, "removal-unfinished")
        await app.remove()
        assert left(app) == []


async def test_a_record_is_forgotten_after_its_days_and_a_connection_never(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.world.deleted_keep_names = True
        first = await app.set_up()
        await app.remove()
        document = tmp_path / "connections" / f"{NAME}.json"

        async def clear(days: int) -> int:
            """Clear the documents as if the removal was so long ago; return what the connection answers then."""
            text = document.read_text("utf-8")
            on = re.search(r'"removed":\{"on":"([^"]+)"', text)
            assert on is not None
            before = (services().now() - timedelta(days=days)).isoformat()
            document.write_text(text.replace(f'"removed":{{"on":"{on[1]}"', f'"removed":{{"on":"{before}"'))
            await app.client.post(
                "/admin/functions/clear_documents", json={}, headers={"x-functions-key": app.host.master_key}
            )
            return (await app.client.get(f"/api/connections/{NAME}")).status_code

        assert await clear(29) == 200
        assert app.tenant.addresses[0] in document.read_text("utf-8")
        assert await clear(33) == 200  # as long as Entra may keep the application its id does
        assert app.tenant.addresses[0] not in document.read_text("utf-8")
        again = await app.set_up()
        assert (codes(again), again["verified"]) == ({"utm-needs-new-secret"}, True)
        assert again["ids"]["applicationId"] == first["ids"]["applicationId"]
        await app.remove()
        assert await clear(36) == 404


async def test_where_exchange_lists_none_of_ours_each_mailbox_is_asked_before_access_is_called_gone(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.world.exchange_lists_others = True
        stuck = await app.remove(stuck=True)
        assert (stuck["state"], "removal-by-hand" in codes(stuck)) == ("action-required", True)
        assert "principal-gone" not in told(stuck)
        app.tenant.world.exchange_lists_others = False
        done = await removed(app)
        assert (left(app), done["removed"]["mailboxes"]) == ([], app.tenant.addresses)
        assert "principal-gone" not in told(done)


@pytest.mark.parametrize(("consent", "forgets"), [(False, True), (True, False)])
async def test_what_nobody_knows_of_deleted_applications_is_right_either_way(
    tmp_path: Path, *, consent: bool, forgets: bool
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        world = app.tenant.world
        world.deleted_keep_names, world.consent_comes_back, world.exchange_forgets_deleted = True, consent, forgets
        first = await app.set_up()
        await app.remove()
        await app.set_up()
        again = await app.until(lambda seen: bool(seen["verified"]))
        assert again["ids"]["applicationId"] == first["ids"]["applicationId"]
        app.tenant.administrator.delete_application(first["ids"]["applicationId"])
        app.tenant.advance(3600)
        done = await app.remove(stuck=True)
        assert (done["state"], "principal-gone" in told(done)) == ("removed", forgets)
        kept = {one.partition(" ")[0] for one in left(app)}  # of a deleted application nobody takes anything away
        assert kept == ({"exchange", "access", "credential"} if forgets else {"credential"})
