"""What the API shows of a connection in a list."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.check import overall
from connector.checks import Answer, Check
from connector.credential import RotationState
from connector.diagnosis import DOCUMENT_UNREADABLE
from connector.document import Document
from connector.model import Connection
from connector.rotation import state_of, used
from connector.standing import Standing
from connector.steps import ConnectionState, MailboxState
from connector.visible import visible


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
    health: Answer | None = Field(default=None, description="What the daily look says; null where nobody has looked.")
    looked_on: datetime | None = None


class ConnectionList(Document):
    """One page of the connections."""

    items: list[ConnectionSummary]
    next: str | None


def connection_summary(
    connection: Connection, now: Standing, check: Check | None, moment: datetime
) -> ConnectionSummary:
    """Return a connection for a list, as it stands at a moment."""
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
        health=overall(check, moment) if check is not None else None,
        looked_on=check.seen.on if check is not None and check.seen is not None else None,
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
