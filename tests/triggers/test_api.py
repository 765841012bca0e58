"""The HTTP API: what it answers when things go well, and what it says when they do not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from connector import __version__
from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.tenant import Tenant
from tests.triggers.problems import problem
from triggers.openapi import description

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = "hq"
PATH = f"/api/connections/{NAME}"


class Served:
    """One app for the whole module, with one finished connection of three mailboxes."""

    def __init__(self, host: FunctionsHost, tenant: Tenant, client: ApiClient, store: Path) -> None:
        self.host = host
        self.tenant = tenant
        self.client = client
        self.store = store

    def documents(self) -> dict[str, bytes]:
        """Return all that is stored."""
        return {str(path): path.read_bytes() for path in self.store.rglob("*.json")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    store = tmp_path_factory.mktemp("store")
    async with (
        Tenant(preset="calm", clock=60, mailboxes=3) as tenant,
        serving({**settings(tenant.endpoints, store), "CONNECTOR_LABEL": "Contoso"}, clock=60) as host,
        ApiClient(host) as client,
    ):
        await client.set_up({"name": NAME, "mailboxes": tenant.addresses, "displayName": "UTM HQ"})
        yield Served(host, tenant, client, store)


GOOD = {"name": "new", "mailboxes": ["a@contoso.example"]}


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({**GOOD, "mailboxs": []}, 422, "unknown-field-near", "mailboxs"),
        ({**GOOD, "name": "Upper"}, 422, "name-invalid", "name"),
        ({**GOOD, "mailboxes": []}, 422, "list-length", "mailboxes"),
        ({**GOOD, "mailboxes": [f"a{n}@b.de" for n in range(5_001)]}, 422, "list-length", "mailboxes"),
        ({**GOOD, "mailboxes": ["a@b.de", "A@B.DE"]}, 422, "duplicate-mailbox", "mailboxes"),
        ({**GOOD, "mailboxes": ["no address"]}, 422, "not-an-address", "mailboxes"),
        ({**GOOD, "mailboxes": 7}, 422, "field-type", "mailboxes"),
        ({**GOOD, "secret": {"lifetimeDays": 0}}, 422, "field-range", "secret.lifetimeDays"),
        ({**GOOD, "secret": {"lifetimeDays": 731}}, 422, "field-range", "secret.lifetimeDays"),
        ({"name": "new"}, 422, "field-missing", "mailboxes"),
        ([], 422, "field-type", "body"),
    ],
)
@pytest.mark.parametrize("language", ["de", "en"])
async def test_a_wrong_field_is_named_and_nothing_is_changed(
    served: Served, body: Any, status: int, code: str, field: str, language: str
) -> None:
    before, requests = served.documents(), len(served.tenant.requests)
    answer = await served.client.post("/api/connections", json=body, headers={"Accept-Language": language})
    document = problem(answer)
    assert (answer.status_code, document["code"], document["field"]) == (status, code, field)
    assert answer.headers["content-language"] == language
    assert served.documents() == before
    assert len(served.tenant.requests) == requests


async def test_the_way_out_is_said_in_the_callers_language(served: Served) -> None:
    said = []
    for language in ("de-DE,de;q=0.9", "en"):
        answer = await served.client.post(
            "/api/connections", json={**GOOD, "mailboxs": 1}, headers={"Accept-Language": language}
        )
        said.append(problem(answer)["hint"])
    assert said == ["Meinten Sie „mailboxes“?", 'Did you mean "mailboxes"?']


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "not-json"),
        (b'{"name": "\xff"}', "application/json", 400, "not-utf8"),
        (b"{}", "text/plain", 415, "media-type"),
        (b" " * 1_000_001, "application/json", 413, "body-too-large"),
    ],
)
async def test_a_body_that_cannot_be_read(
    served: Served, content: bytes, content_type: str, status: int, code: str
) -> None:
    answer = await served.client.post("/api/connections", content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "/api/connections?dryrun=true", "dryrun"),
        ("GET", "/api/connections?top=0", "top"),
        ("GET", "/api/connections?top=501", "top"),
        ("GET", "/api/connections?top=x", "top"),
        ("GET", f"{PATH}?state=broken", "state"),
        ("GET", f"{PATH}/parameters?secret=please", "secret"),
        ("GET", f"{PATH}/parameters?secrets=reference", "secrets"),
        ("POST", f"{PATH}/verify?force=1", "force"),
        ("GET", "/api/health?verbose=1", "verbose"),
    ],
)
async def test_a_wrong_query_parameter_is_refused_and_not_ignored(
    served: Served, method: str, path: str, field: str
) -> None:
    before = served.documents()
    answer = await served.client.request(method, path, json=GOOD if method == "POST" else None)
    assert (answer.status_code, problem(answer)["field"]) == (422, field)
    assert served.documents() == before


@pytest.mark.parametrize("name", ["unknown", "UPPER", "a" * 60, "..%2f..%2fetc"])
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("GET", "/parameters"), ("POST", "/verify")])
async def test_an_unknown_connection(served: Served, name: str, method: str, rest: str) -> None:
    answer = await served.client.request(method, f"/api/connections/{name}{rest}")
    assert answer.status_code == 404
    if "%" not in name:
        assert problem(answer)["code"] == "unknown-connection"


async def test_a_wrong_or_missing_key_is_refused_without_a_word(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.host.url) as stranger:
        for headers in ({}, {"x-functions-key": "wrong"}):
            answer = await stranger.get(PATH, headers=headers)
            assert (answer.status_code, answer.content) == (401, b"")
        assert (await stranger.get("/api/openapi.json")).status_code == 200


async def test_the_key_of_a_reader_opens_neither_parameters_nor_set_up(served: Served) -> None:
    headers = {"x-functions-key": served.host.function_keys["read_connection"]}
    async with httpx.AsyncClient(base_url=served.host.url, headers=headers) as reader:
        assert (await reader.get(PATH)).status_code == 200
        assert (await reader.get(f"{PATH}/parameters")).status_code == 401
        assert (await reader.post("/api/connections", json=GOOD)).status_code == 401


async def test_a_connection_is_read_with_its_steps_ids_and_mailboxes(served: Served) -> None:
    answer = await served.client.get(PATH)
    shown = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert [step["name"] for step in shown["steps"]] == [
        "prerequisites", "application", "enterprise-application", "consent", "secret", "exchange", "mailboxes",
        "verification",
    ]  # fmt: skip
    assert (shown["displayName"], shown["label"], shown["verified"]) == ("UTM HQ", "Contoso", True)
    assert set(shown["ids"]) == {"tenantId", "applicationId", "objectId", "enterpriseApplicationId"}
    assert set(shown["secret"]) == {"uri", "keyId", "expiresOn"}
    assert [item["requested"] for item in shown["mailboxes"]["items"]] == served.tenant.addresses
    assert all(item["provenOn"] for item in shown["mailboxes"]["items"])


async def test_mailboxes_are_paged_and_filtered(served: Served) -> None:
    first = (await served.client.get(PATH, params={"top": 2})).json()["mailboxes"]
    second = (await served.client.get(PATH, params={"top": 2, "after": first["next"]})).json()["mailboxes"]
    paged = [item["requested"] for item in first["items"] + second["items"]]
    assert paged == served.tenant.addresses
    assert second["next"] is None
    waiting = (await served.client.get(PATH, params={"state": "waiting"})).json()["mailboxes"]
    assert (waiting["items"], waiting["total"]) == ([], 3)


async def test_connections_are_listed_in_pages(served: Served) -> None:
    listed = (await served.client.get("/api/connections", params={"top": 1})).json()
    assert [item["name"] for item in listed["items"]] == [NAME]
    assert listed["items"][0]["mailboxes"] == {"open": 3}
    after = (await served.client.get("/api/connections", params={"after": NAME})).json()
    assert after == {"items": [], "next": None}


async def test_the_parameters_have_the_labels_of_the_utm(served: Served) -> None:
    answer = await served.client.get(f"{PATH}/parameters")
    shown = answer.json()
    assert shown["labels"]["de"] == {
        "applicationId": "Anwendungs-ID",
        "tenantId": "Mandanten-ID",
        "clientSecret": "Geheimer Clientschlüssel",
    }
    assert shown["provider"] == "Microsoft 365 (Secret Client Key)"
    assert shown["oauth2"]["scope"] == f"{served.tenant.endpoints['exchange']}/.default"
    assert f"{shown['imap']['host']}:{shown['imap']['port']}" == served.tenant.endpoints["imap"]


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("de", ["Anwendungs-ID: ", "Mandanten-ID: ", "Geheimer Clientschlüssel: "]),
        ("en", ["Application ID: ", "Client ID: ", "Secret client key: "]),
    ],
)
async def test_the_parameters_as_lines_to_copy(served: Served, language: str, labels: list[str]) -> None:
    headers = {"Accept": "text/plain", "Accept-Language": language}
    answer = await served.client.get(f"{PATH}/parameters", headers=headers)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert all(line.startswith(label) for line, label in zip(lines, labels, strict=False))
    assert lines[-3:] == served.tenant.addresses
    assert ("tenant id" in answer.text) is (language == "en")


async def test_one_vault_call_gives_the_parameters_and_none_the_reference(served: Served) -> None:
    before = served.tenant.calls["vault"]
    await served.client.get(f"{PATH}/parameters")
    assert served.tenant.calls["vault"] == before + 1
    answer = await served.client.get(f"{PATH}/parameters", params={"secret": "reference"})
    assert served.tenant.calls["vault"] == before + 1
    assert answer.json()["clientSecret"] is None
    assert answer.json()["secret"]["uri"].startswith(served.tenant.endpoints["vault"])


async def test_each_reading_of_the_parameters_is_logged_with_the_caller(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    secret = (await served.client.get(f"{PATH}/parameters")).json()
    (line,) = [json.loads(record.getMessage()) for record in caplog.records if "parameters-read" in record.getMessage()]
    assert line["address"].startswith("127.0.0.1")
    assert line["version"] == secret["secret"]["uri"].rpartition("/")[2]
    assert secret["clientSecret"] not in caplog.text


async def test_health_tells_what_the_identity_may_do(served: Served) -> None:
    shown = (await served.client.get("/api/health")).json()
    assert (shown["status"], shown["missing"], shown["label"]) == ("ok", [], "Contoso")
    assert (shown["version"], shown["tenantId"]) == (__version__, served.tenant.endpoints["tenantId"])
    assert "Application.ReadWrite.OwnedBy" in shown["identity"]["graph"]
    assert "New-ServicePrincipal" in shown["identity"]["cmdlets"]


async def test_a_secret_that_ends_is_told_once_a_threshold(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    body = {"name": "short", "mailboxes": served.tenant.addresses[:1], "secret": {"lifetimeDays": 20}}
    await served.client.set_up(body)
    caplog.clear()
    for _ in range(2):
        answer = await served.client.post(
            "/admin/functions/watch_secrets", json={"input": ""}, headers={"x-functions-key": served.host.master_key}
        )
        assert answer.status_code == 202
    lines = [json.loads(record.getMessage()) for record in caplog.records if "secret-expiry" in record.getMessage()]
    assert [(line["connection"], line["label"]) for line in lines] == [("short", "Contoso")]
    assert lines[0]["days"] in {19, 20}


async def test_old_history_is_purged_and_the_connections_stay(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    answer = await served.client.post(
        "/admin/functions/purge_history", json={"input": ""}, headers={"x-functions-key": served.host.master_key}
    )
    assert answer.status_code == 202
    assert "history-purged" in caplog.text
    assert (await served.client.get(PATH)).json()["state"] == "ready"


async def test_simultaneous_requests_for_one_connection_are_not_mixed_up(served: Served) -> None:
    bodies = [{"name": "race", "mailboxes": [address]} for address in served.tenant.addresses]
    answers = await asyncio.gather(*(served.client.post("/api/connections", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 202)
    connection = await served.client.until("race", lambda seen: seen["state"] == "ready")
    assert [item["requested"] for item in connection["mailboxes"]["items"]] == winner["mailboxes"]
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer)["code"] in {"changed-meanwhile", "operation-running"}


async def test_the_description_lists_exactly_the_routes_of_the_app(served: Served) -> None:
    described = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }
    assert set(described) == set(served.host.function_keys)
    assert (await served.client.get("/api/openapi.json")).json() == json.loads(json.dumps(description()))
