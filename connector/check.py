"""What a look means: from what was seen to an answer for each thing, and to what somebody is told. Pure.

What a look finds is compared with what the last operation has left: what that one has said already is no news.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.address import folded
from connector.checks import MOST, Answer, Check, Item, Seen
from connector.diagnosis import DOCUMENT_UNREADABLE, MAY_NOT_LOOK, OF_THE_SERVER, UNKNOWN
from connector.finding import Finding
from connector.hours import at_its_hour
from connector.mailbox import MailboxRecord
from connector.model import Connection
from connector.objects import Rights
from connector.operation import StepRecord
from connector.outage import NOT_READABLE
from connector.rotation import begins_on, used
from connector.steps import SETTLED, ConnectionState, MailboxState, StepName, StepState

UNREAD = (
    MAY_NOT_LOOK
    | OF_THE_SERVER
    | {
        NOT_READABLE,
        UNKNOWN,
        DOCUMENT_UNREADABLE,
        "grant-missing",
        "imap-unreachable",
        "mailbox-delayed",
        "mailbox-failed",
        "owners-not-readable",
        "service-unavailable",
        "vault-firewall",
        "vault-right-missing",
    }
)
"""Findings that say no more than that something could not be looked at."""
_RIGHTS = frozenset({"grant-missing", "vault-firewall", "vault-right-missing"})
"""Of these step 1 has seen that they are missing."""
_HARMLESS = frozenset({"address-is-alias", "secret-shortened", "consent-by-hand"})
_OF_RENEWAL = frozenset({"secrets-forbidden", "secret-lifetime-impossible"})
"""What step 1 says of the policy: a connection that has its secret hears when that will matter instead."""
_PASSING = frozenset({"reason", "answer", "minutes", "code", "since", "until", "end", "days"})
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
_STEPS = (*StepName,)


def digest(finding: Finding) -> str:
    """Return what tells a finding from itself with another content."""
    values = {key: value for key, value in finding.values.items() if key not in _PASSING}
    content = json.dumps([finding.code, finding.subject.lower(), values], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]


@dataclass(slots=True)
class Look:
    """What is gathered while the documents of one look are gone through, chunk by chunk."""

    connection: Connection
    """As the last operation has left it."""
    steps: dict[StepName, StepRecord]
    """As the look has found them."""
    known: Collection[str]
    """Ids of the findings that the last operation has said."""
    mailboxes: dict[Answer, int] = field(default_factory=dict)
    drift: list[Finding] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    closed: set[Answer] = field(default_factory=set)
    """What was seen of mailboxes that no login has opened."""

    def mailbox(self, before: MailboxRecord | None, after: MailboxRecord) -> None:
        """Add one name of the list, as it was and as it was seen."""
        if after.guid:
            self.keys.add(hashlib.sha256(after.guid.lower().encode()).hexdigest()[:_DIGITS])
        found = _renamed(before, after)
        if any(one.code == "address-changed" for one in found) and after.address is not None:
            self.renamed[after.requested] = after.address
        if all(one.code != "address-moved" for one in found):  # of another mailbox nothing has ever been in order
            found += _trouble(before, after)
        self._add(found)
        answer = _of_mailbox(found, after)
        self.mailboxes[answer] = self.mailboxes.get(answer, 0) + 1
        if after.state is not MailboxState.OPEN and answer is not Answer.GOOD:
            self.closed.add(answer)

    def seen(self, rights: Rights, now: datetime) -> Seen:
        """Return what it came to; ``rights`` as they were found, which say whether a secret can be renewed."""
        for step in StepName:
            # Without a secret no login can be tried: that says nothing more.
            if step is not StepName.VERIFICATION or not self._has_drifted(StepName.SECRET):
                self._add(_news_of(self.steps.get(step)))
        if (warning := _renewal(self.connection, rights, now)) is not None:
            self._add([warning])
        self._add(self._unlisted())
        drift, unread = _once(self.drift), _once(self.unread)
        return Seen(
            on=now,
            basis=self.connection.operation.id,
            items=[Item(step=step, answer=self._answer(step)) for step in StepName],
            mailboxes=self.mailboxes,
            drift=drift[:MOST],
            unread=unread[:MOST],
            more=max(0, len(drift) - MOST) + max(0, len(unread) - MOST),
            renamed=self.renamed,
            keys=sorted(self.keys),
        )

    def _unlisted(self) -> list[Finding]:
        """Return that of some names on the list nothing was seen: the documents that should hold them do not."""
        lacking = len(self.connection.wanted.mailboxes) - sum(self.mailboxes.values())
        if lacking <= 0:
            return []
        self.mailboxes[Answer.NOT_READABLE] = self.mailboxes.get(Answer.NOT_READABLE, 0) + lacking
        self.closed.add(Answer.NOT_READABLE)
        values: dict[str, str | int] = {"code": "list-incomplete", "reason": f"{lacking} of the list"}
        return [Finding(code=NOT_READABLE, severity="warning", step=StepName.MAILBOXES, subject="store", values=values)]

    def _add(self, found: Iterable[Finding]) -> None:
        for one in found:
            if one.code in UNREAD and not (one.step is StepName.PREREQUISITES and one.code in _RIGHTS):
                self.unread.append(one)
            elif one.id not in self.known:
                self.drift.append(one)

    def _has_drifted(self, step: StepName) -> bool:
        return any(one.step is step and one.severity == "error" for one in self.drift)

    def _answer(self, step: StepName) -> Answer:
        entry = self.steps.get(step)
        closed = self.closed if step is StepName.VERIFICATION else set()
        if Answer.DRIFTED in closed or self._has_drifted(step):
            return Answer.DRIFTED
        if closed or any(one.step is step for one in self.unread):
            return Answer.NOT_READABLE
        good = entry is not None and (entry.state in SETTLED or self._is_known(entry))
        return Answer.GOOD if good else Answer.NOT_READABLE

    def _is_known(self, entry: StepRecord) -> bool:
        """Return whether what a step has against it was there before, so that nothing has drifted."""
        return bool(entry.findings) and all(one.id in self.known for one in entry.findings)


def _news_of(entry: StepRecord | None) -> list[Finding]:
    found = entry.findings if entry is not None else []
    return [one for one in found if one.severity != "info" and one.code not in _HARMLESS | _OF_RENEWAL]


def _renamed(before: MailboxRecord | None, after: MailboxRecord) -> list[Finding]:
    """Return that a name means another mailbox by now, or that its mailbox has another name."""
    if before is None or not before.address or not after.address:
        return []
    if before.guid and after.guid and before.guid != after.guid:
        return [_of_address("address-moved", before.address, after.address)]
    if folded(before.address) == folded(after.address):
        return []
    return [_of_address("address-changed", before.address, after.address)]


def _of_address(code: str, before: str, address: str) -> Finding:
    return Finding(code=code, step=StepName.MAILBOXES, subject=before, values={"address": address})


def _trouble(before: MailboxRecord | None, after: MailboxRecord) -> list[Finding]:
    """Return what is wrong with a mailbox, unless the last operation has left it so."""
    found = after.finding
    if found is None or found.severity == "info" or found.code in _HARMLESS:
        return []
    known = before is not None and before.finding is not None and before.finding.id == found.id
    return [] if known else [found]


def _of_mailbox(found: Sequence[Finding], after: MailboxRecord) -> Answer:
    if any(one.code not in UNREAD for one in found):
        return Answer.DRIFTED
    return Answer.GOOD if after.state is MailboxState.OPEN and not found else Answer.NOT_READABLE


def _renewal(connection: Connection, rights: Rights, now: datetime) -> Finding | None:
    """Return that the tenant's policy will forbid the next secret, while the present one still works for long."""
    secret = used(connection)
    if secret is None or secret.kind == "certificate" or (rights.secrets_allowed and rights.longest_secret_days != 0):
        return None
    values: dict[str, str | int] = {"on": f"{max(begins_on(secret), now):%Y-%m-%d}"}
    values["last"] = f"{secret.expires_on:%Y-%m-%d}"
    return Finding(
        code="renewal-forbidden", severity="warning", step=StepName.SECRET, subject=secret.key_id, values=values
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once; what a later step says too is the consequence of what an earlier one says."""
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda found: _STEPS.index(found.step)):
        if not any(one.id == other.id or _follows(one, other) for other in kept):
            kept.append(one)
    return kept


def _follows(one: Finding, other: Finding) -> bool:
    of_all = other.step not in {StepName.MAILBOXES, StepName.VERIFICATION}
    return of_all and one.step is not other.step and one.code == other.code


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
    recovered = () if blind else tuple(sorted(id_ for id_ in check.told if id_ not in present))
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


def shared(own: str, keys: Collection[str], others: dict[str, set[str]]) -> list[Finding]:
    """Return with which connections one shares mailboxes: two UTMs take each other's mail away then.

    ``others`` maps digests of mailboxes to the names of the connections that fetch from them.
    """
    counts: dict[str, int] = {}
    for key in keys:
        for name in others.get(key, set()) - {own}:
            counts[name] = counts.get(name, 0) + 1
    return [
        Finding(
            code="mailbox-shared",
            severity="warning",
            step=StepName.MAILBOXES,
            subject=name,
            values={"number": counts[name]},
        )
        for name in sorted(counts)
    ]


def state_of(found: Sequence[Finding]) -> StepState:
    """Return how a step is after a look, for the steps that need it: nothing is asked that cannot be answered."""
    stops = any(one.severity == "error" or one.code in UNREAD for one in found)
    return StepState.ACTION_REQUIRED if stops else StepState.UNCHANGED
