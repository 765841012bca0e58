"""``POST /api/check``: look now. Each hour a timer looks at the connections whose hour it is, and compares all."""

from __future__ import annotations

import logging
from functools import partial

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector.caller import CHECKS, By
from connector.check import due, looking, may_look
from connector.checks import Check
from connector.document import Document
from connector.errors import ConflictError, GrantMissingError, UnavailableError, UnknownConnectionError, UnreadableError
from connector.finding import Finding
from connector.history import Asked
from connector.log import log
from connector.look import shared
from connector.model import Connection
from connector.orders import CheckOrder
from connector.services import services
from orchestrations.check import ORCHESTRATION
from triggers import operations
from triggers.answers import json_answer
from triggers.asking import asking
from triggers.hourly import each
from triggers.performing import new_id, start_once
from triggers.query import free_text, query
from triggers.route import NEEDS_DOCUMENT, STORE, Role, Route, blueprint

NAME = free_text("name", "Which connection; without it all are looked at, one after another.")
_APART = 6.0
"""Seconds between the beginnings of two looks: each asks Exchange for about as many requests."""


class CheckStarted(Document):
    """What is looked at now."""

    started: list[str] = Field(description="The names of the connections; what was seen stands in `health` of each.")
    skipped: list[str] = Field(
        description="Those that somebody works on, that are looked at already, or of which there is nothing to look at."
    )


@Route(
    "POST",
    "/api/check",
    Role.OPERATOR,
    "Look at one connection now, or at all",
    {202: CheckStarted},
    query=(NAME,),
    hooked=True,
    problems=(
        *STORE,
        NEEDS_DOCUMENT,
        GrantMissingError(),
        UnknownConnectionError("unknown-connection"),
        ConflictError("check-not-now"),
    ),
)
async def start_check(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start the look; ``202``. Nothing is changed by it, and no body is read: any system may send what it likes."""
    name = NAME.of(query(req, NAME))
    async with asking(req, "start_check", Asked.CHECK, name) as asked:
        services().require_grant()
        if name is None:
            return json_answer(await _all(client, asked.entry.caller.by), 202)
        connection = (await operations.load(name)).connection
        asked.entry.revision = connection.wanted.revision
        begun = await _begin(client, connection, asked.entry.caller.by)
        body = CheckStarted(started=[name] if begun else [], skipped=[] if begun else [name])
        return json_answer(body, 202, {"Location": f"/api/connections/{name}", "Retry-After": "10"})


async def _all(client: df.DurableOrchestrationClient, by: By) -> CheckStarted:
    started: list[str] = []
    skipped: list[str] = []
    for name in await services().documents.names():
        try:
            found = await services().documents.load(name)
            begun = found is not None and await _begin(client, found.connection, by, len(started) * _APART)
        except (ConflictError, UnavailableError, UnreadableError):
            begun = False
        (started if begun else skipped).append(name)
    return CheckStarted(started=started, skipped=skipped)


@blueprint.function_name("check_connections")
@blueprint.timer_trigger(arg_name="timer", schedule="0 50 * * * *")
@blueprint.durable_client_input(client_name="client")
async def check_connections(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Begin the looks of this hour, and compare what the looks before have seen of all connections."""
    if services().settings.granted is None:
        return
    seen: dict[str, Check] = {}
    started: list[str] = []
    log("checks-begun", count=await each(partial(_look, client, seen, started), _failed))
    await _compare(seen)


def _failed(name: str, code: str) -> None:
    log("check-failed", level=logging.ERROR, connection=name, code=code)


async def _look(client: df.DurableOrchestrationClient, seen: dict[str, Check], started: list[str], name: str) -> bool:
    """Return whether a look was begun."""
    check = await operations.check_of(name) or Check(name=name)
    seen[name] = check
    found, now = await services().documents.load(name), services().now()
    if found is None or not due(check, found.connection, now):
        return False
    begun = await _begin(client, found.connection, CHECKS, len(started) * _APART)
    started += [name] if begun else []
    return begun


async def _begin(client: df.DurableOrchestrationClient, connection: Connection, by: By, delay: float = 0.0) -> bool:
    """Start a look for who has asked, ``delay`` seconds from now; return False where one is under way already.

    Raises:
        ConflictError: somebody works on the connection, or there is nothing to look at.
        UnavailableError: Durable does not start it.
    """
    if not may_look(connection):
        raise ConflictError("check-not-now", name=connection.name, state=connection.state)
    run, now = new_id(), services().now()

    def first(present: Check) -> Check:
        if looking(present, now):
            return present
        return present.model_copy(update={"run": run, "started": now, "by": by, "doubt": []})

    if (await services().checks.update(connection.name, first)).run != run:
        return False
    order = CheckOrder(connection.name, run, delay)
    await start_once(client, ORCHESTRATION, f"check-{connection.name}-{run}", order)
    return True


async def _compare(checks: dict[str, Check]) -> None:
    """Note in the documents of connections that share mailboxes with which others they do, and where that has ended."""
    holders: dict[str, set[str]] = {}
    for name, check in checks.items():
        for key in check.seen.keys if check.seen is not None else ():
            holders.setdefault(key, set()).add(name)
    for name, check in checks.items():
        found = shared(name, check.seen.keys if check.seen is not None else (), holders)
        if found == check.shared:
            continue
        await services().checks.update(name, partial(_sharing, found))
        log("mailboxes-shared", connection=name, count=len(found), label=services().settings.label or None)


def _sharing(found: list[Finding], present: Check) -> Check:
    return present.model_copy(update={"shared": found})
