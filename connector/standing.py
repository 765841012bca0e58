"""How a connection stands now, from its document alone: what a run left there, and what the clock has made of it. Pure.

A run ends and the secret goes on growing old: whoever shows a connection shows it through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.credential import SecretRecord
from connector.diagnosis import unreadable
from connector.errors import ConflictError, UnreadableError
from connector.model import Connection, Finding
from connector.steps import SETTLED, ConnectionState, StepName

EXPIRING = timedelta(days=30)
"""For so long before its end a secret is told to end: Key Vault's own event comes 30 days before as well
(learn.microsoft.com/azure/key-vault/general/event-grid-overview)."""
NEEDS_NEW_SECRET = "utm-needs-new-secret"  # noqa: S105 - the name of a finding
_OF_THE_CLOCK = frozenset({"secret-expired", "secret-expiring", NEEDS_NEW_SECRET})


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection as a person should see it."""

    state: ConnectionState
    verified: bool
    """Whether every wanted mailbox has opened with a secret that still lives."""
    findings: tuple[Finding, ...]


def standing(connection: Connection, state: ConnectionState, now: datetime) -> Standing:
    """Return how a connection stands; ``state`` is the one of its document, or of the run that works on it.

    As long as a run works on it the state is the run's: it may be just what puts it in order.
    """
    secret = connection.secret
    told = _told(secret, now) if secret is not None else ()
    codes = {finding.code for finding in told}
    # What a step has met of the same kind is older than what the clock says.
    found = tuple(finding for finding in connection.findings() if finding.code not in codes & _OF_THE_CLOCK)
    stopped = connection.operation.ended is not None and any(finding.severity == "error" for finding in told)
    return Standing(
        state=ConnectionState.ACTION_REQUIRED if stopped else state,
        verified=connection.verified and not (secret is not None and secret.expires_on <= now),
        findings=(*found, *told),
    )


def secret_of(connection: Connection) -> SecretRecord:
    """Return the secret in use.

    Raises:
        ConflictError: the set-up has not come so far; names the step that it is in.
    """
    if connection.secret is not None:
        return connection.secret
    states = connection.step_states()
    step = next((step for step in StepName if states[step] not in SETTLED), StepName.SECRET)
    raise ConflictError("secret-not-ready", retry_after=15, name=connection.name, step=step.value)


def damaged(now: Standing, errors: Iterable[UnreadableError]) -> Standing:
    """Return how it stands where parts of its list cannot be read: whatever the rest says, nobody knows it."""
    known = {finding.id for finding in now.findings}
    told = [unreadable(error, StepName.MAILBOXES) for error in errors]
    if not told:
        return now
    new = (finding for finding in told if finding.id not in known)
    return Standing(ConnectionState.UNREADABLE, verified=False, findings=(*now.findings, *new))


def _told(secret: SecretRecord, now: datetime) -> tuple[Finding, ...]:
    findings, name = [], secret.name
    if secret.expires_on <= now:
        findings.append(Finding(code="secret-expired", step=StepName.SECRET, subject=name))
    elif secret.expires_on - now <= EXPIRING:
        values: dict[str, str | int] = {"days": (secret.expires_on - now).days, "end": f"{secret.expires_on:%Y-%m-%d}"}
        findings.append(
            Finding(code="secret-expiring", severity="warning", step=StepName.SECRET, subject=name, values=values)
        )
    if secret.to_be_entered:
        values = {"key": secret.key_id[:8]}
        findings.append(Finding(code=NEEDS_NEW_SECRET, step=StepName.SECRET, subject=secret.key_id, values=values))
    return tuple(findings)
