"""Find a connection, and look at the one orchestration that it has; ``triggers/performing.py`` starts and wakes it."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from connector.checks import Check
from connector.documents import Versioned
from connector.errors import UnavailableError, UnknownConnectionError, UnreadableError
from connector.lost import HOST, Live, gone, lost, shown
from connector.model import Connection
from connector.orders import Progress, progress
from connector.plans.mailbox_list import losing
from connector.services import services
from connector.standing import Standing, standing
from connector.steps import ConnectionState
from connector.wanted import is_name


def instance_id(connection: Connection) -> str:
    """Return the id under which the present attempt runs; one that was lost had another, and so has the next one."""
    attempt = connection.operation.attempt
    return f"connection-{connection.name}-{attempt}" if attempt else f"connection-{connection.name}"


async def load(name: str) -> Versioned:
    """Return a connection.

    Raises:
        UnknownConnectionError: there is none of that name, or it cannot be a name.
    """
    found = await services().documents.load(name) if is_name(name) else None
    if found is None:
        raise UnknownConnectionError("unknown-connection", name=name[:40])
    return found


async def load_with_run(client: df.DurableOrchestrationClient, name: str) -> tuple[Connection, Live]:
    """Return a connection and what runs on it.

    Where no run is found the document is read once more: one that has ended between the two questions has said so.

    Raises:
        UnknownConnectionError: there is none of that name, or it cannot be a name.
    """
    connection = (await load(name)).connection
    found = await read_run(client, connection)
    if connection.operation.ended is None and not found.alive:
        connection = (await load(name)).connection
    return connection, found


async def losing_access(connection: Connection) -> int:
    """Return how many mailboxes lose access when a connection is taken back now: what its removal has to allow.

    Raises:
        UnreadableError: a part of its list cannot be read.
    """
    chunks = services().documents.chunks(connection.name, len(connection.chunks))
    return losing([chunk async for chunk in chunks])


async def read_run(client: df.DurableOrchestrationClient, connection: Connection) -> Live:
    """Return what Durable says of the connection's run; of one that the store says has ended nothing is asked."""
    if connection.operation.ended is not None:
        return Live()
    return await _ask(client, instance_id(connection))


async def unused(client: df.DurableOrchestrationClient, name: str, first: int) -> int:
    """Return the number of an attempt of which Durable knows nothing, for a document that has forgotten them.

    In growing steps: each verification was an attempt, and thousands of them are not asked for one by one.
    """
    attempt, more = first, 1
    while (await _ask(client, f"connection-{name}-{attempt}")).runtime is not None:
        attempt, more = attempt + more, more * 2
    return attempt


async def may_go_on(client: df.DurableOrchestrationClient, instance: str) -> bool:
    """Return whether an orchestration may still come to something."""
    return gone(await _ask(client, instance), services().now()) is None


async def _ask(client: df.DurableOrchestrationClient, instance: str) -> Live:
    """Return what Durable says of an instance.

    Raises:
        UnavailableError: it does not answer; the library raises plain exceptions then.
    """
    try:
        status: Any = await client.get_status(instance)
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself
        raise UnavailableError("store", "durable-unavailable", type(error).__name__) from None
    if not status.runtime_status:
        return Live()
    return Live(status.runtime_status.name, status.last_updated_time, progress(status.custom_status))


def state(connection: Connection, live: Live) -> ConnectionState:
    """Return the state as a person should see it: the store's, unless nobody works on it any more, nor is about to."""
    now = services().now()
    if connection.operation.apart:
        return connection.state
    if lost(connection, live, now) is not None:
        return ConnectionState.INTERRUPTED
    seen = shown(connection, live, now)
    waits = seen.reason == HOST or seen.service
    return ConnectionState.WAITING if waits and connection.state is ConnectionState.RUNNING else connection.state


def status(connection: Connection, live: Live) -> Progress:
    """Return the live status to lay over the store's view."""
    return shown(connection, live, services().now())


def standing_now(connection: Connection, live: Live, check: Check | None) -> Standing:
    """Return how the connection stands at this moment: what the clock has made of it since its last run, and others."""
    return standing(connection, state(connection, live), services().now(), check)


async def check_of(name: str) -> Check | None:
    """Return what the looks have seen of a connection; None where that cannot be read: the next one writes it anew."""
    try:
        return await services().checks.load(name)
    except UnreadableError:
        return None
