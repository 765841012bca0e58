"""Step 4, "Administratorzustimmung erteilen": the app role ``IMAP.AccessAsApp``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.ownership import Looked
from activities.run import Order, Run, carry_out
from connector.errors import UnexpectedAnswerError
from connector.microsoft import EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID
from connector.model import Connection
from connector.observed import RoleAssignment
from connector.plans import consent
from connector.plans.consent import Observed
from connector.plans.ownership import stopping
from connector.plans.plan import KNOWN_AFTER_APPLY, Change, Plan
from connector.steps import StepName
from connector.together import together


@dataclass(frozen=True, slots=True)
class _Consent:
    step: StepName = StepName.CONSENT

    async def observe(self, run: Run) -> Looked[Observed]:
        graph = run.services.graph
        found, exchange = await together(ownership.by_ids(run), graph.resource(EXCHANGE_APPLICATION_ID))
        foreign = stopping(found, self.step).blocked  # ours may be gone, with what it held
        return Looked(found, Observed(exchange, () if foreign else await _assignments(run)))

    def plan(self, run: Run, observed: Looked[Observed]) -> Plan:
        holder = run.connection.ids.enterprise_application_id or KNOWN_AFTER_APPLY
        return observed.guard(self.step, lambda: consent.plan(observed.seen, holder))

    async def apply(self, run: Run, observed: Looked[Observed], change: Change) -> None:
        exchange = observed.seen.exchange
        if exchange is None:
            raise UnexpectedAnswerError("graph", "exchange-resource-missing", "planned without the resource")
        await run.services.graph.assign_role(
            enterprise_application_id=change.subject, resource_id=exchange.id, role_id=IMAP_ROLE_ID
        )

    def record(self, observed: Looked[Observed], connection: Connection) -> None:
        """Keep nothing: the assignment is looked up each time."""


async def _assignments(run: Run) -> tuple[RoleAssignment, ...]:
    holder = run.connection.ids.enterprise_application_id
    return await run.services.graph.role_assignments(holder) if holder is not None else ()


STAGE = _Consent()


@activity("consent")
async def run_consent(order: Order) -> dict[str, Any]:
    """Assign the role."""
    return await carry_out(STAGE, order)
