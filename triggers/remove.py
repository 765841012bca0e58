"""``DELETE /api/connections/{name}``: take a connection back, or only show what would be taken back."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.case import Kind, Removal
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.model import Connection
from connector.services import services
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.answers import language
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import integer, query, switch
from triggers.route import CHANGED, READ, Role, Route

DRY_RUN = switch(
    "dryRun", "Only find out what would be taken back; the plan is read from `Location`. Alone it means `true`."
)
REMOVAL = integer(
    "allowRemoval",
    "How many mailboxes at most may lose access; without it none.",
    "removal-count",
    most=9999,
    default=None,
)
BY_HAND = switch(
    "byHand",
    "Somebody has run the lines that the findings show: what the app may not look at in Exchange counts as taken back.",
)


@Route(
    "DELETE",
    "/api/connections/{name}",
    Role.OPERATOR,
    "Take a connection back with all that it has made",
    {202: Accepted},
    query=(DRY_RUN, REMOVAL, BY_HAND),
    tagged=True,
    problems=(
        *READ,
        CHANGED,
        GrantMissingError(),
        *map(ConflictError, ("removal-not-allowed", "connection-removed")),
    ),
)
async def remove_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start the removal, in the place of whatever runs; ``202`` and where to watch it. Of what is removed it is told.

    One that was cancelled, or has ended before a person had done his part, goes on.
    """
    name = req.route_params["name"]
    async with asking(req, "remove_connection", Asked.REMOVE, name) as asked:
        sent = query(req, DRY_RUN, REMOVAL, BY_HAND)
        dry, most = DRY_RUN.of(sent), REMOVAL.of(sent)
        asked.entry.action, asked.entry.allow_removal = Asked.REMOVAL_PLAN if dry else Asked.REMOVE, most
        services().require_grant()
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        removal = await _removal(found.connection, most) if not dry else None
        kind = Kind.PLAN_REMOVAL if dry else Kind.REMOVE
        request = asked.request(kind, removal=removal, by_hand=BY_HAND.of(sent))
        connection = (await perform(client, request, asked.entry.caller, found)).connection
        if dry:
            return accepted_answer(connection, plan_in=language(req))
        asked.entry.revision = connection.wanted.revision
        asked.entry.removed = removal.removed if removal is not None else 0
        return accepted_answer(connection)


async def _removal(present: Connection, most: int | None) -> Removal | None:
    """Return how many mailboxes lose access; None where none does."""
    number = await operations.losing_access(present)
    return Removal(number, number, most) if number else None
