"""``GET /api/connections/{name}/history``: who asked for what, when, from where, and what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import azure.functions as func
from pydantic import Field

from connector import clock
from connector.document import Document
from connector.errors import UnknownConnectionError
from connector.history import Asked, Entry
from connector.messages import Language, text
from connector.services import services
from connector.wanted import is_name
from triggers.answers import json_answer, language
from triggers.by_view import ByView
from triggers.query import TOP, integer, query
from triggers.route import READ, Role, Route

BEFORE = integer("after", "`next` of the page before.", "plan-index", most=10**15 - 1, default=None)


class CallerView(ByView):
    """Who asked."""

    address: str | None = Field(description="The IP address from which it was asked.")


class EntryView(Document):
    """One request."""

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
    """Return a page of the history, newest first; ``next`` is what ``?after=`` takes."""
    name, sent = req.route_params["name"], query(req, TOP, BEFORE)
    top, after = TOP.of(sent), BEFORE.of(sent)
    histories = services().histories
    if not is_name(name) or not await histories.known(name):
        raise UnknownConnectionError("unknown-connection", name=name[:40])
    history = await histories.load(name, clock.now())
    newest_first = reversed(history.entries if history is not None else [])
    entries = [one for one in newest_first if after is None or one.number < after]
    lang = language(req)
    following = str(entries[top - 1].number) if len(entries) > top else None
    return json_answer(HistoryView(items=[_view(one, lang) for one in entries[:top]], next=following))


def _view(entry: Entry, lang: Language) -> EntryView:
    caller = entry.caller
    return EntryView(
        **entry.model_dump(exclude={"caller"}),
        text=text(lang, "asked", entry.action),
        caller=CallerView(**caller.model_dump()),
    )
