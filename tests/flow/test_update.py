"""A run that was under way in the version before goes on in this one: its documents, its history, its messages.

``runs-0.1.0.json`` holds what that version had written when each of its activities was called: a set-up and a dry run.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.host.history import TASK_SCHEDULED
from local.host.instances import CALL_ACTIVITY_RETRY, Instance
from local.tenant import Tenant
from tests.flow.app import asking

OLD = "utm-headquarters"
"""The name of the connection in the recording."""
RECORDED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("runs-0.1.0.json").read_text("utf-8"))
SET_UP, PLAN = RECORDED["setUp"], RECORDED["plan"]
PLAN_ID = PLAN["input"]["plan"]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?=Z|\+00:00)")
_HANGS = 60.0


def name_of(stop: int) -> str:
    return f"stop-{stop}"


def _call(name: str, value: str | None) -> tuple[str, int]:
    """Return which connection is meant, and how many activities it had called before."""
    order = json.loads(value or "{}")
    calls = [(one["activity"], one["input"].get("taking_back", False)) for one in SET_UP["stops"]]
    return order["name"], calls.index((name, order["taking_back"]))


@asynccontextmanager
async def _app(tenant: Tenant, store: Path) -> AsyncIterator[tuple[FunctionsHost, ApiClient]]:
    async with serving(settings(tenant.endpoints, store), clock=60) as host, asking(host, tenant) as client:
        yield host, client


async def _killed_at_each_step(tenant: Tenant, store: Path) -> None:
    """Set connections up, each as far as the activity that it is named after, and let the app be killed there."""
    async with _app(tenant, store) as (host, client):
        act, stopped = host.durable.functions.act, set[str]()

        async def halting(name: str, value: str | None) -> str:
            connection, call = _call(name, value)
            if connection == name_of(call):
                stopped.add(connection)
                await asyncio.Event().wait()
            return await act(name, value)

        host.durable.functions.act = halting  # type: ignore[method-assign] # a host whose process is about to be killed
        for stop in range(len(SET_UP["stops"])):
            body = {"name": name_of(stop), "mailboxes": tenant.addresses}
            (await client.post("/api/connections", json=body)).raise_for_status()
        async with asyncio.timeout(_HANGS):
            while len(stopped) < len(SET_UP["stops"]):  # noqa: ASYNC110 - a plain value is waited for
                await asyncio.sleep(0.02)


def _strings(document: object) -> dict[str, str]:
    """Return each text of a document by its place."""
    if isinstance(document, dict):
        return {f"{key}/{place}": one for key, value in document.items() for place, one in _strings(value).items()}
    if isinstance(document, list):
        return {f"{at}/{place}": one for at, value in enumerate(document) for place, one in _strings(value).items()}
    return {"": document} if isinstance(document, str) else {}


def _given(called: dict[str, Any], name: str, store: Path) -> dict[str, str]:
    """Return what the tenant has given this connection, by what it had given the recorded one."""
    given = dict[str, str]()
    for path, document in called["documents"].items():
        present = store / path.replace(OLD, name)
        theirs = _strings(json.loads(present.read_text("utf-8"))) if present.exists() else {}
        for place, old in _strings(document).items():
            if place.startswith(("ids/", "secret/", "mailboxes/")) and place in theirs and not _TIME.match(old):
                given[old] = theirs[place]
    return given


@dataclass
class Retold:
    """The recording at one call of an activity, as of now and of another connection."""

    run: dict[str, Any]
    stop: int
    name: str
    given: dict[str, str]

    def write(self, store: Path, now: datetime) -> None:
        """Write what the old app had stored by then."""
        self.later = now - datetime.fromisoformat(self.called["input"]["now"])
        for path, document in self.called["documents"].items():
            place = store / self.of(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(self.of(document)), "utf-8")

    def take_over(self, host: FunctionsHost) -> Instance:
        """Give a host the history that the old one had, and the call that it was killed in."""
        starts = [at for at, event in enumerate(self.run["events"]) if event["EventType"] == TASK_SCHEDULED]
        action = {
            "actionType": CALL_ACTIVITY_RETRY,
            "functionName": self.called["activity"],
            "input": json.dumps(self.of(self.called["input"])),
            "retryOptions": {"maxNumberOfAttempts": 3, "firstRetryIntervalInMilliseconds": 5_000},
        }
        kind, value = self.run["events"][1]["Name"], json.dumps(self.of(self.run["input"]))
        events = self.of(self.run["events"][: starts[self.stop] + 2])
        return host.durable.take_over(kind, self.of(self.run["instance"]), value, events, action)

    @property
    def called(self) -> dict[str, Any]:
        """Return the call."""
        called: dict[str, Any] = self.run["stops"][self.stop]
        return called

    def of(self, told: object) -> Any:
        """Retell a part of it."""
        text = json.dumps(told)
        for old, new in {**self.given, OLD: self.name}.items():
            text = text.replace(old, new)
        return json.loads(_TIME.sub(lambda found: self._moved(found[0]), text))

    def _moved(self, moment: str) -> str:
        return (datetime.fromisoformat(moment) + self.later).isoformat("T", "microseconds")


@pytest.mark.no_cover
async def test_a_set_up_under_way_survives_an_update_in_each_step(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    async with Tenant(preset="calm", seed=1, clock=60, mailboxes=1) as tenant:
        await _killed_at_each_step(tenant, before)
        async with _app(tenant, after) as (host, client):
            runs = []
            for stop, called in enumerate(SET_UP["stops"]):
                one = Retold(SET_UP, stop, name_of(stop), _given(called, name_of(stop), before))
                one.write(after, host.clock.now())
                runs.append(one.take_over(host))
            ends = dict[tuple[int, str], str]()
            async with asyncio.timeout(_HANGS):
                for stop, called in enumerate(SET_UP["stops"]):
                    seen = await client.until(name_of(stop), lambda seen: seen["state"] not in {"running", "waiting"})
                    ends[stop, called["activity"]] = seen["state"]
            assert {*ends.values()} == {"ready"}, ends
            assert {run.status for run in runs} == {"Completed"}


async def test_a_run_that_calls_what_is_no_longer_there_is_interrupted_and_asked_for_once_more(tmp_path: Path) -> None:
    async with (
        Tenant(preset="calm", seed=1, clock=60, mailboxes=1) as tenant,
        _app(tenant, tmp_path) as (host, client),
        asyncio.timeout(_HANGS),
    ):
        gone = {
            **SET_UP,
            "events": json.loads(json.dumps(SET_UP["events"]).replace('"Name": "prereq', '"Name": "once-prereq')),
        }
        plans = [Retold(PLAN, stop, f"plan-{stop}", {PLAN_ID: str(uuid4())}) for stop in range(len(PLAN["stops"]))]
        runs = []
        for one in (Retold(gone, 1, "set-up", {}), *plans):
            one.write(tmp_path, host.clock.now())
            runs.append(one.take_over(host))
        while any(run.status == "Running" for run in runs):  # noqa: ASYNC110 - a plain value is waited for
            await asyncio.sleep(0.02)
        # Before the first step there is nothing that is called otherwise now; at the end nothing is left to be called.
        assert [run.status for run in runs] == ["Failed", "Completed", *["Failed"] * (len(plans) - 1)]
        assert (await client.get("/api/connections/set-up")).json()["state"] == "interrupted"
        all_shown = [(await client.get(f"/api/connections/{one.name}/plan")).json()["state"] for one in plans]
        assert all_shown == ["ready", *["interrupted"] * (len(plans) - 2), "ready"]
        again = {"name": "plan-5", "mailboxes": tenant.addresses}
        (await client.post("/api/connections?dryRun=true", json=again)).raise_for_status()
        ended = await client.set_up({"name": "set-up", "mailboxes": tenant.addresses})
        assert (ended["state"], [one["code"] for one in ended["findings"]]) == ("ready", ["run-lost"])
        while (shown := (await client.get("/api/connections/plan-5/plan")).json()["state"]) == "running":  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
        assert shown == "ready"
