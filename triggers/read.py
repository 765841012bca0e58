"""``GET /api/connections/{name}``: one connection, what has been done, and what is to be done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import azure.durable_functions as df
import azure.functions as func

from connector.diagnosis import unreadable
from connector.errors import ConflictError, UnreadableError
from connector.etag import etag
from connector.mailbox import MailboxRecord
from connector.messages import Language
from connector.model import Connection
from connector.remedy import Context
from connector.services import services
from connector.standing import damaged
from connector.steps import MailboxState
from triggers import operations
from triggers.answers import json_answer, language
from triggers.check_view import health_view
from triggers.findings import acceptance_view, accepted, context_of, finding_view
from triggers.mailbox_view import MailboxPage, MailboxView, in_removal, mailbox_view, taken_back, takes_back
from triggers.place import place
from triggers.query import TOP, choice, free_text, query
from triggers.route import NAMED, Role, Route
from triggers.views import ConnectionView, connection_view, unreadable_view

AFTER = free_text("after", "`next` of the page before.")
STATE = choice("state", "Only mailboxes in this state.", "mailbox-state", MailboxState, None)


@Route(
    "GET",
    "/api/connections/{name}",
    Role.READER,
    "Read one connection: steps, mailboxes, findings",
    {200: ConnectionView},
    query=(TOP, AFTER, STATE),
    tagged=True,
    problems=(*NAMED, ConflictError("list-changed")),
)
async def read_connection(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the store's view with the live status laid over it, and one page of mailboxes."""
    clients = services()
    sent = query(req, TOP, AFTER, STATE)
    lang, label = language(req), clients.settings.label
    try:
        connection, live = await operations.load_with_run(client, req.route_params["name"])
    except UnreadableError as error:
        told = [finding_view(unreadable(error), lang, context_of(clients))]
        return json_answer(unreadable_view(error.name, label, told))
    context = context_of(clients, connection)
    bad: list[UnreadableError] = []
    page = await _page(connection, sent, bad, lang, context)
    if bad:  # a removal that has come to its end between the two reads has said so, and takes its lists away
        connection, live = await operations.load_with_run(client, connection.name)
        bad.clear()
        page = await _page(connection, sent, bad, lang, context)
    kept, more = await accepted(clients, connection.name)
    check = await operations.check_of(connection.name)
    now = damaged(operations.standing_now(connection, live, check), bad)
    now = replace(now, findings=(*now.findings, *more))
    view = connection_view(connection, operations.status(connection, live), now, page, label, lang, context)
    if check is not None and connection.removed is None:
        view.health = health_view(check, connection, clients.now(), lang, context)
    view.acceptances = [acceptance_view(one, lang) for one in kept]
    return json_answer(view, headers={"ETag": etag(connection)})


async def _page(
    connection: Connection, sent: dict[str, str], bad: list[UnreadableError], lang: Language, context: Context
) -> MailboxPage:
    """Return the mailboxes after ``?after=``, in the order of the store, of one state where ``?state=`` says so.

    A chunk that cannot be read is put into ``bad``, and stands in the way of no other.
    """
    top, after, state = TOP.of(sent), AFTER.of(sent), STATE.of(sent)
    items: list[MailboxView] = []
    following = None
    async for entry in _listed(connection, after, state, bad):
        if len(items) == top:
            following = place(connection.name, items[-1].requested)
            break
        items.append(mailbox_view(entry, lang, context))
    if takes_back(connection):
        counts = taken_back(connection)
        return MailboxPage(total=sum(counts.values()), counts=counts, next=following, items=items)
    total, counts = len(connection.wanted.mailboxes), connection.counts()
    unknown = total - sum(counts.values())
    if unknown > 0:
        counts[MailboxState.PENDING] = counts.get(MailboxState.PENDING, 0) + unknown
    return MailboxPage(total=total, counts=counts, next=following, items=items)


async def _listed(
    connection: Connection, after: str | None, state: MailboxState | None, bad: list[UnreadableError]
) -> AsyncIterator[MailboxRecord]:
    """Yield the wanted mailboxes after a place in the list, or those that a removal takes back.

    Raises:
        ConflictError: there is no such place any more.
    """
    passed = not after
    # Whoever asks for the few that need a person does not have to read thousands; a place in the list has to be found.
    going = takes_back(connection)
    others = [] if after or state is None or going else _without(connection, state)
    async for chunk in services().documents.chunks(connection.name, len(connection.chunks), others, bad):
        for entry in (in_removal(one, connection) if going else one for one in chunk.mailboxes):
            if passed and (going or entry.wanted) and state in {None, entry.state}:
                yield entry
            passed = passed or place(connection.name, entry.requested) == after
    if not passed:
        raise ConflictError("list-changed", name=connection.name)


def _without(connection: Connection, state: MailboxState) -> list[int]:
    """Return the numbers of the chunks that hold no mailbox in a state."""
    return [number for number, chunk in enumerate(connection.chunks) if not chunk.counts.get(state)]
