"""Hand on what has happened: from a document's outbox to the events, and from there to an orchestration per target.

Whoever has written a document and has a client of Durable does so at once. What is missed by that, since nobody has
one or is killed in between, a timer does each hour (``triggers/telling.py``).
"""

from __future__ import annotations

import logging
from typing import Protocol

from connector.caller import Caller
from connector.errors import ServiceError
from connector.event import Event
from connector.history import Asked, Entry
from connector.log import log
from connector.orders import DELIVERY, DeliverOrder
from connector.remembering import remembered
from connector.services import services


class Starter(Protocol):
    """What starts orchestrations: the client of Durable."""

    async def start_new(
        self, orchestration_function_name: str, instance_id: str | None = None, client_input: object | None = None
    ) -> str:
        """Start one."""


async def hand_on(client: Starter) -> None:
    """Hand on what this process has written, and start what it has kept; nobody who calls this fails by it."""
    documents, deliveries = services().documents, services().deliveries
    while documents.telling:
        name = documents.telling.pop()
        try:
            await forward(name)
        except Exception as error:  # noqa: BLE001 - whatever it is, an hour later it is tried again
            code = error.code if isinstance(error, ServiceError) else type(error).__name__
            log("events-not-handed-on", level=logging.WARNING, connection=name, code=code)
    while deliveries.starting:
        await _start(client, deliveries.starting.pop(0))


async def forward(name: str) -> bool:
    """Move the outbox of a connection to the events; return whether there was anything.

    Raises:
        ServiceError: the store does not answer, or the document cannot be read.
    """
    found = await services().documents.load(name)
    waiting = found.connection.outbox if found is not None else []
    for one in waiting:
        await keep(one)
    if waiting:
        await services().documents.told(name, {one.id for one in waiting})
    return bool(waiting)


async def keep(event: Event) -> None:
    """Keep an event for the targets that want it: for what has no outbox, before it is noted that it was told.

    The same one a second time is kept once.
    """
    clients = services()
    wanting = [one for one in await clients.targets.all() if one.wants(event.type)]
    log("event", type=event.type, id=event.id, connection=event.data.connection, targets=len(wanting))
    await clients.deliveries.keep(event, wanting, clients.now())
    if wanting and event.data.connection is not None:
        await remembered(event.data.connection, _told(event, [one.name for one in wanting]))


def _told(event: Event, targets: list[str]) -> Entry:
    caller = Caller(function=DELIVERY)
    return Entry(at=event.time, action=Asked.TOLD, caller=caller, event=event.type, event_id=event.id, targets=targets)


async def _start(client: Starter, order: DeliverOrder) -> None:
    try:
        await client.start_new(DELIVERY, order.instance, order.to_json())
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself; the timer begins another run
        log(
            "delivery-not-started",
            level=logging.WARNING,
            id=order.event,
            target=order.target,
            code=type(error).__name__,
        )
