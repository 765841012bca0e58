"""The targets and the events on their way to them, in the store.

Each target has its list of events, each event its document, in which its deliveries stand. The list is written first,
and the outbox that the event came from is cleared last: whoever is killed in between comes again and changes nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.delivery import (
    BY_HAND,
    MOST_BY_HAND,
    MOST_OPEN,
    TOO_MANY,
    Delivery,
    DeliveryState,
    Dispatch,
    Entries,
    Entry,
)
from connector.errors import ConflictError, StaleWriteError, UnreadableError
from connector.event import Event
from connector.kept import read, read_or_none, written
from connector.log import unreadable
from connector.orders import DeliverOrder
from connector.target import Target, is_name
from connector.together import together
from connector.update import update

if TYPE_CHECKING:
    from connector.clients.store import Store

_TARGETS, _EVENTS = "targets/", "events/"
_AGE = timedelta(days=1)
"""An event that stands on a list and has no document after so long will have none."""


class Targets:
    """The targets in the store, without their secrets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> tuple[Target, str] | None:
        """Return a target with its ETag, or None.

        Raises:
            UnreadableError: its document cannot be read.
        """
        found = await self._store.get(_target(name))
        return (read(_target(name), found[0], Target, lambda one: one.name == name), found[1]) if found else None

    async def etag(self, name: str) -> str | None:
        """Return the ETag of a target's document, readable or not; None where there is none."""
        found = await self._store.get(_target(name))
        return found[1] if found is not None else None

    async def all(self) -> list[Target]:
        """Return the targets by name, but for those whose document cannot be read."""
        return (await self.each())[0]

    async def each(self) -> tuple[list[Target], list[str]]:
        """Return the targets by name, and the names of those whose document cannot be read."""
        bad: list[str] = []
        found = await together(*(self._or_none(name, bad) for name in await self.names()))
        return [one for one in found if one is not None], sorted(bad)

    async def names(self) -> list[str]:
        """Return the names, readable or not."""
        paths = (path.removeprefix(_TARGETS).removesuffix(".json") for path in await self._store.paths(_TARGETS))
        return [name for name in paths if is_name(name)]

    async def _or_none(self, name: str, bad: list[str]) -> Target | None:
        """Return a target, or None; one that cannot be read is put among the ``bad``."""
        try:
            found = await self.load(name)
        except UnreadableError as error:
            unreadable(error)
            bad.append(name)
            return None
        return found[0] if found is not None else None

    async def save(self, target: Target, etag: str | None) -> None:
        """Write a target.

        Raises:
            StaleWriteError: somebody else has changed it since it was read.
        """
        await self._store.put(_target(target.name), written(target), etag)

    async def change(self, name: str, change: Callable[[Target], Target]) -> None:
        """Change a target where that makes a difference; one that is gone stays so."""

        async def changed(document: bytes | None) -> Target | None:
            present = read(_target(name), document, Target) if document is not None else None
            after = change(present) if present is not None else None
            return after if after != present else None

        await update(self._store, _target(name), changed)

    async def remove(self, name: str) -> None:
        """Remove a target and its list: what is under way to it is dropped at its next try."""
        await self._store.delete(_list(name))
        await self._store.delete(_target(name))


class Deliveries:
    """The events on their way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Within one process nobody has to lose an ETag over a target's list."""
        self.starting: list[DeliverOrder] = []
        """What was kept and nobody has started: whoever has a client of Durable does so soon, else a timer."""

    async def keep(self, event: Event, targets: Collection[Target], now: datetime) -> None:
        """Keep an event that is to go to some targets; one that is kept already stays as it is.

        Where too much is under way to a target it is kept, and not sent.
        """
        if not targets:
            return
        made = {}
        for one in targets:
            goes = await self._enlist(one.name, Entry(id=event.id, type=event.type, at=now))
            made[one.name] = Delivery(due=now, target=one.created) if goes else _too_many(one, now)
        dispatch = Dispatch(event=event, deliveries=made)
        try:
            await self._store.put(_event(event.id), written(dispatch), None)
        except StaleWriteError:
            return
        self.starting += [DeliverOrder(event.id, name, 1) for name, one in made.items() if not _over(one)]

    async def _enlist(self, target: str, entry: Entry) -> bool:
        """Put an event on a target's list; return whether it is to be sent."""
        goes = True

        def admitted(found: Entries) -> None:
            nonlocal goes
            goes = found.admit(entry)

        await self._list(target, admitted)
        return goes

    async def ask(self, target: str, now: datetime, event: str | None = None) -> None:
        """Note that somebody wants a target sent something: an ``event`` of its list, or a new one.

        Raises:
            ConflictError: that was asked for too often within an hour, or too much is under way.
        """

        def asked(found: Entries) -> None:
            if found.full and not any(one.open and one.id == event for one in found.items):
                raise ConflictError("deliveries-full", name=target, most=MOST_OPEN)
            wait = found.ask(now)
            if wait > 0:
                minutes = round(BY_HAND.total_seconds() / 60)
                values: dict[str, str | int] = {"name": target, "most": MOST_BY_HAND, "minutes": minutes}
                raise ConflictError("sent-too-often", retry_after=math.ceil(wait), **values)

        await self._list(target, asked)

    async def load(self, event: str) -> Dispatch | None:
        """Return an event with its deliveries, or None.

        Raises:
            UnreadableError: its document cannot be read.
        """
        found = await self._store.get(_event(event))
        return read(_event(event), found[0], Dispatch, lambda one: one.event.id == event) if found else None

    async def change(self, order: DeliverOrder, change: Callable[[Delivery], Delivery]) -> Delivery | None:
        """Change the delivery that an order is about and return it; None where another run has taken its place.

        What is no longer under way is said on the target's list, too.
        """
        after: Delivery | None = None

        async def changed(document: bytes | None) -> Dispatch | None:
            nonlocal after
            dispatch = read(_event(order.event), document, Dispatch) if document is not None else None
            present = dispatch.deliveries.get(order.target) if dispatch is not None else None
            after = change(present) if present is not None and present.run == order.run else None
            if dispatch is None or after is None or after == present:
                return None
            dispatch.deliveries = {**dispatch.deliveries, order.target: after}
            return dispatch

        await update(self._store, _event(order.event), changed)
        return after

    async def settle(self, target: str, event: str) -> None:
        """Note on a target's list that an event is under way no more."""
        await self._list(target, lambda found: found.settle(event))

    async def again(self, order: DeliverOrder, now: datetime, dispatch: Dispatch, *, fresh: bool) -> None:
        """Begin another run of a delivery; a ``fresh`` one is sent again by hand, from the foot of the ladder."""
        await self._list(order.target, lambda found: found.add(Entry(id=order.event, type=dispatch.event.type, at=now)))
        after = await self.change(order, lambda present: present.again(now, fresh=fresh))
        if after is not None:
            self.starting.append(DeliverOrder(order.event, order.target, after.run))

    async def entries(self, target: str) -> list[Entry]:
        """Return a target's list, newest first; what cannot be read is none."""
        found = await self._store.get(_list(target))
        return [*reversed(_listed(target, found[0] if found is not None else None).items)]

    async def lost(self, target: str, now: datetime) -> list[tuple[DeliverOrder, Dispatch]]:
        """Return the deliveries to a target that nobody is at any more."""
        found = []
        for entry in await self.entries(target):
            if not entry.open:
                continue
            dispatch = await self._or_gone(entry.id)
            delivery = dispatch.deliveries.get(target) if dispatch is not None else None
            if dispatch is not None and delivery is not None and delivery.lost(now):
                found.append((DeliverOrder(entry.id, target, delivery.run), dispatch))
            elif _over(delivery) or (delivery is None and now - entry.at > _AGE):
                await self.settle(target, entry.id)
        return found

    async def _or_gone(self, event: str) -> Dispatch | None:
        try:
            return await self.load(event)
        except UnreadableError:
            return None

    async def clear(self, targets: Collection[str]) -> int:
        """Remove the events that stand on no target's list; return how many. While a list cannot be read all stay."""
        paths = await self._store.paths(_EVENTS)  # before the lists: what is kept meanwhile is not among them
        try:
            listed = {_event(entry.id) for name in targets for entry in await self._read(name)}
        except UnreadableError as error:
            unreadable(error)
            return 0
        unlisted = [path for path in paths if path not in listed]
        for path in unlisted:
            await self._store.delete(path)
        return len(unlisted)

    async def _read(self, target: str) -> list[Entry]:
        """Return a target's list.

        Raises:
            UnreadableError: there is one, and it cannot be read.
        """
        found = await self._store.get(_list(target))
        return read(_list(target), found[0], Entries).items if found is not None else []

    async def _list(self, target: str, change: Callable[[Entries], None]) -> None:
        async def changed(document: bytes | None) -> Entries | None:
            entries = _listed(target, document)
            before = entries.model_copy()
            change(entries)
            return entries if entries != before else None

        async with self._locks[target]:
            await update(self._store, _list(target), changed)


def _too_many(target: Target, now: datetime) -> Delivery:
    return Delivery(due=now, target=target.created, state=DeliveryState.FAILED, code=TOO_MANY)


def _over(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state is not DeliveryState.WAITING


def _listed(target: str, document: bytes | None) -> Entries:
    """Return a target's list; one that cannot be read, and is not a later version's, begins anew."""
    found = read_or_none(_list(target), document, Entries) if document is not None else None
    return found or Entries()


def _target(name: str) -> str:
    return f"{_TARGETS}{name}.json"


def _list(name: str) -> str:
    return f"{_TARGETS}{name}/deliveries.json"


def _event(event: str) -> str:
    return f"{_EVENTS}{event}.json"
