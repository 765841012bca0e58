"""What keeps a mailbox closed and is still to be done by the app itself, and what is not."""

from __future__ import annotations

import pytest

from connector.finding import Finding
from connector.mailbox import MailboxRecord
from connector.microsoft import Protocol
from connector.operation import StepRecord
from connector.steps import StepName, StepState
from connector.verdict import comes_yet
from tests.activities.test_activities import connection

SMTP, WAITING = Protocol.SMTP, StepState.WAITING


@pytest.mark.parametrize(
    ("code", "causes", "state", "settled", "enables", "expected"),
    [
        ("smtp-login-refused", ["access"], WAITING, None, False, True),
        ("smtp-login-refused", ["access"], WAITING, "op", False, False),
        ("smtp-login-refused", ["access"], StepState.ACTION_REQUIRED, None, False, False),
        ("smtp-off-for-tenant", [], WAITING, None, True, True),
        ("smtp-disabled", [], WAITING, None, True, True),
        ("smtp-disabled", [], WAITING, None, False, False),
        ("smtp-blocked", [], WAITING, None, True, False),
        ("send-as-denied", [], WAITING, "op", False, True),
        ("send-as-denied", [], StepState.DONE, "op", False, False),
    ],
)
def test_what_step_7_has_yet_to_do_is_nobody_elses(
    code: str, causes: list[str], state: StepState, settled: str | None, *, enables: bool, expected: bool
) -> None:
    one = connection("a@x.de")
    one.wanted = one.wanted.model_copy(update={"protocols": [SMTP], "enable_smtp": enables})
    one.steps[StepName.MAILBOXES] = StepRecord(state=state)
    found = Finding(code=code, step=StepName.VERIFICATION, causes=causes)
    assert comes_yet(one, MailboxRecord(requested="a@x.de", settled_in=settled), found, SMTP) is expected
