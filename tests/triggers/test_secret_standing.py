"""What the clock has made of a secret shows everywhere, and a new one waits for a word: from documents alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from connector.clients.store import FolderStore
from connector.credential import Rotation, RotationState, SecretRecord
from connector.documents import Documents
from connector.mailbox import Chunk, ChunkSummary, MailboxRecord
from connector.model import Connection
from connector.objects import Ids
from connector.operation import Operation, StepRecord
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.wanted import Wanted
from tests.triggers.served import Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "12345678-aaaa-bbbb-cccc-1234567890ab"
NEW = "87654321-aaaa-bbbb-cccc-1234567890ab"
STATES = {"ready": ConnectionState.READY, "failed": ConnectionState.FAILED, "cancelled": ConnectionState.CANCELLED}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve documents that nobody has run for."""
    store = tmp_path_factory.mktemp("store")
    documents = Documents(FolderStore(store))
    for name, state in STATES.items():
        await _keep(documents, _connection(f"past-{name}", timedelta(days=-2), state=state))
    await _keep(documents, _connection("soon", timedelta(days=29)))
    await _keep(documents, _connection("none", None))
    for name in ("new", "works"):
        waiting = _connection(name, timedelta(days=5))
        waiting.rotation = _offered(timedelta(days=90))
        if name == "works":
            waiting.operation = waiting.operation.model_copy(update={"ended": None})
        await _keep(documents, waiting)
    async with running(store) as one:
        yield one


async def _keep(documents: Documents, connection: Connection) -> None:
    await documents.save(connection, None)
    opened = MailboxRecord(requested="a@b.de", state=MailboxState.OPEN)
    await documents.save_chunk(connection.name, Chunk(number=0, mailboxes=[opened]))


def _offered(ends: timedelta) -> Rotation:
    now = datetime.now(UTC)
    new = SecretRecord(uri="https://vault.example/secrets/x/n", version="n", key_id=NEW, expires_on=now + ends)
    return Rotation(id="r", state=RotationState.OFFERED, begun=now, offered_on=now, next=new)


def _connection(name: str, ends: timedelta | None, **more: Any) -> Connection:
    now = datetime.now(UTC)
    secret = {"uri": "https://vault.example/secrets/x/v", "version": "v", "key_id": KEY}
    operation = Operation(id=name, kind=OperationKind.SET_UP, started=now, ended=now, begun=True)
    values: dict[str, Any] = {
        "name": name,
        "wanted": Wanted(revision=3, display_name="UTM", mailboxes=["a@b.de"]),
        "operation": operation,
        "state": ConnectionState.READY,
        "since": now,
        "last_change": now,
        "ids": Ids(tenant_id="tenant", application_id="x"),
        "steps": {step: StepRecord(state=StepState.DONE) for step in StepName},
        "chunks": [ChunkSummary(counts={MailboxState.OPEN: 1})],
        "secret": SecretRecord.model_validate({**secret, "expires_on": now + ends}) if ends is not None else None,
    }
    return Connection(**{**values, **more})


@pytest.mark.parametrize("name", [f"past-{name}" for name in STATES])
async def test_an_expired_secret_shows_at_once_wherever_the_connection_is_shown(app: Served, name: str) -> None:
    path = f"/api/connections/{name}"
    listed = (await app.client.get("/api/connections")).json()["items"]
    (summary,) = [one for one in listed if one["name"] == name]
    assert (summary["state"], summary["verified"], summary["findings"]) == (
        "action-required",
        False,
        ["secret-expired"],
    )
    for shown in ((await app.client.get(path)).json(), (await app.client.get(f"{path}/report")).json()):
        assert (shown["state"], shown["verified"]) == ("action-required", False)
    report = shown["steps"][[step["name"] for step in shown["steps"]].index("secret")]
    assert [finding["code"] for finding in report["findings"]] == ["secret-expired"]
    parameters = f"{path}/parameters?secret=reference"
    assert (await app.client.get(parameters)).json()["verified"] is False
    lines = (await app.client.get(parameters, headers={"Accept": "text/plain"})).text
    assert "has expired" in lines
    assert "Proven by a real login" not in lines


async def test_a_secret_that_ends_soon_is_a_warning_and_all_goes_on(app: Served) -> None:
    shown = (await app.client.get("/api/connections/soon")).json()
    (finding,) = shown["findings"]
    assert (shown["state"], shown["verified"]) == ("ready", True)
    assert (finding["code"], finding["severity"]) == ("secret-expiring", "warning")
    assert "in 28 days" in finding["message"]


async def test_a_confirmation_makes_it_ready_and_changes_nothing_else(app: Served) -> None:
    path = "/api/connections/new"
    assert (await app.client.get(path)).json()["state"] == "action-required"
    asked = len(app.tenant.requests)
    problem(await app.client.post(f"{path}/confirm", json={"keyId": KEY}), 409, "key-not-offered")
    first = await app.client.post(f"{path}/confirm", json={"keyId": NEW.upper()})
    again = await app.client.post(f"{path}/confirm", json={"keyId": NEW})
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["state"], first.json()["keyId"], first.json()["revision"]) == ("ready", NEW, 3)
    shown = (await app.client.get(path)).json()
    assert (shown["state"], shown["findings"], shown["revision"]) == ("ready", [], 3)
    assert app.tenant.requests[asked:] == []


async def test_a_confirmation_is_taken_at_any_time_also_of_what_needs_none(app: Served) -> None:
    for name, key in (("works", NEW), ("past-failed", KEY), ("soon", KEY)):
        answer = await app.client.post(f"/api/connections/{name}/confirm", json={"keyId": key})
        assert answer.status_code == 200
    codes = [finding["code"] for finding in (await app.client.get("/api/connections/works")).json()["findings"]]
    assert "utm-needs-new-secret" not in codes
    assert (await app.client.get("/api/connections/past-failed")).json()["state"] == "action-required"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("soon", {"keyId": "other"}, 409, "key-not-offered"),
        ("none", {"keyId": KEY}, 409, "secret-not-ready"),
        ("absent", {"keyId": KEY}, 404, "unknown-connection"),
        ("soon", {}, 422, "confirmation-invalid"),
        ("soon", {"keyId": None}, 422, "confirmation-invalid"),
        ("soon", {"keyId": ""}, 422, "confirmation-invalid"),
        ("soon", {"keyId": KEY, "keyID": KEY}, 422, "confirmation-invalid"),
        ("soon", [], 422, "confirmation-invalid"),
    ],
)
async def test_anything_else_is_no_confirmation(app: Served, name: str, body: Any, status: int, code: str) -> None:
    async with app.nothing_happens():
        answer = await app.client.post(f"/api/connections/{name}/confirm", json=body)
    problem(answer, status, code)
