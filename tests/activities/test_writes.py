"""A write of any step that is answered with success and shows nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.run import Run
from activities.stage import Stage
from connector.operation import StepRecord
from connector.orders import Order, Part
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName, StepState
from tests.activities.test_activities import NOW, Clients, Exchange, connection

MISSING = Plan((Change(Action.CREATE_PRINCIPAL, "sp", "principal-missing"),))


class Silent(Stage[None]):
    """A step whose write makes nothing."""

    step, written = StepName.EXCHANGE, 0

    @staticmethod
    def plan(_: None, __: Goal) -> Plan:
        return MISSING

    async def observe(self) -> None: ...

    async def make(self, _: None, __: Change) -> None:
        self.written += 1


@pytest.mark.parametrize(
    ("last", "before", "state", "codes"),
    [
        (False, StepRecord(), "wait", []),
        (True, StepRecord(), "action-required", ["principal-missing"]),
        (False, StepRecord(state=StepState.ACTION_REQUIRED, changes=1), "action-required", ["principal-missing"]),
        (False, StepRecord(state=StepState.ACTION_REQUIRED), "wait", []),
    ],
)
async def test_it_is_waited_for_and_then_for_a_person(
    tmp_path: Path, last: bool, before: StepRecord, state: str, codes: list[str]
) -> None:
    """Never done, and never failed either: the lines for a person stand beside it, and the run looks again."""
    wanted = connection("a@x.de")
    wanted.steps[StepName.EXCHANGE] = before
    run: Any = Run(Clients(Exchange(), tmp_path), Order("hq", 1, now=NOW, part=Part(last=last)), wanted)  # type: ignore[arg-type]
    silent = Silent(run)
    result = await silent.settled()
    assert (result.outcome.state, [finding.code for finding in result.findings]) == (state, codes)
    assert (silent.written, result.changes) == (1, 1)
