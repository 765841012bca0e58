"""How a connection stands now, from its document alone: what a run left there, and what the clock has made of it. Pure.

A run ends and the secret goes on growing old: whoever shows a connection shows it through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from connector import dates
from connector.check import drift
from connector.checks import Check
from connector.credential import CredentialKind, CredentialRecord, Rotation
from connector.diagnosis import unreadable
from connector.errors import ConflictError, UnreadableError
from connector.finding import LAST_KEPT, Finding, Severity
from connector.model import Connection
from connector.rotation import dead, given_up, handed_out, needs_person, offered, still_used, used
from connector.steps import SETTLED, ConnectionState, StepName
from connector.wanted import Absent

EXPIRING = timedelta(days=30)
"""For so long before its end a secret is told to end: Key Vault's own event comes 30 days before as well
(learn.microsoft.com/azure/key-vault/general/event-grid-overview)."""


@dataclass(frozen=True, slots=True)
class _Told:
    """How the findings about one kind of credential are called."""

    expired: str
    expiring: str
    offered: str
    needed: str
    gone: str


_FINDINGS: Mapping[CredentialKind, _Told] = {
    "secret": _Told(
        "secret-expired", "secret-expiring", "secret-offered", "utm-needs-new-secret", "offered-secret-gone"
    ),
    "certificate": _Told(
        "certificate-expired",
        "certificate-expiring",
        "certificate-offered",
        "utm-needs-certificate",
        "offered-certificate-gone",
    ),
}
_finding = partial(Finding.of, StepName.SECRET)
_OF_THE_CLOCK = frozenset(
    {"rotation-failed", "certificate-not-proven"}
    | {code for told in _FINDINGS.values() for code in (told.expired, told.expiring, told.needed)}
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection as a person should see it."""

    state: ConnectionState
    verified: bool
    """Whether every wanted mailbox has opened with a secret that still lives."""
    findings: tuple[Finding, ...]


def standing(connection: Connection, state: ConnectionState, now: datetime, check: Check | None = None) -> Standing:
    """Return how a connection stands; ``state`` is the one of its document, or of the run that works on it.

    What the last look has found to have drifted needs a person too; what it could not read says nothing.

    As long as a run works on it the state is the run's: it may be just what puts it in order.
    """
    secret, told = used(connection), _told(connection, now)
    codes = {finding.code for finding in told}
    # What a step has met of the same kind is older than what the clock says.
    found = tuple(finding for finding in connection.findings() if finding.code not in codes & _OF_THE_CLOCK)
    operation = connection.operation
    rests = operation.ended is not None or operation.apart
    ids = {finding.id for finding in (*found, *told)}
    drifted = tuple(one for one in (drift(check, connection, now) if rests else ()) if one.id not in ids)
    gone = operation.apart and any(finding.code == LAST_KEPT for finding in found)
    wrong = gone or any(finding.severity == "error" for finding in drifted)
    stopped = rests and (wrong or any(finding.severity == "error" for finding in told))
    return Standing(
        state=ConnectionState.ACTION_REQUIRED if stopped else state,
        verified=connection.verified and not (wrong or (secret is not None and secret.expires_on <= now)),
        findings=(*found, *told, *drifted),
    )


def secret_of(connection: Connection, now: datetime) -> CredentialRecord:
    """Return the secret that is handed out.

    Raises:
        ConflictError: the set-up has not come so far, naming the step that it is in; or there is none that works; or
            it is just being given up, or was taken back.
    """
    secret = handed_out(connection, now)
    if isinstance(connection.goal, Absent) and (secret is None or _is_taken_back(connection, secret)):
        raise taken_back(connection)
    if secret is not None:
        return secret
    if given_up(connection):
        raise ConflictError("operation-running", retry_after=15, name=connection.name, step=StepName.SECRET.value)
    if connection.rotation is not None:
        raise ConflictError("secret-lost", name=connection.name)
    states = connection.step_states()
    step = next((step for step in StepName if states[step] not in SETTLED), StepName.SECRET)
    raise ConflictError("secret-not-ready", retry_after=15, name=connection.name, step=step.value)


def taken_back(connection: Connection) -> ConflictError:
    """Return why what is taken back, or half taken back, is not worked with."""
    if connection.operation.ended is None:
        return ConflictError("removal-running", retry_after=30, name=connection.name)
    if connection.state is ConnectionState.REMOVED:
        return ConflictError("connection-removed", name=connection.name)
    return ConflictError("removal-unfinished", name=connection.name)


def _is_taken_back(connection: Connection, secret: CredentialRecord) -> bool:
    """Return whether a removal has come to it: kept before it is tried, so that none is handed out that may be gone."""
    return any(one.step is StepName.SECRET and one.subject == secret.key_id for one in connection.taken)


def reference_of(connection: Connection, now: datetime) -> CredentialRecord:
    """Return the secret of which it is told where it lies: while it is being given up it is still that one.

    Raises:
        ConflictError: as ``secret_of`` says.
    """
    rotation = connection.rotation
    if given_up(connection) and rotation is not None and rotation.next is not None:
        return rotation.next
    return secret_of(connection, now)


def damaged(now: Standing, errors: Iterable[UnreadableError]) -> Standing:
    """Return how it stands where parts of its list cannot be read: whatever the rest says, nobody knows it."""
    known = {finding.id for finding in now.findings}
    told = [unreadable(error, StepName.MAILBOXES) for error in errors]
    if not told:
        return now
    new = (finding for finding in told if finding.id not in known)
    return Standing(ConnectionState.UNREADABLE, verified=False, findings=(*now.findings, *new))


def _told(connection: Connection, now: datetime) -> tuple[Finding, ...]:
    if isinstance(connection.goal, Absent):
        return ()  # nobody is to enter, or renew, what is taken back
    rotation = offered(connection)
    if rotation is not None and rotation.next is not None:
        ends = () if dead(rotation, now) else _ends(rotation.next, now)
        return (_to_enter(connection, rotation, rotation.next, now), *ends)
    found = _ends(connection.secret, now) if connection.secret is not None else ()
    return (*found, *_old_still_used(connection.rotation, now), *_came_to_nothing(connection))


def _to_enter(connection: Connection, rotation: Rotation, new: CredentialRecord, now: datetime) -> Finding:
    """Return that somebody has to enter the new secret: while the old one works that is a warning."""
    urgent, old, told = needs_person(connection, now), connection.secret, _FINDINGS[new.kind]
    values = {"key": new.key_id[:8], "thumbprint": new.name}
    if dead(rotation, now):
        code = told.gone
    elif urgent or old is None:
        code = told.needed
    else:
        code, values = told.offered, {**values, "end": dates.value(old.expires_on)}
    severity: Severity = "error" if urgent else "warning"
    return _finding(code, new.key_id, severity, **values)


def _old_still_used(rotation: Rotation | None, now: datetime) -> tuple[Finding, ...]:
    if rotation is None or rotation.old is None or rotation.old_used_on is None or not still_used(rotation, now):
        return ()
    old = rotation.old
    on, end = dates.value(rotation.old_used_on), dates.value(old.expires_on)
    return (_finding("old-secret-still-used", old.key_id, "warning", key=old.key_id[:8], on=on, end=end),)


def _ends(secret: CredentialRecord, now: datetime) -> tuple[Finding, ...]:
    told = _FINDINGS[secret.kind]
    if secret.expires_on <= now:
        return (_finding(told.expired, secret.name),)
    if secret.expires_on - now > EXPIRING:
        return ()
    days, end = (secret.expires_on - now).days, dates.value(secret.expires_on)
    return (_finding(told.expiring, secret.name, "warning", days=days, end=end),)


def _came_to_nothing(connection: Connection) -> tuple[Finding, ...]:
    rest = connection.rest
    if rest is None or connection.rotation is not None or rest.code == "rotation-abandoned":
        return ()
    on, until = dates.value(rest.on), dates.value(rest.until)
    subject = rest.why if rest.code in {told.gone for told in _FINDINGS.values()} else ""
    return (_finding(rest.code, subject, "warning", on=on, why=rest.why, key=rest.why[:8], until=until),)
