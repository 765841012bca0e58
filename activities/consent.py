"""Step 4, "Administratorzustimmung erteilen": the app role ``IMAP.AccessAsApp``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.blueprint import activity
from activities.run import Order, Run, carry_out
from connector.errors import UnexpectedAnswerError
from connector.model import Connection
from connector.plans import consent
from connector.plans.application import EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID
from connector.plans.consent import Observed
from connector.plans.plan import KNOWN_AFTER_APPLY, Change, Plan
from connector.steps import StepName


@dataclass(frozen=True, slots=True)
class _Consent:
    step: StepName = StepName.CONSENT

    async def observe(self, run: Run) -> Observed:
        graph, holder = run.services.graph, run.connection.ids.enterprise_application_id
        return Observed(
            exchange=await graph.resource(EXCHANGE_APPLICATION_ID),
            assignments=await graph.role_assignments(holder) if holder is not None else (),
        )

    def plan(self, run: Run, observed: Observed) -> Plan:
        return consent.plan(observed, run.connection.ids.enterprise_application_id or KNOWN_AFTER_APPLY)

    async def apply(self, run: Run, observed: Observed, change: Change) -> None:
        if observed.exchange is None:
            raise UnexpectedAnswerError("graph", "exchange-resource-missing", "planned without the resource")
        await run.services.graph.assign_role(
            enterprise_application_id=change.subject, resource_id=observed.exchange.id, role_id=IMAP_ROLE_ID
        )

    def record(self, observed: Observed, connection: Connection) -> None:
        """Keep nothing: the assignment is looked up each time."""


STAGE = _Consent()


@activity("consent")
async def run_consent(order: Order) -> dict[str, Any]:
    """Assign the role."""
    return await carry_out(STAGE, order)
