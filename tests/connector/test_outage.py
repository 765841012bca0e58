"""What a verification leaves as it was while a service does not answer: every state of the document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.finding import Finding
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.outage import NOT_READABLE, before, spares, spares_login
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
READY, VERIFY = ConnectionState.READY, OperationKind.VERIFY


def document(
    kind: OperationKind = VERIFY,
    was: ConnectionState | None = READY,
    since: float | None = None,
    *,
    ended: bool = False,
) -> Connection:
    """Return a connection whose first step has waited for a service for ``since`` minutes."""
    waits = NOW - timedelta(minutes=since) if since is not None else None
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=["a@contoso.example"]),
        operation=Operation(
            id="one", kind=kind, started=NOW - timedelta(minutes=5), before=was, ended=NOW if ended else None
        ),
        since=NOW,
        last_change=NOW,
        steps={StepName.PREREQUISITES: StepRecord(state=StepState.WAITING, waits_since=waits)},
    )


@pytest.mark.parametrize(
    ("connection", "left"),
    [
        (document(), False),  # the first time that it does not answer
        (document(since=9.5), False),
        (document(since=10), True),
        (document(since=300), True),
        (document(since=300, was=None), False),  # it did not work before: there is nothing to leave
        (document(OperationKind.SET_UP, since=300), False),  # who sets up wants what he has asked for
    ],
)
def test_only_what_worked_and_could_not_be_looked_at_for_long_is_left(connection: Connection, *, left: bool) -> None:
    assert spares(connection, NOW) is left


def test_what_cannot_be_read_after_that_is_left_at_once() -> None:
    connection = document()
    told = Finding(code=NOT_READABLE, step=StepName.APPLICATION)
    connection.steps[StepName.APPLICATION] = StepRecord(state=StepState.UNCHANGED, findings=[told])
    assert spares(connection, NOW)


@pytest.mark.parametrize(("minutes", "left"), [(4, False), (5, True)])
def test_a_mailbox_stays_open_when_its_server_has_been_tried_for_ten_minutes(minutes: float, *, left: bool) -> None:
    assert spares_login(document(), NOW + timedelta(minutes=minutes)) is left
    assert not spares_login(document(was=None), NOW + timedelta(hours=1))


@pytest.mark.parametrize("state", ConnectionState)
@pytest.mark.parametrize("ended", [True, False])
def test_a_verification_of_a_lost_verification_leaves_what_that_would_have_left(
    state: ConnectionState, *, ended: bool
) -> None:
    connection = document(ended=ended)
    connection.state = state
    assert (before(connection) is READY) is (state is READY or not ended)
