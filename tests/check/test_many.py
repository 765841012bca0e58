"""500 connections in one deployment: each is looked at once a day, spread so that Exchange is not asked too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connector.checks import Answer, Check, Item, Seen
from connector.clients.bounds import EXCHANGE
from connector.clock import keep_time
from connector.hours import at_its_hour, hour_of
from connector.kept import written
from connector.services import close_services, services
from connector.steps import StepName
from tests.check.look import looked
from tests.triggers.test_unreadable import stored
from tests.walks.inside import MemoryStore
from triggers.check import _APART, check_connections

MANY = 500
BEGINS = datetime(2026, 11, 27, tzinfo=UTC)


class Deployment:
    """Many connections that are ready, a clock, and what Durable was told to begin."""

    def __init__(self) -> None:
        self.now, self.store = BEGINS, MemoryStore()
        self.begun: list[tuple[datetime, str, float]] = []
        keep_time(lambda: self.now)
        services().__dict__["store"] = self.store

    def add(self, name: str, *shared: str) -> None:
        """Add one that was looked at in its hour of the day before, with what was seen of its mailboxes."""
        connection = stored(name, "a@b.example")
        ended = connection.operation.model_copy(update={"ended": BEGINS - timedelta(days=1)})
        connection = connection.model_copy(update={"operation": ended})
        self.store.documents[f"connections/{name}.json"] = written(connection)
        yesterday = at_its_hour(name, BEGINS - timedelta(minutes=1))
        self.saw(name, yesterday + timedelta(minutes=50), *shared)

    def saw(self, name: str, on: datetime, *shared: str) -> None:
        """Let a look have ended."""
        items = [Item(step=step, answer=Answer.GOOD) for step in StepName]
        seen = Seen(on=on, basis=name, items=items, mailboxes={Answer.GOOD: 1}, keys=[f"{name:0>16}", *shared])
        self.store.documents[f"checks/{name}.json"] = written(Check(name=name, seen=seen))

    async def start_new(self, name: str, instance: str, value: dict[str, Any]) -> str:
        """Be the client of Durable."""
        assert name == "check"
        assert instance.startswith(f"check-{value['name']}-")
        self.begun.append((self.now, value["name"], value.get("delay", 0.0)))
        return instance

    async def hour(self) -> None:
        """Run the timer, and let the looks end that it has begun."""
        before = len(self.begun)
        code: Any = getattr(check_connections, "_function", check_connections)
        await code._func.__wrapped__(timer=None, client=self)  # the library offers no other way
        for at, name, delay in self.begun[before:]:
            self.saw(name, at + timedelta(seconds=delay + 60))

    def findings(self, name: str) -> list[tuple[str, str, object]]:
        """Return with whom a connection shares mailboxes, as its document says."""
        check = Check.model_validate_json(self.store.documents[f"checks/{name}.json"])
        return [(one.code, one.subject, one.values["number"]) for one in check.shared]


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    monkeypatch.setenv("CONNECTOR_STORE", f"folder:{tmp_path}")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    monkeypatch.setenv("CONNECTOR_GRANTED", "2026-01-01T00:00:00Z")
    yield Deployment()
    await close_services()
    keep_time()


async def test_each_of_500_is_looked_at_once_a_day_in_its_hour_and_apart_from_the_others(
    deployment: Deployment,
) -> None:
    for number in range(MANY):
        deployment.add(f"c{number:03d}")
    for hour in range(24):
        deployment.now = BEGINS + timedelta(hours=hour, minutes=50)
        await deployment.hour()
    names = {f"c{number:03d}": 1 for number in range(MANY)}
    assert Counter(name for _, name, _ in deployment.begun) == names
    assert all(at.hour == hour_of(name) for at, name, _ in deployment.begun)
    for hour in range(24):
        delays = [delay for at, _, delay in deployment.begun if at.hour == hour]
        assert all(later - earlier == _APART for earlier, later in pairwise(delays))
        assert max(delays) < 3_600, "an hour's looks have begun before those of the next hour"
    deployment.begun.clear()
    deployment.now += timedelta(days=2)  # the host was away
    await deployment.hour()
    assert Counter(name for _, name, _ in deployment.begun) == names
    assert [delay for _, _, delay in deployment.begun] == [number * _APART for number in range(MANY)]


async def test_a_look_asks_exchange_no_more_often_than_its_share_of_the_time(tmp_path: Path) -> None:
    async with looked(tmp_path, mailboxes=1) as app:
        before = app.tenant.calls["exchange"]
        await app.look()
        assert EXCHANGE.pace == 1.0
        assert 0 < app.tenant.calls["exchange"] - before <= _APART / EXCHANGE.pace


async def test_one_mailbox_in_two_connections_is_a_warning_on_both_until_it_has_ended(deployment: Deployment) -> None:
    for name, shared in {"berlin": ["f" * 16, "e" * 16], "bonn": ["f" * 16, "e" * 16], "bremen": ["f" * 16]}.items():
        deployment.add(name, *shared)
    deployment.add("alone")
    deployment.now = BEGINS - timedelta(minutes=1)  # nobody's look is due
    await deployment.hour()
    assert deployment.begun == []
    assert deployment.findings("berlin") == [("mailbox-shared", "bonn", 2), ("mailbox-shared", "bremen", 1)]
    assert deployment.findings("bremen") == [("mailbox-shared", "berlin", 1), ("mailbox-shared", "bonn", 1)]
    assert deployment.findings("alone") == []
    written_before = dict(deployment.store.documents)
    await deployment.hour()
    assert deployment.store.documents == written_before, "what is as before is not written again"
    del deployment.store.documents["checks/bonn.json"], deployment.store.documents["connections/bonn.json"]
    await deployment.hour()
    assert deployment.findings("berlin") == [("mailbox-shared", "bremen", 1)]
