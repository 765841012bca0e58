"""Which events a change of a document makes, and that none is lost, made twice, or says what nobody is to read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.caller import RENEWS, WATCHES, By
from connector.clients.store import FolderStore
from connector.credential import Rest, Rotation, RotationState, SecretRecord
from connector.documents import Documents
from connector.errors import UnavailableError
from connector.event import FIELDS, Data, Event, EventType
from connector.finding import Finding
from connector.messages import LANGUAGES, Language
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.removed import Removed
from connector.rotation import confirmed
from connector.steps import ConnectionState, OperationKind, StepName
from connector.wanted import Wanted
from scripts.events import PAGES, ROOT, page

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ADDRESS = "invoices@contoso.example"


def secret(key: str, days: int = 180) -> SecretRecord:
    return SecretRecord(
        uri=f"https://v.example/secrets/hq/{key}", version=key, key_id=key, expires_on=NOW + timedelta(days=days)
    )


def connection(kind: OperationKind = OperationKind.SET_UP, **more: object) -> Connection:
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=[ADDRESS]),
        operation=Operation(id="op", kind=kind, started=NOW),
        since=NOW,
        last_change=NOW,
        **more,
    )


def enters(state: ConnectionState, *codes: str, revision: int = 3) -> Callable[[Connection], None]:
    def change(one: Connection) -> None:
        if one.state is not state:
            one.since += timedelta(minutes=1)
        one.state = state
        one.wanted.revision = revision
        found = [Finding(code=code, step=StepName.CONSENT, subject=ADDRESS) for code in codes]
        one.steps[StepName.CONSENT] = StepRecord(findings=found)

    return change


def rotates(
    state: RotationState | None, new: SecretRecord | None = None, old: SecretRecord | None = None, **more: object
) -> Callable[[Connection], None]:
    def change(one: Connection) -> None:
        one.rotation = None
        if state is not None:
            one.rotation = Rotation(id="r", state=state, begun=NOW, next=new, old=old, **more)

    return change


def put(field: str, value: object) -> Callable[[Connection], None]:
    return lambda one: setattr(one, field, value)


READY, STUCK, FAILED = ConnectionState.READY, ConnectionState.ACTION_REQUIRED, ConnectionState.FAILED
RUNNING = ConnectionState.RUNNING
A, B = secret("a", 30), secret("b")


async def told(
    documents: Documents, *changes: Callable[[Connection], None], first: Connection | None = None
) -> list[Event]:
    await documents.save(first or connection(), None)
    for change in changes:
        await documents.update("hq", change)
    found = await documents.load("hq")
    assert found is not None
    return found.connection.outbox


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(FolderStore(tmp_path), lambda: NOW)


STATES = [
    ([enters(READY)], ["connection.ready"]),
    ([enters(READY), enters(RUNNING), enters(READY)], ["connection.ready"]),  # a verification of what was ready
    ([enters(READY), enters(RUNNING, revision=4), enters(READY, revision=4)], ["connection.ready"] * 2),
    ([enters(STUCK, "consent-by-hand")] * 3, ["connection.action_required"]),
    ([enters(STUCK, "a"), enters(STUCK, "a", "b")] * 2, ["connection.action_required"] * 4),
    ([enters(STUCK, "a"), enters(RUNNING, "a"), enters(STUCK, "a")], ["connection.action_required"]),
    (
        [enters(READY), enters(STUCK, "a"), enters(READY), enters(STUCK, "a")],
        ["connection.ready", "connection.action_required"] * 2,
    ),
    ([enters(FAILED, "unexpected")], ["connection.failed"]),
    ([enters(ConnectionState.WAITING), enters(RUNNING), enters(ConnectionState.CANCELLED)], []),
    ([put("removed", Removed(on=NOW, asked_on=NOW)), put("former", ["x"])], ["connection.removed"]),
]


@pytest.mark.parametrize(("changes", "expected"), STATES)
async def test_a_state_is_told_once_and_again_when_it_is_another(
    documents: Documents, changes: list[Callable[[Connection], None]], expected: list[str]
) -> None:
    events = await told(documents, *changes)
    assert [one.type.value for one in events] == expected
    assert len({one.id for one in events}) == len(events)


SECRETS = [
    (
        connection(secret=A),
        [rotates(RotationState.PREPARING, B), rotates(RotationState.OFFERED, B), rotates(RotationState.OFFERED, B)],
        ["secret.offered"],
    ),
    (
        connection(secret=A, rotation=Rotation(id="r", state=RotationState.OFFERED, begun=NOW, next=B)),
        [
            rotates(RotationState.OFFERED, B, reminded=[14]),
            rotates(RotationState.OFFERED, B, reminded=[7, 14]),
            lambda one: confirmed(one, NOW, RENEWS),
        ],
        ["secret.overdue", "secret.overdue", "secret.confirmed"],
    ),
    (
        connection(
            OperationKind.RETIRE, secret=B, rotation=Rotation(id="r", state=RotationState.RETIRING, begun=NOW, old=A)
        ),
        [rotates(None)],
        ["secret.retired"],
    ),
    (
        connection(
            OperationKind.RETIRE, secret=A, rotation=Rotation(id="r", state=RotationState.OFFERED, begun=NOW, next=B)
        ),
        [put("secret", None)],
        ["secret.retired"],
    ),
    (  # somebody has deleted it: nobody of ours took it away
        connection(secret=A),
        [put("secret", None)],
        [],
    ),
    (
        connection(secret=A),
        [
            put("rest", Rest(code="rotation-failed", on=NOW, until=NOW)),
            put("rest", Rest(code="rotation-abandoned", on=NOW, until=NOW)),
        ],
        ["secret.rotation_failed"],
    ),
    (
        connection(secret=A),
        [put("secret", A.model_copy(update={"warned_days": [30]}))] * 2
        + [put("secret", A.model_copy(update={"warned_days": [14, 30]}))],
        ["secret.expiring"] * 2,
    ),
]


@pytest.mark.parametrize(("first", "changes", "expected"), SECRETS)
async def test_the_life_of_a_secret_is_told(
    documents: Documents, first: Connection, changes: list[Callable[[Connection], None]], expected: list[str]
) -> None:
    events = await told(documents, *changes, first=first)
    assert [one.type.value for one in events] == expected
    assert len({one.id for one in events}) == len(events)
    assert all(one.data.connection == "hq" for one in events)


OTTO = By(kind="person", function="create_connection", id="0c9a5f1e-3b7d-4e52-9a66-2f4d8e1b7c35", name="Otto")
DORA = By(kind="person", function="confirm_secret", id="1d9a5f1e-3b7d-4e52-9a66-2f4d8e1b7c35", name="Dora")


def asks(by: By | None, change: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """Have somebody ask for the operation that makes a change."""

    def asked(one: Connection) -> None:
        one.operation = one.operation.model_copy(update={"by": by})
        change(one)

    return asked


async def test_each_event_names_who_has_asked_for_it(documents: Documents) -> None:
    """Whoever has asked for the operation; of a rotation who has begun it, of a confirmation who has said so."""
    key = By(function="create_connection", key="01234567")
    first = connection(secret=A)
    events = await told(
        documents,
        asks(OTTO, enters(READY)),
        asks(key, enters(STUCK, "a")),
        put("secret", A.model_copy(update={"warned_days": [30]})),
        rotates(RotationState.PREPARING, B, by=DORA),
        asks(RENEWS, rotates(RotationState.OFFERED, B, by=DORA)),  # a timer has gone on with it
        rotates(RotationState.OFFERED, B, by=DORA, reminded=[14]),
        lambda one: confirmed(one, NOW, OTTO),
        asks(None, enters(FAILED, "unexpected")),
        first=first,
    )
    assert [(one.type.value, one.data.by) for one in events] == [
        ("connection.ready", OTTO),
        ("connection.action_required", key),
        ("secret.expiring", WATCHES),
        ("secret.offered", DORA),
        ("secret.overdue", RENEWS),
        ("secret.confirmed", OTTO),
        ("connection.failed", None),
    ]


async def test_a_failed_rotation_names_who_has_begun_it_and_a_confirmation_of_the_record_nobody(
    documents: Documents,
) -> None:
    begun = connection(secret=A, rotation=Rotation(id="r", begun=NOW, by=DORA))
    failed = asks(RENEWS, put("rest", Rest(code="rotation-failed", on=NOW, until=NOW)))
    offered = [rotates(RotationState.OFFERED, B), lambda one: confirmed(one, NOW, RENEWS)]
    events = await told(documents, failed, *offered, first=begun)
    assert [one.data.by for one in events] == [DORA, RENEWS, RENEWS]


async def test_a_try_of_the_write_that_fails_makes_the_same_event_again(tmp_path: Path) -> None:
    """The id and the time are those of the change, however often the write is begun: nobody is told twice by that."""
    store, seen = FolderStore(tmp_path), list[bytes]()

    class Lossy(FolderStore):
        async def put(self, path: str, document: bytes, etag: str | None) -> str:
            seen.append(document)
            if len(seen) in {2, 3}:
                raise UnavailableError("store", "unavailable", "-") if len(seen) == 2 else RuntimeError
            return await super().put(path, document, etag)

    clock = iter(NOW + timedelta(seconds=second) for second in range(99))
    documents = Documents(Lossy(tmp_path), lambda: next(clock))
    await documents.save(connection(), None)
    for _ in range(2):
        with pytest.raises((UnavailableError, RuntimeError)):
            await documents.update("hq", enters(READY))
    await documents.update("hq", enters(READY))
    ids = {one["id"] for document in seen[1:] for one in json.loads(document)["outbox"]}
    assert len(ids) == 1
    assert await store.get("connections/hq.json") is not None


async def test_what_makes_the_document_anew_loses_no_event(documents: Documents) -> None:
    """A removal leaves a new document of the name, and a set-up after it yet another one."""
    await documents.save(connection(), None)
    await documents.update("hq", enters(READY))

    def bury(one: Connection) -> None:
        left = connection(removed=Removed(on=NOW, asked_on=NOW), state=ConnectionState.REMOVED)
        for field in Connection.model_fields:
            setattr(one, field, getattr(left, field))

    await documents.update("hq", bury)
    found = await documents.load("hq")
    assert found is not None
    await documents.save(connection(), found.etag, found.connection)
    found = await documents.load("hq")
    assert found is not None
    assert [one.type.value for one in found.connection.outbox] == ["connection.ready", "connection.removed"]


async def test_what_is_handed_on_leaves_the_outbox_and_what_has_come_meanwhile_stays(documents: Documents) -> None:
    first = await told(documents, enters(READY))
    await documents.update("hq", enters(STUCK, "a"))
    await documents.told("hq", {one.id for one in first})
    found = await documents.load("hq")
    assert found is not None
    assert [one.type.value for one in found.connection.outbox] == ["connection.action_required"]
    await documents.update("hq", enters(STUCK, "a"))
    found = await documents.load("hq")
    assert found is not None
    assert len(found.connection.outbox) == 1


async def test_a_document_of_before_tells_nothing_by_being_written(documents: Documents, tmp_path: Path) -> None:
    """It has said nothing of what was told: what it is stays untold until it changes."""
    kept = connection(state=READY, secret=A).model_dump_json(by_alias=True, exclude_defaults=True)
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections/hq.json").write_text(kept)
    await documents.update("hq", put("secrets_begun", 1))
    found = await documents.load("hq")
    assert found is not None
    assert found.connection.outbox == []


async def test_no_event_says_of_what_a_finding_is(documents: Documents) -> None:
    events = await told(documents, enters(STUCK, "imap-disabled"))
    assert events[0].data.findings == ["imap-disabled"]
    assert ADDRESS not in events[0].model_dump_json()


def test_every_type_is_made_somewhere() -> None:
    folders = ("activities", "connector", "triggers")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path.name != "event.py"]
    made = {one for path in sources for one in re.findall(r"EventType\.(\w+)", path.read_text("utf-8"))}
    assert {one.name for one in EventType} <= made


def test_every_event_has_its_fields_and_each_is_one_that_data_has() -> None:
    known = {field.alias or name for name, field in Data.model_fields.items()} | {"link"}
    assert set(FIELDS) == {*EventType}
    assert {field for fields in FIELDS.values() for field in fields} == known


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_of_events_says_what_is_sent(lang: Language) -> None:
    assert (ROOT / PAGES[lang]).read_text("utf-8") == page(lang), "python -m scripts.events writes it"
