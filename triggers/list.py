"""``GET /api/connections``: all connections in short."""

from __future__ import annotations

from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector.clients.recent import View
from connector.services import services
from connector.together import AT_ONCE, bounded
from triggers.answers import json_answer
from triggers.known import known, named
from triggers.query import TOP, free_text, query
from triggers.route import STORE, Role, Route
from triggers.summary import ConnectionList, ConnectionSummary, connection_summary, unreadable_summary

AFTER = free_text("after", "The last entry of the page before.")


@Route(
    "GET",
    "/api/connections",
    Role.READER,
    "List all connections",
    {200: ConnectionList},
    query=(TOP, AFTER),
    problems=STORE,
)
async def list_connections(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a page of connections, sorted by name; ``next`` is what ``?after=`` takes."""
    sent = query(req, TOP, AFTER)
    top, after = TOP.of(sent), AFTER.of(sent) or ""
    every, documents = await named()
    names = [name for name in every if name > after]
    items = await bounded(AT_ONCE, (partial(_summary, client, documents, name) for name in names[:top]))
    following = names[top - 1] if len(names) > top else None
    return json_answer(ConnectionList(items=[one for one in items if one is not None], next=following))


async def _summary(client: df.DurableOrchestrationClient, documents: View, name: str) -> ConnectionSummary | None:
    """Return one connection in short; None where it is gone meanwhile."""
    found = await known(client, documents, name)
    if found is None or found.connection is None or found.standing is None:
        return unreadable_summary(name) if found is not None else None
    return connection_summary(found.connection, found.standing, found.check, services().now())
