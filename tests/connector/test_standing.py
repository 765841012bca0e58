"""How a connection stands from its document alone, with the clock passed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.credential import Rotation, RotationState, SecretRecord
from connector.errors import ConflictError
from connector.finding import Finding
from connector.mailbox import ChunkSummary
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.removed import Taken
from connector.standing import reference_of, secret_of, standing
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.verdict import conclude
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = {step: StepRecord(state=StepState.DONE) for step in StepName}


def connection(ends: timedelta | None, *, runs: bool = False, **secret: Any) -> Connection:
    return Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"]),
        operation=Operation(id="op", kind=OperationKind.SET_UP, started=NOW, begun=True, ended=None if runs else NOW),
        since=NOW,
        last_change=NOW,
        steps=dict(DONE),
        chunks=[ChunkSummary(counts={MailboxState.OPEN: 1})],
        secret=SecretRecord(
            uri="https://v/secrets/hq/v",
            version="v",
            key_id="12345678-9",
            expires_on=NOW + ends,
            **secret,
        )
        if ends is not None
        else None,
    )


@pytest.mark.parametrize("stored", [state for state in ConnectionState if state is not ConnectionState.RUNNING])
@pytest.mark.parametrize("ago", [0, 1, 86_400 * 400])
def test_an_expired_secret_shows_at_once_whatever_the_last_run_has_left(stored: ConnectionState, ago: int) -> None:
    now = standing(connection(timedelta(seconds=-ago)), stored, NOW)
    (finding,) = now.findings
    assert (now.state, now.verified) == (ConnectionState.ACTION_REQUIRED, False)
    assert (finding.code, finding.severity, finding.step) == ("secret-expired", "error", StepName.SECRET)


def test_what_an_operation_apart_has_met_stops_nobody_but_that_the_secret_in_use_is_dead() -> None:
    for code, state in (
        ("service-refused", ConnectionState.READY),
        ("last-secret-kept", ConnectionState.ACTION_REQUIRED),
    ):
        one = connection(timedelta(days=90))
        met = StepRecord(findings=[Finding(code=code, step=StepName.SECRET)])
        one.operation = Operation(
            id="op", kind=OperationKind.RETIRE, started=NOW, ended=NOW, steps={StepName.SECRET: met}
        )
        now, green = standing(one, ConnectionState.READY, NOW), state is ConnectionState.READY
        assert (now.state, now.verified) == (state, green)
        assert [(one.code, one.severity) for one in now.findings] == [(code, "warning" if green else "error")]


@pytest.mark.parametrize("ended", [None, NOW])
def test_what_is_being_taken_back_is_handed_out_to_nobody_and_nobody_is_to_enter_or_renew_it(
    ended: datetime | None,
) -> None:
    one = connection(timedelta(days=5))
    assert one.secret is not None
    one.rotation = Rotation(id="r", begun=NOW, state=RotationState.OFFERED, next=one.secret, offered_on=NOW, alone=True)
    one.operation = Operation(id="op", kind=OperationKind.REMOVE, started=NOW, ended=ended)
    assert secret_of(one, NOW) == one.secret  # nobody has come to it yet
    assert (standing(one, ConnectionState.CANCELLED, NOW).state, standing(one, one.state, NOW).findings) == (
        ConnectionState.CANCELLED,
        (),
    )
    one.taken = [Taken(step=StepName.SECRET, action="remove-credential", subject=one.secret.key_id)]
    for asked in (secret_of, reference_of):
        with pytest.raises(ConflictError) as refused:
            asked(one, NOW)
        assert refused.value.code == ("removal-running" if ended is None else "removal-unfinished")


def test_while_a_run_works_the_state_is_its_own_and_the_finding_is_there() -> None:
    now = standing(connection(timedelta(0), runs=True), ConnectionState.RUNNING, NOW)
    assert (now.state, now.verified) == (ConnectionState.RUNNING, False)
    assert [finding.code for finding in now.findings] == ["secret-expired"]


@pytest.mark.parametrize(
    ("left", "codes"),
    [
        (timedelta(seconds=1), ["secret-expiring"]),
        (timedelta(days=30), ["secret-expiring"]),
        (timedelta(days=30, seconds=1), []),
        (timedelta(days=700), []),
        (None, []),
    ],
)
def test_from_30_days_before_its_end_a_secret_is_told_to_end_and_all_still_works(
    left: timedelta | None, codes: list[str]
) -> None:
    now = standing(connection(left), ConnectionState.READY, NOW)
    assert [(finding.code, finding.severity) for finding in now.findings] == [(code, "warning") for code in codes]
    assert (now.state, now.verified) == (ConnectionState.READY, True)


def test_what_a_step_has_met_is_told_once() -> None:
    one = connection(timedelta(days=-1))
    met = [Finding(code="secret-expired", step=StepName.SECRET), Finding(code="secret-gone", step=StepName.SECRET)]
    one.steps[StepName.SECRET] = StepRecord(state=StepState.ACTION_REQUIRED, findings=met)
    now = standing(one, ConnectionState.ACTION_REQUIRED, NOW)
    assert [finding.code for finding in now.findings] == ["secret-gone", "secret-expired"]


def offering(ends: timedelta, **more: Any) -> Connection:
    one = connection(ends)
    new = SecretRecord(uri="https://v/secrets/hq/n", version="n", key_id="87654321-9", expires_on=NOW + timedelta(400))
    one.rotation = Rotation(id="r", state=RotationState.OFFERED, begun=NOW, next=new, **more)
    return one


@pytest.mark.parametrize(
    ("one", "state", "codes"),
    [
        (offering(timedelta(days=60)), "ready", ["secret-offered"]),
        (offering(timedelta(days=20)), "ready", ["secret-offered"]),
        (offering(timedelta(days=7, seconds=1)), "ready", ["secret-offered"]),
        (offering(timedelta(days=7)), "action-required", ["utm-needs-new-secret"]),
        (offering(timedelta(0)), "action-required", ["utm-needs-new-secret"]),
        (offering(timedelta(days=60), alone=True), "action-required", ["utm-needs-new-secret"]),
        (offering(timedelta(days=60), gone=True), "ready", ["offered-secret-gone"]),
    ],
)
def test_an_offered_secret_is_a_warning_until_the_old_one_is_about_to_end(
    one: Connection, state: str, codes: list[str]
) -> None:
    assert conclude(one, 0, NOW).state is ConnectionState.READY
    now = standing(one, conclude(one, 0, NOW).state, NOW)
    assert (now.state, [finding.code for finding in now.findings]) == (state, codes)
    assert now.findings[0].subject == "87654321-9"


def test_nothing_is_said_of_a_secret_that_is_being_proven_or_confirmed() -> None:
    for state in (RotationState.PREPARING, RotationState.RETIRING):
        one = offering(timedelta(days=60))
        assert one.rotation is not None
        one.rotation.state = state
        assert standing(one, ConnectionState.READY, NOW).findings == ()
