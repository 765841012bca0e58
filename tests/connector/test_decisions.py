"""The small decisions with the clock passed in: waiting, verdict, expiry, diagnosis, the order of the steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.credential import SecretRecord
from connector.expiry import THRESHOLDS, due
from connector.finding import Finding
from connector.mailbox import ChunkSummary
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.steps import (
    SETTLED,
    ConnectionState,
    MailboxState,
    OperationKind,
    StepName,
    StepState,
    may_run,
    unsettled,
)
from connector.verdict import Verdict, conclude, needs_person, proving_overdue, settle_proven
from connector.waiting import STEP_DEADLINE, TIMER_SLACK, round_wait, step_overdue, step_wait
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def connection(counts: dict[MailboxState, int] | None = None, **more: Any) -> Connection:
    values: dict[str, Any] = {
        "name": "hq",
        "wanted": Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de", "c@b.de"]),
        "operation": Operation(id="op", kind=OperationKind.SET_UP, started=NOW, begun=True),
        "since": NOW,
        "last_change": NOW,
        "chunks": [ChunkSummary(counts=counts or {})],
    }
    return Connection(**{**values, **more})


def steps(state: StepState, **more: StepState) -> dict[StepName, StepRecord]:
    every = {step: StepRecord(state=state) for step in StepName}
    return {**every, **{StepName(name.replace("_", "-")): StepRecord(state=value) for name, value in more.items()}}


def test_a_finished_connection_is_ready() -> None:
    finished = connection({MailboxState.OPEN: 2}, steps=steps(StepState.DONE))
    assert conclude(finished, 0, NOW) == Verdict(ConnectionState.READY)
    assert conclude(finished, 0, NOW).ended


def test_another_list_of_as_many_mailboxes_is_not_ready_where_it_is_cancelled_before_anybody_began_it() -> None:
    before = connection({MailboxState.OPEN: 2}, steps=steps(StepState.DONE))
    before.operation = Operation(id="next", kind=OperationKind.SET_UP, started=NOW, cancelled=True)
    assert conclude(before, 0, NOW) == Verdict(ConnectionState.CANCELLED)
    assert not before.verified
    before.operation.kind = OperationKind.VERIFY
    assert conclude(before, 0, NOW) == Verdict(ConnectionState.READY)


def test_access_that_could_not_be_taken_back_is_not_ready() -> None:
    finished = connection({MailboxState.OPEN: 2}, steps=steps(StepState.DONE))
    finished.chunks[0].leaving = ["a@contoso.example"]
    assert conclude(finished, 0, NOW).state is ConnectionState.ACTION_REQUIRED


def test_as_long_as_a_mailbox_only_needs_time_the_run_waits() -> None:
    waiting = connection({MailboxState.WAITING: 1, MailboxState.ACTION_REQUIRED: 1}, steps=steps(StepState.DONE))
    assert conclude(waiting, 0, NOW) == Verdict(ConnectionState.WAITING, 30.0)


def test_a_failed_step_ends_the_run() -> None:
    failed = connection({MailboxState.WAITING: 2}, steps=steps(StepState.DONE, exchange=StepState.FAILED))
    assert conclude(failed, 0, NOW) == Verdict(ConnectionState.FAILED)


@pytest.mark.parametrize(
    ("stuck_since", "verdict"),
    [
        (None, Verdict(ConnectionState.ACTION_REQUIRED, round_wait(5))),
        (NOW - timedelta(hours=23), Verdict(ConnectionState.ACTION_REQUIRED, round_wait(5))),
        (NOW - timedelta(hours=24) + TIMER_SLACK, Verdict(ConnectionState.ACTION_REQUIRED)),
    ],
)
def test_a_person_is_waited_for_24_hours(stuck_since: datetime | None, verdict: Verdict) -> None:
    waited_for = {MailboxState.ACTION_REQUIRED: 2}
    stuck = connection(waited_for, steps=steps(StepState.DONE), since=NOW - timedelta(days=9), stuck_since=stuck_since)
    assert conclude(stuck, 5, NOW) == verdict


def test_not_every_mailbox_counted_is_not_ready() -> None:
    assert not conclude(connection({MailboxState.OPEN: 1}, steps=steps(StepState.DONE)), 0, NOW).ended


def test_microsoft_has_the_minutes_of_the_setting_since_the_last_change() -> None:
    assert not proving_overdue(connection(), 60, NOW + timedelta(minutes=59, seconds=58))
    assert proving_overdue(connection(), 60, NOW + timedelta(minutes=60) - TIMER_SLACK)


def test_only_a_step_before_the_verification_needs_a_person() -> None:
    assert not needs_person(connection(steps=steps(StepState.DONE, verification=StepState.ACTION_REQUIRED)))
    assert needs_person(connection(steps=steps(StepState.DONE, consent=StepState.ACTION_REQUIRED)))


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e6))
def test_waits_grow_up_to_a_limit_and_respect_what_was_asked(attempt: int, asked: float | None) -> None:
    assert min(asked or 0, 3_600) <= step_wait(attempt, asked) <= 3_600
    assert step_wait(attempt, None) <= 60
    assert step_wait(attempt, None) <= step_wait(attempt + 1, None)
    assert 30 <= round_wait(attempt) <= round_wait(attempt + 1) <= 300


def test_time_spent_throttled_does_not_count_against_a_step() -> None:
    assert step_overdue(NOW, NOW + STEP_DEADLINE - TIMER_SLACK, throttled=0)
    assert not step_overdue(NOW, NOW + STEP_DEADLINE, throttled=60)


@given(st.dictionaries(st.sampled_from(StepName), st.sampled_from(StepState)))
def test_a_round_runs_what_is_not_settled_in_the_order_of_the_article(states: dict[StepName, StepState]) -> None:
    left = unsettled(states, OperationKind.SET_UP)
    assert left == [step for step in StepName if step in left]
    assert {step for step in StepName if states.get(step) in SETTLED}.isdisjoint(left)
    assert len(left) + sum(state in SETTLED for state in states.values()) == len(StepName)


def test_consent_by_hand_stops_neither_secret_nor_verification() -> None:
    states = dict.fromkeys(StepName, StepState.DONE) | {StepName.CONSENT: StepState.ACTION_REQUIRED}
    assert all(may_run(step, states) for step in (StepName.SECRET, StepName.EXCHANGE, StepName.VERIFICATION))


def test_no_secret_is_tried_out_before_there_is_an_enterprise_application() -> None:
    states = dict.fromkeys(StepName, StepState.DONE) | {StepName.ENTERPRISE_APPLICATION: StepState.WAITING}
    assert not may_run(StepName.SECRET, states)


def test_a_foreign_application_stops_everything_after_it() -> None:
    states = {StepName.PREREQUISITES: StepState.DONE, StepName.APPLICATION: StepState.ACTION_REQUIRED}
    assert [step for step in StepName if may_run(step, states)] == [StepName.PREREQUISITES, StepName.APPLICATION]


def secret(days: float, warned: list[int] | None = None) -> SecretRecord:
    return SecretRecord(
        uri="u", version="v", key_id="k", expires_on=NOW + timedelta(days=days), warned_days=warned or []
    )


@pytest.mark.parametrize(
    ("days", "warned", "expected"),
    [
        (90, [], None),
        (60, [], 60),
        (60, [60], None),
        (29.5, [60], 30),
        (20, [], 30),
        (20, [30], None),
        (13, [60, 30], 14),
        (0.5, [1], 0),
        (-3, [60, 30, 14, 7, 3, 1], 0),
        (-3, [0], None),
    ],
)
def test_the_end_of_a_secret_is_told_once_for_each_threshold(
    days: float, warned: list[int], expected: int | None
) -> None:
    assert due(secret(days, warned), NOW) == expected


def test_every_threshold_is_told_over_the_life_of_a_secret() -> None:
    warned: list[int] = []
    for day in range(100, -1, -1):
        now_due = due(secret(day, warned), NOW)
        warned += [now_due] if now_due is not None else []
    assert tuple(warned) == THRESHOLDS


NEED, BLIND, MISSING = StepState.ACTION_REQUIRED, "exchange-by-hand", "consent-missing"


@pytest.mark.parametrize(
    ("step", "code", "opened", "leaving", "settled", "told"),
    [
        (StepName.EXCHANGE, BLIND, 0, False, False, [BLIND]),
        (StepName.EXCHANGE, BLIND, 1, False, True, ["proven-by-login"]),
        (StepName.CONSENT, MISSING, 1, False, False, [MISSING]),  # was seen, and is looked for again
        (StepName.CONSENT, MISSING, 2, False, True, [MISSING]),
        (StepName.MAILBOXES, BLIND, 1, False, False, [BLIND]),
        (StepName.MAILBOXES, BLIND, 2, True, False, [BLIND]),
        (StepName.MAILBOXES, BLIND, 2, False, True, ["proven-by-login"]),
    ],
)
def test_what_may_not_be_looked_at_is_proven_by_what_opens(
    step: StepName, code: str, opened: int, leaving: bool, settled: bool, told: list[str]
) -> None:
    seen = connection({MailboxState.OPEN: opened, MailboxState.ACTION_REQUIRED: 2 - opened}, steps=steps(NEED))
    seen.chunks[0].leaving = ["a@contoso.example"] if leaving else []
    seen.steps[step] = StepRecord(state=NEED, findings=[Finding(code=code, step=step)])
    settle_proven(seen)
    record = seen.step(step)
    assert (record.state is StepState.UNCHANGED, [finding.code for finding in record.findings]) == (settled, told)
    assert {finding.severity for finding in record.findings} == {"info" if settled else "error"}
