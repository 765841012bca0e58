"""One bad document blinds nobody: 500 connections, six of them broken in six ways, and a way back for each."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connector.clients.bounds import STORE
from connector.clients.store import FolderStore
from connector.credential import SecretRecord
from connector.documents import Documents
from connector.kept import SCHEMA, Why, written
from connector.mailbox import Chunk, MailboxRecord
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.wanted import Wanted
from local.client import RESTING
from tests.triggers.served import Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEALTHY = 495
BROKEN: dict[str, tuple[Callable[[bytes], bytes], Why]] = {
    "empty": (lambda _: b"", Why.EMPTY),
    "truncated": (lambda document: document[: len(document) // 2], Why.NOT_JSON),
    "foreign": (lambda _: b'{"resources": []}', Why.FOREIGN),
    "latin": (lambda document: document.replace(b"UTM", b"B\xfcro"), Why.NOT_UTF8),
    "too-large": (lambda _: bytes(STORE.octets + 1), Why.TOO_LARGE),
    "newer": (lambda _: b'{"schema": %d, "name": "newer"}' % (SCHEMA + 1), Why.NEWER),
}
NOW = datetime.now(UTC)


def stored(name: str, *mailboxes: str) -> Connection:
    """Return a connection whose run has ended, and whose secret is about to."""
    return Connection(
        name=name,
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=[*mailboxes]),
        operation=Operation(id=name, kind=OperationKind.SET_UP, started=NOW, begun=True, ended=NOW),
        state=ConnectionState.READY,
        since=NOW,
        last_change=NOW,
        steps={step: StepRecord(state=StepState.DONE) for step in StepName},
        secret=SecretRecord(uri="https://v/s", version="1", key_id="k", expires_on=NOW + timedelta(days=6.5)),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def many(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app with 500 connections, of which six cannot be read, and one that is really set up."""
    folder = tmp_path_factory.mktemp("store")
    async with running(folder, mailboxes=3) as one:
        await one.set_up({"name": "hq", "mailboxes": one.tenant.addresses, "displayName": "UTM HQ"})
        for number in range(HEALTHY - 1):
            (folder / f"connections/c{number:03d}.json").write_bytes(written(stored(f"c{number:03d}", "a@b.example")))
        documents = Documents(FolderStore(folder))
        for name, (spoil, _) in BROKEN.items():
            await documents.save(stored(name, one.tenant.addresses[0]), None)
            listed = MailboxRecord(requested=one.tenant.addresses[0])
            await documents.save_chunk(name, Chunk(number=0, mailboxes=[listed]))
            path = folder / f"connections/{name}.json"
            path.write_bytes(spoil(path.read_bytes()))
        yield one


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    found = (json.loads(record.getMessage()) for record in caplog.records if record.name == "connector")
    return [line for line in found if line["event"] == event]


async def test_the_list_shows_all_and_which_cannot_be_read(many: Served) -> None:
    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = (await many.client.get(f"/api/connections?top=300{f'&after={after}' if after else ''}")).json()
        items, after = [*items, *page["items"]], page["next"]
    assert len(items) == HEALTHY + len(BROKEN)
    assert {one["name"] for one in items if one["state"] == "unreadable"} == {*BROKEN}
    assert all(one["findings"] == ["document-unreadable"] for one in items if one["name"] in BROKEN)


async def test_every_other_secret_is_warned_of_and_each_bad_document_is_said(
    many: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    before = {name: (many.store / f"connections/{name}.json").read_bytes() for name in BROKEN}
    for timer in ("watch_secrets", "clear_documents", "purge_history"):
        assert await many.run_timer(timer) == 202
    assert len(lines(caplog, "secret-expiry")) == HEALTHY - 1
    assert {line["connection"]: line["code"] for line in lines(caplog, "document-unreadable")} == {
        name: why for name, (_, why) in BROKEN.items()
    }
    assert lines(caplog, "heartbeat")[0]["connections"] == HEALTHY + len(BROKEN)
    assert len(lines(caplog, "documents-cleared")) == len(lines(caplog, "history-purged")) == 1
    assert before == {name: (many.store / f"connections/{name}.json").read_bytes() for name in BROKEN}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_needs_the_document_is_refused_with_the_way_out_and_changes_nothing(many: Served, name: str) -> None:
    client, path = many.client, f"/api/connections/{name}"
    seen = (await client.get(path)).json()
    assert (seen["state"], seen["name"], seen["verified"]) == ("unreadable", name, False)
    (finding,) = seen["findings"]
    assert finding["code"] == "document-unreadable"
    assert "/repair" in finding["action"]["text"]
    wish = {"name": name, "mailboxes": many.tenant.addresses}
    async with many.nothing_happens():
        for query in ("", "?dryRun=true"):
            refused = await client.post(f"/api/connections{query}", json=wish)
            assert f"/{name}/repair" in problem(refused, 409, "document-unreadable")["hint"]
        for method, route in (("POST", "verify"), ("POST", "cancel"), ("GET", "parameters"), ("GET", "report")):
            problem(await client.request(method, f"{path}/{route}"), 409, "document-unreadable")
        assert (await client.post(f"{path}/repair")).status_code == 200


@pytest.mark.parametrize("name", BROKEN)
async def test_each_comes_back_as_it_was_last_written_and_is_looked_at(many: Served, name: str) -> None:
    client, path = many.client, f"/api/connections/{name}"
    dry = await client.post(f"{path}/repair")
    answer = dry.json()
    assert (dry.status_code, answer["done"]) == (200, None)
    (damage,) = answer["documents"]
    assert damage["document"] == "connection"
    assert [way["possible"] for way in answer["ways"]] == [True, True]
    assert answer["ways"][0]["times"][0]["shown"] in answer["ways"][0]["lost"]
    done = await client.post(f"{path}/repair?from=version")
    assert (done.status_code, done.json()["done"]) == (202, "version")
    seen = (await client.get(path)).json()
    assert (seen["revision"], seen["displayName"], seen["operation"]) == (4, "UTM", "verify")
    assert seen["state"] != "unreadable"
    problem(await client.post(f"{path}/repair"), 409, "nothing-to-repair")
    await client.post(f"{path}/cancel")
    await rest(many, name)


async def rest(one: Served, name: str = "hq") -> dict[str, Any]:
    """Wait until the run has ended, and return the connection."""
    return await one.until(lambda seen: seen["state"] in RESTING, name)


async def broken_at(one: Served, path: str, document: bytes = b"{") -> Path:
    """Spoil a document; return where it is."""
    (one.store / path).parent.mkdir(exist_ok=True, parents=True)
    (one.store / path).write_bytes(document)
    return one.store / path


@pytest.mark.parametrize(
    ("shown", "name"),
    [("UTM\u200bHQ", "UTM Mail-Connector hq"), ("U" * 121, "UTM Mail-Connector hq"), ("UTM HQ", "UTM HQ")],
    ids=["hidden character", "too long", "as it was"],
)
async def test_without_any_version_it_begins_anew_from_tenant_and_vault(many: Served, shown: str, name: str) -> None:
    client, path = many.client, "/api/connections/hq"
    (application,) = [one for one in many.tenant.world.applications.values() if one.unique_name]
    application.display_name = shown
    before = (await client.get(path)).json()
    await broken_at(many, "connections/hq.json")
    for one in (many.store / ".versions/connections/hq.json.d").iterdir():
        one.write_bytes(b"")
    problem(await client.post(f"{path}/repair?from=version"), 409, "no-version")
    made = len(many.tenant.issued)
    assert (await client.post(f"{path}/repair?from=anew")).status_code == 202
    seen = await rest(many)
    assert (seen["state"], seen["displayName"]) == ("ready", name)
    assert seen["ids"] == before["ids"]
    assert seen["secret"] == before["secret"]
    assert len(many.tenant.issued) >= made
    entries = (await client.get(f"{path}/history")).json()["items"]
    assert [entry["action"] for entry in entries[:2]] == ["repair", "repair"]


async def test_a_chunk_that_cannot_be_read_is_said_and_comes_back(many: Served) -> None:
    client, path = many.client, "/api/connections/hq"
    await broken_at(many, "connections/hq/mailboxes-0000.json", b"null")
    seen = (await client.get(path)).json()
    assert (seen["state"], seen["verified"]) == ("unreadable", False)
    assert [finding["subject"] for finding in seen["findings"]] == ["mailboxes-0000"]
    problem(await client.get(f"{path}/parameters"), 409, "document-unreadable")
    await client.post(f"{path}/verify")
    assert (await rest(many))["state"] == "unreadable"
    assert (many.store / "connections/hq/mailboxes-0000.json").read_bytes() == b"null"
    assert (await client.post(f"{path}/repair?from=version")).status_code == 202
    seen = await rest(many)
    assert (seen["state"], seen["findings"]) == ("ready", [])


async def test_a_chunk_that_is_gone_is_not_the_end_of_the_list_and_comes_back(many: Served) -> None:
    client, path = many.client, "/api/connections/hq"
    (many.store / "connections/hq/mailboxes-0000.json").unlink()
    seen = (await client.get(path)).json()
    assert (seen["state"], seen["verified"]) == ("unreadable", False)
    (damage,) = (await client.post(f"{path}/repair")).json()["documents"]
    assert damage["document"] == "mailboxes-0000"
    problem(await client.get(f"{path}/parameters"), 409, "document-unreadable")
    await client.post(f"{path}/verify")
    assert (await rest(many))["state"] == "unreadable"
    assert (await client.post(f"{path}/repair?from=version")).status_code == 202
    assert (await rest(many))["state"] == "ready"


async def test_a_time_without_a_zone_makes_one_document_unreadable_and_hides_no_other(many: Served) -> None:
    path = many.store / "connections/c000.json"
    good = path.read_bytes()
    ends = json.loads(good)["secret"]["expiresOn"]
    path.write_bytes(good.replace(ends.encode(), ends.removesuffix("Z").encode()))
    items = (await many.client.get("/api/connections?top=3")).json()["items"]
    path.write_bytes(good)
    assert [(one["name"], one["state"] == "unreadable") for one in items] == [
        ("c000", True), ("c001", False), ("c002", False)
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["version", "anew"])
async def test_an_acceptance_never_comes_back(many: Served, way: str) -> None:
    path = await broken_at(many, "acceptances/hq.json", b'{"schema": 3, "items": []}')
    seen = (await many.client.get("/api/connections/hq")).json()
    assert (seen["state"], [finding["subject"] for finding in seen["findings"]]) == ("ready", ["acceptances"])
    accept = {"id": "foreign-owner:x", "applicationId": seen["ids"]["applicationId"]}
    problem(await many.client.post("/api/connections/hq/accept", json=accept), 409, "document-unreadable")
    assert (await many.client.post(f"/api/connections/hq/repair?from={way}")).status_code == 200
    assert not path.exists()


async def test_a_history_and_a_plan_of_a_later_version_stay_until_they_are_repaired(many: Served) -> None:
    newer = b'{"schema": 3, "last": 1}'
    paths = [await broken_at(many, f"{kind}/hq.json", newer) for kind in ("history", "plans")]
    await many.run_timer("clear_documents")
    problem(await many.client.get("/api/connections/hq/history"), 409, "document-unreadable")
    problem(await many.client.get("/api/connections/hq/plan"), 409, "document-unreadable")
    wish = {"name": "hq", "mailboxes": many.tenant.addresses}
    problem(await many.client.post("/api/connections?dryRun=true", json=wish), 409, "document-unreadable")
    assert [path.read_bytes() for path in paths] == [newer, newer]
    assert (await many.client.post("/api/connections/hq/repair?from=version")).status_code == 200
    (entry,) = (await many.client.get("/api/connections/hq/history")).json()["items"]
    assert entry["action"] == "repair"
    (aside,) = (many.store / "history/hq").iterdir()
    assert aside.read_bytes() == newer


async def test_who_repairs_can_neither_shorten_a_list_nor_repair_another_connection(many: Served) -> None:
    client, path = many.client, "/api/connections/hq"
    wish = {"name": "hq", "mailboxes": many.tenant.addresses[:1]}
    await broken_at(many, "connections/hq/mailboxes-0000.json")
    async with many.nothing_happens():
        problem(await client.post(f"{path}/repair?from=anew", json=wish), 409, "repair-body")
    await client.post(f"{path}/repair?from=version")
    await rest(many)
    await broken_at(many, "connections/hq.json")
    async with many.nothing_happens():
        problem(await client.post(f"{path}/repair?from=anew", json=wish), 409, "removal-not-allowed")
        problem(await client.post(f"{path}/repair?from=anew", json={**wish, "name": "x"}), 409, "repair-body")
        problem(await client.post(f"{path}/repair?from=version", json=wish), 409, "repair-body")
        problem(await client.post(f"{path}/repair?from=here"), 422, "query-invalid")
        problem(await client.post("/api/connections/nobody/repair"), 404, "unknown-connection")
    await broken_at(many, "connections/hq/mailboxes-0000.json")
    async with many.nothing_happens():
        problem(await client.post(f"{path}/repair?from=anew"), 409, "repair-list-needed")
    whole = {"name": "hq", "mailboxes": many.tenant.addresses}
    assert (await client.post(f"{path}/repair?from=anew", json=whole)).status_code == 202
    assert (await rest(many))["state"] == "ready"


async def test_a_repair_that_is_meant_for_another_state_changes_nothing(many: Served) -> None:
    client, path = many.client, "/api/connections/hq"
    tag = (await client.get(path)).headers["ETag"]
    await broken_at(many, "connections/hq/mailboxes-0000.json")
    async with many.nothing_happens():
        answer = await client.post(f"{path}/repair?from=version", headers={"If-Match": '"1-of-before"'})
        problem(answer, 412, "if-match-failed")
        answer = await client.post(f"{path}/repair?from=version", headers={"If-Match": "hq"})
        problem(answer, 400, "if-match-invalid")
    assert (await client.post(f"{path}/repair")).headers["ETag"] == tag
    answer = await client.post(f"{path}/repair?from=version", headers={"If-Match": tag})
    assert (answer.status_code, "ETag" in answer.headers) == (202, True)
    await rest(many)
    await broken_at(many, "connections/hq.json")
    async with many.nothing_happens():  # nobody knows any more whether it is the one that was read
        answer = await client.post(f"{path}/repair?from=version", headers={"If-Match": tag})
        problem(answer, 412, "if-match-failed")
    assert (await client.post(f"{path}/repair?from=version")).status_code == 202
    assert (await rest(many))["state"] == "ready"


async def test_a_list_whose_connection_is_gone_is_shortened_only_by_who_says_so(many: Served) -> None:
    (many.store / "connections/hq.json").unlink()
    wish = {"name": "hq", "mailboxes": many.tenant.addresses[:1]}
    async with many.nothing_happens():
        problem(await many.client.post("/api/connections", json=wish), 409, "removal-not-allowed")
    assert (await many.client.post("/api/connections?allowRemoval=2", json=wish)).status_code == 202
    assert (await rest(many))["state"] == "ready"


async def test_a_chunk_that_nobody_tells_of_any_more_is_repaired_and_nothing_runs(many: Served) -> None:
    path = await broken_at(many, "connections/left/mailboxes-0000.json")
    wish = {"name": "left", "mailboxes": ["a@b.example"]}
    problem(await many.client.post("/api/connections", json=wish), 409, "document-unreadable")
    answer = await many.client.post("/api/connections/left/repair?from=anew")
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert json.loads(path.read_bytes()) == {"schema": SCHEMA, "number": 0}
    problem(await many.client.get("/api/connections/left"), 404, "unknown-connection")
