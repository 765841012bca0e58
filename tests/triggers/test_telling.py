"""From a change to its delivery, killed at every step in between, to receivers that answer as badly as they can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from standardwebhooks import Webhook

from activities.deliver import deliver
from connector.clients.store import FolderStore
from connector.clients.webhook import Tried
from connector.clock import keep_time
from connector.delivery import LADDER, MOST_BY_HAND, MOST_OPEN, Entries, Entry
from connector.errors import ConflictError, UnavailableError
from connector.event import Data, EventType, event
from connector.kept import written
from connector.model import Connection
from connector.operation import Operation
from connector.services import close_services, services
from connector.steps import ConnectionState, OperationKind
from connector.target import Address, Format, Lock, Target
from connector.telling import hand_on, keep
from connector.wanted import Wanted
from tests.activity_code import code_of
from tests.receiver import KEY
from triggers.telling import tell_status, tell_targets

BEGINS = datetime(2026, 11, 27, 12, tzinfo=UTC)
TAKES, FAILS = Tried(200), Tried(500)
LIMIT = timedelta(seconds=sum(LADDER))


class KilledError(BaseException):
    """The process is gone."""


class Knife:
    """Kills the process at a step, before its effect or after it."""

    def __init__(self) -> None:
        self.at, self.after, self.steps = -1, False, 0

    def cuts(self, *, after: bool) -> None:
        if after is self.after and self.steps == self.at:
            self.at = -1
            raise KilledError

    def begins(self) -> None:
        self.steps += 1
        self.cuts(after=False)


class Mortal(FolderStore):
    """A store with which a process dies."""

    knife: Knife

    shut = False
    """Whether nothing more can be written, once something was sent."""

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        if self.shut:
            raise UnavailableError("store", "unavailable", "-")
        self.knife.begins()
        done = await super().put(path, document, etag)
        self.knife.cuts(after=True)
        return done


@dataclass
class Receivers:
    """Stand for all that is outside: each host answers from a list, then by its last answer."""

    knife: Knife
    answers: dict[str, list[Tried]]
    got: list[tuple[str, str, bytes, datetime]] = field(default_factory=list)

    async def post(self, address: Address, headers: Mapping[str, str], body: bytes) -> Tried:
        self.knife.begins()
        Webhook(KEY).verify(body, dict(headers))
        self.got.append((address.host, headers["webhook-id"], body, services().now()))
        self.knife.cuts(after=True)
        left = self.answers[address.host]
        return left.pop(0) if len(left) > 1 else left[0]


class Vault:
    """Hands out an address for each target; ``away`` for as long as it does not answer."""

    away = False

    async def read(self, name: str, version: str) -> SecretStr:
        assert version == "1"
        if self.away:
            raise UnavailableError("vault", "unavailable", "-")
        return SecretStr(Lock(url=f"https://{name}.example.com/x", key=KEY).model_dump_json())


class World:
    """The app between its restarts: the clock, the store and what Durable has been told to do."""

    def __init__(self, folder: Path) -> None:
        self.now, self.knife, self.vault = BEGINS, Knife(), Vault()
        self.store = Mortal(folder)
        self.store.knife = self.knife
        self.receivers = Receivers(self.knife, {})
        self.orders: list[tuple[datetime, dict[str, Any]]] = []
        keep_time(lambda: self.now)
        self.starts()

    def starts(self) -> None:
        """Forget what a process had in memory."""
        for name in ("documents", "deliveries", "targets", "histories", "recent"):
            services().__dict__.pop(name, None)
        services().__dict__.update(store=self.store, vault=self.vault, webhooks=self.receivers)

    async def start_new(self, name: str, instance: str, value: dict[str, Any]) -> str:
        self.knife.begins()
        assert (name, instance) == ("deliver", "deliver-{event}-{target}-{run}".format(**value))
        self.orders.append((self.now, value))
        self.knife.cuts(after=True)
        return instance

    async def adds(self, name: str, *answers: Tried, **more: Any) -> None:
        host = f"target-{name}.example.com"
        target = Target(name=name, format=Format.CLOUDEVENTS, host=host, version="1", created=BEGINS, changed=BEGINS)
        await services().targets.save(target.model_copy(update=more), None)
        self.receivers.answers[host] = [*answers]

    async def change(self, state: ConnectionState = ConnectionState.READY) -> None:
        """Do what an activity does that ends a round: the change, then what it tells is handed on."""

        def note(connection: Connection) -> None:
            connection.state = state

        await services().documents.update("hq", note)
        await hand_on(self)  # type: ignore[arg-type] # what it asks of a client

    async def hour(self) -> None:
        """Pass to the next run of the timer."""
        self.now += timedelta(hours=1)
        await code_of_timer(self)

    async def works(self) -> None:
        """Do what is due in Durable, in its order, until nothing is."""
        while self.orders:
            self.orders.sort(key=lambda one: one[0])
            due, value = self.orders.pop(0)
            self.now = max(self.now, due)
            told = await code_of(deliver)(order=value)
            if told["state"] == "wait":
                seconds = told["seconds"] if told["seconds"] is not None else 60.0
                self.orders.append((self.now + timedelta(seconds=seconds), value))

    async def survives(self) -> None:
        """Go on until all is quiet, begun anew after each end. What Durable had been told it still knows."""
        for _ in range(6):
            try:
                await self.hour()
                await self.works()
            except KilledError:
                self.starts()

    def sent(self, name: str) -> list[str]:
        return [id_ for host, id_, _, _ in self.receivers.got if host == f"target-{name}.example.com"]


async def code_of_timer(world: World, timer: Any = tell_targets) -> None:
    code: Any = timer
    code = getattr(code, "_function", code)
    inner = code._func.__wrapped__  # the library offers no other way
    await inner(timer=None, client=world)


@pytest_asyncio.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("CONNECTOR_STORE", f"folder:{tmp_path}")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    yield await a_world(tmp_path)
    services().__dict__.pop("vault")
    await close_services()
    keep_time()


async def a_world(folder: Path) -> World:
    world = World(folder)
    operation = Operation(id="op", kind=OperationKind.SET_UP, started=BEGINS, ended=BEGINS)
    wanted = Wanted(revision=1, display_name="UTM", mailboxes=["invoices@contoso.example"])
    await services().documents.save(
        Connection(name="hq", wanted=wanted, operation=operation, since=BEGINS, last_change=BEGINS), None
    )
    return world


def settled(folder: Path) -> bool:
    """Return whether nothing waits: no outbox, and on no list anything that is under way."""
    connection = json.loads((folder / "connections/hq.json").read_text("utf-8"))
    lists = [json.loads(path.read_text("utf-8"))["items"] for path in folder.glob("targets/*/deliveries.json")]
    return "outbox" not in connection and not any(one.get("open", True) for items in lists for one in items)


async def a_change(world: World) -> None:
    await world.change()


async def a_look(world: World) -> None:
    """Do what a look does that has found something; Durable delivers the activity again."""
    said = Data(connection="hq", findings=["imap-disabled"])
    await keep(event(EventType.DRIFTED, BEGINS, "look", "imap-disabled", data=said))
    await hand_on(world)  # type: ignore[arg-type] # what it asks of a client


async def the_overview(world: World) -> None:
    await code_of_timer(world, tell_status)


def _changed(folder: Path) -> bool:
    return bool(json.loads((folder / "connections/hq.json").read_text("utf-8")).get("state") == "ready")


@pytest.mark.parametrize(
    ("act", "kind"),
    [(a_change, "connection.ready"), (a_look, "connection.drifted"), (the_overview, "status")],
    ids=["a change", "a look", "the overview"],
)
async def test_killed_anywhere_between_what_happens_and_its_delivery_each_target_gets_the_event(
    tmp_path: Path,
    world: World,  # noqa: ARG001 - the settings, and the end
    act: Callable[[World], Awaitable[None]],
    kind: str,
) -> None:
    """At least once, under the same id, and nobody gets another one's."""
    steps, after = 0, False
    for number in range(200):
        folder = tmp_path / str(number)
        one = await a_world(folder)
        await one.adds("a", FAILS, TAKES)
        await one.adds("b", TAKES)
        await one.adds("other", TAKES, events=[EventType.OFFERED])
        one.knife.steps, one.knife.at, one.knife.after = 0, steps + 1, after
        try:
            await act(one)
            await one.works()
        except KilledError:
            one.starts()
            if act is not a_change or not _changed(folder):  # the activity, or the timer, comes once more
                await act(one)
            await one.survives()
        else:
            if after:
                break
            steps, after = -1, True
        steps += 1
        ids = {*one.sent("a"), *one.sent("b")}
        assert len(ids) == 1, (steps, after)
        assert (len(one.sent("a")), len(one.sent("b"))) >= (2, 1), (steps, after)
        assert len(one.sent("a")) <= 3
        if act is not the_overview:
            said = json.loads((folder / "history/hq.json").read_text("utf-8"))["entries"]
            assert [(entry["event"], entry["targets"]) for entry in said] == [(kind, ["a", "b"])], steps
        assert {json.loads(body)["type"] for _, _, body, _ in one.receivers.got} == {kind}
        assert one.sent("other") == []
        assert settled(folder), (steps, after)
    assert steps > 10, "every write, start and sending was a place to be killed at"


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [
        ([Tried(200)], 1, "delivered"),
        ([Tried(202)], 1, "delivered"),
        ([Tried(204)], 1, "delivered"),
        ([Tried(301), TAKES], 2, "delivered"),
        ([Tried(400), TAKES], 2, "delivered"),
        ([Tried(429, retry_after=4_000.0), TAKES], 2, "delivered"),
        (
            [Tried(code="too-slow"), Tried(code="hung-up"), FAILS, Tried(code="address-refused"), TAKES],
            5,
            "delivered",
        ),
        ([FAILS], 10, "failed"),
        ([Tried(410)], 1, "dropped"),
    ],
)
async def test_whatever_is_answered_it_ends_in_the_time_of_the_ladder(
    tmp_path: Path, world: World, answers: list[Tried], tries: int, state: str
) -> None:
    await world.adds("a", *answers)
    await world.change()
    await world.works()
    (path,) = (tmp_path / "events").glob("*.json")
    kept = json.loads(path.read_text("utf-8"))["deliveries"]["a"]
    assert (kept["state"] if state != "waiting" else "waiting", len(world.sent("a")), kept["tries"]) == (
        state,
        tries,
        tries,
    )
    assert len({*world.sent("a")}) == 1
    assert world.now - BEGINS <= LIMIT
    assert settled(tmp_path)
    if answers[0].retry_after is not None:
        first, second = (at for _, _, _, at in world.receivers.got)
        assert second - first >= timedelta(seconds=4_000)


async def test_the_tries_keep_to_the_ladder(world: World) -> None:
    await world.adds("a", FAILS)
    await world.change()
    await world.works()
    times = [at for _, _, _, at in world.receivers.got]
    waited = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(0.9 * step <= seconds <= step for step, seconds in zip(LADDER[1:], waited, strict=True))


async def test_a_vault_that_is_away_costs_tries_and_loses_nothing(tmp_path: Path, world: World) -> None:
    await world.adds("a", TAKES)
    world.vault.away = True
    await world.change()
    due, value = world.orders.pop()
    told = await code_of(deliver)(order=value)
    assert (told["state"], world.sent("a")) == ("wait", [])
    world.vault.away = False
    world.orders.append((due + timedelta(seconds=told["seconds"]), value))
    await world.works()
    assert len(world.sent("a")) == 1
    assert settled(tmp_path)


class Shutting(Receivers):
    """Receivers whose taking is the last that the store hears for a while."""

    store: Mortal

    async def post(self, address: Address, headers: Mapping[str, str], body: bytes) -> Tried:
        self.store.shut = True
        return await super().post(address, headers, body)


async def test_what_is_sent_and_cannot_be_noted_is_sent_no_more_often_than_the_ladder_says(
    tmp_path: Path, world: World
) -> None:
    await world.adds("a", TAKES)
    shutting = Shutting(world.knife, world.receivers.answers)
    shutting.store, world.receivers = world.store, shutting
    services().__dict__["webhooks"] = shutting
    await world.change()
    for _ in range(100):
        if not world.orders:
            break
        due, value = world.orders.pop()
        world.now = max(world.now, due)
        told = await code_of(deliver)(order=value)
        world.store.shut = False  # until the next sending
        if told["state"] == "wait":
            world.orders.append((world.now + timedelta(seconds=told["seconds"] or 60.0), value))
    times = [at for _, _, _, at in shutting.got]
    assert len(times) == len(LADDER)
    assert len({*world.sent("a")}) == 1
    assert all(
        0.9 * step <= (two - one).total_seconds() for step, (one, two) in zip(LADDER[1:], pairwise(times), strict=True)
    )
    (path,) = (tmp_path / "events").glob("*.json")
    kept = json.loads(path.read_text("utf-8"))["deliveries"]["a"]
    assert (kept["state"], kept["code"]) == ("failed", "not-noted")
    assert settled(tmp_path)


async def test_before_a_try_can_be_kept_nothing_is_sent(world: World) -> None:
    await world.adds("a", TAKES)
    await world.change()
    ((_, value),) = world.orders
    world.store.shut = True
    assert (await code_of(deliver)(order=value))["state"] == "wait"
    assert world.sent("a") == []
    world.store.shut = False
    await world.works()
    assert len(world.sent("a")) == 1


async def test_two_that_try_at_the_same_moment_send_once(world: World) -> None:
    """An activity may be delivered a second time while the first is still at it."""
    await world.adds("a", TAKES)
    await world.change()
    ((_, value),) = world.orders
    await asyncio.gather(*(code_of(deliver)(order=value) for _ in range(5)))
    assert len(world.sent("a")) == 1


async def test_beyond_the_most_that_may_be_under_way_events_are_kept_and_not_sent(tmp_path: Path, world: World) -> None:
    await world.adds("a", FAILS)
    await world.adds("b", TAKES)
    listed = tmp_path / "targets" / "a" / "deliveries.json"
    listed.parent.mkdir(parents=True)
    entries = [Entry(id=str(number), type=EventType.READY, at=BEGINS) for number in range(MOST_OPEN)]
    listed.write_bytes(written(Entries(items=entries)))
    await world.change()
    await world.works()
    assert (world.sent("a"), len(world.sent("b"))) == ([], 1)
    (path,) = (tmp_path / "events").glob("*.json")
    kept = json.loads(path.read_text("utf-8"))["deliveries"]["a"]
    assert (kept["state"], kept["code"]) == ("failed", "too-many-waiting")
    with pytest.raises(ConflictError, match="deliveries-full"):
        await services().deliveries.ask("a", BEGINS)
    await services().deliveries.settle("a", "0")
    await services().deliveries.ask("a", BEGINS)


async def test_by_hand_a_target_is_sent_so_much_within_an_hour_and_then_again(world: World) -> None:
    await world.adds("a", TAKES)
    for number in range(MOST_BY_HAND):
        await services().deliveries.ask("a", BEGINS + timedelta(minutes=number))
    with pytest.raises(ConflictError) as refused:
        await services().deliveries.ask("a", BEGINS + timedelta(minutes=40))
    assert (refused.value.code, refused.value.retry_after) == ("sent-too-often", 20 * 60)
    await services().deliveries.ask("a", BEGINS + timedelta(minutes=60))


async def test_while_a_target_cannot_be_read_what_waits_for_it_rests(tmp_path: Path, world: World) -> None:
    await world.adds("a", FAILS, TAKES)
    await world.change()
    ((_, value),) = world.orders
    await code_of(deliver)(order=value)
    path = tmp_path / "targets" / "a.json"
    document = path.read_bytes()
    path.write_bytes(b"{")
    world.now += timedelta(seconds=5)
    assert (await code_of(deliver)(order=value))["state"] == "unreadable"
    world.orders.clear()
    for _ in range(3):
        await world.hour()
        assert world.orders == []
    path.write_bytes(document)
    await world.hour()
    await world.works()
    assert len(world.sent("a")) == 2
    assert settled(tmp_path)


async def test_a_run_that_the_host_has_lost_is_begun_anew_and_a_late_one_does_nothing(
    tmp_path: Path, world: World
) -> None:
    await world.adds("a", FAILS, TAKES)
    await world.change()
    ((due, value),) = world.orders
    told = await code_of(deliver)(order=value)
    world.orders.clear()  # Durable has lost it
    assert told["state"] == "wait"
    await world.hour()
    ((_, again),) = world.orders
    assert again["run"] == value["run"] + 1
    assert (await code_of(deliver)(order=value))["state"] == "superseded"
    await world.works()
    assert len(world.sent("a")) == 2
    assert settled(tmp_path)
    assert due == BEGINS


async def test_what_is_delivered_twice_at_the_same_time_ends_once(tmp_path: Path, world: World) -> None:
    """An activity may be delivered a second time after its effect: it sends once more at most, and notes one end."""
    await world.adds("a", TAKES)
    await world.change()
    ((_, value),) = world.orders
    first, second = [await code_of(deliver)(order=value) for _ in range(2)]
    assert (first["state"], second["state"]) == ("delivered", "delivered")
    assert len(world.sent("a")) == 1
    assert settled(tmp_path)


async def test_a_target_switched_off_or_removed_meanwhile_gets_nothing_more(tmp_path: Path, world: World) -> None:
    await world.adds("a", FAILS)
    await world.adds("b", FAILS)
    await world.change()
    await services().targets.change("a", lambda one: one.model_copy(update={"enabled": False}))
    await services().targets.remove("b")
    await world.works()
    assert (world.sent("a"), world.sent("b")) == ([], [])
    assert settled(tmp_path)


async def test_another_target_of_the_same_name_gets_nothing_that_was_meant_for_the_first(
    tmp_path: Path, world: World
) -> None:
    await world.adds("a", FAILS)
    await world.change()
    ((due, value),) = world.orders
    told = await code_of(deliver)(order=value)
    world.orders = [(due + timedelta(seconds=told["seconds"]), value)]
    await services().targets.remove("a")
    await world.adds("a", TAKES, created=BEGINS + timedelta(minutes=1))
    await world.works()
    assert len(world.sent("a")) == 1
    (kept,) = (tmp_path / "events").glob("*.json")
    assert json.loads(kept.read_text("utf-8"))["deliveries"]["a"]["code"] == "target-removed"


async def test_what_an_old_address_answers_switches_off_no_target_that_has_a_new_one(
    world: World,
) -> None:
    class Moving(Receivers):
        async def post(self, address: Address, headers: Mapping[str, str], body: bytes) -> Tried:
            await services().targets.change("a", lambda one: one.model_copy(update={"version": "2"}))
            return await super().post(address, headers, body)

    await world.adds("a", Tried(410))
    services().__dict__["webhooks"] = Moving(world.knife, world.receivers.answers)
    await world.change()
    await world.works()
    (target,) = await services().targets.all()
    assert (target.version, target.enabled, target.gone_on, target.failing_since) == ("2", True, None, None)


async def test_while_a_list_cannot_be_read_no_event_is_cleared_away(tmp_path: Path, world: World) -> None:
    await world.adds("a", FAILS)
    await world.change()
    listed = tmp_path / "targets" / "a" / "deliveries.json"
    listed.write_text(listed.read_text("utf-8").replace("connection.ready", "connection.later"), "utf-8")
    assert await services().deliveries.clear(["a"]) == 0
    assert len([*(tmp_path / "events").glob("*.json")]) == 1


async def test_only_the_last_are_listed_and_what_nobody_lists_is_cleared_away(tmp_path: Path, world: World) -> None:
    await world.adds("a", TAKES)
    for number in range(60):
        world.now += timedelta(minutes=1)
        await world.change(ConnectionState.READY)
        state = ConnectionState.FAILED if number % 2 else ConnectionState.ACTION_REQUIRED
        await world.change(state)
        await world.works()
    assert len(await services().deliveries.entries("a")) == 50
    assert len([*(tmp_path / "events").glob("*.json")]) > 50
    await services().deliveries.clear(await services().targets.names())
    assert len([*(tmp_path / "events").glob("*.json")]) == 50
