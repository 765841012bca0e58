"""What the API shows of a connection; the OpenAPI description is generated from these models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import azure.functions as func
from pydantic import Field

from connector.address import international
from connector.credential import RotationState
from connector.diagnosis import DOCUMENT_UNREADABLE
from connector.document import Document
from connector.etag import etag
from connector.mailbox import MailboxRecord
from connector.messages import Language, text
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import Progress
from connector.remedy import Context
from connector.rotation import old_works_until, state_of, used
from connector.standing import Standing
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.visible import visible
from triggers.answers import SERVICES, json_answer
from triggers.findings import AcceptanceView, FindingView, finding_view
from triggers.removed import RemovedView, removed_view


class StepView(Document):
    """One step of the set-up."""

    name: StepName
    state: StepState
    started: datetime | None
    ended: datetime | None
    changes: int = Field(description="How many writes the step made in this operation.")
    waits: int = Field(description="How often it had to wait for a service.")
    reason: str | None = Field(default=None, description="Why it is waiting now.")


class IdsView(Document):
    """The ids that the services gave; null where they have not given one yet."""

    tenant_id: str | None
    application_id: str | None
    object_id: str | None
    enterprise_application_id: str | None


class SecretView(Document):
    """The client secret without its value."""

    uri: str
    key_id: str
    expires_on: datetime
    used_since: datetime | None = Field(
        default=None, description="By which day the UTM has used it, as Entra's record says; null is not known."
    )


class RotationView(Document):
    """The way from one secret to the next, while it is open."""

    state: RotationState = Field(
        description="`preparing`: made and proven; `offered`: to be entered in the UTM; `retiring`: the old one goes."
    )
    begun: datetime
    key_id: str | None = Field(description="Of the new secret: what is confirmed, or given up.")
    expires_on: datetime | None = Field(description="When the new one ends.")
    offered_on: datetime | None
    confirmed_on: datetime | None
    old_key_id: str | None = Field(description="Of the secret that is replaced; null where nothing is left of it.")
    old_works_until: datetime | None = Field(
        description="Until when the UTM goes on with the old one; null where that does not work any more."
    )


class WantedView(Document):
    """What the last request asked for besides the mailboxes, as a ``POST`` takes it."""

    lifetime_days: int | None
    enable_imap: bool
    arranged: bool = Field(description="Whether ``mailboxes`` lists what was asked for; not before the run has begun.")


class MailboxView(Document):
    """One mailbox."""

    requested: str
    address: str | None = Field(description="The user principal name: what the UTM must use.")
    written: str | None = Field(
        default=None, description="The address as people write it, where its domain is an international one."
    )
    state: MailboxState
    access_given: bool = Field(
        description="Whether this connection gave the access, and takes it back with the mailbox."
    )
    proven_on: datetime | None
    finding: FindingView | None


class MailboxPage(Document):
    """One page of the mailboxes."""

    total: int
    counts: dict[MailboxState, int]
    next: str | None
    items: list[MailboxView]


class ConnectionView(Document):
    """One connection."""

    name: str
    display_name: str
    revision: int
    state: ConnectionState
    operation: OperationKind | None = Field(
        description="What the last run was for: a verification changes nothing of what is set up."
    )
    since: datetime | None = Field(description="Null, as is ``operation``, where the document cannot be read.")
    verified: bool
    label: str
    wanted: WantedView
    steps: list[StepView]
    ids: IdsView
    secret: SecretView | None = Field(description="The one with which this app itself logs in.")
    rotation: RotationView | None = Field(default=None, description="Null where no new secret is under way.")
    mailboxes: MailboxPage
    findings: list[FindingView]
    acceptances: list[AcceptanceView] = Field(default=[], description="What somebody has accepted, by whom and when.")
    removed: RemovedView | None = Field(
        default=None, description="Of one that was taken back: what was, when, by whom, and what stays."
    )


class ConnectionSummary(Document):
    """One connection in a list."""

    name: str
    display_name: str
    revision: int
    state: ConnectionState
    since: datetime | None
    verified: bool
    expires_on: datetime | None
    rotation: RotationState | None = None
    mailboxes: dict[MailboxState, int]
    findings: list[str] = Field(description="The codes of the findings that are more than information.")


class ConnectionList(Document):
    """One page of the connections."""

    items: list[ConnectionSummary]
    next: str | None


class Accepted(Document):
    """What was accepted, and where to watch it."""

    name: str
    revision: int
    state: ConnectionState
    location: str
    plan: str | None = Field(default=None, description="Of a dry run: the `id` that its plan will have.")


class SecretReference(Document):
    """Where the secret lies."""

    uri: str
    key_id: str
    expires_on: datetime
    used_since: datetime | None = Field(
        default=None, description="By which day the UTM has used it, as Entra's record says; null is not known."
    )


class ImapView(Document):
    """The server and the mailboxes, as the UTM needs them."""

    host: str
    port: int
    security: str = "TLS"
    mailboxes: list[str]
    written: dict[str, str] = Field(
        default={}, description="How people write those of them whose domain is an international one."
    )
    unproven: list[str] = Field(description="Those among `mailboxes` that have never opened, or no longer do.")


class OAuthView(Document):
    """The token endpoint and scope that the UTM uses by itself."""

    token_url: str
    scope: str


class Parameters(Document):
    """What a person types into the UTM."""

    connection: str
    provider: str
    verified: bool
    application_id: str
    tenant_id: str
    client_secret: str | None = Field(repr=False, description="The secret's value; null with ?secret=reference.")
    labels: dict[str, dict[str, str]]
    secret: SecretReference
    rotation: RotationView | None = Field(
        default=None, description="While a new secret is under way: whether it is this one, and how long the old works."
    )
    imap: ImapView
    oauth2: OAuthView


class VaultWrite(Document):
    """What came of the last try to write into the vault; one is made when a client secret is about to be made."""

    outcome: str = Field(description="`ok`, `not-known-yet`, or the code of the finding.")
    on: datetime | None
    message: str


class Health(Document):
    """What this deployment is and may do."""

    status: str = Field(description="``ok``, or ``action-required`` where ``missing`` holds more than information.")
    version: str
    package: str
    label: str
    cloud: str
    tenant_id: str | None
    secret_lifetime_days: int = Field(description="How long a client secret lives where a request does not say it.")
    identity: dict[str, Any] = Field(
        description="What the app's identity holds; null for what could not be read just now."
    )
    vault_write: VaultWrite
    missing: list[FindingView]


def mailbox_view(record: MailboxRecord, lang: Language, context: Context) -> MailboxView:
    """Return one mailbox."""
    return MailboxView(
        requested=record.requested,
        address=record.address,
        written=international(record.address or record.requested),
        state=record.state,
        access_given=record.held,
        proven_on=record.proven_on,
        finding=finding_view(record.finding, lang, context) if record.finding is not None else None,
    )


def connection_summary(connection: Connection, now: Standing) -> ConnectionSummary:
    """Return a connection for a list, as it stands now."""
    return ConnectionSummary(
        name=connection.name,
        display_name=visible(connection.wanted.display_name),
        revision=connection.wanted.revision,
        state=now.state,
        since=connection.since,
        verified=now.verified,
        expires_on=secret.expires_on if (secret := used(connection)) is not None else None,
        rotation=state_of(connection.rotation),
        mailboxes=connection.counts(),
        findings=sorted({finding.code for finding in now.findings if finding.severity != "info"}),
    )


def unreadable_summary(name: str) -> ConnectionSummary:
    """Return for a list that nothing is known of a connection but its name."""
    return ConnectionSummary(
        name=name,
        display_name="",
        revision=0,
        state=ConnectionState.UNREADABLE,
        since=None,
        verified=False,
        expires_on=None,
        mailboxes={},
        findings=[DOCUMENT_UNREADABLE],
    )


def unreadable_view(name: str, label: str, findings: list[FindingView]) -> ConnectionView:
    """Return a connection of which nothing is known but its name, and why."""
    return ConnectionView(
        name=name,
        display_name="",
        revision=0,
        state=ConnectionState.UNREADABLE,
        operation=None,
        since=None,
        verified=False,
        label=label,
        wanted=WantedView(lifetime_days=None, enable_imap=False, arranged=False),
        steps=[],
        ids=IdsView(tenant_id=None, application_id=None, object_id=None, enterprise_application_id=None),
        secret=None,
        mailboxes=MailboxPage(total=0, counts={}, next=None, items=[]),
        findings=findings,
    )


def connection_view(
    connection: Connection,
    live: Progress,
    now: Standing,
    mailboxes: MailboxPage,
    label: str,
    lang: Language,
    context: Context,
) -> ConnectionView:
    """Return a connection; ``live`` is what its running orchestration says."""
    return ConnectionView(
        name=connection.name,
        display_name=visible(connection.wanted.display_name),
        revision=connection.wanted.revision,
        state=now.state,
        operation=connection.operation.kind,
        since=connection.since,
        verified=now.verified,
        label=label,
        wanted=WantedView(
            lifetime_days=connection.wanted.lifetime_days,
            enable_imap=connection.wanted.enable_imap,
            arranged=connection.taken_up,
        ),
        steps=[_step_view(connection, step, live, lang) for step in connection.programme],
        ids=IdsView(
            tenant_id=connection.ids.tenant_id,
            application_id=connection.ids.application_id,
            object_id=connection.ids.object_id,
            enterprise_application_id=connection.ids.enterprise_application_id,
        ),
        secret=_secret_view(connection),
        rotation=rotation_view(connection),
        mailboxes=mailboxes,
        findings=[finding_view(finding, lang, context) for finding in now.findings],
        removed=removed_view(connection.removed, lang) if connection.removed is not None else None,
    )


def _secret_view(connection: Connection) -> SecretView | None:
    secret = used(connection)
    return SecretView(**secret.model_dump(include={*SecretView.model_fields})) if secret is not None else None


def rotation_view(connection: Connection) -> RotationView | None:
    """Return how far a new secret is; None where none is under way."""
    rotation = connection.rotation
    if rotation is None:
        return None
    retiring = rotation.state is RotationState.RETIRING
    new, old = (connection.secret, rotation.old) if retiring else (rotation.next, connection.secret)
    return RotationView(
        state=rotation.state,
        begun=rotation.begun,
        key_id=new.key_id if new is not None else None,
        expires_on=new.expires_on if new is not None else None,
        offered_on=rotation.offered_on,
        confirmed_on=rotation.confirmed_on,
        old_key_id=old.key_id if old is not None else None,
        old_works_until=old_works_until(connection),
    )


def _step_view(connection: Connection, step: StepName, live: Progress, lang: Language) -> StepView:
    entry = connection.step(step)
    # A run that has just ended still shows its last status for a moment; what it has stored is newer.
    at_work = connection.operation.ended is None and not connection.operation.apart
    works = at_work and live.revision == connection.wanted.revision
    now = live if works and live.step == step else Progress()
    state = next((one for one in (StepState.RUNNING, StepState.WAITING) if one == now.state), entry.state)
    return StepView(
        name=step,
        state=state,
        started=entry.started,
        ended=entry.ended,
        changes=entry.changes,
        waits=entry.waits,
        reason=_reason(now.reason, now.service, entry, lang) if now.reason else None,
    )


def _reason(code: str, away: str | None, entry: StepRecord, lang: Language) -> str:
    """Return why a step waits: for which service, since when; a service's own code where we have no words for it."""
    try:
        why = text(lang, "reason", code)
    except KeyError:
        why = code
    service = SERVICES.get(away or "")
    if service is None or entry.waits_since is None:
        return why
    values = {"service": service, "since": entry.waits_since.strftime("%Y-%m-%d %H:%M"), "why": why}
    return text(lang, "reason", "outage", values=values)


def accepted_answer(connection: Connection, plan_in: Language | None = None) -> func.HttpResponse:
    """Return ``202`` with the address to watch: of the connection, or of the plan that is made of it ``plan_in``."""
    location = f"/api/connections/{connection.name}"
    headers = {"Retry-After": "5", "ETag": etag(connection)}
    body = Accepted(
        name=connection.name, revision=connection.wanted.revision, state=connection.state, location=location
    )
    if plan_in is not None:
        body.plan, body.state, body.location = connection.operation.id, ConnectionState.RUNNING, f"{location}/plan"
        headers = {"Retry-After": "3", "Content-Language": plan_in}
    return json_answer(body, 202, {"Location": body.location, **headers})
