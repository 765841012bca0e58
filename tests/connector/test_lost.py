"""Which runs are lost: every state of the document with every word of Durable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.lost import ALIVE, HOST, Live, another, lost, shown
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.orders import Progress, progress
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WORDS = (None, "Pending", "Running", "ContinuedAsNew", "Suspended", "Completed", "Failed", "Terminated", "Canceled")
"""``runtimeStatus`` (learn.microsoft.com/azure/azure-functions/durable/durable-functions-instance-management)."""


def document(**operation: Any) -> Connection:
    at = {"id": "one", "kind": OperationKind.SET_UP, "started": NOW - timedelta(hours=1), "attempt": 1, **operation}
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=["a@contoso.example"]),
        operation=Operation(**at),
        since=NOW,
        last_change=NOW,
        steps={StepName.PREREQUISITES: StepRecord(state=StepState.DONE)},
    )


def live(word: str | None, minutes: float = 0.0, **status: Any) -> Live:
    return Live(word, NOW - timedelta(minutes=minutes), progress(status))


DOCUMENTS = {
    "ended": document(begun=True, ended=NOW),
    "just written": document(started=NOW - timedelta(seconds=30)),
    "written long ago, never begun": document(),
    "begun": document(begun=True),
    "begun just now": document(begun=True, started=NOW - timedelta(seconds=30)),
    "begun, another attempt just written": document(begun=True, attempt=2, attempted=NOW - timedelta(seconds=30)),
    "begun, another attempt long ago": document(begun=True, attempt=2, attempted=NOW - timedelta(minutes=5)),
    "cancelled": document(begun=True, cancelled=True),
}
ABOUT_TO_START = {"just written", "begun, another attempt just written"}


@pytest.mark.parametrize("state", ConnectionState)
@pytest.mark.parametrize("written", DOCUMENTS)
@pytest.mark.parametrize("word", WORDS)
def test_a_run_is_lost_when_the_document_waits_for_it_and_nobody_works(
    state: ConnectionState, written: str, word: str | None
) -> None:
    connection = DOCUMENTS[written].model_copy(update={"state": state})
    works = word in ALIVE
    expected = {
        True: None,
        False: "absent" if word is None else word.lower(),
    }[works or written == "ended" or written in ABOUT_TO_START]
    assert lost(connection, live(word), NOW) == expected


@pytest.mark.parametrize("written", [written for written in DOCUMENTS if written != "ended"])
@pytest.mark.parametrize("word", sorted(ALIVE))
def test_one_that_says_nothing_for_ten_minutes_beyond_its_wait_is_lost(written: str, word: str) -> None:
    how = "pending" if word == "Pending" else "silent"
    connection = DOCUMENTS[written]
    assert lost(connection, live(word, 9.9), NOW) is None
    assert lost(connection, live(word, 10.1), NOW) == how
    assert lost(connection, live(word, 14.9, state="waiting", seconds=300.0), NOW) is None
    assert lost(connection, live(word, 15.1, state="waiting", seconds=300.0), NOW) == how


@pytest.mark.parametrize("seconds", ["300", None, True, 1e300, float("inf"), float("nan"), [300]])
def test_a_wait_that_makes_no_sense_keeps_nobody_waiting_for_ever(seconds: Any) -> None:
    assert lost(DOCUMENTS["begun"], live("Running", 24 * 60, seconds=seconds), NOW) == "silent"


def test_another_attempt_has_another_number_and_says_what_became_of_the_one_before() -> None:
    before = DOCUMENTS["begun"].operation
    after = another(before, "pending", NOW)
    assert (after.id, after.kind, after.begun) == (before.id, before.kind, True)
    assert (after.attempt, after.attempted) == (2, NOW)
    connection = DOCUMENTS["begun"].model_copy(update={"operation": after})
    (told,) = connection.findings()
    assert (told.code, told.severity, told.values["attempt"], told.values["how"]) == ("run-lost", "info", 1, "pending")


WAITING = {"revision": 3, "step": "consent", "state": "waiting", "reason": "replication", "seconds": 30.0}
WORKING = {"revision": 3, "step": "mailboxes", "state": "running"}
OF_HOST = {"revision": 3, "state": "waiting", "reason": HOST}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (live("Running", 0.4, **WAITING), WAITING),
        (live("Running", 1.0, **WAITING), {**OF_HOST, "step": "consent"}),
        (live("Running", 3.9, **WORKING), WORKING),
        (live("Running", 4.1, **WORKING), {**OF_HOST, "step": "mailboxes"}),
        (live("Pending", 0.2), {}),
        (live("Pending", 0.5), {**OF_HOST, "step": "application"}),
        (live(None), {}),
        (live("Failed", 5.0, **WORKING), {}),
    ],
)
def test_what_waits_for_the_host_is_not_said_to_wait_for_microsoft(found: Live, expected: dict[str, Any]) -> None:
    assert shown(DOCUMENTS["begun"], found, NOW) == Progress(**expected)
