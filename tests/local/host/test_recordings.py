"""The host hands Python the same histories as the real one, and answers the durable client in the same way."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.host import FunctionsHost
from tests.local.host.recorded_app import build

RECORDINGS = Path(__file__).parent / "recordings"
HOST_JSON = {"extensions": {"http": {"routePrefix": "", "customHeaders": {"X-Custom": "host", "X-Other": "host"}}}}


@pytest.fixture
async def host() -> AsyncIterator[FunctionsHost]:
    async with FunctionsHost(build(), host_json=HOST_JSON) as running:
        yield running


@pytest.fixture
async def client(host: FunctionsHost) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=host.rpc_url) as opened:
        yield opened


def recorded(name: str) -> list[dict[str, Any]]:
    episodes: list[dict[str, Any]] = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))["episodes"]
    return episodes


def played(host: FunctionsHost, name: str) -> list[dict[str, Any]]:
    """Return the episodes of the orchestrator of that name, as the host has kept them."""
    lines = [line for line in host.dump().split("\n") if line.startswith("{")]
    found = []
    for request, answer in itertools.pairwise(lines):
        if request.startswith('{"history"') and json.loads(request)["history"][1]["Name"] == name:
            response = json.loads(answer) if answer.startswith('{"isDone"') else None
            found.append({"request": json.loads(request), "response": response})
    return found


def normalised(value: Any) -> Any:
    """Return an episode with ids, times and stacks replaced by what they are."""
    if isinstance(value, dict):
        return {key: "…" if key == "Details" else normalised(entry) for key, entry in value.items() if key != "now"}
    if isinstance(value, list):
        return [normalised(entry) for entry in value]
    if isinstance(value, str):
        value = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME", value)
        value = re.sub(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", "ID", value)
        return re.sub(r" \n \{\"\$type.*", " STACK", value, flags=re.DOTALL)
    return value


def comparable(episodes: list[dict[str, Any]]) -> list[Any]:
    """Return episodes without what tells nothing: the generation counter, and what an id is made of."""
    plain = json.loads(re.sub(r'"Generation": (\d+|null)', '"Generation": 0', json.dumps(normalised(episodes))))
    for episode in plain:
        if episode["response"] is not None:
            episode["response"].get("output")
    result: list[Any] = plain
    return result


async def run(host: FunctionsHost, name: str, instance_id: str, value: Any = None) -> None:
    """Start an orchestration and wait until it ends."""
    assert host.durable.start(name, instance_id, None if value is None else json.dumps(value)) is not None
    while host.durable.instances[instance_id].status not in {"Completed", "Failed"}:  # noqa: ASYNC110 - as below
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("name", "value"),
    [("chain", {"in": 1}), ("retrying", None), ("forever", 0), ("raising", None)],
)
async def test_the_history_is_the_recorded_one(host: FunctionsHost, name: str, value: Any) -> None:
    await run(host, name, f"t-{name}", value)
    ours = comparable(played(host, name))
    theirs = comparable(recorded(name))
    assert len(ours) >= len(theirs)
    for our, their in zip(ours, theirs, strict=False):
        assert our["request"] == their["request"]
        if their["response"] is not None and our["response"] is not None:
            assert our["response"] == their["response"]


async def test_sub_orchestrations_are_called_and_retried_as_recorded(host: FunctionsHost) -> None:
    await run(host, "parent", "t-parent")
    for name in ("parent", "child", "badchild"):
        ours, theirs = comparable(played(host, name)), comparable(recorded(name))
        for our, their in zip(ours, theirs, strict=False):
            assert our["request"] == their["request"]
    output = host.durable.instances["t-parent"].output
    assert output.startswith(
        "Orchestrator function 'parent' failed: Orchestrator function 'badchild' failed: "
        "Activity function 'broken' failed: RuntimeError: always broken"
    )


async def test_one_episode_may_bring_several_completions(host: FunctionsHost) -> None:
    await run(host, "fanout", "t-fan", 3)
    episodes = played(host, "fanout")
    assert normalised(episodes[0]["response"]) == normalised(recorded("fanout")[0]["response"])
    kinds = [event["EventType"] for event in episodes[-1]["request"]["history"]]
    assert kinds.count(5) == 3
    assert len(episodes) <= 4


async def test_an_event_arrives_as_text_and_the_cancelled_timer_is_marked(
    host: FunctionsHost, client: httpx.AsyncClient
) -> None:
    host.durable.start("waiting", "t-waiting", None)
    await asyncio.sleep(0.05)
    answer = await client.post("instances/t-waiting/raiseEvent/confirmed", json=json.dumps({"by": "me"}))
    assert answer.status_code == 202
    await until(lambda: host.durable.instances["t-waiting"].status == "Completed")
    assert comparable(played(host, "waiting")) == comparable(recorded("waiting"))


async def test_events_that_nobody_waited_for_are_lost_at_continue_as_new(
    host: FunctionsHost, client: httpx.AsyncClient
) -> None:
    host.durable.start("watching", "w1", None)
    await asyncio.sleep(0.05)
    for number in (1, 2, 3):
        await client.post("instances/w1/raiseEvent/wake", json=json.dumps({"n": number}))
        await asyncio.sleep(0.02)
    await until(lambda: bool(host.durable.instances["w1"].generation > 1))
    ours, theirs = played(host, "watching"), recorded("watching")
    first = [event["EventType"] for event in ours[3]["request"]["history"]]
    assert first == [event["EventType"] for event in theirs[3]["request"]["history"]]
    assert comparable(ours[:4]) == comparable(theirs[:4])
    view = host.durable.instances["w1"].view()
    assert view["customStatus"] == {"round": 1, "woken": 1}
    assert json.loads(view["input"]) == {"round": 1, "woken": ['{"n": 1}']}


async def test_timers_fire_up_to_a_second_early(host: FunctionsHost) -> None:
    await run(host, "forever", "t", 3)
    history = played(host, "forever")[-1]["request"]["history"]
    timer = next(event for event in history if event["EventType"] == 11)
    fired = next(event for event in reversed(history) if event["EventType"] == 12)
    assert fired["Timestamp"] < timer["FireAt"]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for is a plain value
        await asyncio.sleep(0.01)


def traffic() -> list[dict[str, Any]]:
    """Return the recorded requests of the durable client, statuses read while something ran left out once seen."""
    lines = (RECORDINGS / "client-rpc.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "instance_id", "value"),
    [("chain", "t-chain", {"in": 1}), ("retrying", "t-retrying", None), ("forever", "t-forever", 0)],
)
async def test_the_client_is_answered_as_recorded(
    host: FunctionsHost, client: httpx.AsyncClient, name: str, instance_id: str, value: Any
) -> None:
    records = [
        record for record in traffic() if f"/{instance_id}" in record["url"] or record["url"].endswith(instance_id)
    ]
    start = next(record for record in records if record["method"] == "POST")
    body = None if value is None else json.dumps(value)
    answer = await client.post(f"orchestrators/{name}/{instance_id}", json=body)
    assert answer.status_code == start["status"]
    assert list(answer.json()) == list(start["response"])
    await until(lambda: host.durable.instances[instance_id].status == "Completed")
    last = [record for record in records if record["method"] == "GET" and record["status"] == 200][-1]
    ended = await client.get(f"instances/{instance_id}")
    assert ended.status_code == 200
    ours, theirs = normalised(ended.json()), normalised(last["response"])
    assert ours["output"] == theirs["output"] or "STACK" in str(theirs["output"])
    assert {**ours, "output": 0} == {**theirs, "output": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "answer"),
    [
        ("GET", "instances/nope", None, 404, ""),
        ("DELETE", "instances/nope", None, 404, None),
        ("POST", "instances/nope/raiseEvent/confirmed", "1", 404, None),
        ("POST", "instances/done/raiseEvent/confirmed", "1", 410, None),
        ("POST", "instances/done/terminate?reason=x", None, 410, None),
        ("POST", "instances/done/suspend?reason=x", None, 410, None),
        ("POST", "instances/done/resume?reason=x", None, 410, None),
        (
            "POST",
            "instances/done/rewind?reason=x",
            None,
            412,
            'This orchestration has status Completed, but only orchestrations in the "Failed" state can be rewound.',
        ),
        ("DELETE", "instances/done", None, 200, {"instancesDeleted": 1}),
    ],
)
async def test_what_is_said_of_unknown_and_ended_instances(
    host: FunctionsHost, client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, answer: Any
) -> None:
    await run(host, "fanout", "done", 1)
    got = await client.request(method, path, json=body)
    assert got.status_code == status
    assert (got.json() if got.content else None) == answer


async def test_a_running_instance_is_not_started_again_a_finished_one_is(
    host: FunctionsHost, client: httpx.AsyncClient
) -> None:
    await client.post("orchestrators/waiting/t", json=None)
    await asyncio.sleep(0.05)
    refused = await client.post("orchestrators/waiting/t", json=None)
    recorded_refusal = next(record for record in traffic() if record["status"] == 409)
    assert (refused.status_code, refused.json()) == (409, recorded_refusal["response"])
    await client.post("instances/t/terminate?reason=because")
    ended = (await client.get("instances/t")).json()
    assert (ended["runtimeStatus"], ended["output"]) == ("Terminated", "because")
    assert (await client.post("orchestrators/fanout/t", json="1")).status_code == 202
    await until(lambda: host.durable.instances["t"].status == "Completed")


@pytest.mark.parametrize(("size", "status"), [(8_000, "Completed"), (9_000, "Failed")])
async def test_a_custom_status_beyond_16_kb_fails_the_orchestration(
    host: FunctionsHost, size: int, status: str
) -> None:
    await run(host, "bigstatus", "big", size)
    view = host.durable.instances["big"].view()
    assert view["runtimeStatus"] == status
    if status == "Failed":
        theirs = [r["response"] for r in traffic() if "t-big9000" in r["url"] and r["status"] == 200]
        assert view["output"] == theirs[-1]["output"]


async def test_instances_are_listed_and_purged_by_filter(host: FunctionsHost, client: httpx.AsyncClient) -> None:
    await run(host, "fanout", "a", 1)
    await run(host, "raising", "b")
    listed = (await client.get("instances/?runtimeStatus=Failed")).json()
    assert [entry["instanceId"] for entry in listed] == ["b"]
    before = "createdTimeFrom=2020-01-01T00:00:00.000000Z&createdTimeTo=2021-01-01T00:00:00.000000Z"
    assert (await client.delete(f"instances/?{before}")).status_code == 404
    assert (await client.delete("instances/?runtimeStatus=Completed,Failed")).json() == {"instancesDeleted": 2}


async def test_a_suspended_instance_goes_on_when_it_is_resumed(host: FunctionsHost, client: httpx.AsyncClient) -> None:
    await client.post("orchestrators/waiting/t", json=None)
    await asyncio.sleep(0.05)
    await client.post("instances/t/suspend?reason=x")
    await client.post("instances/t/raiseEvent/confirmed", json="1")
    await asyncio.sleep(0.05)
    assert (await client.get("instances/t")).json()["runtimeStatus"] == "Suspended"
    await client.post("instances/t/resume?reason=x")
    await until(lambda: host.durable.instances["t"].status == "Completed")


async def test_every_activity_may_be_delivered_twice() -> None:
    async with FunctionsHost(build(), host_json=HOST_JSON, redeliver=True) as host:
        await run(host, "fanout", "t", 1)
        assert host.durable.instances["t"].output == 1
        assert host.dump().count('"echo"') >= 1


async def test_a_fast_clock_makes_timers_short() -> None:
    async with FunctionsHost(build(), host_json=HOST_JSON, clock=1000.0) as host:
        host.durable.start("waiting", "t", None)
        await until(lambda: any(event["EventType"] == 11 for event in host.durable.instances["t"].events))
