"""What a refusal means: pure, evidence in, the cause out.

A cause is a finding. Where the evidence does not tell one cause from another, because we may not look, the finding
lists those that remain (``causes``), each with how to check it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from connector.errors import ForbiddenError, RefusedError, ServiceError, UnreadableError
from connector.finding import Finding, Severity
from connector.microsoft import (
    EXCHANGE_APPLICATION_ID,
    GRAPH_REFUSALS,
    LIFETIME_REFUSED,
    PROTOCOLS,
    TOKEN_REFUSALS,
    TOKEN_WORDS,
    VAULT_FIREWALL,
    Codes,
    Protocol,
    Refusal,
)
from connector.objects import Ids
from connector.observed import Claims, LoginAnswer
from connector.outage import NOT_READABLE
from connector.plans.plan import TAKES_BACK, Action, Change
from connector.steps import StepName

MAY_NOT_LOOK = frozenset({"exchange-by-hand", "right-missing"})
"""Findings that say no more than that something could not be looked at."""
CONSENT_MIXED = "consent-mixed"
"""The finding that the application holds a consent where a role in Exchange is to stand in its place."""
UNKNOWN = "service-refused"
"""The finding for what no rule knows: the step has failed."""
DOCUMENT_UNREADABLE = "document-unreadable"
"""The finding for a document that has to be repaired before anything else."""
OF_THE_SERVER = frozenset(code for one in PROTOCOLS.values() for code in (one.codes.server, one.codes.throttled))
"""Findings of a server that has refused nothing: a person can do no more than wait as well."""
OUT_OF_REACH = frozenset(one.codes.unreachable for one in PROTOCOLS.values())
"""Findings that no server was reached."""
_GRAPH = {**GRAPH_REFUSALS, "lifetime-below-a-day": "secret-lifetime-impossible"}
_OF_CERTIFICATES = {
    "CredentialTypeNotAllowedAsPerAppPolicy": "certificate-forbidden",
    LIFETIME_REFUSED: "certificate-lifetime-refused",
}
"""What the same codes mean when a certificate was to be added."""
_THROTTLED = ("throttl", "too many")
"""``BAD Request is throttled. Suggested Backoff Time: …`` and its like."""
_SERVER = re.compile(
    r"server (is )?(currently )?(unavailable|not available|too busy|busy)|\[(unavailable|serverbug)\]|temporar"
    r"|try again|internal (server )?error|service unavailable|connection (is )?closed|shutting down",
)
"""What a server says of itself, not of the login (RFC 5530; ``NO Server Unavailable. 15`` of Exchange)."""
_finding = partial(Finding.of, StepName.VERIFICATION)


def refusal(step: StepName, error: ServiceError, change: Change | None = None) -> Finding:
    """Return what a service's refusal means for a step, when it was to make ``change`` or only to look.

    What Exchange answers and no rule knows is for a person to do: its interface is not documented, and the day it
    changes people must still get their mail.
    """
    if isinstance(error, UnreadableError):
        return unreadable(error, step)
    code, subject = _refused(step, error, change), str(error.service)
    if change is not None and code == change.reason:
        subject = change.subject
    if code == "exchange-resource-missing":
        subject = EXCHANGE_APPLICATION_ID
    if code == "vault-right-missing":
        subject = "Key Vault"  # as step 1 and ``health`` call it: one finding, not two
    values: dict[str, str | int] = {"code": error.code, "reason": error.reason}
    return Finding(code=code, step=step, subject=subject, values=values, request_id=error.request_id)


def _refused(step: StepName, error: ServiceError, change: Change | None) -> str:
    if error.service == "token":
        return token_code(error) or UNKNOWN
    known = {**_GRAPH, **_OF_CERTIFICATES} if change is not None and change.action is Action.ADD_CERTIFICATE else _GRAPH
    if isinstance(error, RefusedError) and error.code in known:
        return known[error.code]
    if error.service == "exchange":
        by_hand = change.reason if change is not None else "exchange-by-hand"
        return "tenant-not-customised" if error.code == "not-customised" else by_hand
    if error.service == "vault" and error.code in VAULT_FIREWALL:
        return "vault-firewall"
    if not isinstance(error, ForbiddenError):
        return UNKNOWN
    if error.service == "vault":
        return "vault-right-missing"
    return change.reason if change is not None and _is_its_own(step, change) else "right-missing"


def _is_its_own(step: StepName, change: Change) -> bool:
    """Return whether a change's reason says what a person has to do where the app may not make it."""
    return step is StepName.CONSENT or change.action in TAKES_BACK


def unreadable(error: UnreadableError, step: StepName = StepName.PREREQUISITES) -> Finding:
    """Return that a document of the store cannot be read; ``why`` is put into words where it is shown."""
    return Finding(code=DOCUMENT_UNREADABLE, step=step, subject=error.document, values={"why": error.reason})


def unread(step: StepName, error: ServiceError) -> Finding:
    """Return that a look came to nothing: what belongs to it is neither in place nor missing."""
    values: dict[str, str | int] = {"code": error.code, "reason": error.reason}
    return Finding(
        code=NOT_READABLE,
        severity="warning",
        step=step,
        subject=str(error.service),
        values=values,
        request_id=error.request_id,
    )


def not_yet(step: StepName, reason: str | None) -> Finding:
    """Return that a look has met what Microsoft has not spread yet, so that nobody can say what is to be done."""
    values: dict[str, str | int] = {"code": reason or "-", "reason": reason or "-"}
    return Finding(code=NOT_READABLE, severity="warning", step=step, subject="Microsoft", values=values)


def token_code(error: ServiceError) -> str | None:
    """Return the finding for a refusal of the token endpoint, or None where no rule knows it."""
    said = error.reason.lower()
    return TOKEN_REFUSALS.get(error.code) or next((code for words, code in TOKEN_WORDS.items() if words in said), None)


def token_findings(
    claims: Claims, ids: Ids, audience: str, protocols: Sequence[Protocol] = (Protocol.IMAP,), *, consented: bool
) -> list[Finding]:
    """Return what is wrong with a token, claim by claim, before any mailbox is asked.

    The claims to expect: learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-
    pop-smtp-application-by-using-oauth. ``consented`` says whether the assignment of the role has been seen.
    """
    findings = []
    if claims.audience.rstrip("/") != audience:
        findings.append(_finding("token-audience", audience=claims.audience))
    roles = [PROTOCOLS[protocol].role for protocol in protocols]
    findings += [_without(role, claims, consented=consented) for role in roles if role not in claims.roles]
    if ids.enterprise_application_id is not None and claims.object_id != ids.enterprise_application_id:
        findings.append(_finding("token-object-id", object_id=claims.object_id))
    return findings


def mixed(claims: Claims, protocols: Sequence[Protocol]) -> list[Finding]:
    """Return which consents are in a token although a role in Exchange permits the same: access is asked for then.

    One that was just withdrawn is in tokens for some minutes more.
    """
    roles = [PROTOCOLS[protocol].role for protocol in protocols]
    return [_finding(CONSENT_MIXED, role, "warning") for role in roles if role in claims.roles]


def outside_role(mailbox: str) -> Finding:
    """Return that no login as a mailbox will be taken, since no role in Exchange reaches it."""
    return _finding("mailbox-outside-role", mailbox)


def stops(finding: Finding) -> bool:
    """Return whether what a step has found for all mailboxes is why one does not open."""
    return finding.code == CONSENT_MIXED or (finding.severity == "error" and finding.code not in MAY_NOT_LOOK)


def _without(role: str, claims: Claims, *, consented: bool) -> Finding:
    """Return what it means that a token lacks a role."""
    others = ", ".join(sorted(claims.roles)) or "-"
    if consented:
        return _finding("token-role-missing", role, "warning", roles=others)
    return _finding("token-wrong-role" if claims.roles else "consent-missing", role, roles=others)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a mailbox does not open. What we may not look at is not known to be in place."""

    answer: LoginAnswer
    mailbox: str
    token: tuple[Finding, ...]
    """What is wrong with the token."""
    known: tuple[Finding, ...]
    """What the steps before have found to be wrong for all mailboxes."""
    consent: bool
    """Whether the role's assignment was seen."""
    principal: bool
    """Whether Exchange's record was seen, with the right object id."""
    access: bool
    """Whether ``FullAccess`` was seen, and the protocol switched on."""
    resolved: bool
    """Whether the address was found to be the mailbox's user principal name."""
    minutes: int
    """Since the last change that we or a person made."""
    overdue: bool
    """Whether Microsoft has had all the time that it may take."""
    opened: bool = False
    """Whether the mailbox has opened before, with all that concerns every mailbox as it is now."""
    protocol: Protocol = Protocol.IMAP


def login(evidence: Evidence) -> Finding:
    """Return why a mailbox did not open.

    ``NO AUTHENTICATE failed.`` means that Exchange does not accept the application at all (consent, Exchange principal,
    propagation); ``BAD User is authenticated but not connected.`` that it does, but not for this mailbox (access, IMAP
    switched off, another user principal name). Both also mean "not yet"; a few servers say the first for the second.
    """
    answer, codes = evidence.answer, PROTOCOLS[evidence.protocol].codes
    severity: Severity = "error" if evidence.overdue else "warning"
    if (told := _told(evidence, codes, severity)) is not None:
        return told
    if answer.stage == "authenticate" and (evidence.token or evidence.known):
        return (*evidence.token, *evidence.known)[0]
    causes = _open_causes(evidence)
    if evidence.opened and answer.stage == "mailbox":
        # What was spread once is not spread anew: Exchange turns the connection away, or has lost the mailbox.
        return _login(codes.closed, evidence, severity, [*causes, "server"])
    if not causes:
        return _login("not-propagated", evidence, severity)
    code = codes.refused if answer.stage == "authenticate" else codes.closed
    return _login(code, evidence, severity, [*causes, "propagation"])


def _told(evidence: Evidence, codes: Codes, severity: Severity) -> Finding | None:
    """Return what the answer says by itself, whatever else is known; None where it takes evidence."""
    answer, said = evidence.answer, evidence.answer.text.lower()
    stages: dict[str, tuple[str, Severity]] = {
        "connect": (codes.unreachable, severity),
        "address": ("address-unsafe", "error"),
        "secure": (codes.insecure, severity),
        "offer": (codes.not_offered, severity),
    }
    if answer.stage in stages:
        code, weight = stages[answer.stage]
        return _login(code, evidence, weight)
    refusal = _refusal(evidence)
    if refusal is not None:
        return _login(refusal.code, evidence, _weight(refusal, evidence, severity))
    if any(word in said for word in _THROTTLED):
        return _login(codes.throttled, evidence, "warning")
    if answer.stage == "greeting" or answer.lost or _SERVER.search(said):
        return _login(codes.server, evidence, "warning")
    return None


def _refusal(evidence: Evidence) -> Refusal | None:
    """Return what a server's own words mean, where they mean one thing alone; not of a connection that broke."""
    if evidence.answer.lost:
        return None
    said = evidence.answer.text.lower()
    return next((one for one in PROTOCOLS[evidence.protocol].refusals if re.search(one.words, said)), None)


def _weight(refusal: Refusal, evidence: Evidence, severity: Severity) -> Severity:
    if refusal.code in OF_THE_SERVER:
        return "warning"
    return severity if refusal.spreads and evidence.access else "error"


def sender(evidence: Evidence) -> Finding:
    """Return that a server does not let a mailbox send as another address, or what else it says instead.

    A right that was just given has to spread first.
    """
    (address, said), *_ = evidence.answer.refused
    told = replace(evidence, answer=LoginAnswer("sender", said))
    codes, refusal = PROTOCOLS[evidence.protocol].codes, _refusal(told)
    if refusal is not None and refusal.code != codes.sender:
        return login(told)
    severity: Severity = "warning" if evidence.access and not evidence.overdue else "error"
    return _login(codes.sender, told, severity).model_copy(update={"subject": address})


def _open_causes(evidence: Evidence) -> list[str]:
    """Return the causes that nothing we saw rules out."""
    possible = []
    if evidence.answer.stage == "authenticate":
        possible += [] if evidence.consent else ["consent"]
        possible += [] if evidence.principal else ["principal"]
    possible += [] if evidence.access else ["access", str(evidence.protocol)]
    possible += [] if evidence.resolved else ["address"]
    return possible


def _login(code: str, evidence: Evidence, severity: Severity, causes: list[str] | None = None) -> Finding:
    answer, minutes, mailbox = evidence.answer.text, evidence.minutes, evidence.mailbox
    found = _finding(code, mailbox, severity, answer=answer, minutes=minutes, mailbox=mailbox)
    return found.model_copy(update={"causes": causes or []})


def alias(requested: str, address: str) -> Finding:
    """Return the warning that a mailbox opens under another name than the one that was asked for."""
    return _finding("address-is-alias", requested, "warning", address=address)
