"""What an operation does is what its programme says, whatever its kind is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector import outage
from connector.model import Connection
from connector.operation import EARLIER, Operation, StepRecord
from connector.steps import PROGRAMMES, ConnectionState, Does, OperationKind, StepName, StepState
from connector.wanted import Wanted

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


@contextmanager
def declared(kind: OperationKind, does: Does) -> Iterator[None]:
    """Let a kind do something else, as one does that is yet to come: the table is all that says so."""
    before = PROGRAMMES[kind]
    PROGRAMMES[kind] = replace(before, does=does, apart=False)
    try:
        yield
    finally:
        PROGRAMMES[kind] = before


def of(kind: OperationKind) -> Connection:
    operation = Operation(id="op", kind=kind, started=NOW, before=ConnectionState.READY)
    wanted = Wanted(revision=1, display_name="h", mailboxes=["a@contoso.example"])
    return Connection(name="h", wanted=wanted, operation=operation, since=NOW, last_change=NOW)


@pytest.mark.parametrize("kind", OperationKind)
@pytest.mark.parametrize("does", Does)
def test_it_does_what_its_programme_says(kind: OperationKind, does: Does) -> None:
    with declared(kind, does):
        one = of(kind)
        verifies = does is Does.VERIFIES
        assert (one.operation.verifies, one.operation.dry) == (verifies, does is Does.LOOKS)
        assert one.taken_up is verifies, "a list that is only verified stays as it is"
        assert outage.worked(one) is verifies
        assert one.operation.only_looks(EARLIER) is (does is not Does.APPLIES)
        assert one.operation.only_looks("op") is (does is Does.LOOKS)


def test_what_is_looked_at_anew_remembers_who_settled_it() -> None:
    assert StepRecord(state=StepState.DONE).renewed() == StepRecord(settled_in=EARLIER)
    assert StepRecord(settled_in="another", changes=2).renewed() == StepRecord(settled_in="another")


@pytest.mark.parametrize("kind", [OperationKind.SET_UP, OperationKind.ROTATE])
def test_who_asks_for_the_record_of_a_step_writes_nothing(kind: OperationKind) -> None:
    one = of(kind)
    before = one.model_copy(deep=True)
    assert [one.record(step) for step in StepName] == [one.step(step) for step in StepName]
    assert one.progress() == dict.fromkeys(StepName, StepState.PENDING)
    assert one == before


def test_only_who_begins_it_and_who_declares_it_name_the_kind_that_verifies() -> None:
    named = {
        str(path.relative_to(ROOT))
        for folder in ("connector", "activities", "orchestrations", "triggers")
        for path in (ROOT / folder).rglob("*.py")
        if "OperationKind.VERIFY" in path.read_text("utf-8")
    }
    assert named == {"connector/ruling.py", "connector/steps.py"}
    assert StepName.VERIFICATION in PROGRAMMES[OperationKind.VERIFY].steps
