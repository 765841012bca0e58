"""What a request writes beside a run that works, and the start of one where Durable refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import pytest
import pytest_asyncio

from connector.caller import Caller
from connector.case import Admitted, Kind, Request, Settled
from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.errors import ConflictError, StaleWriteError, UnavailableError
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.services import close_services
from connector.steps import OperationKind, StepName, StepState
from connector.wanted import Wanted
from triggers import operations
from triggers.performing import perform, start


class Refusing(df.DurableOrchestrationClient):
    """A durable client that starts nothing because, as it says, an instance of that id runs already."""

    def __init__(self) -> None:  # the library's own wants the binding's addresses
        self.tries = 0

    async def start_new(self, *_: Any, **__: Any) -> str:
        self.tries += 1
        raise Exception("The operation failed with an unexpected status code 409")  # noqa: TRY002 - as the library does


@pytest_asyncio.fixture
async def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Documents]:
    monkeypatch.setenv("CONNECTOR_STORE", f"folder:{tmp_path}")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    yield Documents(FolderStore(tmp_path))
    await close_services()


def _connection(operation: str, *, begun: bool) -> Connection:
    now = datetime.now(UTC)
    return Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=["a@contoso.example"]),
        operation=Operation(id=operation, kind=OperationKind.SET_UP, started=now, begun=begun),
        since=now,
        last_change=now,
    )


async def test_a_refused_start_is_no_failure_where_a_run_has_taken_the_request_up(documents: Documents) -> None:
    await documents.save(_connection("mine", begun=True), None)
    client = Refusing()
    await start(client, _connection("mine", begun=False))
    assert client.tries == 1


async def test_a_refused_start_is_a_conflict_where_another_request_was_faster(documents: Documents) -> None:
    await documents.save(_connection("other", begun=True), None)
    with pytest.raises(ConflictError) as caught:
        await start(Refusing(), _connection("mine", begun=False))
    assert caught.value.code == "changed-meanwhile"


async def test_a_start_that_goes_on_being_refused_is_told_after_some_tries(documents: Documents) -> None:
    await documents.save(_connection("mine", begun=False), None)
    client = Refusing()
    with pytest.raises(UnavailableError) as caught:
        await start(client, _connection("mine", begun=False), pause=0)
    assert (caught.value.code, client.tries) == ("start-refused", 20)


class Running(df.DurableOrchestrationClient):
    """A durable client whose instance works; while it is asked somebody writes the document."""

    def __init__(self, documents: Documents, *meanwhile: Callable[[Connection], None]) -> None:
        self.documents, self.meanwhile = documents, list(meanwhile)
        self.woken: list[str] = []
        self.started: list[str | None] = []
        self.asked = 0
        self.runtime: df.OrchestrationRuntimeStatus | None = df.OrchestrationRuntimeStatus.Running

    async def get_status(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        if self.meanwhile:
            await self.documents.update("hq", self.meanwhile.pop(0))
        status = {"step": "verification", "state": "running"}
        return SimpleNamespace(runtime_status=self.runtime, last_updated_time=datetime.now(UTC), custom_status=status)

    async def raise_event(self, instance_id: str, *_: Any, **__: Any) -> None:
        self.woken.append(instance_id)

    async def start_new(
        self,
        orchestration_function_name: str,  # noqa: ARG002 - the library's names
        instance_id: str | None = None,
        client_input: Any | None = None,  # noqa: ARG002
        version: str | None = None,  # noqa: ARG002
    ) -> str:
        self.started.append(instance_id)
        return instance_id or ""


def _step_is_done(connection: Connection) -> None:
    connection.steps = {StepName.CONSENT: StepRecord(state=StepState.DONE)}


def _meanwhile(update: dict[str, object]) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        connection.operation = connection.operation.model_copy(update=update)

    return change


async def _ask(client: Running, kind: Kind, function: str) -> Admitted:
    wanted = Wanted(revision=0, display_name="UTM HQ", mailboxes=["a@contoso.example"])
    request = Request(kind, "hq", "mine", wanted if kind is Kind.SET_UP else None)
    return await perform(client, request, Caller(function=function), await operations.load("hq"))


async def test_what_the_run_has_written_meanwhile_is_no_other_request(documents: Documents) -> None:
    await documents.save(_connection("run", begun=True), None)
    client = Running(documents, _step_is_done)
    written = (await _ask(client, Kind.SET_UP, "create_connection")).connection
    assert (await operations.load("hq")).connection == written
    assert (written.wanted.display_name, written.step(StepName.CONSENT).state) == ("UTM HQ", StepState.DONE)
    assert (written.operation.id, client.woken, client.asked) == ("mine", ["connection-hq"], 1)


@pytest.mark.parametrize("update", [{"id": "other"}, {"ended": datetime.now(UTC)}, {"cancelled": True}])
async def test_another_request_or_the_end_of_the_run_is_a_conflict(
    documents: Documents, update: dict[str, object]
) -> None:
    await documents.save(_connection("run", begun=True), None)
    client = Running(documents, _meanwhile(update))
    with pytest.raises(ConflictError) as caught:
        await _ask(client, Kind.SET_UP, "create_connection")
    assert caught.value.code == "changed-meanwhile"
    present = (await operations.load("hq")).connection
    assert (present.wanted.revision, present.operation.id, client.woken) == (1, update.get("id", "run"), [])


async def test_two_first_requests_for_one_name_make_one_connection(documents: Documents) -> None:
    await documents.save(_connection("other", begun=False), None)
    request = Request(Kind.SET_UP, "hq", "mine", Wanted(revision=0, display_name="UTM", mailboxes=[]))
    with pytest.raises(ConflictError) as caught:
        await perform(Running(documents), request, Caller(function="create_connection"), None)
    assert caught.value.code == "changed-meanwhile"
    assert (await operations.load("hq")).connection.operation.id == "other"


async def test_a_cancel_ends_what_runs_when_it_comes_and_nothing_where_the_run_has_just_ended(
    documents: Documents,
) -> None:
    await documents.save(_connection("run", begun=True), None)
    done = await _ask(Running(documents, _meanwhile({"id": "other"})), Kind.CANCEL, "cancel_connection")
    assert (done.connection.operation.id, done.connection.operation.cancelled) == ("other", True)
    assert (await operations.load("hq")).connection == done.connection
    await documents.update("hq", _meanwhile({"cancelled": False}))
    ended = Running(documents, _meanwhile({"ended": datetime.now(UTC)}))
    assert await _ask(ended, Kind.CANCEL, "cancel_connection") == Settled(
        (await operations.load("hq")).connection, stored=True
    )
    assert ended.woken == []


async def test_a_run_that_ends_while_it_is_looked_for_is_not_lost(documents: Documents) -> None:
    connection = _connection("run", begun=True)
    await documents.save(connection, None)
    client = Running(documents, _meanwhile({"ended": datetime.now(UTC)}))
    client.runtime = df.OrchestrationRuntimeStatus.Completed
    seen = await operations.load("hq")
    done = await perform(client, Request(Kind.RECOVER, "hq", "mine"), None, seen)
    assert done == Settled((await operations.load("hq")).connection, stored=True)
    assert (done.connection.operation.attempt, done.connection.operation.lost) == (0, None)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        (Kind.VERIFY, "verify_connection"),
        (Kind.CANCEL, "cancel_connection"),
        (Kind.ACCEPT, "accept_finding"),
        (Kind.REPAIR, "repair_connection"),
    ],
)
async def test_what_was_written_and_never_started_is_started_by_whoever_asks_next(
    documents: Documents, kind: Kind, function: str
) -> None:
    just = _connection("run", begun=False)
    just.operation = just.operation.model_copy(update={"started": datetime.now(UTC), "attempt": 1})
    await documents.save(just, None)
    client = Running(documents)
    client.runtime = None
    done = await _ask(client, kind, function)
    assert (client.started, client.woken) == (["connection-hq-1"], [])
    assert done.connection.operation.attempt == 1


async def test_a_document_that_changes_all_the_time_is_given_up(documents: Documents) -> None:
    await documents.save(_connection("run", begun=True), None)
    changes = [_meanwhile({"id": str(number)}) for number in range(100)]
    with pytest.raises(StaleWriteError):
        await _ask(Running(documents, *changes), Kind.CANCEL, "cancel_connection")


class Remembering(df.DurableOrchestrationClient):
    """A durable client that knows the first thousand attempts."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def get_status(self, instance_id: str | None = None, *_: Any, **__: Any) -> Any:
        attempt = int(str(instance_id).rpartition("-")[2])
        self.asked.append(attempt)
        known = df.OrchestrationRuntimeStatus.Completed if attempt <= 1_000 else None
        return SimpleNamespace(runtime_status=known, last_updated_time=None, custom_status=None)


@pytest.mark.usefixtures("documents")
async def test_an_attempt_that_nobody_knows_is_found_without_asking_for_each() -> None:
    client = Remembering()
    assert await operations.unused(client, "hq", 1) > 1_000
    assert len(client.asked) <= 12
