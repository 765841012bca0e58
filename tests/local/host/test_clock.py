"""The host's clock leaps to where something is due, and a client that waits lets it, one state after the other."""

from __future__ import annotations

import asyncio
import time

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
