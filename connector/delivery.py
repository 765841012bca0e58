"""How far one event is on its way to one target, and when it is tried again. Pure.

The ladder is the one that Standard Webhooks 1.0 recommends ("Retry schedule and mechanics"): ten tries in three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from connector.document import Document
from connector.event import Event, EventType

LADDER = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each try."""
LATE = timedelta(minutes=15)
"""For so long after its time a try may still come: beyond that nobody is at it any more."""
RECENT = 50
"""Deliveries of a target that are shown, besides those under way."""
MOST_OPEN = 1_000
"""Deliveries that may be under way to one target: two of each of 500 connections, which is what one deployment is built
for. What happens beyond that is not tried, and said to have failed."""
MOST_BY_HAND = 30
BY_HAND = timedelta(hours=1)
"""So often within so long somebody may have a target sent something: the receiver may be another's."""
NOT_NOTED = "not-noted"
"""Our code of a try whose outcome nobody has noted: it is under way, or whoever made it was killed."""
TOO_MANY = "too-many-waiting"
_SLOWED = frozenset({429, 502, 504})
"""Statuses of a receiver that has too much to do (Standard Webhooks 1.0)."""
_SLOW = 300.0
_LONGEST = 86_400.0
_GONE = 410
_JITTER = 0.1


class DeliveryState(StrEnum):
    """How far an event is on its way to a target."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """The ladder is at its end; it may be sent again by hand."""
    DROPPED = "dropped"
    """The target was switched off, removed, or has answered that it is gone."""


class Delivery(Document):
    """One event on its way to one target."""

    state: DeliveryState = DeliveryState.WAITING
    run: int = 1
    """Which instance of the orchestration sends it; no other one does."""
    target: AwareDatetime | None = None
    """When its target was made: one that has taken the name of another gets nothing that was meant for that."""
    tries: int = 0
    """Those that were begun."""
    due: AwareDatetime
    """When it is tried next."""
    on: AwareDatetime | None = None
    """When it was last tried."""
    status: int | None = None
    """What was answered; None where there was no answer, and ``code`` says why."""
    code: str | None = None
    seconds: float | None = None
    """How long the answer took."""

    def lost(self, now: datetime) -> bool:
        """Return whether nobody is at it any more."""
        return self.state is DeliveryState.WAITING and now - self.due > LATE

    def again(self, now: datetime, *, fresh: bool) -> Delivery:
        """Return it for another run, which goes on where this one was; a ``fresh`` one has all its tries before it."""
        update = {"state": DeliveryState.WAITING, "run": self.run + 1, "due": now}
        return self.model_copy(update={**update, "tries": 0} if fresh else update)


class Dispatch(Document):
    """An event with its deliveries, by target."""

    event: Event
    deliveries: dict[str, Delivery] = Field(default_factory=dict)


class Entry(Document):
    """An event in the list of a target."""

    id: str
    type: EventType
    at: AwareDatetime
    """When it was put on the list."""
    open: bool = True
    """Whether it is still under way."""


class Entries(Document):
    """The list of a target, oldest first: all that is under way, and the last of the others."""

    items: list[Entry] = Field(default_factory=list)
    by_hand: list[AwareDatetime] = Field(default_factory=list)
    """When somebody had something sent, within ``BY_HAND``."""

    def admit(self, entry: Entry) -> bool:
        """Add an entry that is not there yet; return whether it is under way, or too many are."""
        present = next((one for one in self.items if one.id == entry.id), None)
        if present is None:
            present = entry.model_copy(update={"open": not self.full})
            self.add(present)
        return present.open

    @property
    def full(self) -> bool:
        """Return whether no more may be under way."""
        return sum(one.open for one in self.items) >= MOST_OPEN

    def ask(self, now: datetime) -> float:
        """Note that somebody wants something sent; return for how many seconds he has to wait, 0 where it is noted."""
        recent = [one for one in self.by_hand if now - one < BY_HAND]
        if len(recent) >= MOST_BY_HAND:
            return (min(recent) + BY_HAND - now).total_seconds()
        self.by_hand = [*recent, now]
        return 0.0

    def add(self, entry: Entry) -> None:
        """Add an entry, or open it again."""
        self.items = _kept([*(one for one in self.items if one.id != entry.id), entry])

    def settle(self, event: str) -> None:
        """Note that an event is under way no more."""
        self.items = _kept([one.model_copy(update={"open": False}) if one.id == event else one for one in self.items])


def _kept(items: list[Entry]) -> list[Entry]:
    """Return a list without what nobody asks for any more."""
    settled = [one.id for one in items if not one.open]
    old = {*settled[:-RECENT]}
    return [one for one in items if one.id not in old]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one try, as far as the next one depends on it."""

    status: int | None
    code: str | None
    seconds: float
    retry_after: float | None
    taken: bool

    @property
    def gone(self) -> bool:
        """Return whether the receiver wants nothing any more."""
        return self.status == _GONE


def begun(delivery: Delivery, now: datetime, chance: float) -> Delivery:
    """Return a delivery as it is kept before it is sent: whoever cannot note what came of it has used up that try.

    Where all are used up it is at its end, and nothing is sent.
    """
    tries = delivery.tries + 1
    if tries > len(LADDER):
        return delivery.model_copy(update={"state": DeliveryState.FAILED})
    wait = _rung(tries, chance) if tries < len(LADDER) else _SLOW
    seen = {"tries": tries, "on": now, "status": None, "code": NOT_NOTED, "seconds": None}
    return delivery.model_copy(update={**seen, "due": now + timedelta(seconds=wait)})


def tried(delivery: Delivery, came: Came, now: datetime, chance: float) -> Delivery:
    """Return a delivery after the try that was ``begun``.

    ``chance``, from 0 to 1, keeps those that failed together from coming together.
    """
    tries = delivery.tries
    seen = {"on": now, "status": came.status, "code": came.code, "seconds": round(came.seconds, 3)}
    if came.taken:
        return delivery.model_copy(update={**seen, "state": DeliveryState.DELIVERED})
    if came.gone:
        return delivery.model_copy(update={**seen, "state": DeliveryState.DROPPED})
    if tries >= len(LADDER):
        return delivery.model_copy(update={**seen, "state": DeliveryState.FAILED})
    return delivery.model_copy(update={**seen, "due": now + timedelta(seconds=_wait(tries, came, chance))})


def _rung(tries: int, chance: float) -> float:
    return LADDER[tries] * (1 - _JITTER * chance)


def _wait(tries: int, came: Came, chance: float) -> float:
    """Return for how long is waited: as the ladder says, and longer where the receiver asks for it, a day at most."""
    slow = _SLOW if came.status in _SLOWED else 0.0
    return max(_rung(tries, chance), slow, min(came.retry_after or 0.0, _LONGEST))
