"""Start, wake and look at the one orchestration that a connection has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import azure.durable_functions as df

from connector.documents import Versioned
from connector.errors import ConflictError, UnavailableError, UnknownConnectionError
from connector.log import log
from connector.lost import HOST, Live, another, gone, lost, shown
from connector.model import Connection, is_name
from connector.services import services
from connector.standing import Standing, standing
from connector.steps import ConnectionState, StepName, StepState
from connector.verdict import conclude, proven
from orchestrations.connection import ORCHESTRATION
from orchestrations.steps import WAKE

_START_TRIES = 20
_START_PAUSE = 0.25
"""Seconds. A start may be refused because the same one came at the same moment."""


def instance_id(connection: Connection) -> str:
    """Return the id under which the present attempt runs; one that was lost had another, and so has the next one."""
    attempt = connection.operation.attempt
    return f"connection-{connection.name}-{attempt}" if attempt else f"connection-{connection.name}"


async def find(name: str) -> Versioned:
    """Return a connection.

    Raises:
        UnknownConnectionError: there is none of that name, or it cannot be a name.
    """
    found = await services().documents.load(name) if is_name(name) else None
    if found is None:
        raise UnknownConnectionError("unknown-connection", name=name[:40])
    return found


async def seen(client: df.DurableOrchestrationClient, name: str) -> tuple[Connection, Live]:
    """Return a connection and what runs on it.

    Where no run is found the document is read once more: one that has ended between the two questions has said so.

    Raises:
        UnknownConnectionError: there is none of that name, or it cannot be a name.
    """
    connection = (await find(name)).connection
    live = await look(client, connection)
    if connection.operation.ended is None and not live.alive:
        connection = (await find(name)).connection
    return connection, live


async def look(client: df.DurableOrchestrationClient, connection: Connection) -> Live:
    """Return what Durable says of the connection's run; of one that the store says has ended nothing is asked."""
    if connection.operation.ended is not None:
        return Live()
    return await _live(client, instance_id(connection))


async def unused(client: df.DurableOrchestrationClient, name: str, first: int) -> int:
    """Return the number of an attempt of which Durable knows nothing, for a document that has forgotten them."""
    attempt = first
    while (await _live(client, f"connection-{name}-{attempt}")).runtime is not None:
        attempt += 1
    return attempt


async def alive(client: df.DurableOrchestrationClient, instance: str) -> bool:
    """Return whether an orchestration may still come to something."""
    return gone(await _live(client, instance), services().now()) is None


async def _live(client: df.DurableOrchestrationClient, instance: str) -> Live:
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
    custom = status.custom_status if isinstance(status.custom_status, dict) else {}
    return Live(status.runtime_status.name, status.last_updated_time, custom)


def state(connection: Connection, live: Live) -> ConnectionState:
    """Return the state as a person should see it: the store's, unless nobody works on it any more, nor is about to."""
    now = services().now()
    if lost(connection, live, now) is not None:
        return ConnectionState.INTERRUPTED
    seen = shown(connection, live, now)
    waits = seen.get("state") == StepState.WAITING and (seen.get("reason") == HOST or seen.get("service"))
    return ConnectionState.WAITING if waits and connection.state is ConnectionState.RUNNING else connection.state


def status(connection: Connection, live: Live) -> Mapping[str, Any]:
    """Return the live status to lay over the store's view."""
    return shown(connection, live, services().now())


def standing_now(connection: Connection, live: Live) -> Standing:
    """Return how the connection stands at this moment, with what the clock has made of it since its last run."""
    return standing(connection, state(connection, live), services().now())


def busy(connection: Connection, live: Live) -> bool:
    """Return whether a run works on the connection, or another request is just about to start one."""
    return connection.operation.ended is None and lost(connection, live, services().now()) is None


def replaceable(connection: Connection, live: Live) -> bool:
    """Return whether the wanted state may be replaced under a run: while it proves, or waits for whomever."""
    if connection.operation.cancelled:
        return False
    at_end = live.status.get("step") == StepName.VERIFICATION
    waits = live.status.get("state") == StepState.WAITING
    return at_end or waits or connection.state in {ConnectionState.WAITING, ConnectionState.ACTION_REQUIRED}


async def start(client: df.DurableOrchestrationClient, connection: Connection, *, pause: float = _START_PAUSE) -> None:
    """Start the orchestration for what the store now wants.

    A start may be refused because one that came at the same moment runs already: then the store tells whether that run
    has taken this request up, or whether another request has replaced it.

    Raises:
        ConflictError: another request has replaced this one before it was taken up.
        UnavailableError: Durable does not start it; the connection then shows as interrupted, and nothing is lost.
    """
    operation = connection.operation
    value = {"name": connection.name, "revision": connection.wanted.revision, "attempt": operation.attempt}
    for _ in range(_START_TRIES):
        try:
            await client.start_new(ORCHESTRATION, instance_id(connection), value)
        except Exception as error:  # noqa: BLE001 - the client raises Exception itself when an instance runs
            log("start-refused", connection=connection.name, code=type(error).__name__)
            if await _taken_up(connection):
                return
            await asyncio.sleep(pause)
        else:
            return
    raise UnavailableError("store", "start-refused", "the orchestration could not be started")


async def _taken_up(connection: Connection) -> bool:
    """Return whether a run works on this operation, or has done so.

    Raises:
        ConflictError: the store holds another operation or attempt by now.
    """
    mine, found = connection.operation, await services().documents.load(connection.name)
    present = found.connection.operation if found is not None else None
    if present is None or (present.id, present.attempt) != (mine.id, mine.attempt):
        raise ConflictError("changed-meanwhile", name=connection.name)
    return present.begun


async def go_on(client: df.DurableOrchestrationClient, connection: Connection, before: int) -> None:
    """Wake the run that works, where the attempt is still the one of ``before``; else start the new one.

    Raises:
        ConflictError, UnavailableError: as ``start``.
    """
    if connection.operation.attempt == before:
        await wake(client, connection)
        return
    told_lost(connection)
    await start(client, connection)


async def begin_again(client: df.DurableOrchestrationClient, seen: Connection, how: str) -> Connection:
    """Begin another attempt of what a lost run was to do; what that has done stands in the store, and stays done.

    One that somebody has cancelled is ended instead.

    Raises:
        ConflictError: somebody else was faster.
        UnavailableError: Durable does not start it; the next hour tries again.
    """
    now = services().now()

    def begin(present: Connection) -> None:
        if present.operation != seen.operation:
            raise ConflictError("changed-meanwhile", name=seen.name)
        present.operation = another(present.operation, how, now)
        if present.operation.cancelled:
            end_cancelled(present, now)

    connection = await services().documents.update(seen.name, begin)
    told_lost(connection)
    if connection.operation.ended is None:
        await start(client, connection)
    return connection


def told_lost(connection: Connection) -> None:
    """Say in the log that an attempt was lost, and which one has taken its place."""
    told = connection.operation.lost
    if told is not None:
        log(
            "run-lost",
            level=logging.WARNING,
            connection=connection.name,
            operation=connection.operation.id,
            attempt=told.attempt,
            code=told.how,
        )


def end_cancelled(connection: Connection, now: datetime) -> None:
    """End an operation on which nobody works, for somebody who has asked to; what was proven stays proven."""
    connection.operation = connection.operation.model_copy(update={"cancelled": True, "ended": now})
    proven(connection)
    connection.state, connection.since = conclude(connection, 0, now).state, now


async def wake(client: df.DurableOrchestrationClient, connection: Connection) -> None:
    """Cut a wait short. It is a hint only: a run that is just ending, or not waiting, does not need it."""
    try:
        await client.raise_event(instance_id(connection), WAKE, {})
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself when the instance is gone
        log("wake-missed", connection=connection.name, code=type(error).__name__)


def running(connection: Connection, live: Live) -> ConflictError:
    """Return the refusal of a request that wants something else while steps 1 to 7 work, or the run is ending."""
    if connection.operation.cancelled:
        return ConflictError("operation-cancelling", retry_after=30, name=connection.name)
    step = str(live.status.get("step", StepName.PREREQUISITES.value))
    return ConflictError("operation-running", retry_after=15, name=connection.name, step=step)


def operation_id() -> str:
    """Return the id of a new operation."""
    return str(uuid4())
