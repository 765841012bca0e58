"""What a look means, without any service: when it is due, what is news, and when somebody is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.check import (
    digest,
    doubting,
    drift,
    due,
    looks_again,
    news,
    overall,
    settled,
    sleeps,
)
from connector.checks import Answer, Check, Item, Seen, Snooze
from connector.finding import Finding
from connector.hours import hour_of
from connector.look import UNREAD as NOT_SEEN
from connector.look import Look, shared
from connector.mailbox import MailboxRecord
from connector.microsoft import PROTOCOLS
from connector.model import Connection
from connector.objects import Rights
from connector.operation import Operation, StepRecord
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ACCESS = Finding(code="access-missing", step=StepName.MAILBOXES, subject="a@contoso.example")
UNREAD = Finding(code="not-readable", severity="warning", step=StepName.EXCHANGE, subject="exchange")


def connection(**more: object) -> Connection:
    given = {"kind": OperationKind.SET_UP, "started": NOW - 9 * DAY, "begun": True, "ended": NOW - 9 * DAY}
    return Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="HQ", mailboxes=["a@contoso.example"]),
        operation=Operation.model_validate({"id": "op", **given, **more}),
        state=ConnectionState.READY,
        since=NOW,
        last_change=NOW,
    )


def seen(*drifted: Finding, unread: tuple[Finding, ...] = (), on: datetime = NOW) -> Seen:
    blind = {one.step for one in unread}
    bad = {one.step for one in drifted}
    items = [
        Item(
            step=step,
            answer=Answer.DRIFTED if step in bad else Answer.NOT_READABLE if step in blind else Answer.GOOD,
        )
        for step in StepName
    ]
    return Seen(on=on, basis="op", items=items, drift=[*drifted], unread=[*unread])


def test_each_connection_is_looked_at_once_a_day_from_its_own_hour_on() -> None:
    one = connection()
    looks, check = [], Check(name="hq")
    for hour in range(72):
        now = NOW + timedelta(hours=hour)
        if due(check, one, now):
            looks.append(now)
            check = check.model_copy(update={"seen": seen(on=now)})
    assert len(looks) in {3, 4}  # the first one is that of the nine days in which nobody has looked
    assert {now.hour for now in looks[1:]} == {hour_of("hq")}


def test_the_hours_of_many_connections_are_spread_over_the_day() -> None:
    hours = [hour_of(f"customer-{number}") for number in range(500)]
    assert max(hours.count(hour) for hour in range(24)) < 2 * 500 / 24


@pytest.mark.parametrize(
    ("one", "check"),
    [
        (connection(ended=None), Check(name="hq")),
        (connection().model_copy(update={"state": ConnectionState.REMOVED}), Check(name="hq")),
        (connection().model_copy(update={"state": ConnectionState.FAILED}), Check(name="hq")),
        (connection(), Check(name="hq", started=NOW - timedelta(minutes=59))),
        (connection(ended=NOW - timedelta(minutes=1)), Check(name="hq", seen=seen(on=NOW))),
    ],
)
def test_nobody_looks_where_somebody_works_or_there_is_nothing_to_see(one: Connection, check: Check) -> None:
    assert not due(check, one, NOW)


def test_a_look_that_was_lost_is_made_again() -> None:
    assert due(Check(name="hq", started=NOW - timedelta(hours=3)), connection(), NOW)


def test_drift_is_told_once_again_when_it_changes_and_when_it_is_over() -> None:
    check = Check(name="hq")
    assert news(check, seen(ACCESS), NOW).drifted == (ACCESS,)
    check = settled(check, seen(ACCESS), NOW)
    assert not news(check, seen(ACCESS), NOW).any
    other = ACCESS.model_copy(update={"values": {"kind": "another"}})
    assert news(check, seen(other), NOW).drifted == (other,)
    assert news(check, seen(), NOW).recovered == (ACCESS.id,)
    assert settled(check, seen(), NOW).told == {}


def test_what_passes_is_the_same_finding_and_what_is_exchanged_is_not() -> None:
    values = {"reason": "another", "minutes": 7, "on": "2026-11-29"}  # the day from which, which each look has later
    said = ACCESS.model_copy(update={"values": values, "severity": "warning"})
    assert digest(said) == digest(ACCESS)
    sealed = [Finding(code="foreign-credential", step=StepName.APPLICATION, values={"seal": one}) for one in "ab"]
    assert digest(sealed[0]) != digest(sealed[1])


def test_what_could_not_be_looked_at_is_not_said_to_have_recovered() -> None:
    check = settled(Check(name="hq"), seen(ACCESS), NOW)
    blind = seen(unread=(UNREAD,))
    assert news(check, blind, NOW).recovered == ()
    assert settled(check, blind, NOW).told.keys() == {ACCESS.id, UNREAD.id}
    full = seen(Finding(code="another", step=StepName.EXCHANGE)).model_copy(update={"more": 1})
    assert news(check, full, NOW).recovered == ()


def test_what_one_look_alone_has_seen_is_looked_at_again_before_it_is_told() -> None:
    check = Check(name="hq")
    assert not looks_again(check, seen(), 0, NOW)
    assert looks_again(check, seen(ACCESS), 0, NOW)
    check = doubting(check, seen(ACCESS), NOW)
    assert not looks_again(check, seen(ACCESS), 1, NOW)
    assert not looks_again(check, seen(), 1, NOW)
    other = ACCESS.model_copy(update={"subject": "b@contoso.example"})
    assert looks_again(check, seen(other), 1, NOW)
    assert not looks_again(check, seen(other), 2, NOW)


def test_a_snooze_holds_for_this_content_and_until_its_end() -> None:
    known = Snooze(
        id=ACCESS.id, digest=digest(ACCESS), code=ACCESS.code, reason="known", until=NOW + DAY, on=NOW, by="key"
    )
    check = Check(name="hq", seen=seen(ACCESS), snoozed=[known])
    assert sleeps(check, ACCESS, NOW)
    assert not sleeps(check, ACCESS, NOW + DAY)
    assert not sleeps(check, ACCESS.model_copy(update={"values": {"kind": "x"}}), NOW)
    assert not news(check, seen(ACCESS), NOW).any
    assert news(check, seen(ACCESS), NOW + DAY).drifted == (ACCESS,)
    assert drift(check, connection(), NOW) == ()
    assert drift(check, connection(), NOW + DAY) == (ACCESS,)


def test_the_one_answer_is_good_only_where_all_was_seen_to_be_and_of_late() -> None:
    assert overall(Check(name="hq"), NOW) is None
    assert overall(Check(name="hq", seen=seen()), NOW) is Answer.GOOD
    assert overall(Check(name="hq", seen=seen(unread=(UNREAD,))), NOW) is Answer.NOT_READABLE
    assert overall(Check(name="hq", seen=seen(ACCESS, unread=(UNREAD,))), NOW) is Answer.DRIFTED
    assert overall(Check(name="hq", seen=seen(on=NOW - 3 * DAY)), NOW) is Answer.NOT_READABLE
    assert overall(Check(name="hq", seen=Seen(on=NOW, basis="op")), NOW) is Answer.NOT_READABLE
    lacking = seen().model_copy(update={"items": seen().items[1:]})
    assert overall(Check(name="hq", seen=lacking), NOW) is Answer.NOT_READABLE


def test_what_a_wrong_clock_has_dated_is_not_of_late_and_keeps_nobody_from_looking() -> None:
    ahead = Check(name="hq", seen=seen(on=NOW + 90 * DAY))
    assert overall(ahead, NOW) is Answer.NOT_READABLE
    assert due(ahead, connection(), NOW)
    assert not due(Check(name="hq", seen=seen(on=NOW + timedelta(minutes=5))), connection(), NOW)
    begun = Check(name="hq", started=NOW + 90 * DAY)
    assert due(begun, connection(), NOW)


def test_a_name_of_which_nothing_was_seen_is_not_seen_to_be_good() -> None:
    look = Look(connection(), {step: StepRecord(state=StepState.UNCHANGED) for step in StepName}, ())
    lacking = look.seen(Rights(), NOW)
    assert overall(Check(name="hq", seen=lacking), NOW) is Answer.NOT_READABLE
    assert (lacking.mailboxes, [one.code for one in lacking.unread]) == ({Answer.NOT_READABLE: 1}, ["not-readable"])


def test_what_an_operation_has_done_since_is_not_in_what_was_seen() -> None:
    check = Check(name="hq", seen=seen(ACCESS))
    assert drift(check, connection(), NOW) == (ACCESS,)
    assert drift(check, connection(id="later"), NOW) == ()
    assert drift(check, connection(id="later", kind=OperationKind.ROTATE), NOW) == (ACCESS,)


def test_connections_that_share_mailboxes_are_named_to_each_other() -> None:
    holders = {"x": {"hq", "branch"}, "y": {"hq", "branch"}, "z": {"hq"}}
    (of_hq,), (of_branch,) = shared("hq", "xyz", holders), shared("branch", "xy", holders)
    assert (of_hq.subject, of_hq.values, of_hq.severity) == ("branch", {"number": 2}, "warning")
    assert of_branch.subject == "hq"
    assert shared("hq", "z", holders) == []


@pytest.mark.parametrize(("protocols", "told"), [(["imap"], 1), (["smtp"], 0), (["pop", "smtp"], 1)])
def test_two_relays_that_send_as_one_mailbox_take_nothing_away_from_each_other(protocols: list[str], told: int) -> None:
    wanted = Wanted.model_validate({**connection().wanted.model_dump(), "protocols": protocols})
    look = Look(connection().model_copy(update={"wanted": wanted}), {}, ())
    look.mailbox(None, MailboxRecord(requested="a@contoso.example", guid="4f", state=MailboxState.OPEN))
    assert len(look.seen(Rights(), NOW).keys) == told


def test_a_server_that_was_not_reached_has_said_nothing_of_a_mailbox_by_any_protocol() -> None:
    assert {needs.codes.unreachable for needs in PROTOCOLS.values()} <= NOT_SEEN
