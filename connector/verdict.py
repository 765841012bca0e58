"""Where a connection stands at the end of a round: pure, with the clock passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.diagnosis import DOCUMENT_UNREADABLE, MAY_NOT_LOOK
from connector.finding import PROVEN_BY_LOGIN, Finding
from connector.mailbox import MailboxRecord
from connector.microsoft import PROTOCOLS, ROLE_SPREAD, Protocol
from connector.model import Connection
from connector.plans.ownership import STOPPING
from connector.plans.senders import OF_SENDING
from connector.steps import PROGRAMMES, SETTLED, ConnectionState, MailboxState, StepName, StepState, may_run
from connector.waiting import PERSON_DEADLINE, TIMER_SLACK, round_wait
from connector.wanted import Absent


@dataclass(frozen=True, slots=True)
class Verdict:
    """The connection's state, whether the run ends with it, and otherwise when to look again (seconds)."""

    state: ConnectionState
    seconds: float | None = None

    @property
    def ended(self) -> bool:
        """Return whether the run is over."""
        return self.seconds is None


def conclude(connection: Connection, number: int, now: datetime) -> Verdict:
    """Return the verdict after round ``number`` (from 0).

    A run that waits for a person looks as often as one that waits for Microsoft: a refusal may have been a passing one.
    """
    if isinstance(connection.goal, Absent):
        return _of_removal(connection, number, now)
    if connection.operation.apart:
        return _apart(connection, number)
    states, cancelled = connection.step_states(), connection.operation.cancelled
    failed = StepState.FAILED in states.values()
    if not cancelled and (failed or _unreadable(connection)):
        return Verdict(ConnectionState.UNREADABLE if _unreadable(connection) else ConnectionState.FAILED)
    if not failed and _as_wanted(connection) and connection.verified and not foreign(connection):
        return Verdict(ConnectionState.READY)  # who cancels after that comes too late
    if cancelled:
        return Verdict(ConnectionState.CANCELLED)
    counts = connection.counts()
    proving = may_run(StepName.VERIFICATION, states) and states[StepName.VERIFICATION] is not StepState.ACTION_REQUIRED
    if (proving and counts.get(MailboxState.WAITING, 0)) or StepState.WAITING in states.values():
        return Verdict(ConnectionState.WAITING, round_wait(number))
    return _by_person(connection, number, now)


def _of_removal(connection: Connection, number: int, now: datetime) -> Verdict:
    """Return the verdict where all is taken back: removed is what every step has read to be gone."""
    states = [connection.step(step).state for step in connection.programme]
    if _unreadable(connection):
        return Verdict(ConnectionState.UNREADABLE)
    if all(state in SETTLED for state in states):
        return Verdict(ConnectionState.REMOVED)
    if connection.operation.cancelled:
        return Verdict(ConnectionState.CANCELLED)
    if StepState.FAILED in states:
        return Verdict(ConnectionState.FAILED)
    if StepState.WAITING in states:
        return Verdict(ConnectionState.WAITING, round_wait(number))
    return _by_person(connection, number, now)


def _by_person(connection: Connection, number: int, now: datetime) -> Verdict:
    """Return that somebody must act, and that the run looks whether he has, for a day."""
    since = connection.stuck_since or now
    if now - since + TIMER_SLACK >= PERSON_DEADLINE:
        return Verdict(ConnectionState.ACTION_REQUIRED)
    return Verdict(ConnectionState.ACTION_REQUIRED, round_wait(number))


def _apart(connection: Connection, number: int) -> Verdict:
    """Return whether an operation that works apart is over; the connection's state stays as it is."""
    progress, rotation = connection.progress(), connection.rotation
    states = [progress[step] for step in PROGRAMMES[connection.operation.kind].steps]
    if connection.operation.cancelled:
        return Verdict(connection.state)
    if rotation is not None and rotation.failing is not None and progress[StepName.SECRET] is StepState.PENDING:
        return Verdict(connection.state, 0.0)
    return Verdict(connection.state, round_wait(number) if StepState.WAITING in states else None)


def _unreadable(connection: Connection) -> bool:
    """Return whether a step has met a document that somebody has to repair first."""
    return any(finding.code == DOCUMENT_UNREADABLE for finding in connection.findings())


def _as_wanted(connection: Connection) -> bool:
    """Return whether every wanted mailbox has opened, and no other one is left to the application."""
    opened = connection.counts().get(MailboxState.OPEN, 0)
    sending = [one for one in connection.step(StepName.MAILBOXES).findings if one.code in OF_SENDING]
    if any(one.severity == "error" for one in sending):  # what no login proves
        return False
    return opened == len(connection.wanted.mailboxes) and not any(chunk.leaving for chunk in connection.chunks)


def foreign(connection: Connection) -> bool:
    """Return whether a step has found that the application is not ours alone; it looks again in the next round."""
    return any(finding.severity == "error" and finding.code in STOPPING for finding in connection.findings())


def proving_overdue(connection: Connection, verify_minutes: int, now: datetime) -> bool:
    """Return whether Microsoft has had all the time that it may take since the last change."""
    spread = timedelta(minutes=verify_minutes)
    longest = max(spread, ROLE_SPREAD) if connection.by_role else spread
    return now - connection.last_change + TIMER_SLACK >= longest


def comes_yet(connection: Connection, entry: MailboxRecord, found: Finding, protocol: Protocol) -> bool:
    """Return whether what may keep a mailbox closed is still to be done by step 7, which waits for Exchange.

    ``found`` is what the login has come to: access may be missing, a protocol be off that is to be switched on, or a
    right to send, which step 7 gives after all mailboxes are settled.
    """
    codes, enables = PROTOCOLS[protocol].codes, protocol in connection.wanted.enables
    if connection.step(StepName.MAILBOXES).state is not StepState.WAITING:
        return False
    if found.code == codes.sender:
        return True
    switch = enables and found.code in {codes.disabled, codes.off_for_all}
    return entry.settled_in != connection.operation.id and (bool(found.causes) or switch)


def needs_person(connection: Connection) -> bool:
    """Return whether a step that concerns all mailboxes can only be moved by a person."""
    states = connection.step_states()
    single = {StepName.MAILBOXES, StepName.VERIFICATION}
    return any(states[step] is StepState.ACTION_REQUIRED for step in StepName if step not in single)


def settle_proven(connection: Connection) -> None:
    """Settle what we may not look at, or do not see yet, and without which no mailbox could have opened.

    One that has opened proves consent and Exchange's record for all; only all of them prove the access to each.
    """
    opened, everywhere = connection.counts().get(MailboxState.OPEN, 0), _as_wanted(connection)
    for step in (StepName.CONSENT, StepName.EXCHANGE, StepName.MAILBOXES):
        entry = connection.step(step)
        unseen = [finding for finding in entry.findings if finding.code in MAY_NOT_LOOK]
        by_one = step is not StepName.MAILBOXES and opened and len(unseen) == len(entry.findings)
        stopped = any(finding.code in STOPPING for finding in entry.findings)
        if entry.state is not StepState.ACTION_REQUIRED or stopped or not (everywhere or by_one):
            continue
        told = [finding for finding in entry.findings if finding not in unseen]
        told += [Finding(code=PROVEN_BY_LOGIN, step=step)] if unseen else []
        findings = [
            finding if finding.code in OF_SENDING else finding.model_copy(update={"severity": "info"})
            for finding in told
        ]
        settled = {"state": StepState.UNCHANGED, "settled_in": entry.settled_in or connection.operation.id}
        connection.steps[step] = entry.model_copy(update={**settled, "findings": findings})
