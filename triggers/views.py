"""What the API shows of a connection; the OpenAPI description is generated from these models."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.document import Document
from connector.messages import Language
from connector.microsoft import PROTOCOLS, Protocol
from connector.model import Connection
from connector.orders import Progress
from connector.remedy import Context
from connector.standing import Standing
from connector.steps import ConnectionState, OperationKind
from connector.visible import visible
from triggers.by_view import ByView, by_view
from triggers.check_view import HealthView
from triggers.findings import AcceptanceView, FindingView, finding_view
from triggers.mailbox_view import MailboxPage
from triggers.removed import RemovedView, removed_view
from triggers.secret_view import RotationView, SecretView, rotation_view, secret_view
from triggers.step_view import StepView, step_view


class IdsView(Document):
    """The ids that the services gave; null where they have not given one yet."""

    tenant_id: str | None
    application_id: str | None
    object_id: str | None
    enterprise_application_id: str | None


class WantedView(Document):
    """What the last request asked for besides the mailboxes, as a ``POST`` takes it."""

    lifetime_days: int | None
    protocols: list[Protocol]
    roles: list[str] = Field(description="The permissions of Office 365 Exchange Online that these need.")
    enable_imap: bool
    enable_pop: bool
    enable_smtp: bool
    role_based_sending: bool
    exchange_roles: list[str] = Field(
        description="Roles in Exchange that an administrator assigns for the mailboxes: what they permit needs none of "
        "`roles`, and no full access."
    )
    send_as: list[str] = Field(description="As which addresses the mailboxes send besides their own.")
    arranged: bool = Field(description="Whether ``mailboxes`` lists what was asked for; not before the run has begun.")


class ConnectionView(Document):
    """One connection."""

    name: str
    display_name: str
    revision: int
    state: ConnectionState
    operation: OperationKind | None = Field(
        description="What the last run was for: a verification changes nothing of what is set up."
    )
    by: ByView | None = Field(default=None, description="Who has asked for the last run; null where it is not known.")
    set_up_by: ByView | None = Field(
        default=None, description="Who has asked for the last set-up, and so for what is wanted now."
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
    health: HealthView | None = Field(default=None, description="What the daily look has seen.")
    removed: RemovedView | None = Field(
        default=None, description="Of one that was taken back: what was, when, by whom, and what stays."
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
        wanted=WantedView(
            lifetime_days=None,
            protocols=[],
            roles=[],
            enable_imap=False,
            enable_pop=False,
            enable_smtp=False,
            role_based_sending=False,
            exchange_roles=[],
            send_as=[],
            arranged=False,
        ),
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
        by=by_view(connection.operation.by),
        set_up_by=by_view(connection.wanted_by),
        since=connection.since,
        verified=now.verified,
        label=label,
        wanted=WantedView(
            lifetime_days=connection.wanted.lifetime_days,
            protocols=connection.wanted.protocols,
            roles=[PROTOCOLS[protocol].role for protocol in connection.by_consent],
            enable_imap=connection.wanted.enable_imap,
            enable_pop=connection.wanted.enable_pop,
            enable_smtp=connection.wanted.enable_smtp,
            role_based_sending=connection.wanted.role_based_sending,
            exchange_roles=[PROTOCOLS[protocol].exchange_role for protocol in connection.by_role],
            send_as=connection.wanted.send_as,
            arranged=connection.taken_up,
        ),
        steps=[step_view(connection, step, live, lang) for step in connection.programme],
        ids=IdsView(
            tenant_id=connection.ids.tenant_id,
            application_id=connection.ids.application_id,
            object_id=connection.ids.object_id,
            enterprise_application_id=connection.ids.enterprise_application_id,
        ),
        secret=secret_view(connection),
        rotation=rotation_view(connection),
        mailboxes=mailboxes,
        findings=[finding_view(finding, lang, context) for finding in now.findings],
        removed=removed_view(connection.removed, lang) if connection.removed is not None else None,
    )
