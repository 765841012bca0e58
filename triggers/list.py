"""``GET /api/connections``: all connections in short."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.errors import UnknownConnectionError, UnreadableError
from connector.services import services
from triggers import operations
from triggers.answers import json_answer
from triggers.query import TOP, free_text, query
from triggers.route import STORE, Role, Route
from triggers.summary import ConnectionList, connection_summary, unreadable_summary

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
    items = []
    for name in names[:top]:
        try:
            connection, live = await operations.load_with_run(client, name)
        except UnknownConnectionError:
            continue
        except UnreadableError:
            items.append(unreadable_summary(name))
            continue
        items.append(connection_summary(connection, operations.standing_now(connection, live)))
    return json_answer(ConnectionList(items=items, next=names[top - 1] if len(names) > top else None))
