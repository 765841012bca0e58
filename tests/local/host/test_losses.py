"""The host loses starts, and what a killed one was doing is seen again only later, as with the real one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import httpx
import pytest

from local.environment import HOST_JSON
from local.host import FunctionsHost
from local.host.losses import FATES, drawn, visibility
from tests.local.host.recorded_app import build

PROVIDER = {"controlQueueVisibilityTimeout": "00:01:00", "workItemQueueVisibilityTimeout": "00:01:00"}
ONE_MINUTE = {"extensions": {"durableTask": {"storageProvider": PROVIDER}}}


async def _rests(client: httpx.AsyncClient, instance: str, *words: str) -> dict[str, Any]:
    async with asyncio.timeout(120):
        while True:
            answer = await client.get(f"instances/{instance}")
            view = answer.json() or {"runtimeStatus": None}
            if view["runtimeStatus"] in words or (answer.status_code == 404 and "absent" in words):
                return dict(view)
            await asyncio.sleep(0.01)


async def test_each_start_is_accepted_whatever_becomes_of_it() -> None:
    async with (
        FunctionsHost(build(), host_json=ONE_MINUTE) as host,
        httpx.AsyncClient(base_url=host.rpc_url) as client,
    ):
        host.durable.fates = lambda instance: next((fate for fate in FATES if fate in instance), None)
        for instance in ("a-lost", "a-pending", "a-failed", "a-vanished", "a-calm"):
            assert (await client.post(f"orchestrators/fanout/{instance}", json="1")).status_code == 202
        assert (await _rests(client, "a-calm", "Completed"))["output"]
        assert "fanout" in (await _rests(client, "a-failed", "Failed"))["output"]
        await _rests(client, "a-vanished", "absent")
        assert (await client.get("instances/a-lost")).status_code == 404
        assert (await client.get("instances/a-pending")).json()["runtimeStatus"] == "Pending"
        assert (await client.post("orchestrators/fanout/a-pending", json="1")).status_code == 409
        assert (await client.post("orchestrators/fanout/a-lost", json="1")).status_code == 202


async def test_what_a_killed_host_was_doing_begins_anew_after_the_visibility_timeout() -> None:
    app, begun, stuck = df.DFApp(), asyncio.Event(), [True, False]
    deliveries: list[int] = []

    @app.activity_trigger(input_name="value")
    async def work(value: int) -> int:
        deliveries.append(value)
        begun.set()
        if stuck.pop(0):
            await asyncio.sleep(60)
        return value

    @app.orchestration_trigger(context_name="context")
    def works(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
        return (yield context.call_activity("work", 1))

    async with (
        FunctionsHost(app, host_json=ONE_MINUTE, clock=60) as host,
        httpx.AsyncClient(base_url=host.rpc_url) as client,
    ):
        await client.post("orchestrators/works/killed", json="2")
        await begun.wait()
        host.kill()
        view = await _rests(client, "killed", "Completed")
        took = _at(view["lastUpdatedTime"]) - _at(view["createdTime"])
        assert (view["output"], deliveries) == (1, [1, 1])
        assert 59 <= took.total_seconds() < 300


@pytest.mark.parametrize(("host_json", "seconds"), [({}, 300.0), (ONE_MINUTE, 60.0)])
def test_how_long_it_takes_is_what_host_json_says(host_json: dict[str, Any], seconds: float) -> None:
    assert visibility(host_json) == seconds


async def test_the_apps_own_host_json_is_obeyed() -> None:
    async with FunctionsHost(build(), host_json=HOST_JSON) as host:
        assert host.durable.visibility == 60.0


def test_chance_is_the_same_for_the_same_seed_and_loses_mostly() -> None:
    names = [f"connection-hq-{number}" for number in range(200)]
    fates = [drawn(7)(name) for name in names]
    assert fates == [drawn(7)(name) for name in names] != [drawn(8)(name) for name in names]
    assert set(Counter(fates)) == {*FATES, None}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
