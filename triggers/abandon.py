"""``DELETE /api/connections/{name}/rotation``: give the next secret up, while it is not confirmed."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector import dates
from connector.case import Kind
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.services import services
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.asking import asking
from triggers.evidence import next_in_use
from triggers.performing import perform
from triggers.query import free_text, query
from triggers.route import CHANGED, READ, TAKEN_BACK, Role, Route

KEY = free_text("keyId", "`rotation.keyId`: nobody gives up another secret than he means. Needed where there is one.")


@Route(
    "DELETE",
    "/api/connections/{name}/rotation",
    Role.OPERATOR,
    "Give the next client secret up",
    {202: Accepted},
    query=(KEY,),
    tagged=True,
    problems=(
        *READ,
        CHANGED,
        GrantMissingError(),
        *TAKEN_BACK,
        *map(ConflictError, ("no-rotation", "rotation-confirmed", "key-not-offered", "last-secret", "next-in-use")),
        *map(ConflictError, ("operation-running", "operation-cancelling")),
    ),
)
async def abandon_rotation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Take the next secret away; ``202``. The UTM goes on with the one that it has."""
    name = req.route_params["name"]
    async with asking(req, "abandon_rotation", Asked.ABANDON, name) as asked:
        key = KEY.of(query(req, KEY)) or ""
        services().require_grant()
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        since = await next_in_use(found.connection)
        if since is not None:
            raise ConflictError("next-in-use", name=name, since=dates.value(since))
        request = asked.request(Kind.ABANDON, key=key)
        done = await perform(client, request, asked.entry.caller, found)
        return accepted_answer(done.connection)
