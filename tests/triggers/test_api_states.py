"""The HTTP API while something runs, before the grant, and with wrong settings: each with an app of its own.

An app keeps its clients for the life of the process, so these do not share one with others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.model import Connection, Operation, Wanted
from connector.steps import OperationKind
from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant
from tests.triggers.problems import problem

NAME = "hq"
PATH = f"/api/connections/{NAME}"
GOOD = {"name": NAME, "mailboxes": ["a@contoso.example"]}


async def test_while_steps_work_the_same_request_is_welcome_and_another_is_not(tmp_path: Path) -> None:
    latencies = {"graph": 0.05}
    async with (
        Tenant(preset="calm", clock=60, mailboxes=2, latencies=latencies) as tenant,
        serving(settings(tenant.endpoints, tmp_path), clock=60) as host,
        ApiClient(host) as client,
    ):
        body = {"name": NAME, "mailboxes": tenant.addresses}
        first = await client.post("/api/connections", json=body)
        assert (first.status_code, first.headers["location"]) == (202, PATH)
        again = await client.post("/api/connections", json={**body, "accept": []})
        assert (again.status_code, again.json()["revision"]) == (202, 1)
        other = await client.post("/api/connections", json={**body, "enableImap": True})
        document = problem(other)
        assert (other.status_code, document["code"]) == (409, "operation-running")
        assert document["step"]
        assert int(other.headers["retry-after"]) > 0
        early = await client.get(f"{PATH}/parameters")
        assert (early.status_code, problem(early)["code"]) == (409, "secret-not-ready")
        assert problem(early)["step"] in {"prerequisites", "application", "enterprise-application", "consent", "secret"}
        await client.until(NAME, lambda seen: seen["state"] == "ready")


async def test_to_verify_what_was_never_begun_sets_it_up(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=60, mailboxes=1) as tenant:
        environment = settings(tenant.endpoints, tmp_path)
        now = datetime.now(UTC)
        left = Connection(
            name=NAME,
            wanted=Wanted(revision=1, display_name="UTM", mailboxes=tenant.addresses),
            operation=Operation(id="never", kind=OperationKind.SET_UP, started=now),
            since=now,
            last_change=now,
        )
        await Documents(FolderStore(tmp_path)).save(left, None)
        async with serving(environment, clock=60) as host, ApiClient(host) as client:
            assert (await client.get(PATH)).json()["state"] == "interrupted"
            assert (await client.post(f"{PATH}/verify")).status_code == 202
            await client.until(NAME, lambda seen: seen["state"] == "ready")


async def test_a_wrong_setting_is_named_by_every_route(tmp_path: Path) -> None:
    environment = {"CONNECTOR_STORE": str(tmp_path), "CONNECTOR_KEY_VAULT_URI": "vault"}
    async with serving(environment) as host, ApiClient(host) as client:
        for method, path in (
            ("GET", "/api/connections"),
            ("GET", PATH),
            ("GET", f"{PATH}/parameters"),
            ("GET", "/api/health"),
            ("POST", "/api/connections"),
            ("POST", f"{PATH}/verify"),
        ):
            answer = await client.request(method, path, json=GOOD if method == "POST" else None)
            document = problem(answer)
            assert (answer.status_code, document["code"]) == (503, "settings-invalid")
            assert "CONNECTOR_KEY_VAULT_URI" in document["detail"]


async def test_before_the_grant_nothing_starts_and_no_token_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_GRANTED", "")
    async with (
        Tenant(preset="calm", mailboxes=1) as tenant,
        serving(settings(tenant.endpoints, tmp_path)) as host,
        ApiClient(host) as client,
    ):
        for path in ("/api/connections", f"{PATH}/verify"):
            answer = await client.post(path, json=GOOD)
            assert (answer.status_code, problem(answer)["code"]) == (503, "grant-missing")
        health = (await client.get("/api/health")).json()
        assert (health["status"], health["missing"][0]["code"]) == ("action-required", "grant-missing")
        assert (await client.get("/api/connections")).json()["items"] == []
        assert tenant.requests == []


async def test_a_right_that_is_missing_is_listed_by_health(tmp_path: Path) -> None:
    async with (
        Tenant(preset="calm", mailboxes=1) as tenant,
        serving(settings(tenant.endpoints, tmp_path)) as host,
        ApiClient(host) as client,
    ):
        tenant.administrator.revoke("Policy.Read.All", "Exchange.ManageAsApp")
        shown = (await client.get("/api/health", headers={"Accept-Language": "de"})).json()
        assert shown["status"] == "action-required"
        missing = [finding["subject"] for finding in shown["missing"]]
        assert missing == ["Policy.Read.All", "Exchange.ManageAsApp"]
        assert all(finding["action"]["text"] for finding in shown["missing"])
