"""``POST /api/connections/{name}/verify``: prove every mailbox once more, or wake the run that waits."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.history import Asked
from connector.model import Connection
from connector.outage import before
from connector.services import services
from connector.steps import ConnectionState, OperationKind
from triggers import operations
from triggers.answers import answered, query
from triggers.asking import Asking, asking
from triggers.blueprint import blueprint
from triggers.create import accepted, renew, replace


@blueprint.function_name("verify_connection")
@blueprint.route(route="api/connections/{name}/verify", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def verify_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a verification, which also goes on with what a person has done meanwhile; ``202``.

    A run that works, or waits for Microsoft, comes to it by itself. One that waits for a person looks only at what is
    missing: what it has settled before is looked at anew.
    """
    name = req.route_params["name"]
    async with asking(req, "verify_connection", Asked.VERIFY, name) as asked:
        query(req)
        services().require_grant()
        connection = await _verify(client, name, asked)
        asked.entry.revision = connection.wanted.revision
        return accepted(connection)


async def _verify(client: df.DurableOrchestrationClient, name: str, asked: Asking) -> Connection:
    found = await operations.find(name)
    asked.meets(found.connection)
    live = await operations.look(client, found.connection)
    busy = operations.busy(found.connection, live)
    if busy and found.connection.operation.cancelled:
        raise operations.running(found.connection, live)
    if busy and found.connection.state is not ConnectionState.ACTION_REQUIRED:
        await operations.wake(client, found.connection)
        return found.connection
    # Where nobody has taken the last request up, its list of mailboxes is not arranged yet: then it is a set-up.
    kind = OperationKind.VERIFY if found.connection.operation.begun else OperationKind.SET_UP

    def ask(present: Connection) -> None:
        was = before(present)
        renew(present, kind, live, services().now(), same=True)
        present.operation.before = was if kind is OperationKind.VERIFY else None
        if busy:  # a new revision, so that what the run is just doing does not count for the new operation
            present.wanted = present.wanted.model_copy(update={"revision": present.wanted.revision + 1})

    connection = await replace(found.connection, ask)
    await operations.go_on(client, connection, found.connection.operation.attempt)
    return connection
