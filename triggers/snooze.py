"""``POST /api/connections/{name}/snooze``: nobody is told of a finding for a while. It stays, and nothing goes on.

That somebody else owns an application, or can sign in as it, is put to sleep by a right of its own (``Approver``): who
sets up must not be able to silence what protects against him.
"""

from __future__ import annotations

import azure.functions as func

from connector.check import digest, drift
from connector.checks import MOST, Check, Snooze
from connector.errors import ConflictError, FieldError, UnknownConnectionError
from connector.finding import OF_OTHERS, Finding
from connector.history import Asked
from connector.model import Connection
from connector.request_of_finding import SnoozeRequest, parse_snooze
from connector.services import services
from triggers import operations
from triggers.answers import body_of, json_answer, language
from triggers.asking import Asking, asking
from triggers.check_view import HealthView, health_view
from triggers.findings import context_of
from triggers.query import query
from triggers.route import READ, Role, Route

_KEY = {
    "description": "The `key` of a snooze: unlike the finding's id it names no mailbox.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_SHOWN = 40
"""Characters of a key that an answer repeats: it is the sender's."""
_PROBLEMS = (*READ, UnknownConnectionError("unknown-finding"), *map(ConflictError, ("snoozes-full", "snooze-end")))


@Route(
    "POST",
    "/api/connections/{name}/snooze",
    Role.OPERATOR,
    "Put a finding of the daily look to sleep, with a reason and an end",
    {200: HealthView},
    body=SnoozeRequest,
    problems=(*_PROBLEMS, FieldError("snooze-foreign")),
)
async def snooze_finding(req: func.HttpRequest) -> func.HttpResponse:
    """Keep that a finding is known; another content of it is another finding. ``200`` with what was seen."""
    async with asking(req, "snooze_finding", Asked.SNOOZE, str(req.route_params["name"])) as asked:
        return await _snooze(req, asked, foreign=False)


@Route(
    "POST",
    "/api/connections/{name}/snooze/foreign",
    Role.APPROVER,
    "Put to sleep that somebody else owns an application or can sign in as it; a right of its own",
    {200: HealthView},
    body=SnoozeRequest,
    problems=_PROBLEMS,
)
async def snooze_foreign_finding(req: func.HttpRequest) -> func.HttpResponse:
    """Do the same for a finding that protects against others."""
    async with asking(req, "snooze_foreign_finding", Asked.SNOOZE, str(req.route_params["name"])) as asked:
        return await _snooze(req, asked, foreign=True)


@Route(
    "DELETE",
    "/api/connections/{name}/snooze/{id}",
    Role.OPERATOR,
    "Wake a finding: somebody is told of it again",
    {200: HealthView},
    named={"id": _KEY},
    problems=(*READ, UnknownConnectionError("unknown-finding")),
)
async def wake_finding(req: func.HttpRequest) -> func.HttpResponse:
    """End a snooze; ``200`` with what was seen."""
    name, key = str(req.route_params["name"]), str(req.route_params["id"])
    async with asking(req, "wake_finding", Asked.WAKE, name) as asked:
        query(req)
        connection = (await operations.load(name)).connection
        check = await services().checks.load(name)
        meant = next((one for one in check.snoozed if one.digest == key), None)
        if meant is None:
            raise UnknownConnectionError("unknown-finding", name=name, id=key[:_SHOWN])
        asked.entry.findings = [meant.code]

        def awake(present: Check) -> Check:
            left = [one for one in present.snoozed if one.digest != key]
            told = {id_: said for id_, said in present.told.items() if said != key}  # it is told anew
            return present.model_copy(update={"snoozed": left, "told": told})

        return _answer(req, connection, await services().checks.update(name, awake))


async def _snooze(req: func.HttpRequest, asked: Asking, *, foreign: bool) -> func.HttpResponse:
    query(req)
    now = services().now()
    connection = (await operations.load(asked.name or "")).connection
    wish = parse_snooze(body_of(req), now)
    asked.entry.revision = connection.wanted.revision
    check = await services().checks.load(connection.name)
    meant = _meant(check, connection, wish.id)
    if not foreign and meant.code in OF_OTHERS:
        raise FieldError("snooze-foreign", field="id", id=meant.code)
    asked.entry.findings = [meant.code]
    who = asked.entry.caller
    made = Snooze(
        id=meant.id,
        digest=digest(meant),
        code=meant.code,
        reason=wish.reason,
        until=wish.ends,
        on=asked.entry.at,
        by=f"{who.said}, {who.function}",
    )

    def asleep(present: Check) -> Check:
        others = [one for one in present.snoozed if one.id != made.id and one.until > now]
        if len(others) >= MOST:
            raise ConflictError("snoozes-full", name=connection.name, most=MOST)
        return present.model_copy(update={"snoozed": [*others, made]})

    return _answer(req, connection, await services().checks.update(connection.name, asleep))


def _meant(check: Check, connection: Connection, id_: str) -> Finding:
    """Return the finding that is meant.

    Raises:
        UnknownConnectionError: no look shows it now.
    """
    unread = check.seen.unread if check.seen is not None else []
    shown = (*drift(check.model_copy(update={"snoozed": []}), connection, services().now()), *unread)
    meant = next((one for one in shown if one.id.lower() == id_.lower()), None)
    if meant is None:
        raise UnknownConnectionError("unknown-finding", name=connection.name, id=id_)
    return meant


def _answer(req: func.HttpRequest, connection: Connection, check: Check) -> func.HttpResponse:
    lang = language(req)
    view = health_view(check, connection, services().now(), lang, context_of(services(), connection))
    return json_answer(view, headers={"Content-Language": lang})
