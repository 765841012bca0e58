"""``POST /api/connections/{name}/repair``: what can be done about documents that cannot be read, and the doing of it.

Without ``?from=`` nothing is changed: the answer says what is broken, which ways there are, and what each loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector.admission import admit
from connector.caller import Caller
from connector.document import Document
from connector.documents import connection_in
from connector.errors import ConflictError, GrantMissingError, StaleWriteError, UnknownConnectionError, UnreadableError
from connector.history import Asked
from connector.lost import Live
from connector.messages import Language, text
from connector.model import Chunk, Connection, Wanted, is_name
from connector.patience import patiently
from connector.plans.application import unique_name
from connector.plans.mailbox_list import removals
from connector.repair import Damaged, Repairs, Way
from connector.request import SetUpRequest, as_display_name, parse
from connector.ruling import Kind, Refuse, Removal, Request
from connector.services import services
from triggers import operations
from triggers.answers import content, json_answer, language
from triggers.asking import asking
from triggers.performing import new_id, perform, start
from triggers.query import choice, query
from triggers.route import CHANGED, READ, Role, Route

WAY = choice(
    "from",
    "What is repaired from; without it nothing is changed, and the answer says what each way loses.",
    "repair-way",
    Way,
    None,
)


class DamageView(Document):
    """One document that cannot be read."""

    document: str = Field(description="`connection`, `mailboxes-0000` and so on, `acceptances`, `history`, `plan`.")
    why: str
    version: str | None = Field(description="When the last version that can be read was written.")


class WayView(Document):
    """One way to repair them."""

    way: Way
    possible: bool
    list_needed: bool = Field(description="Whether the body of a set-up has to be sent along: nobody knows the list.")
    lost: str = Field(description="What is not there any more afterwards, in words.")


class RepairView(Document):
    """What cannot be read of a connection, and what can be done, or was done, about it."""

    name: str
    done: Way | None = Field(description="Null where nothing was changed: `?from=` was not there.")
    documents: list[DamageView]
    ways: list[WayView]


@dataclass(frozen=True, slots=True)
class _Broken:
    """The damage of one connection, and what can still be read of it."""

    name: str
    documents: list[Damaged]
    connection: Connection | None
    chunks: list[Chunk]

    @property
    def own(self) -> Damaged | None:
        """Return the connection's own document where it is among the damaged ones."""
        return next((one for one in self.documents if one.of_connection and one.number is None), None)

    @property
    def concerned(self) -> list[Damaged]:
        """Return what the ways differ in."""
        return [one for one in self.documents if one.of_connection]

    def listed(self) -> list[str]:
        """Return the wanted names that the chunks hold."""
        return [entry.requested for chunk in self.chunks for entry in chunk.mailboxes if entry.wanted]

    @property
    def list_needed(self) -> bool:
        """Return whether nobody knows the whole list any more."""
        return self.own is not None and (len(self.concerned) > 1 or not self.listed())


@Route(
    "POST",
    "/api/connections/{name}/repair",
    Role.OPERATOR,
    "Say what of a connection cannot be read, or repair it; a right of its own",
    {202: RepairView, 200: RepairView},
    query=(WAY,),
    body=SetUpRequest,
    body_needed=False,
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
        return json_answer(_view(await _broken(name), None, lang), headers={"Content-Language": lang})
    async with asking(req, "repair_connection", Asked.REPAIR, name) as asked:
        services().require_grant()
        wish = _wish(req, name, way)
        broken = await _broken(name)
        try:
            started = await _repair(client, broken, way, wish, asked.entry.caller)
        except StaleWriteError:
            raise ConflictError("changed-meanwhile", name=name) from None
        connection = started or broken.connection
        asked.entry.revision = connection.wanted.revision if connection is not None else None
    if started is None:
        return json_answer(_view(broken, way, lang), headers={"Content-Language": lang})
    headers = {"Location": f"/api/connections/{name}", "Retry-After": "5", "Content-Language": lang}
    return json_answer(_view(broken, way, lang), 202, headers)


def _wish(req: func.HttpRequest, name: str, way: Way) -> SetUpRequest | None:
    """Return the set-up that was sent along, where there is one.

    Raises:
        ConflictError: it is one of another connection, or nothing would be done with it.
    """
    body = content(req)
    if not body.strip():
        return None
    wish = parse(body, req.headers.get("Content-Type", ""))
    if wish.name != name or way is not Way.ANEW:
        raise ConflictError("repair-body", name=name)
    return wish


async def _broken(name: str) -> _Broken:
    """Return what is damaged.

    Raises:
        UnknownConnectionError: there is no connection of that name.
        ConflictError: everything can be read.
    """
    clients = services()
    try:
        versioned = await clients.documents.load(name) if is_name(name) else None
    except UnreadableError:
        versioned = None
    known = len(versioned.connection.chunks) if versioned is not None else 0
    found = await _repairs().damaged(name, known) if is_name(name) else []
    if not found:
        if versioned is None:
            raise UnknownConnectionError("unknown-connection", name=name[:40])
        raise ConflictError("nothing-to-repair", name=name)
    bad: list[UnreadableError] = []
    looked_at = max([known, *(one.number + 1 for one in found if one.number is not None)])
    chunks = [chunk async for chunk in clients.documents.chunks(name, looked_at, bad=bad)]
    return _Broken(name, found, versioned.connection if versioned is not None else None, chunks)


def _repairs() -> Repairs:
    return Repairs(services().store, services().histories)


async def _repair(
    client: df.DurableOrchestrationClient, broken: _Broken, way: Way, wish: SetUpRequest | None, caller: Caller
) -> Connection | None:
    """Repair all documents, and start what proves it; return the connection, or None where nothing has to run.

    The connection's own comes first, since it holds the list: whoever is stopped in between repairs the rest later.

    Raises:
        ConflictError: the way is not open, or the list that was sent takes access from more than half of the mailboxes.
    """
    _require(broken, way, wish)
    begun = None
    if broken.own is not None:
        begun = await _begun(broken, broken.own, way, wish, caller)
        begun.operation.attempt = await operations.unused(client, broken.name, begun.operation.attempt)
        await _repairs().connection(broken.own, begun)
    for one in broken.documents:
        if one is not broken.own:
            await _repairs().settle(broken.name, one, way, services().now())
    if begun is not None:
        await start(client, begun)
    elif broken.concerned and broken.connection is not None:
        request = Request(Kind.REPAIR, broken.name, new_id())
        return (await perform(client, request, caller, await operations.load(broken.name))).connection
    return begun


def _require(broken: _Broken, way: Way, wish: SetUpRequest | None) -> None:
    if way is Way.VERSION and (without := [one.error.document for one in broken.concerned if one.version is None]):
        raise ConflictError("no-version", name=broken.name, documents=", ".join(without))
    if way is Way.ANEW and wish is None and broken.list_needed:
        raise ConflictError("repair-list-needed", name=broken.name)
    if wish is not None and broken.own is None:
        raise ConflictError("repair-body", name=broken.name)


async def _wanted(broken: _Broken) -> Wanted:
    """Return what is wanted, as far as anything still says it."""
    graph = services().graph
    application = await patiently("graph", lambda: graph.application(unique_name(broken.name)))
    shown = as_display_name(application.display_name) if application is not None else ""
    return SetUpRequest.model_construct(name=broken.name, mailboxes=broken.listed(), display_name=shown).wanted(0)


async def _begun(broken: _Broken, own: Damaged, way: Way, wish: SetUpRequest | None, caller: Caller) -> Connection:
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
    request = Request(kind, broken.name, new_id(), wanted, removal)
    done = admit(request, caller, connection, Live(), services().now())
    if isinstance(done, Refuse):
        raise done.error
    return done.connection


def _newest(broken: _Broken, connection: Connection) -> Wanted:
    """Return what is wanted by a version of the document that may be older than the chunks.

    What was arranged last then stands in the chunks: an older list must neither give nor take access.
    """
    listed = broken.listed()
    arranged = len(broken.concerned) == 1 and broken.own is not None and connection.operation.begun
    if arranged and listed and set(listed) != set(connection.wanted.mailboxes):
        return connection.wanted.model_copy(update={"mailboxes": listed})
    return connection.wanted


def _view(broken: _Broken, done: Way | None, lang: Language) -> RepairView:
    versions = [one.version for one in broken.concerned]
    oldest = min((one for one in versions if one is not None), default="-")
    values: dict[str, Any] = {"version": oldest}
    possible = {Way.VERSION: None not in versions, Way.ANEW: True}
    return RepairView(
        name=broken.name,
        done=done,
        documents=[
            DamageView(document=one.error.document, why=text(lang, "unreadable", one.error.reason), version=one.version)
            for one in broken.documents
        ],
        ways=[
            WayView(
                way=way,
                possible=possible[way],
                list_needed=way is Way.ANEW and broken.list_needed,
                lost=_lost(broken, way, lang, values),
            )
            for way in Way
        ],
    )


def _lost(broken: _Broken, way: Way, lang: Language, values: dict[str, Any]) -> str:
    """Return what a way loses, document by document where they differ."""
    kinds = {one.error.document for one in broken.documents if not one.of_connection}
    told = [text(lang, "repair", way, values=values)] if broken.concerned else []
    return " ".join([*told, *(text(lang, "repair", kind) for kind in sorted(kinds))])
