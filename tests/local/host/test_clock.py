"""The host's clock leaps to where something is due, and a client that waits lets it, one state after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from local.host import FunctionsHost
from local.host.clock import Clock

HOUR = 3600.0


async def test_a_leap_wakes_the_first_of_those_who_sleep_and_time_has_passed_for_the_others() -> None:
    clock, woken = Clock(), list[str]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    began, real = clock.now(), time.monotonic()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for name, seconds in (("third", 3 * HOUR), ("first", HOUR), ("second", 2 * HOUR)):
            tasks.create_task(sleeper(name, seconds))
        await asyncio.sleep(0)
        for leaps in range(3):
            assert HOUR - 5 < clock.leap() <= HOUR
            await asyncio.sleep(0.01)
            assert len(woken) == leaps + 1
    assert woken == ["first", "second", "third"]
    assert abs((clock.now() - began).total_seconds() - 3 * HOUR - (time.monotonic() - real)) < 1


async def test_where_nobody_sleeps_there_is_nowhere_to_leap_to() -> None:
    clock = Clock()
    assert clock.leap() == 0.0


async def test_what_is_skipped_is_slept_through_all_the_same() -> None:
    clock = Clock()
    sleeper = asyncio.create_task(clock.sleep(HOUR))
    await asyncio.sleep(0)
    clock.skip(2 * HOUR)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    assert clock.leap() > HOUR - 5
    await asyncio.wait_for(sleeper, 5)


async def test_who_is_given_up_while_asleep_is_leapt_to_no_more() -> None:
    clock = Clock()
    sleeper = asyncio.create_task(clock.sleep(HOUR))
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)
    assert clock.leap() == 0.0


def _app() -> df.DFApp:
    app = df.DFApp()

    @app.activity_trigger(input_name="value")
    async def work(value: int) -> int:
        await asyncio.sleep(value)
        return value

    @app.orchestration_trigger(context_name="context")
    def working(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
        yield context.call_activity("work", 60)

    @app.orchestration_trigger(context_name="context")
    def waiting(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
        yield context.create_timer(context.current_utc_datetime + timedelta(days=1))

    return app


@pytest.mark.parametrize(("name", "silent"), [("working", False), ("waiting", True)])
async def test_a_run_that_a_busy_machine_lets_wait_is_not_silent(name: str, *, silent: bool) -> None:
    async with FunctionsHost(_app(), host_json={}, clock=3600) as host:
        instance = host.durable.start(name, "one", None)
        assert instance is not None
        for turns in range(8):  # it is to be begun, its activity is to be begun, it works
            time.sleep(0.05)  # noqa: ASYNC251 - what blocks the loop is what this is about
            heard = datetime.fromisoformat(instance.view()["lastUpdatedTime"])
            rests = silent and turns > 0
            assert (host.clock.now() - heard > timedelta(seconds=90)) is rests, turns
            await asyncio.sleep(0)


async def test_at_rest_is_who_waits_for_the_clock_and_not_who_works() -> None:
    async with FunctionsHost(_app(), host_json={}) as host:
        assert host.durable.at_rest() is not None
        host.durable.start("waiting", "one", None)
        assert host.durable.at_rest() is None
        await asyncio.sleep(0.05)
        assert host.durable.at_rest() is not None
        assert 86_000 < host.clock.leap() <= 86_400
        await asyncio.sleep(0.05)
        assert host.durable.instances["one"].status == "Completed"
        host.durable.start("working", "two", None)
        await asyncio.sleep(0.05)
        assert host.durable.at_rest() is None
