"""Entra's keys: found by their id, kept while Entra is away, and never asked for as often as somebody likes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from connector.clients.login_keys import FRESH, LONGEST, PAUSE, LoginKeys, parsed
from connector.errors import UnavailableError
from tests.connector.signed import jwk


class Entra:
    """Gives the keys that it has, or is away; counts how often it was asked. ``now`` is the time."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.away = False
        self.asked = 0
        self.now = 1_000.0
        self.keys = LoginKeys(self._ask, lambda: self.now)

    async def _ask(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise UnavailableError("token", "unavailable", "away")
        return json.dumps({"keys": [jwk(kid=kid) for kid in self.kids]}).encode()

    async def knows(self, kid: str) -> bool:
        return await self.keys.find(kid) is not None


async def test_a_known_key_is_asked_for_once() -> None:
    entra = Entra("a", "b")
    assert all([await entra.knows(kid) for kid in "abab"])
    assert entra.asked == 1


async def test_a_thousand_unknown_ids_ask_once_a_minute() -> None:
    entra = Entra("a")
    for minute in range(3):
        entra.now = 1_000 + minute * PAUSE
        for _ in range(20):
            found = await asyncio.gather(*(entra.knows(f"unknown-{number}") for number in range(50)))
            assert not any(found)
        assert entra.asked == minute + 1


async def test_a_new_key_is_known_a_minute_later_at_the_latest_and_a_withdrawn_one_after_an_hour() -> None:
    entra = Entra("old")
    assert await entra.knows("old")
    entra.kids = ("new",)
    assert not await entra.knows("new")
    entra.now += PAUSE
    assert await entra.knows("new")
    assert not await entra.knows("old")
    entra.kids = ("newest",)
    entra.now += FRESH
    assert not await entra.knows("new")


async def test_while_entra_is_away_known_keys_hold_for_a_day_and_it_is_asked_once_a_minute() -> None:
    entra = Entra("a")
    assert await entra.knows("a")
    entra.away = True
    for _ in range(120):
        entra.now += 60
        assert await entra.knows("a")
        assert await entra.knows("a")
        assert not await entra.knows("b")
    assert entra.asked <= 121
    entra.now = 1_000 + LONGEST + 1
    with pytest.raises(UnavailableError):
        await entra.knows("a")
    entra.away, entra.now = False, entra.now + PAUSE
    assert await entra.knows("a")


async def test_who_never_got_any_keys_says_so_and_does_not_ask_more_often() -> None:
    entra = Entra("a")
    entra.away = True
    for _ in range(1_000):
        with pytest.raises(UnavailableError):
            await entra.knows("a")
    assert entra.asked == 1


async def test_only_one_waits_for_a_slow_answer_where_the_key_is_known() -> None:
    entra = Entra("a")
    assert await entra.knows("a")
    entra.now += FRESH
    slow = asyncio.Event()

    async def waits() -> bytes:
        entra.asked += 1
        await slow.wait()
        raise UnavailableError("token", "too-slow", "-")

    entra.keys._ask = waits
    first = asyncio.create_task(entra.knows("a"))
    await asyncio.sleep(0)
    assert all([await asyncio.wait_for(entra.knows("a"), 1) for _ in range(5)])
    slow.set()
    assert await first
    assert entra.asked == 2


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"null", b'{"keys":7}', b'{"keys":[]}', b'{"keys":[1,null,{"kid":7}]}', b"[" * 5000, b"\xff",
     json.dumps({"keys": [jwk() | {"n": "AQAB"}]}).encode(),  # far too short
     json.dumps({"keys": [jwk() | {"use": "enc"}]}).encode(),
     json.dumps({"keys": [jwk() | {"kty": "oct", "k": "c2VjcmV0"}]}).encode(),
     json.dumps({"keys": [jwk() | {"e": "!"}]}).encode()],
)  # fmt: skip
async def test_an_answer_without_keys_takes_none_away(document: bytes) -> None:
    assert parsed(document) == {}
    entra = Entra("a")
    assert await entra.knows("a")

    async def gives(*_: Any) -> bytes:
        return document

    entra.keys._ask = gives
    entra.now += FRESH
    assert await entra.knows("a")
