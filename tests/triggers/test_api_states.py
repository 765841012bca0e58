"""The HTTP API while something runs, before the grant, and with wrong settings: each with an app of its own.

An app keeps its clients for the life of the process, so these do not share one with others.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.model import Connection
from connector.operation import Operation
from connector.steps import ConnectionState, OperationKind
from connector.wanted import Wanted
from local.client import ApiClient
from local.environment import serving
from local.tenant import Tenant
from local.tenant.misbehaviour import Fault, Preset
from tests.triggers.served import GOOD, NAME, PATH, AppRoute, app_routes, problem, running, served

SLOW = {"graph": 0.04}
"""Real seconds that Graph takes to answer, so that a run is still in its first steps when it is looked at."""
BEFORE_THE_SECRET = {"prerequisites", "application", "enterprise-application", "consent", "secret"}
STARTING = (
    "create_connection",
    "remove_connection",
    "verify_connection",
    "rotate_secret",
    "give_certificate",
    "abandon_rotation",
    "start_check",
)
"""The functions that start an operation."""


async def test_while_steps_work_the_same_request_is_welcome_and_there_is_one_run(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2, latencies=SLOW) as one:
        addresses = one.tenant.addresses
        first = await one.client.post("/api/connections", json={"name": NAME, "mailboxes": addresses})
        assert (first.status_code, first.headers["location"]) == (202, PATH)
        assert int(first.headers["retry-after"]) > 0
        assert first.json() == {"name": NAME, "revision": 1, "state": "running", "location": PATH, "plan": None}
        meant_the_same = [
            {"name": NAME, "mailboxes": addresses, "secret": {}, "enableImap": False},
            {"name": NAME, "mailboxes": [address.upper() for address in addresses]},
        ]
        for body in meant_the_same:
            again = await one.client.post("/api/connections", json=body)
            assert (again.status_code, again.json()["revision"]) == (202, 1)
        await one.until(lambda seen: seen["state"] == "ready")
        assert set(one.host.history_sizes()) == {f"connection-{NAME}-1"}
        applications = [app for app in one.tenant.world.applications.values() if app.unique_name]
        assert len(applications) == 1


async def test_while_steps_work_another_request_waits_its_turn(tmp_path: Path) -> None:
    async with running(tmp_path, latencies=SLOW) as one:
        body = {"name": NAME, "mailboxes": one.tenant.addresses}
        await one.client.post("/api/connections", json=body)
        for other in ({"enableImap": True}, {"displayName": "Else"}, {"secret": {"lifetimeDays": 9}}):
            answer = await one.client.post("/api/connections", json={**body, **other})
            assert problem(answer, 409, "operation-running")["step"] in BEFORE_THE_SECRET
            assert int(answer.headers["retry-after"]) > 0
        shown = await one.until(lambda seen: seen["state"] == "ready")
        assert (shown["revision"], shown["displayName"]) == (1, f"UTM Mail-Connector {NAME}")
        later = await one.client.post("/api/connections", json={**body, "displayName": "Else"})
        assert (later.status_code, later.json()["revision"]) == (202, 2)
        shown = await one.until(lambda seen: seen["state"] == "ready")
        assert shown["displayName"] == "Else"


async def test_the_parameters_do_not_exist_before_the_secret(tmp_path: Path) -> None:
    async with running(tmp_path, latencies=SLOW) as one:
        await one.client.post("/api/connections", json={"name": NAME, "mailboxes": one.tenant.addresses})
        for language in ("de", "en"):
            answer = await one.client.get(f"{PATH}/parameters", headers={"Accept-Language": language})
            document = problem(answer, 409, "secret-not-ready")
            assert document["step"] in BEFORE_THE_SECRET
            assert document["step"] in document["detail"]
            assert int(answer.headers["retry-after"]) > 0
        await one.until(lambda seen: seen["state"] == "ready")
        assert (await one.client.get(f"{PATH}/parameters")).status_code == 200


@pytest.mark.parametrize("present", [False, True], ids=["a new connection", "a connection at rest"])
async def test_of_simultaneous_requests_that_differ_one_wins_whole(tmp_path: Path, present: bool) -> None:
    async with running(tmp_path, mailboxes=4, latencies=SLOW) as one:
        if present:
            await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        bodies = [{"name": NAME, "mailboxes": [address]} for address in one.tenant.addresses]
        path = "/api/connections?allowRemoval=4"
        answers = await asyncio.gather(*(one.client.post(path, json=body) for body in bodies))
        (winner,) = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 202]
        for answer in answers:
            if answer.status_code != 202:
                assert problem(answer, 409, answer.json()["code"])["code"] in {"changed-meanwhile", "operation-running"}
        shown = await one.until(lambda seen: seen["state"] == "ready")
        assert [item["requested"] for item in shown["mailboxes"]["items"]] == winner["mailboxes"]
        assert shown["revision"] == (2 if present else 1)
        assert set(one.host.history_sizes()) == {
            f"connection-{NAME}-{attempt}" for attempt in range(1, 3 if present else 2)
        }


async def test_a_request_that_is_just_starting_its_run_is_not_overtaken(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=2) as tenant:
        await _leave(tmp_path, NAME, mailboxes=tenant.addresses, ago=timedelta(0))
        async with served(tenant, tmp_path) as one:
            other = await one.client.post("/api/connections", json={"name": NAME, "mailboxes": tenant.addresses[:1]})
            assert problem(other, 409, "operation-running")["step"] == "prerequisites"
            same = {"name": NAME, "mailboxes": tenant.addresses, "displayName": "UTM"}
            answer = await one.client.post("/api/connections", json=same)
            assert (answer.status_code, answer.json()["revision"]) == (202, 1)
            shown = await one.until(lambda seen: seen["state"] == "ready")
            assert shown["mailboxes"]["total"] == 2


async def test_a_request_that_never_started_its_run_may_be_replaced_a_little_later(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=2) as tenant:
        await _leave(tmp_path, NAME, mailboxes=tenant.addresses, ago=timedelta(minutes=3))
        async with served(tenant, tmp_path) as one:
            body = {"name": NAME, "mailboxes": tenant.addresses[:1]}
            answer = await one.client.post("/api/connections", json=body)
            assert (answer.status_code, answer.json()["revision"]) == (202, 2)
            shown = await one.until(lambda seen: seen["state"] == "ready")
            assert shown["mailboxes"]["total"] == 1


async def test_to_verify_what_was_never_begun_sets_it_up(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant:
        await _leave(tmp_path, NAME, mailboxes=tenant.addresses)
        async with served(tenant, tmp_path) as one:
            assert (await one.client.get(PATH)).json()["state"] == "interrupted"
            assert (await one.client.post(f"{PATH}/verify")).status_code == 202
            await one.until(lambda seen: seen["state"] == "ready")


async def test_the_list_is_paged_to_the_end_in_the_order_of_names(tmp_path: Path) -> None:
    names = ["alpha", "beta", "gamma-1", "gamma-2", "zeta"]
    for name in names:
        await _leave(tmp_path, name)
    async with running(tmp_path) as one:
        seen: list[str] = []
        parameters: dict[str, Any] = {"top": 2}
        while True:
            page = (await one.client.get("/api/connections", params=parameters)).json()
            assert 1 <= len(page["items"]) <= 2
            seen += [item["name"] for item in page["items"]]
            if page["next"] is None:
                break
            parameters["after"] = page["next"]
        assert seen == names
        assert (await one.client.get("/api/connections", params={"after": "zeta"})).json() == {
            "items": [],
            "next": None,
        }


@pytest.mark.parametrize("variable", ["CONNECTOR_KEY_VAULT_URI", "CONNECTOR_CLOUD", "CONNECTOR_SECRET_LIFETIME_DAYS"])
async def test_a_wrong_setting_is_named_by_every_route_and_never_with_its_value(tmp_path: Path, variable: str) -> None:
    value = "made-up-and-wrong"
    environment = {
        "CONNECTOR_STORE": f"folder:{tmp_path}",
        "CONNECTOR_KEY_VAULT_URI": "https://vault.example",
        variable: value,
    }
    async with serving(environment) as host, ApiClient(host) as client:
        for route in app_routes():
            for language in ("de", "en"):
                headers = {"Accept-Language": language}
                answer = await client.request(route.method, route.at(NAME), json=_body(route), headers=headers)
                if route.open:
                    assert answer.status_code == 200
                    continue
                document = problem(answer, 503, "settings-invalid")
                assert variable in document["detail"]
                assert value not in answer.text
        assert await FolderStore(tmp_path).paths("") == []


async def test_a_setting_that_was_corrected_is_read_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"CONNECTOR_STORE": f"folder:{tmp_path}", "CONNECTOR_KEY_VAULT_URI": "vault"}
    async with serving(environment) as host, ApiClient(host) as client:
        assert (await client.get("/api/connections")).status_code == 503
        monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
        assert (await client.get("/api/connections")).json() == {"items": [], "next": None}


WITHOUT_A_TOKEN = {
    "read_parameters": (409, "secret-not-ready"),
    "read_plan": (404, "unknown-plan"),
    "confirm_secret": (422, "confirmation-invalid"),
    "accept_finding": (422, "acceptance-invalid"),
    "repair_connection": (409, "nothing-to-repair"),
    "snooze_finding": (422, "snooze-invalid"),
    "snooze_foreign_finding": (422, "snooze-invalid"),
    "wake_finding": (404, "unknown-finding"),
    "remove_target": (404, "unknown-target"),
    "read_target": (404, "unknown-target"),
    "put_target": (415, "media-type"),
    "test_target": (404, "unknown-target"),
    "list_deliveries": (404, "unknown-target"),
    "resend_delivery": (404, "unknown-target"),
}
"""What needs no grant, and is refused for reasons of its own."""


async def test_before_the_grant_nothing_starts_and_no_token_is_asked_for(tmp_path: Path) -> None:
    await _leave(tmp_path, NAME)
    async with running(tmp_path, CONNECTOR_GRANTED="") as one:
        async with one.nothing_happens():
            for route in app_routes():
                if route.function == "cancel_connection":
                    continue  # it ends what is interrupted
                answer = await one.client.request(route.method, route.at(NAME), json=_body(route))
                if route.function in STARTING:
                    assert "CONNECTOR_GRANTED" in problem(answer, 503, "grant-missing")["detail"]
                elif route.function in WITHOUT_A_TOKEN:
                    problem(answer, *WITHOUT_A_TOKEN[route.function])
                else:
                    assert answer.status_code == 200
            health = (await one.client.get("/api/health")).json()
        assert (health["status"], health["missing"][0]["code"]) == ("action-required", "grant-missing")
        assert (health["identity"], health["tenantId"]) == ({}, None)
        assert health["missing"][0]["action"]["text"]


async def test_a_grant_that_was_taken_back_leaves_the_parameters_readable(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant:
        async with served(tenant, tmp_path) as one:
            await one.set_up({"name": NAME, "mailboxes": tenant.addresses})
        tenant.forget_requests()
        async with served(tenant, tmp_path, CONNECTOR_GRANTED="") as one:
            assert (await one.client.get(PATH)).json()["state"] == "ready"
            assert (await one.client.get(f"{PATH}/parameters")).json()["clientSecret"]
            problem(await one.client.post(f"{PATH}/verify"), 503, "grant-missing")
            assert set(tenant.calls) <= {"vault", "identity"}
            asked = {name for request in tenant.requests if request.service == "identity" for name in request.names}
            assert not asked & {tenant.endpoints["graph"], tenant.endpoints["exchange"]}


async def test_a_bad_body_is_told_even_before_the_grant(tmp_path: Path) -> None:
    async with running(tmp_path, CONNECTOR_GRANTED="") as one:
        answer = await one.client.post("/api/connections", json={**GOOD, "name": "Upper"})
        problem(answer, 422, "name-invalid")


@pytest.mark.parametrize("language", ["de", "en"])
async def test_what_health_cannot_read_is_neither_missing_nor_left_out(tmp_path: Path, language: str) -> None:
    async with running(tmp_path) as one:
        whole = (await one.client.get("/api/health")).json()
        faults = {"exchange": {Fault.THROTTLED: 1.0}, "vault": {Fault.THROTTLED: 1.0}}
        one.tenant.misbehave(Preset(faults=faults, in_a_row=1_000_000, retry_after=(600, 600)))
        shown = (await one.client.get("/api/health", headers={"Accept-Language": language})).json()
        assert shown["status"] == "action-required"
        told = [(finding["code"], finding["subject"], finding["severity"]) for finding in shown["missing"]]
        assert told == [("not-readable", "exchange", "warning"), ("not-readable", "vault", "warning")]
        assert shown["identity"] == {**whole["identity"], "cmdlets": None, "vault": None}


async def test_a_policy_that_is_refused_to_who_may_read_it_is_said_and_is_no_missing_right(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.tenant.world.credential_policy.refused = True
        shown = (await one.client.get("/api/health")).json()
        told = [(finding["code"], finding["subject"], finding["severity"]) for finding in shown["missing"]]
        assert (shown["status"], told) == ("action-required", [("policy-unread", "Policy.Read.All", "warning")])
        connection = await one.client.set_up({"name": "hq", "mailboxes": one.tenant.addresses})
        assert ("policy-unread", "ready") in {
            (finding["code"], connection["state"]) for finding in connection["findings"]
        }
        one.tenant.world.identity.vault_access = False
        shown = (await one.client.get("/api/health")).json()
        assert [finding["code"] for finding in shown["missing"]] == ["vault-right-missing", "policy-unread"]


async def test_what_is_throttled_for_a_moment_is_asked_again_within_the_request(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        whole = (await one.client.get("/api/health")).json()
        faults = {service: {Fault.THROTTLED: 1.0} for service in ("graph", "exchange", "vault")}
        one.tenant.misbehave(Preset(faults=faults, in_a_row=1, retry_after=(1, 1)))
        assert (await one.client.get("/api/health")).json() == whole


@pytest.mark.parametrize("language", ["de", "en"])
async def test_a_right_that_is_missing_is_listed_by_health(tmp_path: Path, language: str) -> None:
    async with running(tmp_path) as one:
        one.tenant.administrator.revoke("Policy.Read.All", "Exchange.ManageAsApp")
        shown = (await one.client.get("/api/health", headers={"Accept-Language": language})).json()
        assert shown["status"] == "action-required"
        assert [finding["subject"] for finding in shown["missing"]] == ["Policy.Read.All", "Exchange.ManageAsApp"]
        for finding in shown["missing"]:
            assert set(finding) == {
                "id", "code", "severity", "step", "subject", "message", "said", "action", "times", "help",
                "applicationId", "requestId",
            }  # fmt: skip
            assert finding["action"]["text"]


async def test_consent_by_a_person_is_the_careful_way_and_no_trouble(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.tenant.administrator.revoke("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
        shown = (await one.client.get("/api/health")).json()
        assert shown["status"] == "ok"
        assert [(finding["code"], finding["severity"]) for finding in shown["missing"]] == [("consent-by-hand", "info")]
        assert shown["missing"][0]["action"]["command"] is None
        shown = await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        assert "consent-by-hand" in [finding["code"] for finding in shown["findings"]]
        (listed,) = (await one.client.get("/api/connections")).json()["items"]
        assert listed["findings"] == ["consent-missing"]


async def test_a_vault_that_is_closed_to_the_app_is_told_as_a_right_that_is_missing(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        one.tenant.world.identity.vault_access = False
        document = problem(await one.client.get(f"{PATH}/parameters"), 502, "right-missing")
        assert "Key Vault" in document["detail"]


def _body(route: AppRoute) -> dict[str, Any] | None:
    return {**GOOD, "name": NAME} if route.method == "POST" else None


async def _leave(
    store: Path, name: str, *, mailboxes: list[str] | None = None, ago: timedelta = timedelta(hours=1)
) -> None:
    """Store a connection that a request has made some time ago and whose run nobody has started."""
    now = datetime.now(UTC) - ago
    left = Connection(
        name=name,
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=mailboxes or ["a@contoso.example"]),
        operation=Operation(id=f"never-{name}", kind=OperationKind.SET_UP, started=now),
        state=ConnectionState.RUNNING,
        since=now,
        last_change=now,
    )
    await Documents(FolderStore(store)).save(left, None)
