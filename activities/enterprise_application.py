"""Step 3, "Unternehmensanwendung": the enterprise application, whose object id Exchange needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.ownership import Looked
from activities.run import Order, Run, carry_out
from connector.model import Connection
from connector.observed import EnterpriseApplication
from connector.plans import enterprise_application
from connector.plans.ownership import stopping
from connector.plans.plan import Change, Plan
from connector.steps import StepName

Seen = Looked[EnterpriseApplication | None]


@dataclass(frozen=True, slots=True)
class _EnterpriseApplication:
    step: StepName = StepName.ENTERPRISE_APPLICATION

    async def observe(self, run: Run) -> Seen:
        found = await ownership.by_ids(run, renewed=True)
        return Looked(found, found.enterprise if found is not None else None)

    def plan(self, run: Run, observed: Seen) -> Plan:
        application_id = run.connection.ids.application_id or ""
        return observed.guard(self.step, lambda: enterprise_application.plan(observed.seen, application_id))

    async def apply(self, run: Run, observed: Seen, change: Change) -> None:  # noqa: ARG002 - one change, one way
        making = await ownership.begin_making(run, self.step)
        application_id = run.connection.ids.application_id or ""
        made = await run.services.graph.ensure_enterprise_application(application_id, making.note)
        await ownership.end_making(run, making, made)

    def record(self, observed: Seen, connection: Connection) -> None:
        if observed.seen is None or observed.registration is None:
            connection.ids.enterprise_application_id = None
        elif not stopping(observed.registration, self.step).blocked:  # no line for a person names a foreign one
            ownership.remember(connection, observed.registration, observed.seen)
            connection.ids.enterprise_application_id = observed.seen.id


STAGE = _EnterpriseApplication()


@activity("enterprise_application")
async def run_enterprise_application(order: Order) -> dict[str, Any]:
    """Make the enterprise application."""
    return await carry_out(STAGE, order)
