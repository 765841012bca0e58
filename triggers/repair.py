"""``POST /api/connections/{name}/repair``: what can be done about documents that cannot be read, and the doing of it.

Without ``?from=`` nothing is changed: the answer says what is broken, which ways there are, and what each loses.
"""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.admission import admit
from connector.case import Kind, Refuse, Removal
from connector.documents import connection_in
from connector.errors import ConflictError, GrantMissingError, StaleWriteError
from connector.etag import etag
from connector.history import Asked
from connector.lost import Live
from connector.messages import Language
from connector.model import Connection
from connector.patience import patiently
from connector.plans.application import unique_name
from connector.plans.mailbox_list import removals
from connector.repair import Damaged, Way
from connector.request import SetUpRequest, as_display_name, parse
from connector.services import services
from connector.wanted import Wanted
from triggers import operations
from triggers.answers import body_of, json_answer, language
from triggers.asking import Asking, asking
from triggers.damage import Broken, RepairView, look_for, repair_view, repairs
from triggers.performing import perform, start
from triggers.query import choice, query
from triggers.route import CHANGED, READ, Role, Route

WAY = choice(
    "from",
    "What is repaired from; without it nothing is changed, and the answer says what each way loses.",
    "repair-way",
    Way,
    None,
)


@Route(
    "POST",
    "/api/connections/{name}/repair",
    Role.OPERATOR,
    "Say what of a connection cannot be read, or repair it; a right of its own",
    {202: RepairView, 200: RepairView},
    query=(WAY,),
    body=SetUpRequest,
    body_needed=False,
    tagged=True,
    problems=(
        *READ,
        CHANGED,
        GrantMissingError(),
        *map(ConflictError, ("nothing-to-repair", "no-version", "repair-list-needed", "repair-body")),
        *map(ConflictError, ("operation-running", "operation-cancelling", "removal-not-allowed")),
    ),
)
async def repair_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Say what is broken (``200``), or repair it by the way that ``?from=`` names, and have it proven (``202``)."""
    name, way, lang = str(req.route_params["name"]), WAY.of(query(req, WAY)), language(req)
    if way is None:
        broken = await look_for(name)
        return json_answer(repair_view(broken, None, lang), headers=_headers(broken.connection, lang))
    async with asking(req, "repair_connection", Asked.REPAIR, name) as asked:
        services().require_grant()
        wish = _wish(req, name, way)
        broken = await look_for(name)
        asked.hold(broken.connection)
        try:
            started = await _repair(client, broken, way, wish, asked)
        except StaleWriteError:
            raise ConflictError("changed-meanwhile", name=name) from None
        connection = started or broken.connection
        asked.entry.revision = connection.wanted.revision if connection is not None else None
    if started is None:
        return json_answer(repair_view(broken, way, lang), headers=_headers(connection, lang))
    headers = {**_headers(started, lang), "Location": f"/api/connections/{name}", "Retry-After": "5"}
    return json_answer(repair_view(broken, way, lang), 202, headers)


def _headers(connection: Connection | None, lang: Language) -> dict[str, str]:
    return {"Content-Language": lang, **({"ETag": etag(connection)} if connection is not None else {})}


def _wish(req: func.HttpRequest, name: str, way: Way) -> SetUpRequest | None:
    """Return the set-up that was sent along, where there is one.

    Raises:
        ConflictError: it is one of another connection, or nothing would be done with it.
    """
    body = body_of(req)
    if not body.content.strip():
        return None
    wish = parse(body)
    if wish.name != name or way is not Way.ANEW:
        raise ConflictError("repair-body", name=name)
    return wish


async def _repair(
    client: df.DurableOrchestrationClient, broken: Broken, way: Way, wish: SetUpRequest | None, asked: Asking
) -> Connection | None:
    """Repair all documents, and start what proves it; return the connection, or None where nothing has to run.

    The connection's own comes first, since it holds the list: whoever is stopped in between repairs the rest later.

    Raises:
        ConflictError: the way is not open, or the list that was sent takes access from more than half of the mailboxes.
    """
    _require(broken, way, wish)
    begun = None
    if broken.own is not None:
        begun = await _begun(broken, broken.own, way, wish, asked)
        begun.operation.attempt = await operations.unused(client, broken.name, begun.operation.attempt)
        await repairs().connection(broken.own, begun)
    for one in broken.documents:
        if one is not broken.own:
            await repairs().settle(broken.name, one, way, services().now())
    if begun is not None:
        await start(client, begun)
    elif broken.concerned and broken.connection is not None:
        request, caller = asked.request(Kind.REPAIR), asked.entry.caller
        return (await perform(client, request, caller, await operations.load(broken.name))).connection
    return begun


def _require(broken: Broken, way: Way, wish: SetUpRequest | None) -> None:
    if way is Way.VERSION and (without := [one.error.document for one in broken.concerned if one.version is None]):
        raise ConflictError("no-version", name=broken.name, documents=", ".join(without))
    if way is Way.ANEW and wish is None and broken.list_needed:
        raise ConflictError("repair-list-needed", name=broken.name)
    if wish is not None and broken.own is None:
        raise ConflictError("repair-body", name=broken.name)


async def _wanted(broken: Broken) -> Wanted:
    """Return what is wanted, as far as anything still says it."""
    graph = services().graph
    application = await patiently("graph", lambda: graph.application(unique_name(broken.name)))
    shown = as_display_name(application.display_name) if application is not None else ""
    return SetUpRequest.model_construct(name=broken.name, mailboxes=broken.listed(), display_name=shown).wanted(0)


async def _begun(broken: Broken, own: Damaged, way: Way, wish: SetUpRequest | None, asked: Asking) -> Connection:
    """Return the connection as its last version was, or as it is wanted anew, with the operation that proves it.

    Raises:
        ConflictError: the list that was sent takes access from more than half of the mailboxes.
    """
    connection, kind, removal = None, Kind.REPAIR, None
    if way is Way.VERSION:
        connection, kind = connection_in(broken.name, own.content), Kind.RESTORE
        connection.wanted = _newest(broken, connection)
        same = sorted(connection.wanted.mailboxes) == sorted(broken.listed())
        wanted = None if same else connection.wanted
    elif wish is not None:
        wanted = wish.wanted(0)
        removal = Removal(*removals(broken.chunks, wanted.mailboxes))
    else:
        wanted = await _wanted(broken)
    request = asked.request(kind, wanted, removal)
    done = admit(request, asked.entry.caller, connection, Live(), services().now())
    if isinstance(done, Refuse):
        raise done.error
    return done.connection


def _newest(broken: Broken, connection: Connection) -> Wanted:
    """Return what is wanted by a version of the document that may be older than the chunks.

    What was arranged last then stands in the chunks: an older list must neither give nor take access.
    """
    listed = broken.listed()
    arranged = len(broken.concerned) == 1 and broken.own is not None and connection.operation.begun
    if arranged and listed and set(listed) != set(connection.wanted.mailboxes):
        return connection.wanted.model_copy(update={"mailboxes": listed})
    return connection.wanted
