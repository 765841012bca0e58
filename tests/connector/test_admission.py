"""What a request means: every kind, for every state of the document, with every word of Durable."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector import admission, ruling, ruling_of_removal, ruling_of_rotation
from connector.admission import Situation, admit, asks_again, asks_durable, situation
from connector.caller import RENEWS, By, Caller
from connector.case import Admitted, Kind, Refuse, Removal, Replace, Request, Ruling, Start, Wake
from connector.credential import CertificateRecord, SecretRecord
from connector.errors import RequestError
from connector.etag import etag
from connector.lost import ALIVE, Live, lost
from connector.messages import text
from connector.model import Connection
from connector.operation import Operation, StepRecord
from connector.orders import Progress, progress
from connector.steps import ConnectionState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WORDS = (None, "Pending", "Running", "ContinuedAsNew", "Suspended", "Completed", "Failed", "Terminated", "Canceled")
LONG_AGO, JUST_NOW = NOW - timedelta(hours=1), NOW - timedelta(seconds=30)
KEY = "11111111-2222-3333-4444-555555555555"
THROUGH = {
    Kind.SET_UP: "create_connection",
    Kind.DRY_RUN: "create_connection",
    Kind.VERIFY: "verify_connection",
    Kind.CANCEL: "cancel_connection",
    Kind.CONFIRM: "confirm_secret",
    Kind.ROTATE: "rotate_secret",
    Kind.CERTIFICATE: "give_certificate",
    Kind.RENEW: None,
    Kind.ABANDON: "abandon_rotation",
    Kind.RETIRE: None,
    Kind.ACCEPT: "accept_finding",
    Kind.WITHDRAW: "withdraw_acceptance",
    Kind.RECOVER: None,
    Kind.REPAIR: "repair_connection",
    Kind.RESTORE: "repair_connection",
    Kind.REMOVE: "remove_connection",
    Kind.PLAN_REMOVAL: "remove_connection",
}
COLUMNS = ("new", "rests", "lost", "cancelling", "works", "waits", "stuck", "removing", "unfinished", "removed")
BUSY, ENDING, FEW, OTHER_KEY = "operation-running", "operation-cancelling", "removal-not-allowed", "key-not-offered"
UNKNOWN, NONE_OPEN = "unknown-connection", "no-rotation"
RUNNING, HALF, GONE = "removal-running", "removal-unfinished", "connection-removed"
ANEW, OVER, LET, KEPT = "start/other", "replace/other", "settled/same", "wake/same"
EXPECTED = {
    #                          new      rests  lost  cancelling works waits  stuck
    "the same set-up":        (ANEW,    ANEW,  ANEW, ENDING,    KEPT, KEPT,  OVER, RUNNING, ANEW, ANEW),
    "another set-up":         (ANEW,    ANEW,  ANEW, ENDING,    BUSY, OVER,  OVER, RUNNING, ANEW, ANEW),
    "a list of too few":      (FEW,     FEW,   FEW,  ENDING,    BUSY, FEW,   FEW,  RUNNING, FEW,  FEW),
    "a dry run":              (ANEW,    ANEW,  ANEW, ANEW,      ANEW, ANEW,  ANEW, ANEW,    ANEW, ANEW),
    "a verification":         (UNKNOWN, ANEW,  ANEW, ENDING,    KEPT, KEPT,  OVER, KEPT,    HALF, GONE),
    "to cancel":              (UNKNOWN, LET,   "settled/attempt", KEPT, *["replace/same"] * 4,    LET,  LET),
    "to confirm":             (UNKNOWN, *[LET] * 6,                                RUNNING, HALF, GONE),
    "to confirm another key": (UNKNOWN, *[OTHER_KEY] * 6,                          RUNNING, HALF, GONE),
    "to rotate":              (UNKNOWN, ANEW,  BUSY, ENDING,    BUSY, BUSY,  BUSY, RUNNING, HALF, GONE),
    "to give a certificate":  (UNKNOWN, ANEW,  ANEW, ENDING,    BUSY, OVER,  OVER, RUNNING, HALF, GONE),
    "to renew":               (UNKNOWN, ANEW,  *[LET] * 8),
    "to abandon":             (UNKNOWN, NONE_OPEN, NONE_OPEN, ENDING, *[NONE_OPEN] * 3, RUNNING, HALF, GONE),
    "to retire":              (UNKNOWN, ANEW,  *[LET] * 8),
    "to accept":              (UNKNOWN, LET,   LET,  LET,       KEPT, KEPT,  KEPT, KEPT,    LET,  LET),
    "to withdraw":            (UNKNOWN, LET,   LET,  LET,       KEPT, KEPT,  KEPT, KEPT,    LET,  LET),
    "to recover":             (UNKNOWN, LET,   "start/attempt", LET, LET, LET, LET, LET,    LET,  LET),
    "to repair a part":       (ANEW,    ANEW,  ANEW, OVER,      OVER, OVER,  OVER, OVER,    ANEW, LET),
    "to restore":             (UNKNOWN, *[ANEW] * 6,                               ANEW,    ANEW, LET),
    "to remove":              (UNKNOWN, ANEW,  ANEW, OVER,      OVER, OVER,  OVER, KEPT,    ANEW, LET),
    "to remove unasked":      (UNKNOWN, *[FEW] * 6,                                KEPT,    FEW,  LET),
    "to plan a removal":      (UNKNOWN, *[ANEW] * 6,                               ANEW,    ANEW, GONE),
}  # fmt: skip
"""The ruling, and behind the slash the operation that the connection has then: another one, the same, or the same as
another attempt. It is a set-up that was begun, whose run is alive where it is not lost; other ones: ``expected``."""


CERTIFICATE = CertificateRecord(
    key_id=KEY, der="", sha1="A", sha256="B", starts_on=NOW, expires_on=NOW + timedelta(days=90)
)


def wanted(*mailboxes: str) -> Wanted:
    return Wanted(revision=0, display_name="UTM", mailboxes=list(mailboxes))


ASKED = {
    "the same set-up": Request(Kind.SET_UP, "hq", "new", wanted("a@contoso.example")),
    "another set-up": Request(Kind.SET_UP, "hq", "new", wanted("b@contoso.example")),
    "a list of too few": Request(Kind.SET_UP, "hq", "new", wanted("b@contoso.example"), Removal(1, 1)),
    "a dry run": Request(Kind.DRY_RUN, "hq", "new", wanted("b@contoso.example")),
    "a verification": Request(Kind.VERIFY, "hq", "new"),
    "to cancel": Request(Kind.CANCEL, "hq", "new"),
    "to confirm": Request(Kind.CONFIRM, "hq", "new", key_id=KEY.upper()),
    "to confirm another key": Request(Kind.CONFIRM, "hq", "new", key_id="another"),
    "to rotate": Request(Kind.ROTATE, "hq", "new"),
    "to give a certificate": Request(Kind.CERTIFICATE, "hq", "new", certificate=CERTIFICATE),
    "to renew": Request(Kind.RENEW, "hq", "new"),
    "to abandon": Request(Kind.ABANDON, "hq", "new", key_id=KEY),
    "to retire": Request(Kind.RETIRE, "hq", "new"),
    "to accept": Request(Kind.ACCEPT, "hq", "new"),
    "to withdraw": Request(Kind.WITHDRAW, "hq", "new"),
    "to recover": Request(Kind.RECOVER, "hq", "new"),
    "to repair a part": Request(Kind.REPAIR, "hq", "new", wanted("a@contoso.example")),
    "to restore": Request(Kind.RESTORE, "hq", "new"),
    "to remove": Request(Kind.REMOVE, "hq", "new", removal=Removal(1, 1, allowed=1)),
    "to remove unasked": Request(Kind.REMOVE, "hq", "new", removal=Removal(1, 1)),
    "to plan a removal": Request(Kind.PLAN_REMOVAL, "hq", "new"),
}


def document(state: ConnectionState = ConnectionState.RUNNING, **operation: Any) -> Connection:
    at = {"id": "old", "kind": OperationKind.SET_UP, "started": LONG_AGO, "attempt": 4, "begun": True, **operation}
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=["a@contoso.example"]),
        operation=Operation(**at),
        state=state,
        since=LONG_AGO,
        last_change=LONG_AGO,
        stuck_since=LONG_AGO,
        steps={StepName.PREREQUISITES: StepRecord(state=StepState.DONE)},
        secret=SecretRecord(uri="https://v", version="1", key_id=KEY, expires_on=NOW + timedelta(days=90)),
    )


DOCUMENTS: dict[str, dict[str, Any]] = {
    "ended": {"ended": LONG_AGO},
    "ended, cancelled": {"ended": LONG_AGO, "cancelled": True},
    "just written": {"begun": False, "started": JUST_NOW},
    "written long ago, never begun": {"begun": False},
    "begun": {},
    "a verification": {"kind": OperationKind.VERIFY},
    "another attempt, just written": {"attempt": 5, "attempted": JUST_NOW},
    "another attempt, long ago": {"attempt": 5, "attempted": NOW - timedelta(minutes=5)},
    "cancelled": {"cancelled": True},
    "of a version with one instance": {"attempt": 0},
    "removal": {"kind": OperationKind.REMOVE},
    "removal, cancelled": {"kind": OperationKind.REMOVE, "cancelled": True},
    "removal, ended": {"kind": OperationKind.REMOVE, "ended": LONG_AGO},
}
ABOUT_TO_START = {"just written", "another attempt, just written"}
SAYS: tuple[dict[str, Any], ...] = (
    {},
    {"step": "consent", "state": "running"},
    {"step": "consent", "state": "waiting", "seconds": 30.0},
    {"step": "verification", "state": "running"},
    {"step": "nonsense", "state": 7, "seconds": "x"},
)
QUIET = (0.0, 9.9, 10.6, 600.0)
"""Minutes since Durable has heard of the run."""


def column(written: str, state: ConnectionState, live: Live, quiet: float) -> Situation:
    """Return how it stands, from the words of the test alone."""
    if written == "removal, ended":
        return Situation.REMOVED if state is ConnectionState.REMOVED else Situation.UNFINISHED
    if written.startswith("removal"):
        return Situation.REMOVING
    if written.startswith("ended"):
        return Situation.RESTS
    announced = 0.5 if live.status.seconds == 30.0 else 0.0
    silent = quiet - announced > 10.0
    if not (live.runtime in ALIVE and not silent) and not (live.runtime not in ALIVE and written in ABOUT_TO_START):
        return Situation.LOST
    if written == "cancelled":
        return Situation.CANCELLING
    if state is ConnectionState.ACTION_REQUIRED:
        return Situation.STUCK
    waits = live.status.state == "waiting" or live.status.step == "verification"
    return Situation.WAITS if waits or state is ConnectionState.WAITING else Situation.WORKS


def lives() -> Iterator[tuple[Live, float]]:
    """Yield all that Durable may say of a run; of one that is over it does not matter where it was."""
    for word in WORDS:
        alive = word in ALIVE
        for says, quiet in product(SAYS if alive else SAYS[3:4], QUIET if alive else QUIET[:1]):
            yield (
                Live(word, NOW - timedelta(minutes=quiet) if word else None, progress(says) if word else Progress()),
                quiet,
            )


def worlds() -> Iterator[tuple[str, Connection, Live, Situation]]:
    for written, state in product(DOCUMENTS, ConnectionState):
        connection = document(state, **DOCUMENTS[written])
        for live, quiet in lives():
            yield written, connection, live, column(written, state, live, quiet)


WORLDS = list(worlds())


def ask(asked: str, connection: Connection | None, live: Live) -> Ruling:
    request = ASKED[asked]
    function = THROUGH[request.kind]
    return admit(request, Caller(function=function) if function else None, connection, live, NOW)


def told(ruled: Ruling, before: Connection | None) -> str:
    """Return a ruling in the words of the table."""
    if isinstance(ruled, Refuse):
        return ruled.error.code
    after, was = ruled.connection.operation, before.operation if before is not None else None
    same = was is not None and was.id == after.id
    which = "other" if not same else "same" if was is not None and was.attempt == after.attempt else "attempt"
    return f"{type(ruled).__name__.lower()}/{which}"


_WITH_NOBODY = {
    "a verification": RUNNING,
    "to cancel": "settled/attempt",
    "to accept": RUNNING,
    "to withdraw": RUNNING,
    "to recover": "start/attempt",
    "to repair a part": ANEW,
    "to remove": ANEW,
    "to remove unasked": ANEW,
}
"""What else it comes to where a removal was lost."""


def of_removing(asked: str, connection: Connection, live: Live) -> str:
    """Return what it comes to while a connection is being taken back."""
    cancelled, nobody = connection.operation.cancelled, lost(connection, live, NOW) is not None
    if nobody and asked == "to recover" and cancelled:
        return "settled/attempt"
    if not nobody and cancelled and asked in {"to remove", "to remove unasked"}:
        return OVER
    return (_WITH_NOBODY if nobody else {}).get(asked, EXPECTED[asked][COLUMNS.index("removing")])


def expected(asked: str, connection: Connection, stands: Situation, live: Live) -> str:
    """Return what the table says, and what differs by more than how the connection stands."""
    if stands is Situation.REMOVING:
        return of_removing(asked, connection, live)
    operation, joined = connection.operation, stands in {Situation.WORKS, Situation.WAITS}
    if asked == "the same set-up" and joined:
        only_looks = operation.kind is OperationKind.VERIFY
        return EXPECTED["another set-up"][COLUMNS.index(stands)] if only_looks else "wake/same"
    if asked == "to recover" and stands is Situation.LOST and operation.cancelled:
        return "settled/attempt"
    if asked == "to rotate" and stands is Situation.LOST and operation.cancelled:
        return ANEW
    return EXPECTED[asked][COLUMNS.index(stands)]


@pytest.mark.parametrize("asked", EXPECTED)
def test_each_kind_for_each_state_of_the_document_and_of_durable(asked: str) -> None:
    met: set[Situation] = set()
    for written, connection, live, stands in WORLDS:
        assert situation(connection, live, NOW) is stands, (written, connection.state, live)
        ruled = ask(asked, connection, live)
        assert told(ruled, connection) == expected(asked, connection, stands, live), (written, connection.state, live)
        met.add(stands)
    assert met == set(Situation)
    assert told(ask(asked, None, Live()), None) == EXPECTED[asked][0]


def test_what_is_passed_in_is_not_changed_and_the_same_has_the_same_answer() -> None:
    for asked, (_, connection, live, _) in product(EXPECTED, WORLDS[::11]):
        before = connection.model_dump_json()
        ruled = ask(asked, connection, live)
        assert told(ask(asked, connection, live), connection) == told(ruled, connection)
        assert connection.model_dump_json() == before


@pytest.mark.no_cover  # the same rulings once more: to count their lines takes as long again
@pytest.mark.parametrize("asked", EXPECTED)
def test_an_attempt_is_started_under_a_number_that_nobody_has_had(asked: str) -> None:
    for _, connection, live, _ in WORLDS:
        before, ruled = connection.operation, ask(asked, connection, live)
        if not isinstance(ruled, Start) or ruled.connection.operation.dry:
            continue
        after = ruled.connection.operation
        assert (after.attempt, after.ended, after.cancelled) == (before.attempt + 1, None, False)
        assert (after.lost is not None and after.lost.attempt == before.attempt) == (
            lost(connection, live, NOW) is not None and asked != "to restore"
        )


@pytest.mark.no_cover  # as above
@pytest.mark.parametrize("asked", EXPECTED)
def test_what_is_written_under_a_run_keeps_its_attempt_and_counts_the_revision_on(asked: str) -> None:
    for _, connection, live, _ in WORLDS:
        ruled = ask(asked, connection, live)
        if not isinstance(ruled, Replace):
            continue
        after = ruled.connection
        assert after.operation.attempt == connection.operation.attempt
        more = 0 if asked == "to cancel" else 1
        assert after.wanted.revision == connection.wanted.revision + more
        assert after.operation.cancelled == (asked == "to cancel")


def _admitted(asked: str, connection: Connection | None, live: Live) -> Admitted:
    ruled = ask(asked, connection, live)
    assert not isinstance(ruled, Refuse)
    return ruled


RUNS = Live("Running", NOW)


@pytest.mark.parametrize(
    ("asked", "connection", "live", "counts_on"),
    [
        ("the same set-up", document(ConnectionState.ACTION_REQUIRED), RUNS, True),
        ("a verification", document(ConnectionState.ACTION_REQUIRED), RUNS, True),
        ("another set-up", document(ConnectionState.ACTION_REQUIRED), RUNS, False),
        ("to repair a part", document(ConnectionState.ACTION_REQUIRED), RUNS, False),
        ("the same set-up", document(ConnectionState.ACTION_REQUIRED, ended=LONG_AGO), Live(), False),
        ("a verification", document(ConnectionState.READY, ended=LONG_AGO), Live(), False),
        ("a verification", document(ConnectionState.ACTION_REQUIRED), Live(), False),
    ],
)
def test_who_asks_for_the_same_of_a_run_that_waits_for_a_person_has_changed_nothing(
    asked: str, connection: Connection, live: Live, *, counts_on: bool
) -> None:
    after = _admitted(asked, connection, live).connection
    assert (after.last_change, after.stuck_since) == ((LONG_AGO, LONG_AGO) if counts_on else (NOW, None))
    assert (after.state, after.since, after.operation.begun) == (ConnectionState.RUNNING, NOW, False)


def test_a_verification_is_a_set_up_where_nobody_has_taken_the_last_request_up() -> None:
    rests = document(ConnectionState.CANCELLED, ended=LONG_AGO, begun=False)
    kinds = [_admitted("a verification", one, Live()).connection.operation.kind for one in (rests, document())]
    assert kinds == [OperationKind.SET_UP, OperationKind.VERIFY]


@pytest.mark.parametrize(
    ("removal", "refused"),
    [
        (None, False),
        (Removal(2, 4), False),
        (Removal(3, 4), True),
        (Removal(3, 4, allowed=3), False),
        (Removal(1, 4, allowed=0), True),
        (Removal(0, 0), False),
    ],
)
def test_a_list_takes_access_from_at_most_half_or_from_as_many_as_are_allowed(
    removal: Removal | None, *, refused: bool
) -> None:
    request = Request(Kind.SET_UP, "hq", "new", wanted("b@contoso.example"), removal)
    ruled = admit(request, Caller(function="create_connection"), document(ended=LONG_AGO), Live(), NOW)
    assert isinstance(ruled, Refuse) == refused
    if isinstance(ruled, Refuse):
        assert (ruled.error.code, ruled.error.values["removed"]) == (
            "removal-not-allowed",
            removal and removal.removed,
        )


def test_each_operation_names_who_has_asked_for_it_and_what_is_wanted_who_has_set_it_up() -> None:
    """Whatever else is asked meanwhile: who only wakes, joins or stops a run has not asked for it."""
    otto = By(kind="person", function="create_connection", id=KEY, name="Otto")
    seen = set()
    for _, world, live, _ in WORLDS[::101]:
        named = {"operation": world.operation.model_copy(update={"by": otto}), "wanted_by": otto}
        connection = world.model_copy(update=named)
        for asked, request in ASKED.items():
            ruled = ask(asked, connection, live)
            if isinstance(ruled, Refuse):
                continue
            function = THROUGH[request.kind]
            by = Caller(function=function).by if function else RENEWS
            begun = told(ruled, connection).endswith("other")
            seen.add((request.kind, begun))
            assert ruled.connection.operation.by == (by if begun else otto), (asked, connection, live)
            sets_up = request.kind is Kind.SET_UP and isinstance(ruled, Start | Replace)
            assert ruled.connection.wanted_by == (by if sets_up else otto), (asked, connection, live)
    assert {kind for kind, begun in seen if begun} >= {Kind.SET_UP, Kind.VERIFY, Kind.RENEW, Kind.PLAN_REMOVAL}


def test_a_verification_of_what_was_ready_leaves_it_that_and_a_restored_one_does_not() -> None:
    ready = document(ConnectionState.READY, ended=LONG_AGO)
    before = [_admitted(asked, ready, Live()).connection.operation.before for asked in ("a verification", "to restore")]
    assert before == [ConnectionState.READY, None]


def test_a_restored_document_is_proven_and_with_another_list_than_was_arranged_it_is_set_up() -> None:
    kinds = []
    for list_of, begun in ((None, True), (None, False), (wanted("b@contoso.example"), True)):
        request = Request(Kind.RESTORE, "hq", "new", list_of)
        done = admit(request, Caller(function="repair_connection"), document(begun=begun), Live(), NOW)
        assert isinstance(done, Start)
        kinds.append(done.connection.operation.kind)
        assert done.connection.wanted.revision == 4
    assert kinds == [OperationKind.VERIFY, OperationKind.SET_UP, OperationKind.SET_UP]


@pytest.mark.parametrize("kind", Kind)
def test_a_condition_that_does_not_hold_refuses_before_anything_else(kind: Kind) -> None:
    function = THROUGH[kind]
    caller = Caller(function=function) if function else None

    def code(if_match: str, connection: Connection | None) -> str | None:
        request = Request(
            kind, "hq", "new", wanted("b@contoso.example"), key_id=KEY, if_match=if_match, certificate=CERTIFICATE
        )
        ruled = admit(request, caller, connection, RUNS, NOW)
        return ruled.error.code if isinstance(ruled, Refuse) else None

    for one in (document(), document(ended=LONG_AGO), document(cancelled=True)):
        assert (code('"0-other"', one), code("nonsense", one)) == ("if-match-failed", "if-match-invalid")
        assert {code(etag(one), one), code("*", one)} <= {None, BUSY, ENDING, NONE_OPEN}
    assert code("*", None) == "if-match-failed"


def test_a_dry_run_is_of_the_connection_as_it_would_be_and_has_no_attempt() -> None:
    of_new, of_old = (
        _admitted("a dry run", None, Live()).connection,
        _admitted("a dry run", document(), RUNS).connection,
    )
    assert [one.wanted.revision for one in (of_new, of_old)] == [0, 3]
    assert {one.wanted.mailboxes[0] for one in (of_new, of_old)} == {"b@contoso.example"}
    assert {one.operation.kind for one in (of_new, of_old)} == {OperationKind.PLAN}
    assert of_old.secret is not None


def test_a_connection_without_a_secret_has_nothing_to_be_confirmed() -> None:
    before = document(ConnectionState.ACTION_REQUIRED, ended=LONG_AGO)
    before.secret = None
    ruled = ask("to confirm", before, Live())
    assert isinstance(ruled, Refuse)
    assert ruled.error.code == "secret-not-ready"


def test_a_lost_run_that_had_proven_all_ends_ready_when_it_is_cancelled() -> None:
    before = document(ConnectionState.RUNNING)
    before.steps = {step: StepRecord(state=StepState.DONE) for step in StepName}
    before.steps[StepName.CONSENT] = StepRecord(state=StepState.ACTION_REQUIRED)  # a login has proven it
    before.wanted, before.secret = wanted(), None
    written = before.model_dump_json()
    after = _admitted("to cancel", before, Live()).connection
    assert (after.state, after.step(StepName.CONSENT).state) == (ConnectionState.READY, StepState.UNCHANGED)
    assert before.model_dump_json() == written
    assert _admitted("to cancel", document(), Live()).connection.state is ConnectionState.CANCELLED


@pytest.mark.parametrize("kind", Kind)
def test_nobody_asks_through_a_function_that_is_for_something_else(kind: Kind) -> None:
    functions = set(THROUGH.values()) | {"read_connection", "read_parameters"}
    request = Request(kind, "hq", "new", wanted("a@contoso.example"), key_id=KEY)
    for function in functions - {THROUGH[kind]}:
        with pytest.raises(ValueError, match=kind):
            admit(request, Caller(function=function) if function else None, document(), RUNS, NOW)


def test_whoever_begins_something_of_his_own_is_told_that_another_was_faster() -> None:
    own = {Kind.SET_UP, Kind.DRY_RUN, Kind.VERIFY, Kind.RESTORE, Kind.PLAN_REMOVAL}
    own |= {Kind.ROTATE, Kind.CERTIFICATE, Kind.RENEW, Kind.ABANDON, Kind.RETIRE}
    assert {kind for kind in Kind if not asks_again(kind)} == own


@pytest.mark.parametrize("asked", EXPECTED)
def test_durable_is_asked_where_it_matters(asked: str) -> None:
    documents = [document(**operation) for operation in DOCUMENTS.values()]
    answers = [{told(ask(asked, one, live), one) for live, _ in lives()} for one in documents]
    assert any(len(one) > 1 for one in answers) == asks_durable(ASKED[asked].kind)


def test_every_refusal_has_words_in_both_languages() -> None:
    refused: dict[str, RequestError] = {}
    for asked in EXPECTED:
        for _, connection, live, _ in WORLDS[::7]:
            ruled = ask(asked, connection, live)
            if isinstance(ruled, Refuse):
                refused[ruled.error.code] = ruled.error
    assert set(refused) == {ENDING, BUSY, FEW, OTHER_KEY, NONE_OPEN, RUNNING, HALF, GONE}
    for code, error in refused.items():
        for lang in ("de", "en"):
            for part in ("title", "detail", "hint"):
                assert text(lang, "problem", code, part, values=error.values)


@pytest.mark.parametrize("module", [admission, ruling, ruling_of_removal, ruling_of_rotation])
def test_it_reads_no_clock_and_no_environment_and_knows_no_azure(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {name for name in imported if not name.startswith("connector")} <= {
        "__future__", "collections.abc", "dataclasses", "datetime", "enum",
    }  # fmt: skip
    called = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"now", "utcnow", "today"}
    assert not any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree))


def test_a_wake_is_of_the_connection_as_it_stands() -> None:
    for asked, (_, connection, live, _) in product(EXPECTED, WORLDS[::7]):
        ruled = ask(asked, connection, live)
        if isinstance(ruled, Wake):
            assert ruled.connection is connection
