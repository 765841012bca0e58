"""What the version before has written to Durable is understood, and so is what a later one will have added."""

from __future__ import annotations

import json
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any

import pytest

from connector import orders
from connector.orders import (
    CheckOrder,
    Conclusion,
    DeliverOrder,
    FailOrder,
    Message,
    Order,
    Outcome,
    Part,
    PlanOrder,
    PlanWork,
    Progress,
    RunOrder,
    Work,
    parsed,
    progress,
)
from connector.steps import StepName

KEPT: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("orders-0.1.0.json").read_text("utf-8"))
MESSAGES: dict[str, type[Any]] = {
    "run": RunOrder, "plan": PlanOrder, "begin": Order, "step": Order, "fail": FailOrder, "work": Work,
    "delivery": DeliverOrder, "outcome": Outcome, "plan work": PlanWork, "conclusion": Conclusion, "progress": Progress,
}  # fmt: skip


@pytest.mark.parametrize("kind", KEPT)
def test_a_message_of_the_version_before_says_what_it_said(kind: str) -> None:
    for value in KEPT[kind]:
        message = parsed(MESSAGES[kind], {**value, "addedLater": {"by": "a later version"}})
        assert value.items() <= json.loads(json.dumps(message.to_json())).items()


def test_each_message_is_kept() -> None:
    assert KEPT.keys() == MESSAGES.keys()
    classes = {one for _, one in getmembers(orders, isclass) if issubclass(one, Message)}
    newer = {CheckOrder}  # 0.1.0 did not look daily
    assert classes - {Message, Part} - newer == {*MESSAGES.values()}, "a part is said in an order"


@pytest.mark.parametrize("value", [None, "text", [], {}, {"state": ["done"]}, {"state": "done", "seconds": "soon"}])
def test_what_no_version_would_write_is_none(value: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parsed(Outcome, value)
    assert progress(value) == Progress()


def test_what_a_round_has_to_do_comes_in_parts() -> None:
    work = parsed(Work, KEPT["work"][1])
    assert [*work.parts(StepName.MAILBOXES)] == [Part(chunk=0), Part(chunk=2), Part(taking_back=True)]
    assert [*work.parts(StepName.VERIFICATION)] == [Part(probe=3), Part(chunk=0)]
    assert [*work.parts(StepName.SECRET)] == [Part()]


@pytest.mark.parametrize(
    ("part", "outcome", "ends"),
    [
        (Part(chunk=0), {"state": "running"}, False),
        (Part(chunk=0), {"state": "superseded"}, True),
        (Part(probe=3), {"state": "running", "open": 1}, False),
        (Part(probe=3), {"state": "running", "open": 0}, True),
        (Part(probe=3), {"state": "done", "open": 3}, True),
    ],
)
def test_parts_that_would_come_to_the_same_are_not_tried(part: Part, outcome: dict[str, Any], ends: bool) -> None:
    assert part.ends(parsed(Outcome, outcome)) is ends
