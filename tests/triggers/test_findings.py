"""How a finding is told: with the service's own words, once."""

from __future__ import annotations

import pytest

from connector.finding import Finding
from connector.objects import Ids
from connector.remedy import Context
from connector.steps import StepName
from triggers.findings import finding_view

CONTEXT = Context(name="hq", display_name="UTM", ids=Ids(), mailboxes=(), portal="https://entra.example")
WORDS = "The object 'x' is locked. Ask \u202e the owner."


@pytest.mark.parametrize(("code", "reason", "number"), [
    ("exchange-by-hand", WORDS, 1),
    ("service-refused", "All of it. Twice.", 1),
    ("exchange-by-hand", "", 0),
    ("exchange-by-hand", "status-403", 0),
])  # fmt: skip
def test_what_a_service_said_is_told_once_and_made_visible(code: str, reason: str, number: int) -> None:
    finding = Finding(code=code, step=StepName.EXCHANGE, subject="exchange", values={"code": "T", "reason": reason})
    view = finding_view(finding, "en", CONTEXT)
    message, said = view.message, view.said or ""
    shown = reason.replace("\u202e", "").partition(". ")[0] or "Microsoft says"
    assert said.count(shown) == number
    assert said in message
    assert message.count(shown) == number
    assert "\u202e" not in message


def test_what_a_mail_server_answered_is_told_apart_where_the_message_holds_it() -> None:
    answer = {"answer": "BAD User is authenticated but not connected.", "minutes": 3}
    finding = Finding(code="imap-not-connected", step=StepName.VERIFICATION, subject="a@b.de", values=answer)
    view = finding_view(finding, "de", CONTEXT)
    assert view.said == answer["answer"]
    assert f"„{view.said}“" in view.message
