"""A whole deployment in one document: what is not known is never green, and it is small whatever there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.checks import Answer, Check, Item, Seen
from connector.credential import SecretRecord
from connector.finding import Finding
from connector.model import Connection
from connector.operation import Operation
from connector.standing import Standing
from connector.status import MOST, Known, Overall, StatusView, status
from connector.steps import ConnectionState, OperationKind, StepName
from connector.wanted import Wanted

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def known(
    name: str = "hq",
    state: ConnectionState = ConnectionState.READY,
    *findings: str,
    answer: Answer | None = Answer.GOOD,
    looked: timedelta = timedelta(hours=5),
    ended: timedelta = 9 * DAY,
    days: int = 100,
) -> Known:
    operation = Operation(id="op", kind=OperationKind.SET_UP, started=NOW - ended, begun=True, ended=NOW - ended)
    secret = SecretRecord(name="n", version="v", uri="u", key_id="k", expires_on=NOW + days * DAY, made_on=NOW - DAY)
    connection = Connection(
        name=name,
        wanted=Wanted(revision=1, display_name="HQ", mailboxes=["secret-person@contoso.example"]),
        operation=operation,
        state=state,
        since=NOW,
        last_change=NOW,
        secret=secret,
    )
    told = tuple(
        Finding(code=code, severity="warning", step=StepName.MAILBOXES, subject="secret-person@contoso.example")
        for code in findings
    )
    seen = Seen(on=NOW - looked, basis="op", items=[Item(step=step, answer=answer or Answer.GOOD) for step in StepName])
    check = Check(name=name, seen=seen if answer is not None else None)
    return Known(name, connection, Standing(state, verified=True, findings=told), check)


def of(*connections: Known, **more: Any) -> StatusView:
    return status(connections, version="0.2.0", customer="Contoso", now=NOW, **more)


@pytest.mark.parametrize(
    ("one", "how"),
    [
        (known(), Overall.OK),
        (known("hq", ConnectionState.RUNNING, answer=None), Overall.OK),
        (known("hq", ConnectionState.READY, "secret-offered"), Overall.ATTENTION),
        (known("hq", ConnectionState.CANCELLED), Overall.ATTENTION),
        (known("hq", ConnectionState.ACTION_REQUIRED), Overall.BROKEN),
        (known("hq", ConnectionState.FAILED), Overall.BROKEN),
        (known("hq", ConnectionState.INTERRUPTED), Overall.BROKEN),
        (known("hq", ConnectionState.UNREADABLE), Overall.UNKNOWN),
        (Known("hq"), Overall.UNKNOWN),
        (known(answer=Answer.NOT_READABLE), Overall.UNKNOWN),
        (known(answer=None), Overall.UNKNOWN),
        (known(looked=3 * DAY), Overall.UNKNOWN),
        (known(answer=None, ended=timedelta(hours=3)), Overall.OK),
    ],
)
def test_what_is_not_known_is_never_well(one: Known, how: Overall) -> None:
    seen = of(one)
    assert seen.overall is how
    assert seen.coverage.complete is (how is not Overall.UNKNOWN)
    assert [entry.overall for entry in seen.needing] == ([how] if how is not Overall.OK else [])


def test_the_worst_comes_first_and_a_broken_one_is_not_hidden_by_what_nobody_knows() -> None:
    warned = known("a", ConnectionState.READY, "secret-offered")
    seen = of(warned, Known("b"), known("c", ConnectionState.FAILED), known("d"))
    assert [entry.name for entry in seen.needing] == ["c", "b", "a"]
    assert (seen.overall, seen.connections) == (Overall.BROKEN, 4)
    assert seen.coverage.unread == {"document-unreadable": 1}


def test_without_a_grant_nobody_knows_how_it_is() -> None:
    seen = of(missing=["grant-missing"])
    assert (seen.overall, seen.coverage.complete) == (Overall.UNKNOWN, False)


def test_it_is_below_10_kb_and_names_no_mailbox_whatever_there_is() -> None:
    codes = [f"a-finding-with-a-rather-long-code-{number}" for number in range(40)]
    many = [known(f"{number:040d}", ConnectionState.ACTION_REQUIRED, *codes) for number in range(500)]
    seen = status(many, version="0.2.0", customer="\N{GRINNING FACE}" * 100, now=NOW)
    written = seen.model_dump_json(by_alias=True)
    assert len(written.encode()) < 10_000
    assert "secret-person" not in written
    assert (len(seen.needing), seen.more) == (MOST, 500 - MOST)


def test_what_has_worked_for_days_without_an_end_is_not_known_to_be_well() -> None:
    one = known("hq", ConnectionState.WAITING, answer=None)
    assert of(one).overall is Overall.OK
    assert one.connection is not None
    one.connection.since = NOW - 3 * DAY
    assert (of(one).overall, of(one).coverage.unread) == (Overall.UNKNOWN, {"not-looked-at": 1})
