"""What a login that failed may mean: pure, evidence in, finding out."""

from __future__ import annotations

from connector.model import Finding, Ids
from connector.observed import Claims, ImapAnswer
from connector.plans.application import IMAP_ROLE
from connector.steps import StepName


def token_findings(claims: Claims, ids: Ids, audience: str) -> list[Finding]:
    """Return what is wrong with a token, claim by claim, before any mailbox is asked.

    The claims to expect: learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-
    pop-smtp-application-by-using-oauth. A role that is missing from a fresh token has not been propagated yet.
    """
    findings = []
    if claims.audience.rstrip("/") != audience:
        findings.append(_finding("token-audience", claims.audience, "error"))
    if IMAP_ROLE not in claims.roles:
        findings.append(_finding("token-role-missing", ", ".join(sorted(claims.roles)) or "-", "warning"))
    if ids.enterprise_application_id is not None and claims.object_id != ids.enterprise_application_id:
        findings.append(_finding("token-object-id", claims.object_id, "error"))
    return findings


def login_finding(answer: ImapAnswer, mailbox: str, *, overdue: bool) -> Finding:
    """Return what a failed login shows.

    ``NO AUTHENTICATE failed.`` means that Exchange does not accept the application at all (consent, Exchange
    principal, propagation); ``BAD User is authenticated but not connected.`` that it does, but not for this mailbox
    (access, IMAP switched off, another user principal name). While Microsoft still has time it is a warning.
    """
    codes = {"connect": "imap-unreachable", "authenticate": "imap-login-refused", "examine": "imap-not-connected"}
    severity = "error" if overdue else "warning"
    return Finding(
        code=codes[answer.stage],
        severity="error" if severity == "error" else "warning",
        step=StepName.VERIFICATION,
        subject=mailbox,
        values={"answer": answer.text},
    )


def _finding(code: str, subject: str, severity: str) -> Finding:
    return Finding(
        code=code, severity="error" if severity == "error" else "warning", step=StepName.VERIFICATION, subject=subject
    )
