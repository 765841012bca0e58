"""Carry out what a request means: ask ``connector/admission.py``, write what it says, and start or wake the run."""

from __future__ import annotations

import asyncio
import logging
from uuid import uuid4

import azure.durable_functions as df

from connector.admission import admit, asks_again, asks_durable
from connector.caller import Caller
from connector.case import Admitted, Refuse, Replace, Request, Settled, Wake
from connector.documents import Versioned
from connector.errors import ConflictError, StaleWriteError, UnavailableError
from connector.log import log
from connector.lost import Live
from connector.model import Connection
from connector.orders import CheckOrder, PlanOrder, RunOrder
from connector.planned import Planned
from connector.services import services
from connector.telling import hand_on
from orchestrations.connection import ORCHESTRATION
from orchestrations.plan import ORCHESTRATION as PLAN
from orchestrations.steps import WAKE
from triggers import operations

_TRIES = 10
_START_TRIES = 20
_START_PAUSE = 0.25
"""Seconds. A start may be refused because the same one came at the same moment."""


async def perform(
    client: df.DurableOrchestrationClient | None, request: Request, caller: Caller | None, seen: Versioned | None
) -> Admitted:
    """Carry a request out for a connection as it was ``seen``, and return what was done.

    Where the run that works has written meanwhile it is asked once more what the request means. ``client`` may be None
    for what needs no run; ``caller`` is None for our own timer.

    Raises:
        RequestError: it is refused; or another request was faster, or the run has ended.
        UnavailableError: Durable does not answer, or does not start it: interrupted, and after two minutes shown so.
    """
    live, looked_at = Live(), None
    for _ in range(_TRIES):
        connection = seen.connection if seen is not None else None
        needed = connection is not None and connection.operation != looked_at and asks_durable(request.kind)
        if client is not None and connection is not None and needed:
            live, looked_at = await operations.read_run(client, connection), connection.operation
        done = admit(request, caller, connection, live, services().now())
        if isinstance(done, Refuse):
            raise done.error
        if await _write(done, seen):
            _tell(done.connection, connection)
            await _run(client, done, live)
            if client is not None:
                await hand_on(client)
            return done
        seen = await _again(request, connection)
    raise StaleWriteError("store", "etag", f"the document of {request.name} changes all the time")


def new_id() -> str:
    """Return the id of a request, and of the operation that it begins."""
    return str(uuid4())


async def _write(done: Admitted, seen: Versioned | None) -> bool:
    """Write the connection as it is to be; return False where somebody else has written since it was seen."""
    if isinstance(done, Wake) or (isinstance(done, Settled) and done.stored):
        return True
    connection = done.connection
    if connection.operation.dry:  # a document of its own: no connection is made or touched
        operation = connection.operation
        await services().plans.start(Planned(id=operation.id, connection=connection, started=operation.started))
        return True
    try:
        await services().documents.save(connection, *((seen.etag, seen.connection) if seen is not None else (None,)))
    except StaleWriteError:
        return False
    return True


async def _again(request: Request, before: Connection | None) -> Versioned | None:
    """Return the connection as it is now.

    Raises:
        ConflictError: it is another request that has written, and that matters.
    """
    found = await services().documents.load(request.name)
    same = found is not None and before is not None and found.connection.operation == before.operation
    if not same and not asks_again(request.kind):
        raise ConflictError("changed-meanwhile", name=request.name)
    return found


async def _run(client: df.DurableOrchestrationClient | None, done: Admitted, live: Live) -> None:
    """Have somebody work on it: an attempt that was written and that nobody has come to start is started now."""
    if client is None or isinstance(done, Settled):
        return
    if isinstance(done, Wake | Replace) and live.runtime is not None:
        await _wake(client, done.connection)
    elif done.connection.operation.dry:
        await _start_plan(client, done.connection)
    else:
        await start(client, done.connection)


async def start(client: df.DurableOrchestrationClient, connection: Connection, *, pause: float = _START_PAUSE) -> None:
    """Start the orchestration for what the store now wants.

    A start may be refused because one that came at the same moment runs already: then the store tells whether that run
    has taken this request up, or whether another request has replaced it.

    Raises:
        ConflictError: another request has replaced this one before it was taken up.
        UnavailableError: Durable does not start it: interrupted, after two minutes shown so, and nothing is lost.
    """
    operation = connection.operation
    value = RunOrder(connection.name, connection.wanted.revision, operation.attempt).to_json()
    for _ in range(_START_TRIES):
        try:
            await client.start_new(ORCHESTRATION, operations.instance_id(connection), value)
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


async def start_once(
    client: df.DurableOrchestrationClient, orchestration: str, instance: str, order: PlanOrder | CheckOrder
) -> None:
    """Start an orchestration that nobody else starts under this id.

    Raises:
        UnavailableError: Durable does not start it.
    """
    try:
        await client.start_new(orchestration, instance, order.to_json())
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself
        log("start-refused", connection=order.name, code=type(error).__name__)
        raise UnavailableError("store", "start-refused", "the orchestration could not be started") from None


async def _start_plan(client: df.DurableOrchestrationClient, connection: Connection) -> None:
    plan = connection.operation.id
    await start_once(client, PLAN, f"plan-{plan}", PlanOrder(connection.name, plan))
    log("plan", connection=connection.name, operation=plan, outcome="started")


async def _wake(client: df.DurableOrchestrationClient, connection: Connection) -> None:
    """Cut a wait short. It is a hint only: a run that is just ending, or not waiting, does not need it."""
    try:
        await client.raise_event(operations.instance_id(connection), WAKE, {})
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself when the instance is gone
        log("wake-missed", connection=connection.name, code=type(error).__name__)


def _tell(connection: Connection, before: Connection | None) -> None:
    """Say in the log that an attempt was lost, and which one has taken its place."""
    told = connection.operation.lost
    if told is None or before is None or told == before.operation.lost:
        return
    log(
        "run-lost",
        level=logging.WARNING,
        connection=connection.name,
        operation=connection.operation.id,
        attempt=told.attempt,
        code=told.how,
    )
