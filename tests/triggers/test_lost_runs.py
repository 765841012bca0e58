"""A run that Durable loses is found and begun anew, and never started twice under one id."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.model import Connection
from local.host.losses import FATES, Fate
from tests.triggers.served import Served, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ELEVEN_MINUTES = 660.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve an app whose host loses the first attempt of each connection that is named after what becomes of it."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=1) as served:
        served.host.durable.fates = _first_attempt
        yield served


def _first_attempt(instance: str) -> Fate | None:
    _, fate, *_, attempt = instance.split("-")
    return next((known for known in FATES if known == fate and attempt == "1"), None)


async def _lose(one: Served, name: str, fates: tuple[Fate, ...] = FATES) -> list[str]:
    """Ask for connections whose runs are lost, and let so much time pass that it shows; return their names."""
    instances = one.host.durable.instances
    names = [f"{fate}-{name}" for fate in fates]
    for asked in names:
        await _ask(one, asked)
    for asked in names:
        if asked.startswith(("failed", "vanished")):
            first = instances.get(name_of(asked))
            while first is not None and first.status != "Failed":  # noqa: ASYNC110 - a plain value is waited for
                await asyncio.sleep(0.02)
    one.host.clock.skip(ELEVEN_MINUTES)
    return names


def name_of(name: str, attempt: int = 1) -> str:
    return f"connection-{name}-{attempt}"


async def _ask(one: Served, name: str) -> dict[str, Any]:
    answer = await one.client.post("/api/connections", json={"name": name, "mailboxes": one.tenant.addresses})
    assert answer.status_code == 202, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _rests(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda seen: bool(seen["state"] == state)


async def test_it_shows_as_interrupted_and_the_same_request_begins_another_attempt(one: Served) -> None:
    names = await _lose(one, "asked")
    async with one.nothing_happens():
        listed = (await one.client.get("/api/connections", params={"top": 500})).json()["items"]
        for name in names:
            assert (await one.client.get(f"/api/connections/{name}")).json()["state"] == "interrupted"
    assert {item["name"]: item["state"] for item in listed}.items() >= dict.fromkeys(names, "interrupted").items()
    for name in names:
        await _ask(one, name)
    late = one.host.durable.instances[name_of("pending-asked")]
    await late.run()  # the start that was held up is taken up after all, beside the other one
    assert (late.status, late.output["state"]) == ("Completed", "superseded")
    for name in names:
        ready = await one.until(_rests("ready"), name)
        (told,) = [finding for finding in ready["findings"] if finding["code"] == "run-lost"]
        assert (told["severity"], ready["verified"]) == ("info", True)
        assert len(one.tenant.world.applications[ready["ids"]["objectId"]].credentials) == 1
        assert {instance for instance in one.host.history_sizes() if name in instance} <= {
            name_of(name),
            name_of(name, 2),
        }


async def test_it_is_found_by_the_hour_and_goes_on_with_the_same_operation(
    one: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    names = await _lose(one, "found")
    before = {name: await _document(one, name) for name in names}
    broken = one.store / "connections" / "a-broken.json"
    broken.write_text("{", "utf-8")  # which keeps no other waiting
    try:
        assert await one.run_timer("recover_runs") == 202
    finally:
        broken.unlink()
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "connector"]
    lost = {line["connection"]: line for line in lines if line["event"] == "run-lost"}
    for name in names:
        await one.until(_rests("ready"), name)
        after = await _document(one, name)
        assert (after.operation.id, after.operation.attempt, after.wanted.revision) == (lost[name]["operation"], 2, 1)
        assert (lost[name]["attempt"], lost[name]["operation"]) == (1, before[name].operation.id)
    async with one.nothing_happens():
        assert await one.run_timer("recover_runs") == 202


async def test_cancel_ends_it_and_whatever_comes_of_it_later_does_nothing(one: Served) -> None:
    names = await _lose(one, "cancelled")
    for name in names:
        assert (await one.client.post(f"/api/connections/{name}/cancel")).json()["state"] == "cancelled"
    late = one.host.durable.instances[name_of("pending-cancelled")]
    before, asked = one.documents(), len(one.tenant.requests)
    await late.run()
    assert (late.status, late.output["state"]) == ("Completed", "superseded")
    assert (one.documents(), one.tenant.requests[asked:]) == (before, [])
    for name in names:
        assert (await one.client.get(f"/api/connections/{name}")).json()["state"] == "cancelled"
        await _ask(one, name)
    for name in names:
        await one.until(_rests("ready"), name)


async def test_a_start_that_is_held_up_waits_for_the_host_and_not_for_microsoft(one: Served) -> None:
    await _ask(one, "pending-shown")
    one.host.clock.skip(60)
    shown = (await one.client.get("/api/connections/pending-shown")).json()
    assert shown["state"] == "waiting"
    assert "Functions host" in shown["steps"][0]["reason"]


async def test_a_cancel_that_comes_after_all_is_proven_ends_ready(one: Served) -> None:
    name = "proven-then-cancelled"
    await _ask(one, name)
    await one.until(_rests("ready"), name)

    def not_ended(connection: Connection) -> None:
        started = connection.operation.started - timedelta(hours=1)
        update = {"ended": None, "started": started, "attempt": 7}
        connection.operation = connection.operation.model_copy(update=update)

    await Documents(FolderStore(one.store)).update(name, not_ended)
    assert (await one.client.post(f"/api/connections/{name}/cancel")).json()["state"] == "ready"


async def _document(one: Served, name: str) -> Connection:
    found = await Documents(FolderStore(one.store)).load(name)
    assert found is not None
    return found.connection
