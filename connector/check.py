"""The daily check: when it is due, what somebody is told of it, and what the last one says by now. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.checks import Answer, Check, Seen
from connector.finding import Finding
from connector.hours import at_its_hour
from connector.model import Connection
from connector.steps import ConnectionState, StepName

_PASSING = frozenset({"reason", "answer", "minutes", "code", "since", "until", "on", "end", "days"})
"""Values that are others at each look, of a finding that is the same."""
LOOKS = 3
"""How often it is looked, at most, before something is taken for true that the look before has not seen."""
LOOK_AGAIN = 900.0
"""Seconds between two of them: longer than any server shows less than another (facts of ``SPREAD``)."""
_RUNS = timedelta(hours=2)
"""A look that has not ended by then was lost."""
FRESH = timedelta(hours=50)
"""Two days and some: what was seen before that is not known any more."""
_DIGITS = 16


def digest(finding: Finding) -> str:
    """Return what tells a finding from itself with another content."""
    values = {key: value for key, value in finding.values.items() if key not in _PASSING}
    content = json.dumps([finding.code, finding.subject.lower(), values], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class News:
    """What somebody is told: each finding once, and again when its content is another."""

    drifted: tuple[Finding, ...] = ()
    unread: tuple[Finding, ...] = ()
    recovered: tuple[str, ...] = ()
    """Ids of findings that somebody was told of, and that were seen to be gone."""

    @property
    def any(self) -> bool:
        """Return whether there is anything."""
        return bool(self.drifted or self.unread or self.recovered)


def news(check: Check, seen: Seen, now: datetime) -> News:
    """Return what is told of a look, by what was told before and what is put to sleep.

    What could not be looked at is not seen to be gone.
    """
    drifted = tuple(one for one in seen.drift if _is_new(check, one, now))
    unread = tuple(one for one in seen.unread if _is_new(check, one, now))
    present = {one.id for one in (*seen.drift, *seen.unread)}
    blind = any(item.answer is Answer.NOT_READABLE for item in seen.items)
    # Of those that were too many to be kept nobody can say that they are gone.
    recovered = () if blind or seen.more else tuple(sorted(id_ for id_ in check.told if id_ not in present))
    return News(drifted, unread, recovered)


def _is_new(check: Check, finding: Finding, now: datetime) -> bool:
    return check.told.get(finding.id) != digest(finding) and not sleeps(check, finding, now)


def sleeps(check: Check, finding: Finding, now: datetime) -> bool:
    """Return whether somebody has put this very finding to sleep."""
    told = digest(finding)
    return any(one.id == finding.id and one.digest == told and one.until > now for one in check.snoozed)


def looks_again(check: Check, seen: Seen, number: int, now: datetime) -> bool:
    """Return whether it is to be looked once more: a single look may meet one server that shows less than the others.

    ``number`` is which look of this day it was, from 0.
    """
    told = news(check, seen, now)
    doubtful = {digest(one) for one in (*told.drifted, *told.unread)}
    return number + 1 < LOOKS and not doubtful <= {*check.doubt}


def doubting(check: Check, seen: Seen, now: datetime) -> Check:
    """Return the document while it is looked once more."""
    told = news(check, seen, now)
    return check.model_copy(update={"doubt": sorted({digest(one) for one in (*told.drifted, *told.unread)})})


def settled(check: Check, seen: Seen, now: datetime) -> Check:
    """Return the document after a look: what was told, and of snoozes those that have not ended."""
    told = news(check, seen, now)
    kept = {id_: one for id_, one in check.told.items() if id_ not in told.recovered}
    kept |= {one.id: digest(one) for one in (*told.drifted, *told.unread)}
    snoozed = [one for one in check.snoozed if one.until > now]
    return check.model_copy(update={"seen": seen, "doubt": [], "told": kept, "snoozed": snoozed, "started": None})


def holds(check: Check, connection: Connection) -> bool:
    """Return whether what was seen is of the connection as it is now; a new secret changes nothing of the rest."""
    return check.seen is not None and (check.seen.basis == connection.operation.id or connection.operation.apart)


def drift(check: Check | None, connection: Connection, now: datetime) -> tuple[Finding, ...]:
    """Return what the last look says beside what the operations say, and nobody has put to sleep."""
    if check is None:
        return ()
    found = check.seen.drift if check.seen is not None and holds(check, connection) else []
    return tuple(one for one in (*found, *check.shared) if not sleeps(check, one, now))


def fresh(moment: datetime, now: datetime) -> bool:
    """Return whether something was seen of late; what a clock has dated into the future was not."""
    return -_RUNS < now - moment <= FRESH


def overall(check: Check, now: datetime) -> Answer | None:
    """Return the one answer: what could not be looked at is never good, nor what nobody has looked at for long."""
    if check.seen is None:
        return None
    answers = {item.answer for item in check.seen.items} | {*check.seen.mailboxes}
    if {item.step for item in check.seen.items} != {*StepName}:  # of what nobody has said anything
        answers.add(Answer.NOT_READABLE)
    awake = [one for one in check.seen.drift if one.severity == "error" and not sleeps(check, one, now)]
    if awake:
        return Answer.DRIFTED
    blind = Answer.NOT_READABLE in answers or not fresh(check.seen.on, now)
    return Answer.NOT_READABLE if blind else Answer.GOOD


def may_look(connection: Connection) -> bool:
    """Return whether there is anything to look at, and nobody works on it."""
    at_rest = connection.operation.ended is not None and connection.wanted.mailboxes
    return bool(at_rest) and connection.state in {ConnectionState.READY, ConnectionState.ACTION_REQUIRED}


def looking(check: Check, now: datetime) -> bool:
    """Return whether a look is under way."""
    return check.started is not None and abs(now - check.started) < _RUNS


def due(check: Check, connection: Connection, now: datetime) -> bool:
    """Return whether a connection is to be looked at now: once a day, from its own hour on."""
    if not may_look(connection) or looking(check, now):
        return False
    turn = at_its_hour(connection.name, now)
    ended = connection.operation.ended or now
    last = check.seen.on if check.seen is not None else ended
    return last < turn or last > now + _RUNS  # dated by a clock that was wrong
