"""The log line on which the deployment's alert stands."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from activities.operation import end_round, fail
from connector.caller import By
from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.model import Connection
from connector.operation import Operation
from connector.services import close_services
from connector.steps import OperationKind
from connector.wanted import Wanted
from tests.activity_code import code_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORDER = {"name": "hq", "revision": 1, "now": NOW.isoformat(), "step": "consent", "code": "step-overdue"}


@pytest_asyncio.fixture
async def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Documents]:
    monkeypatch.setenv("CONNECTOR_STORE", f"folder:{tmp_path}")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    monkeypatch.setenv("CONNECTOR_LABEL", "Contoso")
    yield Documents(FolderStore(tmp_path))
    await close_services()


async def test_a_run_that_ends_without_access_says_so_with_connection_customer_and_who_asked(
    documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    otto = By(kind="person", function="create_connection", id="0c9a5f1e-3b7d-4e52-9a66-2f4d8e1b7c35", name="Otto")
    operation = Operation(id="op", kind=OperationKind.SET_UP, started=NOW, by=otto)
    wanted = Wanted(revision=1, display_name="UTM", mailboxes=["a@x.de"])
    await documents.save(
        Connection(name="hq", wanted=wanted, operation=operation, since=NOW, last_change=NOW, chunks=[]), None
    )
    give_up: Any = fail._function._func
    conclude = code_of(end_round)
    await give_up(order=ORDER)
    await conclude(order=ORDER)
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [line for line in lines if line["event"] == "verification-failed"] == [
        {
            "event": "verification-failed",
            "connection": "hq",
            "outcome": "failed",
            "label": "Contoso",
            "by": f"person {otto.id}",
            "byName": "Otto",
            "byFunction": "create_connection",
        }
    ]
