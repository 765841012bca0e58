"""``GET /api/connections/{name}/report``: what support needs to know. No secret, and addresses only in part."""

from __future__ import annotations

import platform
from collections import Counter
from datetime import datetime

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector import __version__, clock
from connector.address import international
from connector.document import Document
from connector.errors import UnreadableError
from connector.finding import Finding
from connector.mailbox import MailboxRecord
from connector.rotation import used
from connector.services import services
from connector.standing import damaged
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from triggers import operations
from triggers.answers import json_answer
from triggers.query import query
from triggers.route import READ, Role, Route
from triggers.views import IdsView

_EXAMPLES = 20
_KEPT = 2
"""Characters that are shown of each part of an address."""


class ReportFinding(Document):
    """A finding without its texts."""

    code: str
    severity: str
    request_id: str | None = Field(description="The service's id of the request, for Microsoft's support.")


class ReportStep(Document):
    """One step."""

    name: StepName
    state: StepState
    started: datetime | None
    ended: datetime | None
    changes: int
    waits: int
    findings: list[ReportFinding]


class ReportMailbox(Document):
    """A mailbox that has not opened, its address in part."""

    address: str
    state: MailboxState
    proven_on: datetime | None
    finding: ReportFinding | None


class Report(Document):
    """What support needs to know."""

    package: str = "utm-mail-connect"
    version: str
    python: str
    cloud: str
    written: datetime
    connection: str
    revision: int
    state: ConnectionState
    verified: bool
    since: datetime
    last_change: datetime
    operation: OperationKind
    started: datetime
    ended: datetime | None
    ids: IdsView
    rights: list[str]
    cmdlets: list[str]
    secret_expires_on: datetime | None
    steps: list[ReportStep]
    mailboxes: dict[MailboxState, int]
    mailbox_findings: dict[str, int]
    examples: list[ReportMailbox] = Field(description="Up to 20 mailboxes that have not opened.")


@Route(
    "GET",
    "/api/connections/{name}/report",
    Role.READER,
    "Read what support needs to know: no secret, addresses in part",
    {200: Report},
    problems=READ,
)
async def read_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the report."""
    clients = services()
    query(req)
    connection, live = await operations.load_with_run(client, req.route_params["name"])
    codes: Counter[str] = Counter()
    examples: list[ReportMailbox] = []
    bad: list[UnreadableError] = []
    async for chunk in clients.documents.chunks(connection.name, len(connection.chunks), bad=bad):
        for entry in chunk.mailboxes:
            codes.update([entry.finding.code] if entry.finding is not None else [])
            if entry.wanted and entry.state is not MailboxState.OPEN and len(examples) < _EXAMPLES:
                examples.append(_mailbox(entry))
    operation, now = (
        connection.operation,
        damaged(operations.standing_now(connection, live, await operations.check_of(connection.name)), bad),
    )
    report = Report(
        version=__version__,
        python=platform.python_version(),
        cloud=clients.cloud.name,
        written=clock.now(),
        connection=connection.name,
        revision=connection.wanted.revision,
        state=now.state,
        verified=now.verified,
        since=connection.since,
        last_change=connection.last_change,
        operation=operation.kind,
        started=operation.started,
        ended=operation.ended,
        ids=IdsView.model_validate(connection.ids.model_dump()),
        rights=[*connection.rights.graph_roles, *connection.rights.exchange_roles],
        cmdlets=connection.rights.cmdlets,
        secret_expires_on=secret.expires_on if (secret := used(connection)) is not None else None,
        steps=[
            ReportStep(
                name=step,
                state=entry.state,
                started=entry.started,
                ended=entry.ended,
                changes=entry.changes,
                waits=entry.waits,
                findings=[_finding(finding) for finding in now.findings if finding.step is step],
            )
            for step in connection.programme
            for entry in (connection.step(step),)
        ],
        mailboxes=connection.counts(),
        mailbox_findings=dict(codes),
        examples=examples,
    )
    return json_answer(report)


def _mailbox(entry: MailboxRecord) -> ReportMailbox:
    return ReportMailbox(
        address=_shortened_both(entry.address or entry.requested),
        state=entry.state,
        proven_on=entry.proven_on,
        finding=_finding(entry.finding) if entry.finding is not None else None,
    )


def _finding(finding: Finding) -> ReportFinding:
    return ReportFinding(code=finding.code, severity=finding.severity, request_id=finding.request_id)


def _shortened_both(address: str) -> str:
    other = international(address)
    return shortened(address) if other is None else f"{shortened(address)} ({shortened(other)})"


def shortened(address: str) -> str:
    """Return an address by which its owner recognises it, and nobody else: ``in…@co…``."""
    return "@".join(f"{part[:_KEPT]}…" for part in address.split("@", 1))
