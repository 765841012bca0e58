"""``GET /api/connections/{name}/history``: who asked for what, when, what it changed, and what was told to whom."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Literal

import azure.functions as func
from pydantic import Field

from connector import clock
from connector.delivery import DeliveryState
from connector.document import Document
from connector.errors import UnknownConnectionError, UnreadableError
from connector.event import EventType
from connector.history import Asked, Entry
from connector.messages import Language, text
from connector.services import services
from connector.together import AT_ONCE, bounded
from connector.wanted import is_name
from triggers.answers import json_answer, language
from triggers.by_view import ByView
from triggers.query import TOP, integer, query
from triggers.route import READ, Role, Route

BEFORE = integer("after", "`next` of the page before.", "plan-index", most=10**15 - 1, default=None)


class CallerView(ByView):
    """Who asked."""

    address: str | None = Field(description="The IP address from which it was asked.")


class ToldView(Document):
    """Who is told."""

    target: str
    state: DeliveryState | None = Field(description="How far it is; null where that is not kept any more.")


class EntryView(Document):
    """One request, or an event that goes to targets."""

    number: int
    at: datetime
    action: Asked
    text: str
    outcome: Literal["accepted", "refused", "failed"]
    code: str | None = Field(description="Why nothing came of it: the `code` of the problem that was answered.")
    caller: CallerView
    revision: int | None = Field(description="Of the connection, after the request where it made one.")
    mailboxes: int | None = Field(description="How many were on the list that was asked for.")
    added: int | None
    removed: int | None
    allow_removal: int | None = Field(description="How many were allowed to lose access.")
    lifetime_days: int | None
    version: str | None = Field(description="Of the secret that was read.")
    findings: list[str] = Field(description="Ids of the findings that were accepted or withdrawn.")
    event: EventType | None = Field(description="What is told; null for a request.")
    event_id: str | None = Field(description="As the deliveries of a target show it.")
    told: list[ToldView] = Field(description="To whom it is told.")


class HistoryView(Document):
    """One page of a connection's history, newest first."""

    items: list[EntryView]
    next: str | None


@Route(
    "GET",
    "/api/connections/{name}/history",
    Role.READER,
    "Read who asked for what, newest first",
    {200: HistoryView},
    query=(TOP, BEFORE),
    problems=READ,
)
async def read_history(req: func.HttpRequest) -> func.HttpResponse:
    """Return a page of the history, newest first, with what was told to whom; ``next`` is what ``?after=`` takes."""
    name, sent = req.route_params["name"], query(req, TOP, BEFORE)
    top, after = TOP.of(sent), BEFORE.of(sent)
    histories = services().histories
    if not is_name(name) or not await histories.known(name):
        raise UnknownConnectionError("unknown-connection", name=name[:40])
    history = await histories.load(name, clock.now())
    newest_first = reversed(history.entries if history is not None else [])
    entries = [one for one in newest_first if after is None or one.number < after]
    following = str(entries[top - 1].number) if len(entries) > top else None
    items = await bounded(AT_ONCE, (partial(_view, one, language(req)) for one in entries[:top]))
    return json_answer(HistoryView(items=[*items], next=following))


async def _view(entry: Entry, lang: Language) -> EntryView:
    title = text(lang, "event", entry.event, "title") if entry.event is not None else ""
    return EntryView(
        **entry.model_dump(exclude={"caller", "targets"}),
        text=text(lang, "asked", entry.action, values={"event": title}),
        caller=CallerView(**entry.caller.model_dump()),
        told=await _told(entry),
    )


async def _told(entry: Entry) -> list[ToldView]:
    """Return to whom an event is told, and how far it is on its way."""
    if entry.event_id is None:
        return []
    try:
        dispatch = await services().deliveries.load(entry.event_id)
    except UnreadableError:
        dispatch = None
    known = dispatch.deliveries if dispatch is not None else {}
    return [ToldView(target=name, state=known[name].state if name in known else None) for name in entry.targets]
