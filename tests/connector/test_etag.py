"""``If-Match`` as RFC 9110 says it: strong tags, lists, ``*``; whatever is none is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.errors import ConditionError
from connector.etag import etag, require_match
from connector.model import Connection
from connector.operation import Operation
from connector.steps import ConnectionState, OperationKind
from connector.wanted import Wanted

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def connection(revision: int = 3, *mailboxes: str, name: str = "hq", **more: object) -> Connection:
    """Return a connection; ``more`` is of its wanted state."""
    wanted = Wanted.model_validate(
        {"revision": revision, "displayName": "HQ", "mailboxes": list(mailboxes or ("a@b.de",)), **more}
    )
    operation = Operation(id="1", kind=OperationKind.SET_UP, started=NOW)
    return Connection(name=name, wanted=wanted, operation=operation, since=NOW, last_change=NOW)


HERE = connection()
TAG = etag(HERE)


@pytest.mark.parametrize(
    "header",
    [
        None, TAG, f" {TAG}\t", f'"x", {TAG}', f'{TAG},"x"', f'"a,b",{TAG}',
        f'""\t,\t{TAG}', f'W/"x" , {TAG}', f",, {TAG},,",
        "*", " * ", f'"\\",{TAG}',
    ],
)  # fmt: skip
def test_a_condition_that_holds_lets_the_request_pass(header: str | None) -> None:
    require_match(header, "hq", HERE)


@pytest.mark.parametrize(
    "header", ['"x"', '""', f"W/{TAG}", '"x", "y"', TAG.replace("3-", "4-"), f'"{TAG[1:-1].upper()}"']
)
def test_a_condition_that_does_not_hold_is_412(header: str) -> None:
    with pytest.raises(ConditionError) as refused:
        require_match(header, "hq", HERE)
    assert (refused.value.code, refused.value.values) == ("if-match-failed", {"name": "hq"})


@pytest.mark.parametrize("header", ["*", TAG, '"x"'])
def test_of_a_connection_that_is_not_there_none_holds(header: str) -> None:
    with pytest.raises(ConditionError, match="if-match-failed"):
        require_match(header, "hq", None)
    require_match(None, "hq", None)


@pytest.mark.parametrize(
    ("header", "position"),
    [
        ("", 1), (" ", 1), (",", 1), (TAG[1:-1], 1), (TAG[:-1], 1), (f"'{TAG[1:-1]}'", 1),
        (f"{TAG} {TAG}", len(TAG) + 1),
        (f"{TAG};", len(TAG) + 1), (f"*, {TAG}", 1), (f"{TAG}, *", len(TAG) + 3), (f"w/{TAG}", 1), (f"W/ {TAG}", 1),
        ("**", 1),
        ('"a b"', 1), ('"a\nb"', 1), ("3", 1), ("null", 1), ("\u201c3\u201d", 1), (f"{TAG}, x", len(TAG) + 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("present", [HERE, None])
def test_what_is_no_condition_is_refused_whatever_is_there(
    header: str, position: int, present: Connection | None
) -> None:
    with pytest.raises(ConditionError) as refused:
        require_match(header, "hq", present)
    assert (refused.value.code, refused.value.values) == ("if-match-invalid", {"position": position})


def test_whatever_a_person_may_change_changes_the_tag() -> None:
    others = [
        connection(4), connection(3, "a@b.de", "c@b.de"), connection(3, "c@b.de"), connection(3, displayName="X"),
        connection(3, lifetimeDays=30), connection(3, enableImap=True),
    ]  # fmt: skip
    assert len({etag(one) for one in (HERE, *others)}) == len(others) + 1


def test_what_a_run_does_leaves_the_tag() -> None:
    later = HERE.model_copy(deep=True)
    later.state, later.since, later.last_change = ConnectionState.READY, NOW + timedelta(1), NOW + timedelta(1)
    later.operation = later.operation.model_copy(update={"begun": True, "ended": NOW})
    assert etag(later) == TAG
    assert etag(Connection.model_validate_json(later.model_dump_json(by_alias=True))) == TAG


PIECES = (TAG, f"W/{TAG}", '"x"', 'W/"x"', ",", ", ", " ", "\t", '"', "W/", "*", "\\", "a", "3-", "\x7f", "\u00fc")
WELL_FORMED = re.compile(r'[ \t,]*(?:\*|(?:W/)?"[^" \t\x7f]*"(?:[ \t]*,[ \t,]*(?:W/)?"[^" \t\x7f]*")*)[ \t,]*')


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example(f'"x", {TAG}')
@example(f"W/{TAG}")
def test_any_header_is_read_or_refused(header: str) -> None:
    strong = [tag for weak, tag in re.findall(r'(W/)?("[^"]*")', header) if not weak]
    expected = "holds" if header.strip(" \t,") == "*" or TAG in strong else "if-match-failed"
    if WELL_FORMED.fullmatch(header) is None:
        expected = "if-match-invalid"
    try:
        require_match(header, "hq", HERE)
        found = "holds"
    except ConditionError as error:
        found = error.code
    assert found == expected


def test_a_long_header_is_read_in_no_time() -> None:
    for header in ('"a",' * 20_000, '"' * 80_001, "," * 80_000 + "x", "W/" * 40_000, '"a"' + " ," * 40_000 + "x"):
        with pytest.raises(ConditionError):
            require_match(header, "hq", HERE)
