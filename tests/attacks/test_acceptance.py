"""Who may set up cannot wave through what protects against him: accepting is another right, for one application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from connector.clients.identity import prove_secret
from connector.clients.imap import examine
from connector.errors import ServiceError
from connector.services import services
from local.tenant.world import Application, Credential
from tests.triggers.served import NAME, PATH, Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ACCEPT = f"{PATH}/accept"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, Application, Credential]]:
    """Serve an app whose set-up has met an application that a member has planted, with a secret of his."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=2) as one:
        application = plant(one)
        credential = one.tenant.administrator.add_credential(application)
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        yield one, application, credential


def plant(one: Served, app_id: str | None = None) -> Application:
    """Register an application under the connection's name, and make the app's identity its owner too."""
    application = one.tenant.administrator.register_application(f"utm-mail-connect-{NAME}")
    application.app_id = app_id or application.app_id
    application.owners = [*application.owners, one.tenant.world.identity.object_id]
    one.tenant.administrator.create_enterprise_application(application)
    return application


@asynccontextmanager
async def holding(one: Served, *functions: str) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Give a client for each function, with that function's own key."""
    clients = {
        name: httpx.AsyncClient(base_url=one.host.url, headers={"x-functions-key": one.host.function_keys[name]})
        for name in functions
    }
    yield clients
    for client in clients.values():
        await client.aclose()


async def logs_in(one: Served, application: Application, credential: Credential) -> bool:
    """Return whether the attacker's own secret opens any mailbox: a real login, as his mail program makes it."""
    cloud = services().cloud
    try:
        token = await prove_secret(cloud, one.tenant.world.tenant_id, application.app_id, SecretStr(credential.value))
    except ServiceError:
        return False
    return "open" in {(await examine(cloud, address, token.token)).stage for address in one.tenant.addresses}


async def stopped(one: Served) -> dict[str, Any]:
    """Return the connection once it has come to where only a person can go on."""
    return await one.until(lambda seen: seen["state"] not in {"running", "waiting"})


async def cancelled(one: Served) -> None:
    """End the run."""
    await one.client.post(f"{PATH}/cancel")
    await one.until(lambda seen: seen["state"] == "cancelled")


def acceptable(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [found for found in shown["findings"] if found["action"]["accept"]]


async def test_with_the_key_of_a_set_up_alone_nothing_gets_past_the_check(
    planted: tuple[Served, Application, Credential],
) -> None:
    one, application, credential = planted
    wish: dict[str, Any] = {"name": NAME, "mailboxes": one.tenant.addresses}
    async with holding(one, "create_connection") as keys:
        attacker = keys["create_connection"]
        assert (await attacker.post("/api/connections", json=wish)).status_code == 202
        shown = await stopped(one)
        assert shown["state"] == "action-required"
        found = acceptable(shown)
        assert found
        assert {each["applicationId"] for each in found} == {application.app_id}
        ids = [each["id"] for each in found]
        both = [{"id": one, "applicationId": application.app_id} for one in ids]
        tries: list[dict[str, Any]] = [
            {"accept": ids},
            {"accept": both},
            {"accept": None},
            {"Accept": ids},
            {"accepted": ids},
            {"acceptances": both},
            {"wanted": {"accept": ids}},
            {"secret": {"accept": ids}},
            {"applicationId": application.app_id},
            {"findings": []},
            {"rights": {}},
            {"name": f"{NAME}/accept"},
            {"name": f"../acceptances/{NAME}"},
        ]
        for more in tries:
            for query in ("", "?dryRun=true", "?dryRun=false"):
                answer = await attacker.post(f"/api/connections{query}", json={**wish, **more})
                assert answer.status_code == 422, more
        refused = await attacker.post("/api/connections", json={**wish, "accept": ids})
        assert "/accept" in problem(refused, 422, "accept-apart")["hint"]
        for query in (f"accept={ids[0]}", f"id={ids[0]}", "acceptances=all", "accept", "force=true"):
            assert (await attacker.post(f"/api/connections?{query}", json=wish)).status_code == 422
        assert (await attacker.post("/api/connections?dryRun=true", json=wish)).status_code == 202
        for each in both:
            assert (await attacker.post(ACCEPT, json=each)).status_code == 401
            assert (await attacker.post(f"{ACCEPT}/", json=each)).status_code in {401, 404}
            assert (await attacker.delete(f"{ACCEPT}/{each['id']}")).status_code == 401
        answer = await attacker.post("/api/connections", json={**wish, "displayName": "once more"})
        assert answer.status_code == 202
    shown = await stopped(one)
    assert (shown["state"], shown["acceptances"]) == ("action-required", [])
    assert {each["id"] for each in acceptable(shown)} == set(ids)
    assert not (one.store / "acceptances").exists()
    assert not await logs_in(one, application, credential)


async def test_an_acceptance_does_not_follow_the_finding_to_another_application_and_ends_when_withdrawn(
    planted: tuple[Served, Application, Credential],
) -> None:
    """The same owner on the application that is planted next: its id is new, so the acceptance does not count."""
    one, first, _ = planted
    wish: dict[str, Any] = {"name": NAME, "mailboxes": one.tenant.addresses}
    async with holding(one, "accept_finding", "withdraw_acceptance") as keys:
        approver, withdrawing = keys["accept_finding"], keys["withdraw_acceptance"]
        assert (await approver.post("/api/connections", json=wish)).status_code == 401
        assert (await withdrawing.post(ACCEPT, json={})).status_code == 401
        accepted = [
            {"id": each["id"], "applicationId": each["applicationId"]} for each in acceptable(await stopped(one))
        ]
        owner = next(each for each in accepted if each["id"].startswith("foreign-owner:"))
        assert (await approver.post(ACCEPT, json=owner)).status_code == 200
        await cancelled(one)

        del one.tenant.world.applications[first.id]
        second = plant(one, str(uuid4()))
        secret = one.tenant.administrator.add_credential(second)
        assert set(second.owners) == set(first.owners)
        shown = await one.set_up(wish)
        assert shown["state"] == "action-required"
        again = next(each for each in acceptable(shown) if each["id"] == owner["id"])
        assert (again["severity"], again["applicationId"]) == ("error", second.app_id)
        assert [each["applicationId"] for each in shown["acceptances"]] == [first.app_id]
        other = await approver.post(
            ACCEPT,
            json={
                **owner,
                "id": next(
                    each["id"] for each in acceptable(shown) if each["id"] not in {one["id"] for one in accepted}
                ),
            },
        )
        assert second.app_id in problem(other, 409, "accept-other-application")["detail"]

        for each in acceptable(shown):
            body = {"id": each["id"], "applicationId": each["applicationId"]}
            assert (await approver.post(ACCEPT, json=body)).status_code == 200
        for each in acceptable(shown):
            assert (await withdrawing.delete(f"{ACCEPT}/{each['id']}")).status_code == 200
    await cancelled(one)
    shown = await one.set_up(wish)
    assert (shown["state"], shown["acceptances"]) == ("action-required", [])
    assert not await logs_in(one, second, secret)
