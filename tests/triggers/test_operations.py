"""What a request writes beside a run that works, and the start of one where Durable refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
import pytest_asyncio

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.errors import ConflictError, UnavailableError
from connector.model import Connection, Operation, StepRecord, Wanted
from connector.services import close_services
from connector.steps import OperationKind, StepName, StepState
from triggers import operations
from triggers.create import replace


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
    await operations.start(client, _connection("mine", begun=False))
    assert client.tries == 1


async def test_a_refused_start_is_a_conflict_where_another_request_was_faster(documents: Documents) -> None:
    await documents.save(_connection("other", begun=True), None)
    with pytest.raises(ConflictError) as caught:
        await operations.start(Refusing(), _connection("mine", begun=False))
    assert caught.value.code == "changed-meanwhile"


async def test_a_start_that_goes_on_being_refused_is_told_after_some_tries(documents: Documents) -> None:
    await documents.save(_connection("mine", begun=False), None)
    client = Refusing()
    with pytest.raises(UnavailableError) as caught:
        await operations.start(client, _connection("mine", begun=False), pause=0)
    assert (caught.value.code, client.tries) == ("start-refused", 20)


def _rename(connection: Connection) -> None:
    update = {"display_name": "UTM HQ", "revision": connection.wanted.revision + 1}
    connection.wanted = connection.wanted.model_copy(update=update)
    connection.operation = Operation(id="mine", kind=OperationKind.SET_UP, started=connection.since)


def _step_is_done(connection: Connection) -> None:
    connection.steps = {StepName.CONSENT: StepRecord(state=StepState.DONE)}


async def test_what_the_run_has_written_meanwhile_is_no_other_request(documents: Documents) -> None:
    await documents.save(_connection("run", begun=True), None)
    seen = (await operations.find("hq")).connection
    await documents.update("hq", _step_is_done)
    written = await replace(seen, _rename)
    assert (await operations.find("hq")).connection == written
    assert (written.wanted.display_name, written.step(StepName.CONSENT).state) == ("UTM HQ", StepState.DONE)


@pytest.mark.parametrize("update", [{"id": "other"}, {"ended": datetime.now(UTC)}, {"cancelled": True}])
async def test_another_request_or_the_end_of_the_run_is_a_conflict(
    documents: Documents, update: dict[str, object]
) -> None:
    await documents.save(_connection("run", begun=True), None)
    seen = (await operations.find("hq")).connection

    def meanwhile(connection: Connection) -> None:
        connection.operation = connection.operation.model_copy(update=update)

    present = await documents.update("hq", meanwhile)
    with pytest.raises(ConflictError) as caught:
        await replace(seen, _rename)
    assert caught.value.code == "changed-meanwhile"
    assert (await operations.find("hq")).connection == present
