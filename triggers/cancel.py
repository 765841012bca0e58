"""``POST /api/connections/{name}/cancel``: end the run after its present activity; what is done stays done."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.case import Kind, Settled
from connector.history import Asked
from connector.log import log
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, Role, Route


@Route(
    "POST",
    "/api/connections/{name}/cancel",
    Role.OPERATOR,
    "End the run after its present activity",
    {202: Accepted},
    tagged=True,
    problems=(*READ, CHANGED),
)
async def cancel_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Ask the run to end; ``202``. Where nothing runs, nothing is changed."""
    name = req.route_params["name"]
    async with asking(req, "cancel_connection", Asked.CANCEL, name) as asked:
        query(req)
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        done = await perform(client, asked.request(Kind.CANCEL), asked.entry.caller, found)
        if not (isinstance(done, Settled) and done.stored):
            ended = done.connection.operation.ended is not None
            log("cancel", connection=name, operation=done.connection.operation.id, outcome="done" if ended else "asked")
        return accepted_answer(done.connection)
