"""Start, wake and look at the one orchestration that a connection has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import azure.durable_functions as df

from connector.documents import Versioned
from connector.errors import ConflictError, UnavailableError, UnknownConnectionError
from connector.log import log
from connector.model import Connection
from connector.request import is_name
from connector.services import services
from connector.steps import ConnectionState, StepName, StepState
from orchestrations.connection import ORCHESTRATION
from orchestrations.steps import WAKE

_ALIVE = frozenset(
    {
        df.OrchestrationRuntimeStatus.Pending,
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.ContinuedAsNew,
        df.OrchestrationRuntimeStatus.Suspended,
    }
)
_START_TRIES = 20
_START_PAUSE = 0.25
"""Seconds. A run whose last activity has ended the operation is gone a moment later; until then a start is refused."""

_STARTING = timedelta(seconds=10)
"""For so long after its write a request is taken to be about to start its run: a little more than all its tries."""


@dataclass(frozen=True, slots=True)
class Live:
    """What Durable knows of a connection's orchestration."""

    alive: bool
    status: dict[str, Any] = field(default_factory=dict)
    """The custom status; empty where nothing runs."""


def instance_id(name: str) -> str:
    """Return the id under which a connection's orchestration runs; there is never a second one."""
    return f"connection-{name}"


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
    """Return a connection and what runs on it, asked for in the other order.

    A run that ends between the two questions has then been seen alive, and the document says how it ended.

    Raises:
        UnknownConnectionError: there is none of that name, or it cannot be a name.
    """
    live = await look(client, name) if is_name(name) else Live(alive=False)
    return (await find(name)).connection, live


async def look(client: df.DurableOrchestrationClient, name: str) -> Live:
    """Return whether the connection's orchestration is alive, and what it shows."""
    status = await _status(client, instance_id(name))
    if not status.runtime_status or status.runtime_status not in _ALIVE:
        return Live(alive=False)
    custom = status.custom_status
    return Live(alive=True, status=custom if isinstance(custom, dict) else {})


async def alive(client: df.DurableOrchestrationClient, instance: str) -> bool:
    """Return whether an orchestration is alive."""
    status = await _status(client, instance)
    return bool(status.runtime_status) and status.runtime_status in _ALIVE


async def _status(client: df.DurableOrchestrationClient, instance: str) -> Any:
    """Return what Durable says of an instance.

    Raises:
        UnavailableError: it does not answer; the library raises plain exceptions then.
    """
    try:
        return await client.get_status(instance)
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself
        raise UnavailableError("store", "durable-unavailable", type(error).__name__) from None


def state(connection: Connection, live: Live) -> ConnectionState:
    """Return the state as a person should see it: the store's, unless nobody works on it any more, nor is about to."""
    if connection.operation.ended is None and not busy(connection, live, datetime.now(UTC)):
        return ConnectionState.INTERRUPTED
    return connection.state


def busy(connection: Connection, live: Live, now: datetime) -> bool:
    """Return whether a run works on the connection, or another request is just about to start one."""
    operation = connection.operation
    starting = not operation.begun and now - operation.started < _STARTING
    return operation.ended is None and (live.alive or starting)


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
    value = {"name": connection.name, "revision": connection.wanted.revision}
    for _ in range(_START_TRIES):
        try:
            await client.start_new(ORCHESTRATION, instance_id(connection.name), value)
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
        ConflictError: the store holds another operation by now.
    """
    found = await services().documents.load(connection.name)
    if found is None or found.connection.operation.id != connection.operation.id:
        raise ConflictError("changed-meanwhile", name=connection.name)
    return found.connection.operation.begun


async def wake(client: df.DurableOrchestrationClient, name: str) -> None:
    """Cut a wait short. It is a hint only: a run that is just ending, or not waiting, does not need it."""
    try:
        await client.raise_event(instance_id(name), WAKE, {})
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself when the instance is gone
        log("wake-missed", connection=name, code=type(error).__name__)


def running(connection: Connection, live: Live) -> ConflictError:
    """Return the refusal of a request that wants something else while steps 1 to 7 work, or the run is ending."""
    if connection.operation.cancelled:
        return ConflictError("operation-cancelling", retry_after=30, name=connection.name)
    step = str(live.status.get("step", StepName.PREREQUISITES.value))
    return ConflictError("operation-running", retry_after=15, name=connection.name, step=step)


def operation_id() -> str:
    """Return the id of a new operation."""
    return str(uuid4())
