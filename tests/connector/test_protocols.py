"""Every refusal by every protocol: which finding it is, with texts in both languages; and who may tell them apart."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from connector.diagnosis import Evidence, login
from connector.messages import LANGUAGES, catalogue, text
from connector.microsoft import PROTOCOLS, Protocol
from connector.observed import LoginAnswer, Stage

ROOT = Path(__file__).parents[2]
IMAP, POP, SMTP = Protocol.IMAP, Protocol.POP, Protocol.SMTP
AUTH: Stage = "authenticate"
TENANT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://x"
# fmt: off

SAID: list[tuple[Protocol, Stage, str, str, str]] = [
    (IMAP, AUTH, "AUTHENTICATE failed.", "imap-login-refused", "warning"),
    (IMAP, "mailbox", "BAD User is authenticated but not connected.", "imap-not-connected", "warning"),
    (IMAP, "connect", "timed out", "imap-unreachable", "warning"),
    (IMAP, "mailbox", "BAD Request is throttled. Suggested Backoff Time: 9", "imap-throttled", "warning"),
    (IMAP, AUTH, "NO Server Unavailable. 15", "imap-server-error", "warning"),
    (POP, AUTH, "Authentication failure: unknown user name or bad password.", "pop-login-refused", "warning"),
    (POP, "mailbox", "User is authenticated but not connected.", "pop-not-connected", "warning"),
    (POP, "connect", "timed out", "pop-unreachable", "warning"),
    (POP, AUTH, "[IN-USE] do you have another POP session running?", "pop-throttled", "warning"),
    (POP, AUTH, "[LOGIN-DELAY] minimum time between mail checks", "pop-throttled", "warning"),
    (POP, AUTH, "[SYS/TEMP] Server Unavailable. 21", "pop-server-error", "warning"),
    (POP, AUTH, "Protocol error. Connection is closed. 10", "pop-server-error", "warning"),
    (SMTP, AUTH, "535 5.7.3 Authentication unsuccessful [AM0PR04]", "smtp-login-refused", "warning"),
    (SMTP, AUTH, TENANT, "smtp-off-for-tenant", "error"),
    (SMTP, AUTH, TENANT.replace("Tenant", "Mailbox"), "smtp-disabled", "error"),
    (
        SMTP,
        AUTH,
        "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy",
        "smtp-policy",
        "error",
    ),
    (
        SMTP,
        AUTH,
        "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria",
        "smtp-policy",
        "error",
    ),
    (
        SMTP,
        "mailbox",
        "550 5.2.253 Sender throttled due to continuous invalid license errors.",
        "smtp-not-licensed",
        "error",
    ),
    (
        SMTP,
        "mailbox",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "send-as-denied",
        "error",
    ),
    (
        SMTP,
        "mailbox",
        "550 5.2.252 Sender throttled due to continuous send as denied errors.",
        "send-as-denied",
        "error",
    ),
    (SMTP, "mailbox", "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException", "send-as-denied", "error"),
    (SMTP, "mailbox", "550 5.1.8 Access denied, bad outbound sender AS(42004)", "smtp-blocked", "error"),
    (SMTP, AUTH, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "smtp-throttled", "warning"),
    (SMTP, "greeting", "421 4.7.500 Server busy. Please try again later", "smtp-throttled", "warning"),
    (SMTP, AUTH, "451 4.7.0 Temporary server error. Please try again later. PRX4", "smtp-server-error", "warning"),
    (SMTP, "greeting", "421 Service not available", "smtp-server-error", "warning"),
    (SMTP, "mailbox", "503 5.5.2 Need mail command", "smtp-not-connected", "warning"),
    (SMTP, "connect", "timed out", "smtp-unreachable", "warning"),
    (SMTP, "secure", "the server does not offer STARTTLS", "smtp-not-secure", "warning"),
    (SMTP, "secure", "certificate verify failed", "smtp-not-secure", "warning"),
    (SMTP, "offer", "the server does not offer AUTH XOAUTH2", "smtp-not-offered", "warning"),
    (SMTP, "address", "this is not an address", "address-unsafe", "error"),
    (SMTP, AUTH, "599 5.9.9 A refusal that nobody has seen yet", "smtp-login-refused", "warning"),
]
SWITCHED_OFF = {"smtp-off-for-tenant", "smtp-disabled"}
"""Whose words say nothing more: the finding is also that of step 7, which has seen the switch."""


def evidence(protocol: Protocol, stage: Stage, said: str, *, seen: bool = False, lost: bool = False) -> Evidence:
    answer = LoginAnswer(stage, said, lost)
    places = {"consent": seen, "principal": seen, "access": seen, "resolved": seen}
    return Evidence(answer, "a@b.de", (), (), **places, minutes=3, overdue=False, protocol=protocol)


@pytest.mark.parametrize(("protocol", "stage", "said", "code", "severity"), SAID)
def test_what_a_refusal_means_and_that_its_words_are_kept(
    protocol: Protocol, stage: Stage, said: str, code: str, severity: str
) -> None:
    found = login(evidence(protocol, stage, said))
    assert (found.code, found.severity) == (code, severity)
    for lang in LANGUAGES:
        shown = text(lang, "finding", found.code, "message", values=found.values | {"subject": found.subject})
        assert said in shown or found.code in SWITCHED_OFF
        assert catalogue(lang, "finding", found.code)["action"]
        assert all(text(lang, "cause", cause) for cause in found.causes)


def test_a_switch_that_was_seen_to_be_on_is_still_spreading_and_what_broke_off_has_refused_nothing() -> None:
    assert login(evidence(SMTP, AUTH, TENANT, seen=True)).severity == "warning"
    assert login(evidence(SMTP, AUTH, "550 5.1.8", lost=True)).code == "smtp-server-error"
    assert login(evidence(SMTP, AUTH, "535 5.7.3 no", seen=True)).code == "not-propagated"


def test_every_code_of_the_table_has_a_text() -> None:
    for needs in PROTOCOLS.values():
        codes = [getattr(needs.codes, name) for name in needs.codes.__slots__]
        for code in (*filter(None, codes), *(refusal.code for refusal in needs.refusals)):
            assert code in catalogue("en", "finding"), code


ASKS = {
    "connector/clients/exchange_objects.py": "the kind of an address, as Exchange writes it",
    "connector/microsoft.py": "the table",
    "connector/clouds.py": "where each server is",
    "connector/clients/proofs.py": "which login proves it",
    "connector/clients/smtp.py": "the proof",
    "connector/clients/pop.py": "the proof",
}
"""Who may name a protocol but IMAP, whose words older documents and readers know; and why."""


def named(path: Path) -> list[str]:
    """Return the places where a protocol other than IMAP is named, by the table's names or as a text of its own."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in {"POP", "SMTP"}:
            found.append(f"{node.lineno}: {node.attr}")
        if isinstance(node, ast.Constant) and node.value in {"pop", "smtp"}:
            found.append(f"{node.lineno}: {node.value}")
    return found


def test_nobody_else_asks_whether_it_is_smtp() -> None:
    folders = ("connector", "activities", "orchestrations", "triggers")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    asking = {str(path.relative_to(ROOT)) for path in files if named(path)}
    assert asking == {*ASKS}
