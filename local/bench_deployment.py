"""What a deployment with many connections answers in, beside what reading their documents alone takes."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from connector.checks import Answer, Check, Item, Seen
from connector.clients.store import FolderStore
from connector.credential import SecretRecord
from connector.kept import written
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.together import AT_ONCE, bounded
from connector.wanted import Wanted
from local.client import ApiClient
from local.process import AppProcess
from local.tenant import Tenant

CONNECTIONS = 500
"""For so many one deployment is built."""
_MAILBOXES = 20
_READS = 7
_ROUTES = {"status": "/api/status", "list": f"/api/connections?top={CONNECTIONS}"}


async def measure_deployment() -> dict[str, Any]:
    """Return milliseconds of each answer, that against reading the documents alone, and the app's memory."""
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as name:
        folder = Path(name)
        paths = await asyncio.to_thread(_fill, folder)
        async with (
            Tenant(preset="calm", mailboxes=1) as tenant,
            AppProcess(tenant.endpoints, folder, clock=1.0) as app,
            ApiClient(app) as client,
        ):
            times: dict[str, list[float]] = {"bare": [], **{route: [] for route in _ROUTES}}
            for _ in range(_READS + 1):
                times["bare"].append(await _bare(FolderStore(folder), paths))
                for route, path in _ROUTES.items():
                    began = time.perf_counter()
                    (await client.get(path)).raise_for_status()
                    times[route].append(time.perf_counter() - began)
            memory = app.resident_mb()
    median = {what: statistics.median(taken[1:]) for what, taken in times.items()}
    return {
        "connections": CONNECTIONS,
        "memoryMb": memory,
        "milliseconds": {what: seconds * 1000 for what, seconds in median.items()},
        "ratio": {route: median[route] / median["bare"] for route in _ROUTES},
    }


async def _bare(store: FolderStore, paths: list[str]) -> float:
    began = time.perf_counter()
    await bounded(AT_ONCE, (partial(store.get, path) for path in paths))
    return time.perf_counter() - began


def _fill(folder: Path) -> list[str]:
    """Write the documents of connections that are ready and were looked at; return where they are."""
    now = datetime.now(UTC)
    paths: list[str] = []
    for number in range(CONNECTIONS):
        name = f"customer-{number:03d}"
        listed = [f"mailbox-{one}@customer-{number}.example" for one in range(_MAILBOXES)]
        connection = Connection(
            name=name,
            wanted=Wanted(revision=1, display_name="UTM", mailboxes=listed),
            operation=Operation(id=name, kind=OperationKind.SET_UP, started=now, begun=True, ended=now),
            state=ConnectionState.READY,
            since=now,
            last_change=now,
            steps={step: StepRecord(state=StepState.DONE) for step in StepName},
            secret=SecretRecord(uri="https://v/s", version="1", key_id="k", expires_on=now + timedelta(days=90)),
        )
        items = [Item(step=step, answer=Answer.GOOD) for step in StepName]
        keys = [f"{number:08x}{one:08x}" for one in range(_MAILBOXES)]
        seen = Seen(on=now, basis=name, items=items, mailboxes={Answer.GOOD: _MAILBOXES}, keys=keys)
        documents = {f"connections/{name}.json": connection, f"checks/{name}.json": Check(name=name, seen=seen)}
        for path, document in documents.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(written(document))
        paths += documents
    return paths
