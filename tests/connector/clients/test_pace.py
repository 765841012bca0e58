"""What nobody waits for is asked for once a second; what a person waits for goes at once, in whatever midst."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

from connector.background import background, nobody_waits
from connector.clients.pace import Pace

EVERY = 0.2


async def test_what_nobody_waits_for_comes_one_at_a_time_and_with_a_pause_between() -> None:
    pace, begun = Pace(EVERY), list[float]()
    within, most = 0, 0

    async def one() -> None:
        nonlocal within, most
        with background():
            async with pace.turn():
                within += 1
                most = max(most, within)
                begun.append(time.monotonic())
                await asyncio.sleep(0)
                within -= 1

    await asyncio.gather(*(one() for _ in range(4)))
    assert most == 1
    assert all(later - earlier >= 0.9 * EVERY for earlier, later in pairwise(begun))


async def test_a_person_never_waits_for_a_look() -> None:
    pace = Pace(60)

    async def look() -> None:
        with background():
            async with pace.turn():
                await asyncio.sleep(60)

    looks = [asyncio.create_task(look()) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not nobody_waits()
    async with asyncio.timeout(30), pace.turn():
        pass
    for one in looks:
        one.cancel()
    await asyncio.gather(*looks, return_exceptions=True)
