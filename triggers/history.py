"""``GET /api/connections/{name}/history``: who asked for what, when, from where, and what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import azure.functions as func
from pydantic import Field

from connector import clock
from connector.errors import FieldError, UnknownConnectionError
from connector.history import Asked, Entry
from connector.messages import Language, text
from connector.model import Document, is_name
from connector.services import services
from triggers.answers import answered, json_answer, language, page_size, query
from triggers.blueprint import blueprint

_DIGITS = 15


class CallerView(Document):
    """Who asked."""

    kind: Literal["key"]
    function: str = Field(description="What was called.")
    key: str | None = Field(description="The first eight hex digits of the SHA-256 of the key.")
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


@blueprint.function_name("read_history")
@blueprint.route(route="api/connections/{name}/history", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def read_history(req: func.HttpRequest) -> func.HttpResponse:
    """Return a page of the history, newest first; ``next`` is what ``?after=`` takes."""
    name, parameters = req.route_params["name"], query(req, "top", "after")
    top, after = page_size(parameters), _after(parameters)
    histories = services().histories
    if not is_name(name) or not await histories.known(name):
        raise UnknownConnectionError("unknown-connection", name=name[:40])
    history = await histories.load(name, clock.now())
    entries = [one for one in reversed(history.entries if history is not None else []) if one.number < after]
    lang = language(req)
    following = str(entries[top - 1].number) if len(entries) > top else None
    return json_answer(HistoryView(items=[_view(one, lang) for one in entries[:top]], next=following))


def _view(entry: Entry, lang: Language) -> EntryView:
    caller = entry.caller
    return EntryView(
        **entry.model_dump(exclude={"caller"}),
        text=text(lang, "asked", entry.action),
        caller=CallerView(kind=caller.kind, function=caller.function, key=caller.key, address=caller.address),
    )


def _after(parameters: dict[str, str]) -> float:
    value = parameters.get("after")
    if value is None:
        return float("inf")
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise FieldError("query-invalid", field="after", expected="plan-index")
    return int(value)
