"""``GET /api/connections``: all connections in short."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.errors import UnknownConnectionError, UnreadableError
from connector.services import services
from triggers import operations
from triggers.answers import answered, json_answer, page_size, query
from triggers.blueprint import blueprint
from triggers.views import ConnectionList, connection_summary, unreadable_summary


@blueprint.function_name("list_connections")
@blueprint.route(route="api/connections", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def list_connections(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a page of connections, sorted by name; ``next`` is what ``?after=`` takes."""
    documents = services().documents
    parameters = query(req, "top", "after")
    top, after = page_size(parameters), parameters.get("after", "")
    names = [name for name in await documents.names() if name > after]
    items = []
    for name in names[:top]:
        try:
            connection, live = await operations.seen(client, name)
        except UnknownConnectionError:
            continue
        except UnreadableError:
            items.append(unreadable_summary(name))
            continue
        items.append(connection_summary(connection, operations.standing_now(connection, live)))
    return json_answer(ConnectionList(items=items, next=names[top - 1] if len(names) > top else None))
