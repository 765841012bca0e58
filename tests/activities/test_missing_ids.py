"""An id that is missing is told at once, by its name: no service is asked for an object without one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from activities.results import record, translate
from activities.run import Run
from activities.steps import STEPS
from connector.clients.store import FolderStore
from connector.credential import SecretRecord
from connector.documents import Documents
from connector.errors import MissingIdError
from connector.model import Connection
from connector.objects import Ids
from connector.operation import Operation, StepRecord
from connector.orders import Order
from connector.steps import OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
IDS = {"tenantId": "t", "applicationId": "a", "objectId": "o", "enterpriseApplicationId": "e"}


class Asked(Exception):  # noqa: N818 - what a service says that must not be asked
    """Somebody has asked a service."""


class Service:
    def __getattr__(self, name: str) -> Any:
        async def ask(*_: Any, **__: Any) -> Any:
            raise Asked(name)

        return ask


class Clients:
    """Services of which none may be asked for what has no name."""

    def __init__(self, folder: Path) -> None:
        self.documents = Documents(FolderStore(folder))
        self.graph = self.exchange = self.identity = Service()
        self.vault = Versions()


class Versions(Service):
    async def versions(self, _: str) -> tuple[()]:
        return ()


def connection(without: str) -> Connection:
    return Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=["a@x.de"]),
        operation=Operation(id="op", kind=OperationKind.SET_UP, started=NOW),
        since=NOW,
        last_change=NOW,
        steps={step: StepRecord(state=StepState.DONE) for step in StepName},
        ids=Ids.model_validate({name: value for name, value in IDS.items() if name != without}),
        secret=SecretRecord(uri="https://v.example/secrets/hq-a/1", version="1", key_id="k", expires_on=NOW),
    )


@pytest.mark.parametrize("without", ["applicationId", "objectId"])
@pytest.mark.parametrize("step", [StepName.ENTERPRISE_APPLICATION, StepName.SECRET], ids=str)
async def test_a_step_without_its_id_has_failed_and_names_it(tmp_path: Path, step: StepName, without: str) -> None:
    run: Any = Run(Clients(tmp_path), Order("hq", 1, now=NOW), connection(without))  # type: ignore[arg-type] # some of them
    await run.services.documents.save(run.connection, None)
    stage: Any = next(one for one in STEPS if one.step is step)
    result = await stage(run).settled()
    await record(run, step, result)
    kept = await run.services.documents.load("hq")
    entry = kept.connection.step(step)
    assert (entry.state, [(one.code, one.subject) for one in entry.findings]) == (
        StepState.FAILED, [("unexpected", without)],
    )  # fmt: skip


@pytest.mark.parametrize("field", ["tenant_id", "application_id", "object_id", "enterprise_application_id"])
def test_each_id_is_named_as_in_the_document(field: Any) -> None:
    with pytest.raises(MissingIdError) as missing:
        Ids().known(field)
    told = translate(StepName.EXCHANGE, missing.value)
    (finding,) = told.findings
    assert (told.outcome.state, finding.code, finding.subject) == (StepState.FAILED, "unexpected", to_camel(field))
    assert to_camel(field) in IDS


def test_an_id_that_is_empty_is_missing() -> None:
    with pytest.raises(MissingIdError):
        Ids(tenant_id="").known("tenant_id")


def test_a_secret_knows_its_name_in_the_vault() -> None:
    secret = connection("").secret
    assert secret is not None
    assert secret.name == "hq-a"
