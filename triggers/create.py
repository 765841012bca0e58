"""``POST /api/connections``: set a connection up, or bring it to the wanted state."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.errors import FieldError
from connector.history import Asked
from connector.model import MAX_MAILBOXES, Connection
from connector.plans.mailbox_list import removals
from connector.request import SetUpRequest, parse
from connector.ruling import Kind, Removal
from connector.services import services
from triggers.answers import answered, content, flag, language, query
from triggers.asking import asking
from triggers.blueprint import blueprint
from triggers.performing import perform
from triggers.views import accepted


@blueprint.function_name("create_connection")
@blueprint.route(route="api/connections", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@answered
async def create_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Write the wanted state under its ETag, then start or wake the run; ``202`` and where to watch it."""
    async with asking(req, "create_connection", Asked.SET_UP) as asked:
        clients = services()
        parameters = query(req, "allowRemoval", flags=("dryRun",))
        dry, most = flag(parameters, "dryRun"), _removal_limit(parameters)
        asked.entry.action, asked.entry.allow_removal = Asked.DRY_RUN if dry else Asked.SET_UP, most
        wish = parse(content(req), req.headers.get("Content-Type", ""))
        asked.name = wish.name
        clients.require_grant()
        found = await clients.documents.load(wish.name)
        asked.compare(found.connection if found is not None else None, wish.wanted(0))
        kind = Kind.DRY_RUN if dry else Kind.SET_UP
        removal = await _removal(wish, found.connection, most) if found is not None and not dry else None
        request = asked.request(kind, wish.wanted(0), removal)
        connection = (await perform(client, request, asked.entry.caller, found)).connection
        if dry:
            return accepted(connection, plan_in=language(req))
        asked.entry.revision = connection.wanted.revision
        return accepted(connection)


async def _removal(wish: SetUpRequest, present: Connection, most: int | None) -> Removal | None:
    """Return from how many mailboxes the list takes the access; the chunks are read only where it can be any."""
    wanted = wish.wanted(0).mailboxes
    if set(present.wanted.mailboxes) <= set(wanted):
        return None
    chunks = [chunk async for chunk in services().documents.chunks(present.name, len(present.chunks))]
    return Removal(*removals(chunks, wanted), most)


def _removal_limit(parameters: dict[str, str]) -> int | None:
    value = parameters.get("allowRemoval")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MAX_MAILBOXES))):
        raise FieldError("query-invalid", field="allowRemoval", expected="removal-count")
    return int(value)
