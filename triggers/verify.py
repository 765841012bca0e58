"""``POST /api/connections/{name}/verify``: prove every mailbox once more, or wake the run that waits."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.case import Kind
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.services import services
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, TAKEN_BACK, Role, Route


@Route(
    "POST",
    "/api/connections/{name}/verify",
    Role.OPERATOR,
    "Prove every mailbox once more, or wake the run that waits",
    {202: Accepted},
    tagged=True,
    hooked=True,
    problems=(
        *READ,
        CHANGED,
        *TAKEN_BACK,
        GrantMissingError(),
        *map(ConflictError, ("operation-running", "operation-cancelling")),
    ),
)
async def verify_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a verification, which also goes on with what a person has done meanwhile; ``202``.

    A run that works, or waits for Microsoft, comes to it by itself. One that waits for a person looks only at what is
    missing: what it has settled before is looked at anew.
    """
    name = req.route_params["name"]
    async with asking(req, "verify_connection", Asked.VERIFY, name) as asked:
        query(req)
        services().require_grant()
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        done = await perform(client, asked.request(Kind.VERIFY), asked.entry.caller, found)
        asked.entry.revision = done.connection.wanted.revision
        return accepted_answer(done.connection)
