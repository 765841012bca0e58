"""``POST /api/connections/{name}/accept`` and its ``DELETE``: a finding that somebody knows no longer stops anything.

A right of its own: who may only set up does not accept, or he could wave through what protects against him.
"""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector.acceptances import MAX_FINDING_ID, Acceptance, same_guid
from connector.case import Kind, Wake
from connector.document import Document
from connector.documents import Versioned
from connector.errors import ConflictError, FieldError, UnknownConnectionError, UnreadableError
from connector.etag import etag
from connector.finding import Finding
from connector.history import Asked
from connector.log import unreadable
from connector.messages import text
from connector.planned import Planned
from connector.request_of_finding import AcceptRequest, parse_acceptance
from connector.services import services
from connector.steps import OperationKind
from connector.wanted import is_name
from triggers.answers import body_of, json_answer, language
from triggers.asking import Asking, asking
from triggers.findings import AcceptanceView, acceptance_view
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, Role, Route

_FINDING = {
    "description": "The finding's `id`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_FINDING_ID, "pattern": "^[A-Za-z0-9:_-]+$"},
}
_DONE = {Kind.ACCEPT: "accepted", Kind.WITHDRAW: "withdrawn"}


class AcceptanceList(Document):
    """All that is accepted for a connection."""

    name: str
    items: list[AcceptanceView]
    goes_on: bool = Field(
        description="Whether a set-up runs that looks again now; otherwise somebody has to start one."
    )
    message: str = Field(description="What happens next, in words.")


@Route(
    "POST",
    "/api/connections/{name}/accept",
    Role.APPROVER,
    "Accept a finding for the application that it is about; a right of its own",
    {200: AcceptanceList},
    body=AcceptRequest,
    tagged=True,
    problems=(
        *READ,
        CHANGED,
        UnknownConnectionError("unknown-finding"),
        ConflictError("accept-other-application"),
        FieldError("not-acceptable"),
    ),
)
async def accept_finding(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Keep that a finding is accepted for the application that it is about; ``200`` with all that is accepted."""
    name = str(req.route_params["name"])
    async with asking(req, "accept_finding", Asked.ACCEPT, name) as asked:
        await _require(req, name)
        request = parse_acceptance(body_of(req))
        present = await services().documents.load(name)
        asked.hold(present.connection if present is not None else None)
        kept = await services().acceptances.load(name)
        if not any(one.means(request.id, request.application_id) for one in kept):
            kept = await _accept(name, _chosen(name, request, await _shown(name)), asked)
        asked.entry.findings = [one.id for one in kept if one.means(request.id, request.application_id)]
        return await _answer(req, client, name, kept, asked)


async def _accept(name: str, finding: Finding, asked: Asking) -> tuple[Acceptance, ...]:
    who = asked.entry.caller
    acceptance = Acceptance(
        id=finding.id,
        application_id=(finding.application_id or "").lower(),
        code=finding.code,
        subject=finding.subject,
        values=finding.values,
        accepted_on=asked.entry.at,
        by=f"{who.said}, {who.function}",
    )
    return await services().acceptances.add(name, acceptance)


@Route(
    "DELETE",
    "/api/connections/{name}/accept/{id}",
    Role.APPROVER,
    "Withdraw an acceptance: the finding stops the next look again",
    {200: AcceptanceList},
    named={"id": _FINDING},
    tagged=True,
    problems=(*READ, CHANGED),
)
async def withdraw_acceptance(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Take an acceptance back, for whichever application; ``200`` with what is left, also where there was none."""
    name, acceptances = str(req.route_params["name"]), services().acceptances
    async with asking(req, "withdraw_acceptance", Asked.WITHDRAW, name) as asked:
        await _require(req, name)
        present = await _readable(name, asked)
        asked.hold(present.connection if present is not None else None)
        before = await acceptances.load(name)
        kept = await acceptances.withdraw(name, req.route_params["id"])
        asked.entry.findings = sorted({one.id for one in before if one not in kept})
        return await _answer(req, client, name, kept, asked)


async def _require(req: func.HttpRequest, name: str) -> None:
    """Refuse a name of which there is no connection and no dry run, and for which nothing was ever accepted.

    Raises:
        FieldError: there is a query parameter.
        UnknownConnectionError: there is nothing of that name, or it cannot be a name.
    """
    clients = services()
    query(req)
    if not is_name(name) or not (
        await clients.acceptances.known(name) or await clients.documents.load(name) or await clients.plans.load(name)
    ):
        raise UnknownConnectionError("unknown-connection", name=name[:40])


async def _readable(name: str, asked: Asking) -> Versioned | None:
    """Return the connection; None where there is none, or none that can be read and nothing depends on it.

    Raises:
        UnreadableError: it cannot be read, and the request is meant only for what has been read of it.
    """
    try:
        return await services().documents.load(name)
    except UnreadableError as error:
        if asked.if_match is not None:
            raise
        unreadable(error)
        return None


async def _plan(name: str) -> Planned | None:
    """Return the last dry run; None where there is none that can be read: the next one takes its place."""
    try:
        return await services().plans.load(name)
    except UnreadableError as error:
        unreadable(error)
        return None


async def _shown(name: str) -> list[Finding]:
    """Return the findings that the connection and its last finished dry run show now."""
    found, planned = await services().documents.load(name), await _plan(name)
    findings = found.connection.findings() if found is not None else []
    return findings + (planned.findings if planned is not None and planned.ended is not None else [])


def _chosen(name: str, request: AcceptRequest, shown: list[Finding]) -> Finding:
    """Return the finding that is meant.

    Raises:
        UnknownConnectionError: nothing shows it now.
        FieldError: it is none that can be accepted.
        ConflictError: it is shown for another application, which is named.
    """
    meant = [finding for finding in shown if finding.id.lower() == request.id.lower()]
    if not meant:
        raise UnknownConnectionError("unknown-finding", name=name, id=request.id)
    about = [finding.application_id for finding in meant if finding.acceptable and finding.application_id]
    if not about:
        raise FieldError("not-acceptable", field="id", id=meant[0].id)
    for finding in meant:
        if finding.acceptable and same_guid(finding.application_id or "", request.application_id):
            return finding
    raise ConflictError("accept-other-application", id=meant[0].id, shown=about[-1], named=request.application_id)


async def _answer(
    req: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    name: str,
    kept: tuple[Acceptance, ...],
    asked: Asking,
) -> func.HttpResponse:
    """Ring at a run that may wait for this, and say whether one will look."""
    lang, found = language(req), await _readable(name, asked)
    kind = Kind.ACCEPT if asked.entry.action is Asked.ACCEPT else Kind.WITHDRAW
    headers: dict[str, str] = {"Content-Language": lang}
    goes_on = False
    if found is not None:
        done = await perform(client, asked.request(kind), asked.entry.caller, found)
        headers["ETag"] = etag(done.connection)
        # A verification changes nothing.
        goes_on = isinstance(done, Wake) and done.connection.operation.kind is OperationKind.SET_UP
    body = AcceptanceList(
        name=name,
        items=[acceptance_view(one, lang) for one in kept],
        goes_on=goes_on,
        message=text(lang, "acceptance", _DONE[kind], "runs" if goes_on else "rests"),
    )
    return json_answer(body, headers=headers)
