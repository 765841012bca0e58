"""What a role in Exchange means for one mailbox: only what Exchange says of it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.mailbox_roles import is_outside
from activities.run import Run
from connector.errors import ForbiddenError, RefusedError, ThrottledError
from connector.finding import Finding
from connector.microsoft import Protocol
from connector.objects import Rights
from connector.operation import StepRecord
from connector.orders import Order
from connector.steps import StepName
from tests.activities.test_activities import NOW, Clients, Exchange, connection

SILENT = [
    ThrottledError("exchange", "throttled", "", None, 7.0),
    ForbiddenError("exchange", "", ""),
    RefusedError("exchange", "", ""),
]


class Asked(Exchange):
    """Exchange that answers about roles, or refuses the whole request."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    async def role_reaches(self, *_: object) -> list[Any]:
        if isinstance(self.answer, list):
            return self.answer
        raise self.answer


@pytest.mark.parametrize(("answer", "outside"), [([True], False), ([False], True), *((one, False) for one in SILENT)])
async def test_a_login_that_failed_costs_no_other_its_proof_where_exchange_does_not_answer(
    tmp_path: Path, answer: Any, outside: bool
) -> None:
    wanted = connection("a@x.de")
    wanted.wanted.protocols, wanted.wanted.role_based_sending = [Protocol.SMTP], True
    wanted.ids.enterprise_application_id = "sp"
    wanted.assigned = [Protocol.SMTP]
    seen = Finding(code="sending-by-role", step=StepName.CONSENT)
    wanted.steps[StepName.CONSENT] = StepRecord(findings=[seen])
    wanted.rights = Rights(cmdlets=["Test-ServicePrincipalAuthorization"])
    clients: Any = Clients(Asked(answer), tmp_path)
    run = Run(clients, Order("hq", 1, now=NOW), wanted)
    assert await is_outside(run, "a@x.de", Protocol.SMTP) is outside
