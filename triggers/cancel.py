"""``POST /api/connections/{name}/cancel``: end the run after its present activity; what is done stays done."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.history import Asked
from connector.log import log
from connector.lost import another, lost
from connector.model import Connection
from connector.services import services
from triggers import operations
from triggers.answers import answered, query
from triggers.asking import asking
from triggers.blueprint import blueprint
from triggers.create import accepted


@blueprint.function_name("cancel_connection")
@blueprint.route(route="api/connections/{name}/cancel", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def cancel_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Ask the run to end; ``202``. Where nothing runs, nothing is changed."""
    name = req.route_params["name"]
    async with asking(req, "cancel_connection", Asked.CANCEL, name) as asked:
        query(req)
        found = (await operations.find(name)).connection
        asked.meets(found)
        return accepted(found if found.operation.ended is not None else await _cancel(client, found))


async def _cancel(client: df.DurableOrchestrationClient, found: Connection) -> Connection:
    live = await operations.look(client, found)
    now = services().now()
    how = lost(found, live, now)

    def note(connection: Connection) -> None:
        if connection.operation != found.operation:
            return
        if how is None:
            connection.operation = connection.operation.model_copy(update={"cancelled": True})
        else:  # nobody is there to notice; and whoever comes after all comes for an attempt that is no more
            connection.operation = another(connection.operation, how, now)
            operations.end_cancelled(connection, now)

    connection = await services().documents.update(found.name, note)
    log("cancel", connection=found.name, operation=found.operation.id, outcome="asked" if how is None else "done")
    if how is None:
        await operations.wake(client, found)
    else:
        operations.told_lost(connection)
    return connection
