"""``GET /api/connections``: all connections in short."""

from __future__ import annotations

from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector.errors import UnknownConnectionError, UnreadableError
from connector.services import services
from connector.together import AT_ONCE, bounded, together
from triggers import operations
from triggers.answers import json_answer
from triggers.looking import check_of
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
    documents = services().documents
    sent = query(req, TOP, AFTER)
    top, after = TOP.of(sent), AFTER.of(sent) or ""
    names = [name for name in await documents.names() if name > after]
    items = await bounded(AT_ONCE, (partial(_summary, client, name) for name in names[:top]))
    following = names[top - 1] if len(names) > top else None
    return json_answer(ConnectionList(items=[one for one in items if one is not None], next=following))


async def _summary(client: df.DurableOrchestrationClient, name: str) -> ConnectionSummary | None:
    """Return one connection in short; None where it is gone meanwhile."""
    try:
        (connection, live), check = await together(operations.load_with_run(client, name), check_of(name))
    except UnknownConnectionError:
        return None
    except UnreadableError:
        return unreadable_summary(name)
    now = operations.standing_now(connection, live, check)
    return connection_summary(connection, now, check, services().now())
