"""A member plants an application of our name, co-owns ours, adds credentials: nothing we do lets him into a mailbox.

Each attack ends with the member's real login. What he did is told: who made it or owns it, and what to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from local.attacker import given, opened
from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant
from local.tenant.member import AZURE_CLI
from local.tenant.world import Application, Credential, ServicePrincipal
from tests.flow.app import App, asking, running

STOPPED = "action-required"


async def set_up(app: App, name: str) -> dict[str, Any]:
    return await app.client.set_up({"name": name, "mailboxes": app.tenant.addresses}, app.seen)


def registered(tenant: Tenant, name: str) -> Application:
    unique = f"utm-mail-connect-{name}"
    return next(one for one in tenant.world.applications.values() if one.unique_name == unique)


def ours(tenant: Tenant, name: str) -> tuple[Application, ServicePrincipal]:
    application = registered(tenant, name)
    principal = tenant.world.service_principal(application.app_id)
    assert principal is not None
    return application, principal


def errors(connection: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what stops, by its code; of several the way out of the first, and what is said of all."""
    found: dict[str, dict[str, Any]] = {}
    for one in connection["findings"]:
        if one["severity"] == "error":
            before = found.get(one["code"])
            found[one["code"]] = {**before, "message": before["message"] + one["message"]} if before else one
    return found


def remade(tenant: Tenant, application: Application) -> None:
    """Let Entra keep silent about who made it."""
    principal = tenant.world.service_principal(application.app_id)
    application.created_by = None
    if principal is not None:
        principal.created_by = None


def shared(tenant: Tenant, application: Application) -> None:
    tenant.member.add_owner(application)


def with_certificate(tenant: Tenant, application: Application) -> None:
    tenant.member.add_certificate(application)


def nothing(tenant: Tenant, application: Application) -> None:
    """Leave it as it was planted."""


@pytest.mark.parametrize("sees_little", [False, True])
async def test_what_was_planted_before_a_set_up_gets_nothing(tmp_path: Path, *, sees_little: bool) -> None:
    async with running(tmp_path) as app:
        tenant = app.tenant
        if sees_little:  # owners of others' service principals are not among it
            tenant.administrator.revoke("Application.Read.All")
        for number, more in enumerate((nothing,) if sees_little else (nothing, shared, with_certificate, remade)):
            application, password = tenant.member.plant(f"utm-mail-connect-a{number}")
            more(tenant, application)
            connection = await set_up(app, f"a{number}")
            found = errors(connection)
            assert connection["state"] == STOPPED
            assert given(tenant, application) == []
            assert await opened(tenant, application.app_id, password.value) == []
            code = "maker-unknown" if more is remade else "foreign-application"
            assert application.app_id in found[code]["message"]
            assert application.app_id in found[code]["action"]["link"]
            assert more is remade or AZURE_CLI in found[code]["message"]
            assert password.key_id in found["foreign-enterprise-credential"]["message"]


MOMENTS = (
    "/applications(uniqueName",
    "/servicePrincipals(appId",
    "/appRoleAssignedTo",
    "/addPassword",
    "/secrets/",
    "/InvokeCommand",
)
"""After the first write to each of these paths the member acts; the access to mailboxes comes after all of them."""


async def test_who_slips_in_between_two_steps_stops_those_that_follow(tmp_path: Path) -> None:
    """A co-owner takes the lock off and adds a password where few look; every other one leaves the owners again."""
    async with running(tmp_path, mailboxes=1) as app:
        for number, path in enumerate(MOMENTS):
            name, how = f"b{number}", ("left", "owner")[number % 2]
            passwords: list[Credential] = []
            app.tenant.stops = slipping_in(app.tenant, name, path, how, passwords)
            connection = await set_up(app, name)
            app.tenant.stops = lambda _: False
            application = registered(app.tenant, name)
            kind = "foreign-credential" if path.startswith("/applications") else "foreign-enterprise-credential"
            assert connection["state"] == STOPPED, path
            assert passwords[0].key_id in errors(connection)[kind]["message"], path
            assert (kind.replace("credential", "owner") in errors(connection)) is (how == "owner"), path
            assert await opened(app.tenant, application.app_id, passwords[0].value) == []
            await app.client.post(f"/api/connections/{name}/cancel")


def slipping_in(
    tenant: Tenant, name: str, path: str, how: str, passwords: list[Credential]
) -> Callable[[Literal["before", "after"]], bool]:
    """Act once, after the write to this path has had its effect and before its answer arrives."""

    def stops(when: Literal["before", "after"]) -> bool:
        if when == "before" or passwords or path not in tenant.requests[-1].path:
            return False
        application = registered(tenant, name)
        thing = tenant.world.service_principal(application.app_id) or application
        if how == "owner":
            tenant.member.add_owner(thing)
        tenant.member.take_lock_off(application)
        passwords.append(tenant.member.add_credential(thing))
        return False

    return stops


async def test_what_is_added_to_a_ready_connection_is_found_by_a_verification_that_writes_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        tenant = app.tenant
        assert (await set_up(app, "c"))["state"] == "ready"
        application, principal = ours(tenant, "c")
        kept = (application.owners, application.credentials, application.lock, principal.owners)
        tenant.member.take_lock_off(application)
        for thing in (application, principal):
            tenant.member.add_owner(thing)
            tenant.member.add_credential(thing)
            tenant.member.add_certificate(thing)
        tenant.member.add_credential(application, "federated")
        tenant.forget_requests()
        connection = await verify(app, "c")
        assert connection["state"] == STOPPED
        assert set(errors(connection)) == {
            "foreign-owner",
            "foreign-credential",
            "foreign-enterprise-owner",
            "foreign-enterprise-credential",
        }
        assert [one["code"] for one in connection["findings"] if one["severity"] == "error"].count(
            "foreign-credential"
        ) == 3
        plan = await dry_run(app, "c")
        assert {"foreign-credential", "foreign-enterprise-credential"} <= {one["code"] for one in plan["findings"]}
        assert plan["changes"] == []
        assert tenant.writes() == []
        application.owners, application.credentials, application.lock, principal.owners = kept
        principal.credentials = []
        assert (await app.client.until("c", lambda seen: seen["state"] == "ready"))["state"] == "ready"


async def test_who_takes_our_identity_off_is_told_with_the_way_back(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await set_up(app, "d")
        application, _ = ours(app.tenant, "d")
        application.owners = [app.tenant.member.id]
        connection = await verify(app, "d")
        assert errors(connection)["owner-missing"]["action"]["command"].endswith("--adopt d")
        application.owners = [app.tenant.world.identity.object_id]
        await app.client.until("d", lambda seen: seen["state"] == "ready")


@pytest.mark.parametrize("tells_maker", [True, False])
async def test_with_the_store_lost_ours_stays_ours_only_where_entra_says_so(
    tmp_path: Path, *, tells_maker: bool
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.world.tells_maker = tells_maker
        for name in ("e", "f"):
            assert (await set_up(app, name))["state"] == "ready"
        for path in (app.store / "connections").rglob("*.json"):
            path.unlink()
        _, principal = ours(app.tenant, "f")
        app.tenant.world.locks_hold = False  # documented for others' tenants; trusted nowhere
        password = app.tenant.member.add_credential(principal)
        untouched, attacked = await set_up(app, "e"), await set_up(app, "f")
        assert untouched["state"] == ("ready" if tells_maker else STOPPED)
        assert ("maker-unknown" in errors(untouched)) is not tells_maker
        assert attacked["state"] == STOPPED
        assert password.key_id in errors(attacked)["foreign-enterprise-credential"]["message"]


async def test_one_that_takes_the_place_of_ours_gets_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        tenant = app.tenant
        assert (await set_up(app, "g"))["state"] == "ready"
        old, _ = ours(tenant, "g")
        tenant.administrator.delete_application(old.app_id)
        planted, password = tenant.member.plant("utm-mail-connect-g")
        connection = await set_up(app, "g")
        assert connection["state"] == STOPPED
        assert "foreign-application" in errors(connection)
        assert given(tenant, planted) == []
        assert await opened(tenant, planted.app_id, password.value) == []


async def test_one_that_takes_the_place_of_ours_in_the_middle_is_told_at_once(tmp_path: Path) -> None:
    """Waiting for ours to be shown again would end after half an hour with nothing said of who has its name."""
    async with running(tmp_path, mailboxes=1) as app:
        for number, path in enumerate(MOMENTS[1:]):
            name = f"k{number}"
            planted: list[tuple[Application, Credential]] = []
            app.tenant.stops = replacing(app.tenant, name, path, planted)
            connection = await set_up(app, name)
            app.tenant.stops = lambda _: False
            ((application, password),) = planted
            assert connection["state"] == STOPPED, path
            assert application.app_id in errors(connection)["foreign-application"]["message"]
            assert given(app.tenant, application) == []
            assert await opened(app.tenant, application.app_id, password.value) == []
            await app.client.post(f"/api/connections/{name}/cancel")


def replacing(
    tenant: Tenant, name: str, path: str, planted: list[tuple[Application, Credential]]
) -> Callable[[Literal["before", "after"]], bool]:
    """Delete ours after the first write to this path, and plant one of its name."""

    def stops(when: Literal["before", "after"]) -> bool:
        if when == "after" and not planted and path in tenant.requests[-1].path:
            tenant.administrator.delete_application(registered(tenant, name).app_id)
            planted.append(tenant.member.plant(f"utm-mail-connect-{name}"))
        return False

    return stops


async def test_a_new_identity_takes_nothing_over_by_itself(tmp_path: Path) -> None:
    """The old one's application is another identity's; what a member added before comes to light beside it."""
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant:
        body = {"name": "h", "mailboxes": tenant.addresses}
        async with serving(settings(tenant.endpoints, tmp_path), clock=60) as host, asking(host, tenant) as client:
            assert (await client.set_up(body))["state"] == "ready"
        application, principal = ours(tenant, "h")
        old, new = tenant.world.identity, tenant.administrator.replace_identity()
        tenant.forget_tokens()
        tenant.world.locks_hold = False
        password = tenant.member.add_credential(principal)
        tenant.forget_requests()
        replaced = {**tenant.endpoints, "managedIdentity": {"clientId": new.client_id, "objectId": new.object_id}}
        async with serving(settings(replaced, tmp_path), clock=60) as host, asking(host, tenant) as client:
            connection = await client.set_up(body)
            found = errors(connection)
            assert old.client_id in found["foreign-application"]["message"]
            assert password.key_id in found["foreign-enterprise-credential"]["message"]
            assert tenant.writes() == []
            await accept_what_the_old_one_left(client, connection)
            for thing in (application, principal):  # as `grant.sh --adopt` does
                tenant.administrator.add_owner(thing, new.object_id)
            await client.until("h", lambda seen: set(errors(seen)) == {"foreign-enterprise-credential"})
            principal.credentials = []
            await client.until("h", lambda seen: seen["state"] == "ready")


async def accept_what_the_old_one_left(client: ApiClient, connection: dict[str, Any]) -> None:
    """Accept who made and owns it; not the credential, which nobody knows."""
    for finding in connection["findings"]:
        if finding["severity"] == "error" and finding["code"] != "foreign-enterprise-credential":
            body = {"id": finding["id"], "applicationId": finding["applicationId"]}
            (await client.post("/api/connections/h/accept", json=body)).raise_for_status()


async def test_what_is_planted_between_the_look_and_the_write_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Where Entra says nothing of makers, Graph's 204 tells that somebody was faster."""
    async with running(tmp_path, mailboxes=1) as app:
        tenant = app.tenant
        tenant.world.tells_maker = False
        planted: list[tuple[Application, Credential]] = []

        def stops(when: Literal["before", "after"]) -> bool:
            if when == "before" and not planted:
                planted.append(tenant.member.plant("utm-mail-connect-i"))
            return False

        tenant.stops = stops
        connection = await set_up(app, "i")
        tenant.stops = lambda _: False
        application, password = planted[0]
        assert "maker-unknown" in errors(connection)
        assert given(tenant, application) == []
        assert await opened(tenant, application.app_id, password.value) == []


@pytest.mark.parametrize("path", ["/applications(uniqueName", "/servicePrincipals(appId"])
async def test_what_was_made_is_still_ours_when_the_answer_was_lost(tmp_path: Path, path: str) -> None:
    """Where Entra says nothing of makers the object itself carries what the store has kept before."""
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.world.tells_maker = False
        lost: list[str] = []

        def stops(when: Literal["before", "after"]) -> bool:
            if when == "before" or lost or path not in app.tenant.requests[-1].path:
                return False
            lost.append(path)
            return True

        app.tenant.stops = stops
        connection = await set_up(app, "j")
        assert (lost, connection["state"]) == ([path], "ready")
        assert (await app.client.get("/api/connections/j")).json()["state"] == "ready"


async def verify(app: App, name: str) -> dict[str, Any]:
    answer = await app.client.post(f"/api/connections/{name}/verify")
    answer.raise_for_status()
    return await app.client.until(name, lambda seen: seen["state"] == STOPPED, app.seen)


async def dry_run(app: App, name: str) -> dict[str, Any]:
    body = {"name": name, "mailboxes": app.tenant.addresses}
    answer = await app.client.post("/api/connections?dryRun=true", json=body)
    answer.raise_for_status()
    while True:
        plan: dict[str, Any] = (await app.client.get(f"/api/connections/{name}/plan")).json()
        if plan["state"] != "running":
            return plan
        await asyncio.sleep(0.05)
