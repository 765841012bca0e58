"""``POST /api/connections/{name}/verify``: prove every mailbox once more, or wake the run that waits."""

from __future__ import annotations

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from connector.services import services
from connector.steps import OperationKind
from triggers import operations
from triggers.answers import answered, query
from triggers.blueprint import blueprint
from triggers.create import accepted, renewed, save


@blueprint.function_name("verify_connection")
@blueprint.route(route="api/connections/{name}/verify", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def verify_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a verification, which also goes on with what a person has done meanwhile; ``202``."""
    clients = services()
    query(req)
    clients.require_grant()
    found = await operations.find(req.route_params["name"])
    live = await operations.look(client, found.connection.name)
    if operations.busy(found.connection, live, datetime.now(UTC)):
        if found.connection.operation.cancelled:
            raise operations.running(found.connection, live)
        await operations.wake(client, found.connection.name)
        return accepted(found.connection)
    # Where nobody has taken the last request up, its list of mailboxes is not arranged yet: then it is a set-up.
    kind = OperationKind.VERIFY if found.connection.operation.begun else OperationKind.SET_UP
    connection = renewed(found.connection, kind, datetime.now(UTC))
    await save(connection, found.etag)
    await operations.start(client, connection)
    return accepted(connection)
