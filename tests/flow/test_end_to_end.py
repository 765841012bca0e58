"""The main job, end to end: the real app and the real SDKs against the simulated tenant."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from connector.microsoft import IMAP_ROLE_ID
from local.environment import serving, settings
from local.tenant import PresetName, Tenant
from tests.flow.app import NAME, App, asking, running, states, told_of


def check_world(app: App) -> None:
    """Assert what a finished set-up leaves in the tenant: once each, and by the right ids."""
    world = app.tenant.world
    (application,) = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
    assert application.owners == [world.identity.object_id]
    assert application.sign_in_audience == "AzureADMyOrg"
    (credential,) = application.credentials
    principal = world.service_principal(application.app_id)
    assert principal is not None
    held = [one.role_id for one in world.assignments.values() if one.principal_id == principal.id]
    assert held == [IMAP_ROLE_ID]
    assert world.exchange_principals[application.app_id].object_id == principal.id
    # A disabled probe may stay where the vault was too busy to delete it.
    (secret,) = [one for name, one in world.secrets.items() if name.startswith(NAME) and "-probe-" not in name]
    assert [version.tags["keyId"] for version in secret.versions] == [credential.key_id]
    sid = world.exchange_principals[application.app_id].sid
    for address in app.tenant.addresses:
        assert world.mailboxes[address].access[sid].rights == ("FullAccess",)


async def test_one_request_leads_to_the_three_values(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert set(states(connection).values()) == {"done", "unchanged"}
        assert connection["mailboxes"]["counts"] == {"open": 2}
        check_world(app)
        parameters = await app.parameters()
        (application,) = [
            one for one in app.tenant.world.applications.values() if one.app_id == parameters["applicationId"]
        ]
        assert parameters["tenantId"] == app.tenant.endpoints["tenantId"]
        assert parameters["clientSecret"] == application.credentials[0].value
        assert parameters["verified"] is True
        assert parameters["imap"]["mailboxes"] == app.tenant.addresses


async def test_a_second_run_of_a_finished_set_up_makes_no_write(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.forget_requests()
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert connection["revision"] == 2
        assert app.tenant.writes() == []
        assert {state for name, state in states(connection).items() if name != "verification"} == {"unchanged"}


@pytest.mark.parametrize("seed", [1, 3])
async def test_a_tenant_that_lags_and_throttles_ends_like_a_calm_one(tmp_path: Path, seed: int) -> None:
    async with running(tmp_path, "normal", seed=seed) as app:
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert sum(step["waits"] for step in connection["steps"]) > 0
        check_world(app)


async def test_every_activity_may_be_delivered_twice(tmp_path: Path) -> None:
    async with running(tmp_path, redeliver=True) as app:
        assert (await app.set_up())["state"] == "ready"
        check_world(app)


async def test_a_connection_is_proven_again_when_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
        app.tenant.forget_requests()
        assert (await app.client.post(f"/api/connections/{NAME}/verify")).status_code == 202
        connection = await app.client.until(NAME, lambda seen: seen["state"] == "ready" and seen["verified"])
        assert connection["revision"] == 1
        assert app.tenant.writes() == []
        assert [request.method for request in app.tenant.requests].count("EXAMINE") == 2


@pytest.mark.parametrize(("preset", "redeliver"), [("calm", True), ("normal", False), ("hostile", False)])
async def test_no_secret_and_no_token_is_kept_or_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, preset: PresetName, redeliver: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path, preset, redeliver=redeliver) as app:
        await app.set_up()
        for path in ("/api/connections", f"/api/connections/{NAME}", "/api/health", "/api/openapi.json"):
            app.answers.append((await app.client.get(path)).text)
        reference = await app.client.get(f"/api/connections/{NAME}/parameters", params={"secret": "reference"})
        app.answers.append(reference.text)
        await app.parameters()
        await app.client.post(f"/api/connections/{NAME}/verify")
        await asyncio.sleep(0.2)
        told = app.told() + "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
        assert NAME in told
        assert len(app.tenant.issued) > 3
        assert [secret[:6] for secret in app.tenant.issued if secret in told] == []


async def test_an_interrupted_set_up_is_shown_and_goes_on_when_asked(tmp_path: Path) -> None:
    async with Tenant(preset="normal", seed=2, clock=60, mailboxes=2) as tenant:
        environment = settings(tenant.endpoints, tmp_path)
        async with serving(environment, clock=60) as host, asking(host, tenant) as client:
            await client.post("/api/connections", json={"name": NAME, "mailboxes": tenant.addresses})
            await client.until(NAME, lambda seen: states(seen)["secret"] in {"running", "waiting"})
        async with serving(environment, clock=60) as host, asking(host, tenant) as client:
            shown = (await client.get(f"/api/connections/{NAME}")).json()
            assert shown["state"] == "interrupted"
            connection = await client.set_up({"name": NAME, "mailboxes": tenant.addresses})
            assert connection["state"] == "ready"
            check_world(App(host, client, tenant, tmp_path, []))


async def test_a_crash_between_the_secret_and_the_vault_leaves_no_orphan(tmp_path: Path) -> None:
    """Stop at the moment when Graph has made the secret and the vault has not got it."""
    async with Tenant(preset="calm", clock=60, mailboxes=1, latencies={"vault": 0.3}) as tenant:
        environment = settings(tenant.endpoints, tmp_path)
        async with serving(environment, clock=60) as host, asking(host, tenant) as client:
            await client.post("/api/connections", json={"name": NAME, "mailboxes": tenant.addresses})
            while not any(  # noqa: ASYNC110 - the tenant runs in a thread of its own
                request.path.endswith("addPassword") for request in tenant.requests
            ):
                await asyncio.sleep(0.005)
        left = [len(one.credentials) for one in tenant.world.applications.values() if one.unique_name]
        assert 1 in left
        async with serving(environment, clock=60) as host, asking(host, tenant) as client:
            connection = await client.set_up({"name": NAME, "mailboxes": tenant.addresses})
            assert connection["state"] == "ready"
            check_world(App(host, client, tenant, tmp_path, []))


async def test_a_mailbox_that_is_left_out_loses_the_access_that_we_gave(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=3) as app:
        await app.set_up()
        leaving = app.tenant.addresses[2]
        connection = await app.set_up(mailboxes=app.tenant.addresses[:2])
        assert connection["state"] == "ready"
        assert connection["mailboxes"]["total"] == 2
        assert app.tenant.world.mailboxes[leaving].access == {}
        assert leaving not in (await app.parameters())["imap"]["mailboxes"]


async def test_one_bad_mailbox_does_not_stop_the_others(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        connection = await app.set_up(mailboxes=[*app.tenant.addresses, "nobody@contoso.example"])
        assert connection["state"] == "action-required"
        found = {item["requested"]: item for item in connection["mailboxes"]["items"]}
        assert [found[address]["state"] for address in app.tenant.addresses] == ["open", "open"]
        assert found["nobody@contoso.example"]["finding"]["code"] == "mailbox-not-found"
        assert (await app.parameters())["verified"] is False


async def test_many_mailboxes_go_in_chunks_and_few_requests(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=60) as app:
        connection = await app.set_up()
        assert connection["state"] == "ready"
        assert connection["mailboxes"]["counts"] == {"open": 60}
        assert app.tenant.calls["exchange"] <= 30 + 0.55 * 60


async def test_without_the_right_to_consent_a_person_does_it_and_the_run_notices(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All")
        connection = await app.set_up()
        assert connection["state"] == "action-required"
        assert states(connection)["consent"] == "action-required"
        assert states(connection)["exchange"] == "done"
        assert connection["secret"] is not None
        app.tenant.administrator.consent(connection["ids"]["applicationId"])
        await app.client.post(f"/api/connections/{NAME}/verify")
        connection = await app.client.until(NAME, lambda seen: seen["state"] == "ready")
        assert states(connection)["consent"] == "unchanged"


async def test_a_foreign_application_of_our_name_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.administrator.register_application(f"utm-mail-connect-{NAME}")
        connection = await app.set_up()
        assert connection["state"] == "action-required"
        assert [finding["code"] for finding in connection["findings"]] == ["foreign-application", "foreign-owner"]
        assert app.tenant.writes() == []


async def test_a_disabled_version_in_the_vault_is_replaced_and_the_old_credential_stays(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        first = await app.parameters()
        (secret,) = [one for name, one in app.tenant.world.secrets.items() if name.startswith(NAME)]
        secret.versions[-1].enabled = False
        assert (await app.set_up())["verified"]
        second = await app.parameters()
        assert first["clientSecret"] != second["clientSecret"]
        (application,) = [
            one for one in app.tenant.world.applications.values() if one.app_id == second["applicationId"]
        ]
        assert first["secret"]["keyId"] in {one.key_id for one in application.credentials}


async def test_a_wish_may_be_replaced_while_the_run_waits(tmp_path: Path) -> None:
    async with running(tmp_path, "normal", seed=1, clock=1) as app:  # else the wait may be over at the request
        body = {"name": NAME, "mailboxes": app.tenant.addresses[:1]}
        await app.client.post("/api/connections", json=body)
        await app.client.until(NAME, lambda seen: seen["state"] == "waiting")
        answer = await app.client.post("/api/connections", json={**body, "mailboxes": app.tenant.addresses})
        assert (answer.status_code, answer.json()["revision"]) == (202, 2)
        connection = await app.client.until(NAME, lambda seen: seen["state"] == "ready")
        assert connection["revision"] == 2
        assert connection["mailboxes"]["total"] == 2


def test_a_secret_is_found_wherever_it_stands() -> None:
    texts = ['{"value":"a-secret~of.ours"}', "GET /?code=a-secret~of.ours&x=1 200", "another line"]
    assert told_of(["a-secret~of.ours", "not-there"], texts) == ["a-secr"]
    assert told_of(["a-secret~of.ours"], texts[2:]) == []
