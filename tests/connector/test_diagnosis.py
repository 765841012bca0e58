"""From the evidence to the cause; each cause is also produced in the simulated tenant, by tests/flow."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.diagnosis import UNKNOWN, Evidence, alias, login, refusal, token_findings
from connector.errors import ForbiddenError, RefusedError, ServiceError, UnexpectedAnswerError
from connector.finding import Finding
from connector.messages import LANGUAGES, text
from connector.objects import Ids
from connector.observed import Claims, LoginAnswer
from connector.plans.plan import Action, Change
from connector.steps import StepName

NOW = datetime(2026, 11, 24, tzinfo=UTC)
GOOD = Claims("https://exo", "t", "app", "sp", NOW, frozenset({"IMAP.AccessAsApp"}))
IDS = Ids(enterprise_application_id="sp")
NO = LoginAnswer("authenticate", "AUTHENTICATE failed.")
BAD = LoginAnswer("mailbox", "BAD User is authenticated but not connected.")
SEEN = Evidence(
    answer=NO,
    mailbox="a@b.de",
    token=(),
    known=(),
    consent=True,
    principal=True,
    access=True,
    resolved=True,
    minutes=7,
    overdue=False,
)
CONSENT = Change(Action.ASSIGN_ROLE, "sp", "consent-missing")
PRINCIPAL = Change(Action.CREATE_PRINCIPAL, "sp", "principal-missing")


def test_a_good_token_has_no_finding() -> None:
    assert token_findings(GOOD, IDS, "https://exo", consented=True) == []


@pytest.mark.parametrize(
    ("change", "consented", "code", "severity"),
    [
        ({"audience": "https://graph"}, True, "token-audience", "error"),
        ({"object_id": "other"}, True, "token-object-id", "error"),
        ({"roles": frozenset()}, True, "token-role-missing", "warning"),
        ({"roles": frozenset()}, False, "consent-missing", "error"),
        ({"roles": frozenset({"full_access_as_app"})}, False, "token-wrong-role", "error"),
    ],
)
def test_a_token_is_checked_claim_by_claim(change: dict[str, Any], consented: bool, code: str, severity: str) -> None:
    (found,) = token_findings(dataclasses.replace(GOOD, **change), IDS, "https://exo", consented=consented)
    assert (found.code, found.severity) == (code, severity)


@pytest.mark.parametrize(
    ("evidence", "code", "causes"),
    [
        ({}, "not-propagated", []),
        ({"answer": BAD}, "not-propagated", []),
        ({"answer": LoginAnswer("connect", "refused")}, "imap-unreachable", []),
        ({"answer": LoginAnswer("greeting", "* BYE Server busy")}, "imap-server-error", []),
        ({"answer": LoginAnswer("authenticate", "closed", lost=True)}, "imap-server-error", []),
        ({"answer": LoginAnswer("authenticate", "Server Unavailable. 15")}, "imap-server-error", []),
        ({"answer": LoginAnswer("mailbox", "BAD Request is throttled.")}, "imap-throttled", []),
        ({"answer": BAD, "opened": True}, "imap-not-connected", ["server"]),
        ({"answer": BAD, "opened": True, "access": False}, "imap-not-connected", ["access", "imap", "server"]),
        ({"opened": True}, "not-propagated", []),
        ({"consent": False}, "imap-login-refused", ["consent", "propagation"]),
        (
            {"principal": False, "access": False, "resolved": False},
            "imap-login-refused",
            ["principal", "access", "imap", "address", "propagation"],
        ),
        # Who is authenticated has consent and an Exchange principal: only the mailbox is left.
        (
            {"answer": BAD, "consent": False, "principal": False, "access": False, "resolved": False},
            "imap-not-connected",
            ["access", "imap", "address", "propagation"],
        ),
    ],
)
def test_what_was_seen_to_be_in_place_is_no_cause(evidence: dict[str, Any], code: str, causes: list[str]) -> None:
    found = login(dataclasses.replace(SEEN, **evidence))
    assert (found.code, found.causes) == (code, causes)


def test_a_token_that_cannot_work_is_the_cause() -> None:
    token = tuple(token_findings(dataclasses.replace(GOOD, roles=frozenset()), IDS, "https://exo", consented=False))
    assert login(dataclasses.replace(SEEN, token=token)).code == "consent-missing"


def test_what_an_earlier_step_found_is_the_cause() -> None:
    stale = Finding(code="principal-stale", step=StepName.EXCHANGE, subject="old", values={"expected": "sp"})
    assert login(dataclasses.replace(SEEN, known=(stale,), principal=False)).code == "principal-stale"
    assert login(dataclasses.replace(SEEN, known=(stale,), answer=BAD)).code == "not-propagated"


def test_what_still_has_time_is_a_warning() -> None:
    assert (login(SEEN).severity, login(dataclasses.replace(SEEN, overdue=True)).severity) == ("warning", "error")


@pytest.mark.parametrize(
    ("step", "error", "change", "code"),
    [
        (StepName.CONSENT, ForbiddenError("graph", "Authorization_RequestDenied", ""), CONSENT, "consent-missing"),
        (StepName.CONSENT, ForbiddenError("graph", "Authorization_RequestDenied", ""), None, "right-missing"),
        (StepName.EXCHANGE, ForbiddenError("exchange", "", "", status=403), PRINCIPAL, "principal-missing"),
        (StepName.EXCHANGE, ForbiddenError("exchange", "", "", status=403), None, "exchange-by-hand"),
        (StepName.EXCHANGE, UnexpectedAnswerError("exchange", "", "", status=404), None, "exchange-by-hand"),
        (StepName.EXCHANGE, RefusedError("exchange", "not-customised", ""), PRINCIPAL, "tenant-not-customised"),
        (StepName.SECRET, ForbiddenError("vault", "Forbidden", ""), None, "vault-right-missing"),
        (StepName.SECRET, RefusedError("graph", "CredentialTypeNotAllowedAsPerAppPolicy", ""), None,
         "secrets-forbidden"),
        (StepName.SECRET, RefusedError("graph", "CredentialInvalidLifetimeAsPerAppPolicy", ""), None,
         "secret-lifetime-refused"),
        (StepName.APPLICATION, RefusedError("graph", "Directory_QuotaExceeded", ""), None, "directory-quota"),
        (StepName.SECRET, RefusedError("token", "AADSTS7000112", ""), None, "enterprise-application-disabled"),
        (StepName.SECRET, RefusedError("token", "AADSTS90002", ""), None, "tenant-unknown"),
        (StepName.VERIFICATION, RefusedError("token", "AADSTS7000222", ""), None, "secret-expired"),
        (StepName.VERIFICATION, RefusedError("token", "AADSTS53003", ""), None, "conditional-access"),
        (StepName.VERIFICATION, RefusedError("token", "AADSTS53011", "blocked by Conditional Access"), None,
         "conditional-access"),
        (StepName.SECRET, RefusedError("token", "AADSTS900023", ""), None, "tenant-unknown"),
        (StepName.SECRET, RefusedError("token", "AADSTS500014", "disabled"), None, "exchange-resource-disabled"),
        (StepName.SECRET, RefusedError("token", "AADSTS500011", "not found"), None, "exchange-resource-missing"),
        (StepName.SECRET, RefusedError("token", "AADSTS650052", "not subscribed"), None, "exchange-resource-missing"),
        (StepName.SECRET, RefusedError("token", "AADSTS5000225", ""), None, "tenant-blocked"),
        (StepName.SECRET, RefusedError("token", "AADSTS5000224", ""), None, "tenant-blocked"),
        (StepName.SECRET, RefusedError("token", "AADSTS99998", "Blocked due to inactivity."), None, "tenant-blocked"),
        (StepName.SECRET, RefusedError("token", "AADSTS530035", ""), None, "security-defaults"),
        (StepName.SECRET, RefusedError("token", "AADSTS99998", "By Security Defaults."), None, "security-defaults"),
        (StepName.SECRET, RefusedError("token", "AADSTS530032", ""), None, "conditional-access"),
        (StepName.SECRET, RefusedError("token", "AADSTS501051", ""), None, "consent-missing"),
        (StepName.SECRET, RefusedError("token", "AADSTS7000282", ""), None, "application-refused"),
        (StepName.SECRET, RefusedError("graph", "lifetime-below-a-day", ""), None, "secret-lifetime-impossible"),
        (StepName.SECRET, ForbiddenError("vault", "ForbiddenByFirewall", ""), None, "vault-firewall"),
        (StepName.SECRET, ForbiddenError("vault", "ForbiddenByConnection", ""), None, "vault-firewall"),
        (StepName.VERIFICATION, RefusedError("token", "AADSTS99999", ""), None, UNKNOWN),
        (StepName.APPLICATION, UnexpectedAnswerError("graph", "", "", status=418), None, UNKNOWN),
    ],
)  # fmt: skip
def test_a_refusal_has_one_cause(step: StepName, error: ServiceError, change: Change | None, code: str) -> None:
    found = refusal(step, error, change)
    assert (found.code, found.values["reason"]) == (code, error.reason)


@given(
    stage=st.sampled_from(["connect", "authenticate", "mailbox"]),
    said=st.text(max_size=100),
    flags=st.tuples(*[st.booleans()] * 6),
)
def test_every_failed_login_has_words_in_both_languages(stage: Any, said: str, flags: tuple[bool, ...]) -> None:
    consent, principal, access, resolved, overdue, lost = flags
    evidence = Evidence(
        LoginAnswer(stage, said, lost), "a@b.de", (), (), consent, principal, access, resolved, 3, overdue
    )
    found = login(evidence)
    for language in LANGUAGES:
        assert text(language, "finding", found.code, "message", values={"subject": found.subject, **found.values})
        assert all(text(language, "cause", cause) for cause in found.causes)


def test_an_alias_is_told_with_the_address_to_type() -> None:
    found = alias("alias@b.de", "upn@b.de")
    assert (found.severity, found.values) == ("warning", {"address": "upn@b.de"})
