"""``POST /api/connections``: set a connection up, or bring it to the wanted state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import azure.durable_functions as df
import azure.functions as func

from connector.documents import Versioned
from connector.errors import ConflictError, FieldError, StaleWriteError
from connector.etag import etag
from connector.history import Asked
from connector.lost import Live, another, lost
from connector.model import MAX_MAILBOXES, Connection, Operation, Wanted
from connector.plans.mailbox_list import removals
from connector.request import SetUpRequest, parse
from connector.services import services
from connector.steps import ConnectionState, OperationKind
from triggers import operations
from triggers.answers import answered, content, flag, json_answer, language, query
from triggers.asking import Asking, asking
from triggers.blueprint import blueprint
from triggers.plan import start_plan
from triggers.views import Accepted


@blueprint.function_name("create_connection")
@blueprint.route(route="api/connections", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def create_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Write the wanted state under its ETag, then start or wake the run; ``202`` and where to watch it."""
    async with asking(req, "create_connection", Asked.SET_UP) as asked:
        clients = services()
        parameters = query(req, "allowRemoval", flags=("dryRun",))
        dry, most = flag(parameters, "dryRun"), _removal_limit(parameters)
        asked.entry.action, asked.entry.allow_removal = Asked.DRY_RUN if dry else Asked.SET_UP, most
        wish = parse(content(req), req.headers.get("Content-Type", ""))
        asked.name = wish.name
        clients.require_grant()
        if dry:
            return await start_plan(client, wish, language(req), asked)
        connection = await _set_up(client, wish, most, asked)
        asked.entry.revision = connection.wanted.revision
        return accepted(connection)


async def _set_up(
    client: df.DurableOrchestrationClient, wish: SetUpRequest, most: int | None, asked: Asking
) -> Connection:
    found = await services().documents.load(wish.name)
    asked.compare(found.connection if found is not None else None, wish.wanted(0))
    live = await operations.look(client, found.connection) if found is not None else Live()
    busy = found is not None and operations.busy(found.connection, live)
    if found is not None and busy:
        if _asked_already(wish, found.connection):
            await (operations.wake if live.alive else operations.start)(client, found.connection)
            return found.connection
        if not operations.replaceable(found.connection, live):
            raise operations.running(found.connection, live)
    if found is not None:
        await _check_removals(wish, found.connection, most)
    connection = await _save(wish, found, live)
    await operations.go_on(client, connection, found.connection.operation.attempt if found is not None else 0)
    return connection


def _asked_already(wish: SetUpRequest, present: Connection) -> bool:
    """Return whether the run that works is the set-up that is asked for.

    A verification would only look, and a run that waits for a person only at what is missing: who asks for the set-up
    again then has seen that something else is not as it was.
    """
    operation = present.operation
    is_set_up = operation.kind is OperationKind.SET_UP and not operation.cancelled
    works = present.state is not ConnectionState.ACTION_REQUIRED
    return is_set_up and works and _is_wanted(wish, present)


def _is_wanted(wish: SetUpRequest, present: Connection) -> bool:
    return wish.wanted(present.wanted.revision) == present.wanted


async def _check_removals(wish: SetUpRequest, present: Connection, most: int | None) -> None:
    """Refuse a list that takes access from more than half of the mailboxes, or from more than the request allows.

    Raises:
        ConflictError: names how many would lose it.
    """
    wanted = wish.wanted(present.wanted.revision).mailboxes
    if set(present.wanted.mailboxes) <= set(wanted):
        return
    chunks = [chunk async for chunk in services().documents.chunks(present.name, len(present.chunks))]
    removed, total = removals(chunks, wanted)
    if removed > (most if most is not None else total // 2):
        raise ConflictError("removal-not-allowed", name=present.name, removed=removed, total=total)


def _removal_limit(parameters: dict[str, str]) -> int | None:
    value = parameters.get("allowRemoval")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MAX_MAILBOXES))):
        raise FieldError("query-invalid", field="allowRemoval", expected="removal-count")
    return int(value)


async def _save(wish: SetUpRequest, found: Versioned | None, live: Live) -> Connection:
    """Write the new revision; who loses the ETag to another request has been overtaken by it."""
    now = services().now()
    if found is None:
        connection = _new(wish.name, wish.wanted(1), now)
        try:
            await services().documents.save(connection, None)
        except StaleWriteError:
            raise ConflictError("changed-meanwhile", name=wish.name) from None
        return connection

    def ask(present: Connection) -> None:
        renew(present, OperationKind.SET_UP, live, now, same=_is_wanted(wish, present))
        present.wanted = wish.wanted(present.wanted.revision + 1)

    return await replace(found.connection, ask)


async def replace(seen: Connection, change: Callable[[Connection], None]) -> Connection:
    """Change a connection as it is now, where nobody but the run that works on it has written since it was ``seen``.

    Raises:
        ConflictError: another request was faster, or the run has ended.
    """

    def unless_overtaken(present: Connection) -> None:
        if present.operation != seen.operation:
            raise ConflictError("changed-meanwhile", name=seen.name)
        change(present)

    return await services().documents.update(seen.name, unless_overtaken)


def _new(name: str, wanted: Wanted, now: datetime) -> Connection:
    operation = Operation(id=operations.operation_id(), kind=OperationKind.SET_UP, started=now, attempt=1)
    return Connection(name=name, wanted=wanted, operation=operation, since=now, last_change=now)


def renew(connection: Connection, kind: OperationKind, live: Live, now: datetime, *, same: bool = False) -> None:
    """Give the connection a new operation that nobody has taken up yet; its state counts from now.

    The run that works takes it up; where none does another attempt has to be started. Who asks for the ``same`` of a
    run that waits for a person has changed nothing: what counts from the last change counts on, and the run ends when a
    person has been waited for long enough.
    """
    before = connection.operation
    how = lost(connection, live, now)
    works = before.ended is None and how is None
    taken = before if works else another(before, how or "", now)
    connection.operation = Operation(
        id=operations.operation_id(),
        kind=kind,
        started=now,
        attempt=taken.attempt,
        lost=taken.lost if how is not None else None,
    )
    connection.state, connection.since = ConnectionState.RUNNING, now
    if not (works and same):
        connection.last_change, connection.stuck_since = now, None


def accepted(connection: Connection) -> func.HttpResponse:
    """Return ``202`` with the address to watch."""
    location = f"/api/connections/{connection.name}"
    body = Accepted(
        name=connection.name, revision=connection.wanted.revision, state=connection.state, location=location
    )
    return json_answer(body, 202, {"Location": location, "Retry-After": "5", "ETag": etag(connection)})
