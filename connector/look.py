"""What one look at a connection comes to: an answer for each thing, from what was seen and what was left. Pure.

What a look finds is compared with what the last operation has left: what that one has said already is no news.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.address import folded
from connector.checks import MOST, Answer, Item, Seen
from connector.diagnosis import DOCUMENT_UNREADABLE, MAY_NOT_LOOK, OF_THE_SERVER, OUT_OF_REACH, UNKNOWN
from connector.finding import Finding
from connector.mailbox import MailboxRecord
from connector.model import Connection
from connector.objects import Rights
from connector.operation import StepRecord
from connector.outage import NOT_READABLE
from connector.rotation import begins_on, used
from connector.steps import SETTLED, MailboxState, StepName, StepState
from connector.wanted import fetches

UNREAD = (
    MAY_NOT_LOOK
    | OF_THE_SERVER
    | OUT_OF_REACH
    | {
        NOT_READABLE,
        UNKNOWN,
        DOCUMENT_UNREADABLE,
        "grant-missing",
        "mailbox-delayed",
        "mailbox-failed",
        "owners-not-readable",
        "policy-unread",
        "send-as-unread",
        "sending-role-unread",
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
_DIGITS = 16
_STEPS = (*StepName,)


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
    """Of the mailboxes that mail is fetched from: who only sends takes nothing away."""
    closed: set[Answer] = field(default_factory=set)
    """What was seen of mailboxes that no login has opened."""

    def mailbox(self, before: MailboxRecord | None, after: MailboxRecord) -> None:
        """Add one name of the list, as it was and as it was seen."""
        if after.guid and fetches(self.connection.wanted.protocols):
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
    on, last = f"{max(begins_on(secret), now):%Y-%m-%d}", f"{secret.expires_on:%Y-%m-%d}"
    return Finding.of(StepName.SECRET, "renewal-forbidden", secret.key_id, "warning", on=on, last=last)


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


def shared(own: str, keys: Collection[str], others: dict[str, set[str]]) -> list[Finding]:
    """Return with which connections one shares mailboxes: two UTMs take each other's mail away then.

    ``others`` maps digests of mailboxes to the names of the connections that fetch from them.
    """
    counts: dict[str, int] = {}
    for key in keys:
        for name in others.get(key, set()) - {own}:
            counts[name] = counts.get(name, 0) + 1
    return [
        Finding.of(StepName.MAILBOXES, "mailbox-shared", name, "warning", number=counts[name])
        for name in sorted(counts)
    ]


def state_of(found: Sequence[Finding]) -> StepState:
    """Return how a step is after a look, for the steps that need it: nothing is asked that cannot be answered."""
    stops = any(one.severity == "error" or one.code in UNREAD for one in found)
    return StepState.ACTION_REQUIRED if stops else StepState.UNCHANGED
