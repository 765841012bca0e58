"""Step 3, "Unternehmensanwendung": the enterprise application, whose object id Exchange needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.blueprint import activity
from activities.run import Order, Run, carry_out
from connector.model import Connection
from connector.observed import EnterpriseApplication
from connector.plans import enterprise_application
from connector.plans.plan import Change, Plan
from connector.steps import StepName


@dataclass(frozen=True, slots=True)
class _EnterpriseApplication:
    step: StepName = StepName.ENTERPRISE_APPLICATION

    async def observe(self, run: Run) -> EnterpriseApplication | None:
        return await run.services.graph.enterprise_application(run.connection.ids.application_id or "")

    def plan(self, run: Run, observed: EnterpriseApplication | None) -> Plan:
        return enterprise_application.plan(observed, run.connection.ids.application_id or "")

    async def apply(self, run: Run, observed: EnterpriseApplication | None, change: Change) -> None:  # noqa: ARG002
        await run.services.graph.ensure_enterprise_application(run.connection.ids.application_id or "")

    def record(self, observed: EnterpriseApplication | None, connection: Connection) -> None:
        connection.ids.enterprise_application_id = observed.id if observed is not None else None


STAGE = _EnterpriseApplication()


@activity("enterprise_application")
async def run_enterprise_application(order: Order) -> dict[str, Any]:
    """Make the enterprise application."""
    return await carry_out(STAGE, order)
