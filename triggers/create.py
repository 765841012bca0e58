"""``POST /api/connections``: set a connection up, or bring it to the wanted state."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.case import Kind, Removal
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.model import Connection
from connector.plans.mailbox_list import removals
from connector.request import SetUpRequest, parse
from connector.services import services
from triggers.accepted import Accepted, accepted_answer
from triggers.answers import body_of, language
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import integer, query, switch
from triggers.route import CHANGED, NEEDS_DOCUMENT, STORE, Role, Route

DRY_RUN = switch(
    "dryRun", "Only find out what would be changed; the plan is read from `Location`. Alone it means `true`."
)
REMOVAL = integer(
    "allowRemoval",
    "How many mailboxes at most may lose access; without it half of them.",
    "removal-count",
    most=9999,  # more than a list has: what was never taken back before is counted too
    default=None,
)


@Route(
    "POST",
    "/api/connections",
    Role.OPERATOR,
    "Set a connection up, or bring it to the wanted state",
    {202: Accepted},
    query=(DRY_RUN, REMOVAL),
    body=SetUpRequest,
    tagged=True,
    problems=(
        *STORE,
        NEEDS_DOCUMENT,
        CHANGED,
        GrantMissingError(),
        *map(ConflictError, ("operation-running", "operation-cancelling", "removal-running", "removal-not-allowed")),
    ),
)
async def create_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Write the wanted state under its ETag, then start or wake the run; ``202`` and where to watch it."""
    async with asking(req, "create_connection", Asked.SET_UP) as asked:
        clients = services()
        sent = query(req, DRY_RUN, REMOVAL)
        dry, most = DRY_RUN.of(sent), REMOVAL.of(sent)
        asked.entry.action, asked.entry.allow_removal = Asked.DRY_RUN if dry else Asked.SET_UP, most
        wish = parse(body_of(req))
        asked.name = wish.name
        clients.require_grant()
        found = await clients.documents.load(wish.name)
        present, wanted = found.connection if found is not None else None, wish.wanted(0)
        asked.compare(present, wanted)
        kind = Kind.DRY_RUN if dry else Kind.SET_UP
        removal = await _removal(wish.name, wanted.mailboxes, present, most) if not dry else None
        request = asked.request(kind, wanted, removal)
        connection = (await perform(client, request, asked.entry.caller, found)).connection
        if dry:
            return accepted_answer(connection, plan_in=language(req))
        asked.entry.revision = connection.wanted.revision
        return accepted_answer(connection)


async def _removal(name: str, wanted: list[str], present: Connection | None, most: int | None) -> Removal | None:
    """Return from how many mailboxes the list takes the access; the chunks are read only where it can be any.

    Where a connection's own document is gone its chunks may still be there, and what they list has access.
    """
    if present is not None and set(present.wanted.mailboxes) <= set(wanted):
        return None
    known = len(present.chunks) if present is not None else 0
    chunks = [chunk async for chunk in services().documents.chunks(name, known)]
    removed, total = removals(chunks, wanted)
    return Removal(removed, total, most) if removed else None
