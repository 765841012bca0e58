"""The dry run: ``POST /api/connections?dryRun=true`` starts it, ``GET /api/connections/{name}/plan`` shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector.acceptances import Acceptance
from connector.address import international
from connector.document import Document
from connector.dry_runs import ReplacedError
from connector.errors import UnknownConnectionError
from connector.finding import Finding
from connector.messages import Language, text
from connector.planned import Planned, PlannedChange
from connector.plans.plan import KNOWN_AFTER_APPLY, Action
from connector.services import services
from connector.steps import ConnectionState, OperationKind, StepName
from connector.visible import visible
from connector.wanted import is_name
from triggers import operations
from triggers.answers import json_answer, language
from triggers.findings import AcceptanceView, FindingView, acceptance_view, accepted, context_of, finding_view
from triggers.query import TOP, integer, query
from triggers.route import NEEDS_DOCUMENT, STORE, Role, Route

INDEX = integer("after", "`next` of the page before.", "plan-index", most=99_999, default=None)
"""5,000 mailboxes have 10,000 changes."""


class ChangeView(Document):
    """One write that a set-up would make."""

    step: StepName
    action: Action
    text: str
    subject: str
    written: str | None = Field(
        default=None, description="A mailbox as people write it, where its domain is an international one."
    )
    reason: str
    by_hand: bool = Field(description="Whether the app lacks the right, so that a person has to do it.")


class PlanView(Document):
    """What a set-up would change."""

    id: str = Field(description="Which dry run it is of: a later one, whoever asked for it, takes its place.")
    name: str
    revision: int = Field(description="The revision of the connection that the plan starts from; 0 for a new one.")
    state: ConnectionState
    started: datetime
    ended: datetime | None
    complete: bool = Field(
        default=False,
        description="Whether every step could be looked at. Where not, `findings` say what was not, and there may be "
        "more changes than are listed.",
    )
    changes: list[ChangeView]
    findings: list[FindingView]
    acceptances: list[AcceptanceView] = Field(description="What somebody has accepted, by whom and when.")
    next: str | None
    losing: int | None = Field(
        default=None, description="Of a removal: how many mailboxes lose access, which `allowRemoval` has to allow."
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one answer shows of a plan."""

    changes: Sequence[PlannedChange] = ()
    findings: Sequence[Finding] = ()
    following: str | None = None


@Route(
    "GET",
    "/api/connections/{name}/plan",
    Role.READER,
    "Read what the last dry run found; 202 while it runs",
    {200: PlanView, 202: PlanView},
    query=(TOP, INDEX),
    problems=(*STORE, UnknownConnectionError("unknown-plan"), NEEDS_DOCUMENT),
)
async def read_plan(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the last plan: ``202`` while it is made, then a page of its changes."""
    name, sent = req.route_params["name"], query(req, TOP, INDEX)
    top, first = TOP.of(sent), INDEX.of(sent) or 0
    planned = await services().plans.load(name) if is_name(name) else None
    if planned is None:
        raise UnknownConnectionError("unknown-plan", name=name[:40])
    lang, (kept, told) = language(req), await accepted(services(), planned.connection.name)
    if planned.ended is None:
        if await operations.may_go_on(client, f"plan-{planned.id}"):
            running = _view(planned, ConnectionState.RUNNING, _Part(), kept, lang)
            return json_answer(running, 202, {"Retry-After": "3"})
        # A run that has ended between the two questions has written its plan before.
        planned = await services().plans.load(name) or planned
        if planned.ended is None:
            return json_answer(_view(planned, ConnectionState.INTERRUPTED, _Part(), kept, lang))
    try:
        changes, found = await services().plans.found(planned)
    except ReplacedError:
        raise UnknownConnectionError("unknown-plan", name=planned.connection.name) from None
    findings = [*told, *found]
    page = list(islice(changes, first, first + top))
    following = str(first + top) if len(changes) > first + top else None
    view = _view(planned, ConnectionState.READY, _Part(page, findings[:top], following), kept, lang)
    view.losing = await _losing(planned)
    return json_answer(view)


async def _losing(planned: Planned) -> int | None:
    """Return how many mailboxes a removal takes the access from now, as its guard counts them; None of a set-up."""
    if planned.connection.operation.kind is not OperationKind.PLAN_REMOVAL:
        return None
    return await operations.losing_access(planned.connection)


def _view(
    planned: Planned,
    state: ConnectionState,
    part: _Part,
    acceptances: tuple[Acceptance, ...],
    lang: Language,
) -> PlanView:
    context = context_of(services(), planned.connection)
    return PlanView(
        id=planned.id,
        name=planned.connection.name,
        revision=planned.connection.wanted.revision,
        state=state,
        started=planned.started,
        ended=planned.ended,
        complete=planned.complete,
        changes=[_change_view(change, lang) for change in part.changes],
        findings=[finding_view(finding, lang, context) for finding in part.findings],
        acceptances=[acceptance_view(one, lang) for one in acceptances],
        next=part.following,
    )


def _change_view(change: PlannedChange, lang: Language) -> ChangeView:
    later = change.subject == KNOWN_AFTER_APPLY
    return ChangeView(
        step=change.step,
        action=change.action,
        text=text(lang, "action", change.action),
        subject=_known_later(change.step, lang) if later else visible(change.subject),
        written=international(change.subject),
        reason=text(lang, "reason", change.reason),
        by_hand=change.by_hand,
    )


def _known_later(step: StepName, lang: Language) -> str:
    """Return what is not known yet, and from when on it is."""
    what = step if step in {StepName.SECRET, StepName.EXCHANGE} else "other"
    return text(lang, "knownAfter", what)
