"""The life of a secret by the clock, and what each request means in each state of a rotation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.admission import admit
from connector.caller import Caller
from connector.case import Kind, Refuse, Replace, Request, Settled, Start, Wake
from connector.credential import CertificateRecord, CredentialKind, Rest, Rotation, RotationState, SecretRecord
from connector.errors import ConflictError
from connector.expiry import warned
from connector.hours import hour_of
from connector.lost import Live
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.orders import Progress
from connector.rotation import (
    Mode,
    begins,
    begins_on,
    counted,
    handed_out,
    old_works_until,
    proven,
    reminded,
    reminds,
    retires,
    used,
)
from connector.standing import reference_of, secret_of, standing
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a Monday
ALL = range(7)


def secret(key: str, ends: float, lives: float = 180) -> SecretRecord:
    end = NOW + timedelta(days=ends)
    made = end - timedelta(days=lives)
    return SecretRecord(uri=f"https://v/secrets/hq/{key}", version=key, key_id=key, expires_on=end, made_on=made)


def certificate(key: str, ends: float = 200) -> CertificateRecord:
    end = NOW + timedelta(days=ends)
    prints = {"sha1": f"1{key}", "sha256": f"256{key}"}
    return CertificateRecord(key_id=key, der="", starts_on=NOW, expires_on=end, made_on=NOW, **prints)


def connection(rotation: Rotation | None = None, ends: float = 60, **more: Any) -> Connection:
    operation = {"id": "op", "kind": OperationKind.SET_UP, "started": NOW, "begun": True, "ended": NOW, "attempt": 3}
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=["a@b.de"]),
        operation=Operation(**{**operation, **more}),
        state=ConnectionState.READY,
        since=NOW,
        last_change=NOW,
        steps={step: StepRecord(state=StepState.DONE) for step in StepName},
        secret=secret("old", ends),
        rotation=rotation,
    )


def rotation(state: RotationState, **more: Any) -> Rotation:
    return Rotation.model_validate({"id": "r", "state": state, "begun": NOW, **more})


OFFERED, RETIRING = RotationState.OFFERED, RotationState.RETIRING
STATES: dict[str, Connection] = {
    "none": connection(),
    "begun": connection(rotation(RotationState.PREPARING)),
    "preparing": connection(rotation(RotationState.PREPARING, next=secret("new", 200))),
    "preparing alone": connection(rotation(RotationState.PREPARING, next=secret("new", 200), alone=True)),
    "offered": connection(rotation(OFFERED, next=secret("new", 200))),
    "offered alone": connection(rotation(OFFERED, next=secret("new", 200), alone=True)),
    "offered and gone": connection(rotation(OFFERED, next=secret("new", 200), gone=True)),
    "offered and ended": connection(rotation(OFFERED, next=secret("new", -1))),
    "the old one ended": connection(rotation(OFFERED, next=secret("new", 200), alone=True), ends=-1),
    "retiring": connection(rotation(RETIRING, old=secret("before", 20), confirmed_on=NOW)),
}
CERTIFIED: dict[str, Connection] = {
    "none": connection().model_copy(update={"secret": certificate("old")}),
    "preparing": connection(rotation(RotationState.PREPARING, next=certificate("new"))),
    "offered": connection(rotation(OFFERED, next=certificate("new"))),
    "offered alone": connection(rotation(OFFERED, next=certificate("new"), alone=True)),
    "offered and gone": connection(rotation(OFFERED, next=certificate("new"), gone=True)),
    "offered and ended": connection(rotation(OFFERED, next=certificate("new", -1))),
    "retiring": connection(rotation(RETIRING, old=secret("before", 20), confirmed_on=NOW)).model_copy(
        update={"secret": certificate("old")}
    ),
    "to a secret": connection(rotation(OFFERED, next=secret("new", 200))).model_copy(
        update={"secret": certificate("old")}
    ),
    "no credential": connection(ended=None).model_copy(
        update={"secret": None, "steps": {}, "state": ConnectionState.ACTION_REQUIRED}
    ),
    "the first to come": connection(rotation(RotationState.PREPARING, next=certificate("new"))).model_copy(
        update={"secret": None, "steps": {}}
    ),
}
"""The same where a certificate is in use, or to come."""
ASKED: dict[str, tuple[Kind, str, str] | tuple[Kind, str, str, CredentialKind]] = {
    "rotate": (Kind.ROTATE, "rotate_secret", ""),
    "confirm new": (Kind.CONFIRM, "confirm_secret", "NEW"),
    "confirm old": (Kind.CONFIRM, "confirm_secret", "old"),
    "confirm other": (Kind.CONFIRM, "confirm_secret", "other"),
    "to a secret": (Kind.ROTATE, "rotate_secret", "", "secret"),
    "certificate new": (Kind.CERTIFICATE, "give_certificate", "new"),
    "certificate old": (Kind.CERTIFICATE, "give_certificate", "old"),
    "abandon new": (Kind.ABANDON, "abandon_rotation", "new"),
    "abandon other": (Kind.ABANDON, "abandon_rotation", "other"),
    "set-up": (Kind.SET_UP, "create_connection", ""),
    "verify": (Kind.VERIFY, "verify_connection", ""),
    "remove": (Kind.REMOVE, "remove_connection", ""),
    "cancel": (Kind.CANCEL, "cancel_connection", ""),
}
DONE, OTHER, LOST, LAST = "settled", "key-not-offered", "secret-lost", "last-secret"
OPEN, NEEDED = "rotation-open", "certificate-needed"
YET, NONE, OVER = "rotation-preparing", "no-rotation", "rotation-confirmed"
TABLE = {
    #                     none   begun  preparing alone  offered alone  gone   ended   old one   retiring
    "rotate":        ("rotate", "rotate", "rotate", "rotate", DONE, DONE, "rotate", "rotate", DONE, DONE),
    "to a secret":   ("rotate", "rotate", "rotate", "rotate", DONE, DONE, "rotate", "rotate", DONE, DONE),
    "certificate new": ("rotate", *[OPEN] * 5, "rotate", "rotate", OPEN, OPEN),
    "confirm new":   (OTHER,     YET,      YET,    YET,    "retiring", "retiring", LOST, LOST, "retiring", OTHER),
    "confirm old":   (DONE,      YET,      YET,    YET,    OTHER,  OTHER,  OTHER, OTHER,  OTHER,  DONE),
    "confirm other": (OTHER,     YET,      YET,    YET,    OTHER,  OTHER,  OTHER, OTHER,  OTHER,  OTHER),
    "abandon new":   (NONE, "abandon", "abandon",  LAST, "abandon", LAST, "abandon", "abandon", LAST, OVER),
    "abandon other": (NONE, "abandon",  OTHER,     OTHER,  OTHER,  OTHER,  OTHER, OTHER,  OTHER,  OVER),
    "set-up":        ("set-up",) * 10,
    "verify":        ("verify",) * 10,
    "remove":        ("remove",) * 10,
    "cancel":        (DONE,) * 10,
}  # fmt: skip
TABLE_OF_CERTIFICATES = {
    #                   none  preparing offered alone gone   ended   retiring to a secret  no credential  first to come
    "rotate":          (NEEDED, "rotate", DONE, DONE, "rotate", "rotate", DONE, DONE, "secret-not-ready", "rotate"),
    "to a secret":     ("rotate", OPEN,   OPEN, OPEN, "rotate", "rotate", OPEN, DONE, "secret-not-ready", "set-up"),
    "certificate new": ("rotate", "rotate", DONE, DONE, "rotate", "rotate", OPEN, OPEN, "set-up", "set-up"),
    "certificate old": (DONE,   OPEN,     OPEN, OPEN, "rotate", "rotate", DONE, DONE, "set-up", "set-up"),
    "confirm new":     (OTHER,  YET, "retiring", "retiring", LOST, LOST, OTHER, "retiring", "secret-not-ready", YET),
    "abandon new":     (NONE, "abandon", "abandon", LAST, "abandon", "abandon", OVER, "abandon", NONE, LAST),
    "set-up":          ("set-up",) * 10,
    "remove":          ("remove",) * 10,
}  # fmt: skip
"""What comes of a request at rest: a refusal, an operation, ``settled`` as it is, or the new state of the rotation."""


def ask(asked: str, one: Connection, live: Live | None = None) -> Any:
    kind, function, key, *credential = ASKED[asked]
    wanted = one.wanted if kind is Kind.SET_UP else None
    given = certificate(key) if kind is Kind.CERTIFICATE else None
    wish: Any = credential[0] if credential else None
    request = Request(kind, "hq", "new", wanted, key_id=key, credential=wish, certificate=given)
    return admit(request, Caller(function=function), one, live or Live(), NOW)


def told(answer: Any) -> str:
    if isinstance(answer, Refuse):
        return answer.error.code
    if isinstance(answer, Start):
        return answer.connection.operation.kind
    assert isinstance(answer, Settled)
    return "settled" if answer.stored else answer.connection.rotation.state  # type: ignore[union-attr] # there is one


@pytest.mark.parametrize("asked", TABLE)
def test_what_each_request_means_in_each_state(asked: str) -> None:
    assert {name: told(ask(asked, one)) for name, one in STATES.items()} == dict(zip(STATES, TABLE[asked], strict=True))


@pytest.mark.parametrize("asked", TABLE_OF_CERTIFICATES)
def test_what_each_request_means_where_a_certificate_is_in_use_or_to_come(asked: str) -> None:
    expected = dict(zip(CERTIFIED, TABLE_OF_CERTIFICATES[asked], strict=True))
    assert {name: told(ask(asked, one)) for name, one in CERTIFIED.items()} == expected


def test_a_certificate_is_next_beside_what_there_is_and_is_ours_from_then_on() -> None:
    after = ask("certificate new", connection()).connection
    assert (after.secret.key_id, after.rotation.next.sha256, after.rotation.state) == (
        "old",
        "256new",
        RotationState.PREPARING,
    )
    assert (after.given, after.operation.kind, after.state) == (["256new"], OperationKind.ROTATE, ConnectionState.READY)
    again = ask("certificate new", after.model_copy(update={"operation": connection().operation}))
    assert (again.connection.rotation.id, again.connection.given) == (after.rotation.id, ["256new"])


def test_where_nothing_can_be_used_yet_the_set_up_goes_on_with_it_also_while_it_waits_for_a_person() -> None:
    stuck = CERTIFIED["no credential"]
    waits = Live("Running", NOW, Progress(step=StepName.SECRET, state="waiting"))
    answer = ask("certificate new", stuck, waits)
    assert isinstance(answer, Replace)
    assert (answer.connection.operation.kind, answer.connection.wanted.revision) == (OperationKind.SET_UP, 4)
    other = ask("certificate old", CERTIFIED["the first to come"]).connection
    assert (other.rotation.next.key_id, other.given) == ("old", ["256old"])
    assert ask("to a secret", CERTIFIED["the first to come"]).connection.rotation is None


def test_the_timer_begins_no_rotation_to_a_certificate() -> None:
    for name in ("none", "offered and gone", "offered and ended"):
        assert not begins(CERTIFIED[name], Mode.AUTOMATIC, ALL, NOW + timedelta(days=199))
    assert begins(CERTIFIED["preparing"], Mode.AUTOMATIC, ALL, NOW)


def test_a_next_secret_that_has_come_to_its_end_stops_nobody_whose_old_one_works() -> None:
    def seen(one: Connection) -> tuple[ConnectionState, list[str]]:
        now = standing(one, ConnectionState.READY, NOW)
        return now.state, [finding.code for finding in now.findings]

    assert seen(STATES["offered and ended"]) == (ConnectionState.READY, ["offered-secret-gone"])
    alone = connection(rotation(OFFERED, next=secret("new", -1), alone=True))
    assert seen(alone) == (ConnectionState.ACTION_REQUIRED, ["offered-secret-gone"])


def test_an_operation_of_a_rotation_leaves_state_and_steps_and_a_set_up_leaves_the_rotation() -> None:
    for asked in ("rotate", "abandon new"):
        after = ask(asked, STATES["preparing"]).connection
        assert (after.state, after.since, after.steps) == (ConnectionState.READY, NOW, STATES["preparing"].steps)
        assert (after.operation.attempt, after.rotation.id) == (4, "r")
    for one in STATES.values():
        assert ask("set-up", one).connection.rotation == one.rotation


def test_a_confirmation_makes_it_the_connections_secret_without_a_new_revision() -> None:
    for name in ("offered", "offered alone", "the old one ended"):
        after = ask("confirm new", STATES[name]).connection
        assert (after.secret.key_id, after.rotation.old.key_id, after.wanted.revision) == ("new", "old", 3)
        assert (after.rotation.confirmed_on, after.rotation.next) == (NOW, None)
        assert told(ask("confirm new", after)) == "settled"
        assert told(ask("confirm old", after)) == OTHER
    failed = Rest(code="rotation-failed", on=NOW, until=NOW + timedelta(days=1))
    before = STATES["offered alone"].model_copy(update={"secret": None, "rest": failed})
    after = ask("confirm new", before).connection
    assert (after.secret.key_id, after.rotation, after.rest) == ("new", None, None)


@pytest.mark.parametrize("cancelled", [False, True])
def test_nobody_confirms_a_secret_that_is_just_being_given_up(*, cancelled: bool) -> None:
    one = ask("abandon new", STATES["offered"]).connection
    one.operation.cancelled = cancelled
    assert told(ask("confirm new", one)) == "operation-running"
    one.operation.ended = NOW
    assert told(ask("confirm new", one)) == "retiring"


@pytest.mark.parametrize("live", [Live(), Live("Running", NOW, Progress(step=StepName.SECRET, state="running"))])
def test_nobody_gets_another_secret_while_one_is_given_up(live: Live) -> None:
    one = ask("abandon new", STATES["offered"]).connection
    assert told(ask("rotate", one, live)) == "operation-running"
    assert handed_out(one, NOW) is None
    with pytest.raises(ConflictError, match="operation-running"):
        secret_of(one, NOW)
    assert reference_of(one, NOW).key_id == "new"  # who only looks where it lies goes on looking
    one.operation.ended = NOW
    assert told(ask("rotate", one, live)) == "settled"
    out = handed_out(one, NOW)
    assert out is not None
    assert out.key_id == "new"


@pytest.mark.parametrize("step", ["secret", "verification"])
def test_what_comes_while_the_next_one_is_prepared(step: str) -> None:
    one = STATES["preparing"].model_copy(deep=True)
    one.operation = Operation(id="op", kind=OperationKind.ROTATE, started=NOW, begun=True, attempt=3)
    works = Live("Running", NOW, Progress(step=StepName(step), state="running"))
    found = {asked: ask(asked, one, works) for asked in ASKED}
    assert isinstance(found["rotate"], Wake)
    assert isinstance(found["cancel"], Replace)
    assert told(found["confirm new"]) == YET
    for asked in ("set-up", "verify", "abandon new"):
        if step == "secret":
            assert told(found[asked]) == "operation-running"
        else:
            assert isinstance(found[asked], Replace)
            assert found[asked].connection.operation.attempt == 3


def test_what_is_handed_out_and_what_is_used() -> None:
    def row(one: Connection) -> tuple[str | None, str | None, bool]:
        out, ours = handed_out(one, NOW), used(one)
        return out.key_id if out else None, ours.key_id if ours else None, old_works_until(one) is not None

    assert {name: row(one) for name, one in STATES.items()} == {
        "none": ("old", "old", False),
        "begun": ("old", "old", False),
        "preparing": ("old", "old", False),
        "preparing alone": (None, "old", False),
        "offered": ("new", "old", True),
        "offered alone": ("new", "new", False),
        "offered and gone": (None, "old", True),
        "offered and ended": (None, "old", True),
        "the old one ended": ("new", "new", False),
        "retiring": ("old", "old", True),
    }


@pytest.mark.parametrize(
    ("lives", "after"),
    [(730, 486.67), (180, 120), (120, 80), (90, 60), (60, 30), (45, 22.5), (30, 15), (6, 3), (1, 0.5)],
)
def test_a_new_one_is_due_at_two_thirds_or_30_days_before_the_end_and_never_in_the_first_half(
    lives: float, after: float
) -> None:
    one = secret("k", lives, lives)  # made now
    assert (begins_on(one) - NOW) / timedelta(days=1) == pytest.approx(after, abs=0.01)


@given(st.integers(1, 730))
def test_a_fresh_one_is_never_due(lives: int) -> None:
    one = secret("k", lives, lives)
    assert NOW < begins_on(one) < one.expires_on


@pytest.mark.parametrize(
    ("one", "mode", "weekdays", "due"),
    [
        (connection(ends=61), Mode.AUTOMATIC, ALL, False),
        (connection(ends=60), Mode.AUTOMATIC, ALL, True),
        (connection(ends=60), Mode.MANUAL, ALL, False),
        (connection(ends=60), Mode.AUTOMATIC, {0}, True),
        (connection(ends=60), Mode.AUTOMATIC, {1, 2}, False),
        (connection(ends=30), Mode.AUTOMATIC, {1, 2}, True),
        (connection(ends=-3), Mode.AUTOMATIC, {1, 2}, True),
        (STATES["preparing"], Mode.AUTOMATIC, ALL, True),
        (STATES["preparing"], Mode.MANUAL, ALL, True),
        (STATES["preparing alone"], Mode.MANUAL, (), True),
        (connection(rotation(RotationState.PREPARING, stopped=True)), Mode.MANUAL, ALL, False),
        (connection(rotation(RotationState.PREPARING, stopped=True)), Mode.AUTOMATIC, ALL, True),
        (STATES["offered"], Mode.AUTOMATIC, ALL, False),
        (STATES["offered and gone"], Mode.AUTOMATIC, ALL, True),
        (STATES["offered and ended"], Mode.AUTOMATIC, {0}, True),
        (STATES["offered and ended"], Mode.AUTOMATIC, {1}, False),
        (STATES["offered and ended"], Mode.MANUAL, ALL, False),
        (STATES["offered and ended"].model_copy(update={"secret": None}), Mode.AUTOMATIC, {1}, True),
        (STATES["retiring"], Mode.AUTOMATIC, ALL, False),
    ],
)
def test_when_the_timer_begins_one(one: Connection, mode: Mode, weekdays: set[int], *, due: bool) -> None:
    assert begins(one, mode, weekdays, NOW) == due
    one = one.model_copy(update={"rest": Rest(code="rotation-failed", on=NOW, until=NOW + timedelta(hours=1))})
    # What has been begun since is gone on with.
    since = one.rotation is not None and one.rotation.state is RotationState.PREPARING
    assert begins(one, mode, weekdays, NOW) == (due and since)
    assert begins(one, mode, weekdays, NOW + timedelta(hours=1)) == due


def test_each_connection_is_begun_from_its_own_hour_on_and_never_in_the_first_half() -> None:
    begun = {}
    for name in (f"utm-{number}" for number in range(100)):
        one = connection(ends=61).model_copy(update={"name": name})  # due a day from now
        hours = [hour for hour in range(49) if begins(one, Mode.AUTOMATIC, ALL, NOW + timedelta(hours=hour))]
        assert hours == [*range(hours[0], 49)]
        assert (NOW + timedelta(hours=hours[0])).hour == hour_of(name)
        begun[name] = hours[0]
    assert (min(begun.values()) > 0, max(begun.values())) == (True, 24)
    assert len({*begun.values()}) > 18
    for ends in (3.01, 15.01):
        short = connection().model_copy(update={"secret": secret("old", ends, 6 if ends < 4 else 30)})
        assert not begins(short, Mode.AUTOMATIC, ALL, NOW)
        assert begins(short, Mode.AUTOMATIC, ALL, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("left", "told_already", "days"),
    [(15, [], None), (14, [], 14), (14, [14], None), (7, [14], 7), (2, [], 3), (0.5, [3], 1), (-5, [1], None)],
)
def test_who_has_not_confirmed_is_reminded_once_for_each_day(
    left: float, told_already: list[int], days: int | None
) -> None:
    one = connection(rotation(OFFERED, next=secret("new", 200), reminded=told_already), ends=left)
    assert reminds(one, NOW) == days
    assert reminds(connection(ends=left), NOW) is None
    if days is not None:
        reminded(one, days)
        assert reminds(one, NOW) is None


def test_that_an_end_was_told_is_noted_of_the_secret_it_was_told_of_and_of_no_other() -> None:
    """And beside what has been noted meanwhile."""
    one = connection(rotation(OFFERED, next=secret("new", 200)))
    assert one.secret is not None
    one.secret = one.secret.model_copy(update={"warned_days": [60], "made_on": NOW})
    warned(one, "old", 30)
    assert (one.secret.warned_days, one.secret.made_on) == ([30, 60], NOW)
    warned(one, "new", 14)
    assert one.rotation is not None
    assert one.rotation.next is not None
    before = one.model_copy(deep=True)
    warned(one, "gone", 7)
    assert (one.rotation.next.warned_days, one) == ([14], before)


def test_the_old_one_goes_a_day_after_the_confirmation_and_at_once_when_it_has_ended() -> None:
    hours = timedelta(hours=1)
    assert not retires(STATES["retiring"], NOW + 23 * hours)
    assert retires(STATES["retiring"], NOW + 24 * hours)
    ended = rotation(RETIRING, old=secret("before", -1), confirmed_on=NOW)
    assert retires(connection(ended), NOW)
    assert [retires(STATES[name], NOW) for name in ("none", "preparing", "offered", "offered alone")] == [False] * 4
    assert retires(STATES["the old one ended"], NOW)


def test_five_in_a_row_over_a_minute_prove_it() -> None:
    one = rotation(RotationState.PREPARING)
    for number in range(4):
        one = counted(one, NOW + timedelta(seconds=30 * number), accepted=True)
    assert not proven(one)
    assert counted(one, NOW + timedelta(seconds=90), accepted=True) == one  # another delivery of the same
    assert proven(counted(one, NOW + timedelta(seconds=120), accepted=True))
    assert counted(one, NOW + timedelta(seconds=120), accepted=False).accepted == 0
    fast = rotation(RotationState.PREPARING)
    for number in range(9):
        fast = counted(fast, NOW + timedelta(seconds=6 * number), accepted=True)
    assert not proven(fast)


def test_a_secret_to_be_entered_in_a_document_of_a_version_before_is_offered() -> None:
    kept = connection().model_dump(mode="json", by_alias=True)
    kept["secret"] |= {"replaces": "earlier", "confirmedOn": None}
    read = Connection.model_validate(kept)
    assert (read.secret, read.rotation and read.rotation.state, read.rotation and read.rotation.alone) == (
        None,
        OFFERED,
        True,
    )
    out = handed_out(read, NOW)
    assert out is not None
    assert out.key_id == "old"
    kept["secret"]["confirmedOn"] = "2026-11-01T00:00:00Z"
    again = Connection.model_validate(kept)
    assert (again.secret is not None, again.rotation) == (True, None)


@pytest.mark.parametrize("live", [Live(), Live("Running", NOW, Progress(step=StepName.SECRET, state="running"))])
def test_what_somebody_has_cancelled_is_gone_on_with_by_nobody_but_who_asks_for_it(live: Live) -> None:
    one = STATES["preparing"].model_copy(deep=True)
    one.operation = Operation(id="op", kind=OperationKind.ROTATE, started=NOW, begun=True, attempt=3)
    cancelled = ask("cancel", one, live).connection
    for asked in ("verify", "set-up", "rotate"):
        rests = cancelled.model_copy(deep=True)
        rests.operation.ended = NOW
        after = ask(asked, rests).connection
        after.operation.ended = NOW
        assert begins(after, Mode.MANUAL, ALL, NOW) == (asked == "rotate")
        assert begins(after, Mode.AUTOMATIC, ALL, NOW)
    verified = STATES["preparing"].model_copy(deep=True)
    verified.operation = Operation(id="op", kind=OperationKind.VERIFY, started=NOW, begun=True, attempt=3)
    assert begins(ask("cancel", verified, live).connection, Mode.MANUAL, ALL, NOW)


def test_a_certificate_that_is_given_again_is_gone_on_with_by_the_timer_too() -> None:
    one = connection(rotation(RotationState.PREPARING, next=certificate("new"), stopped=True))
    again = ask("certificate new", one)
    assert isinstance(again, Start)
    assert begins(again.connection, Mode.MANUAL, ALL, NOW)
