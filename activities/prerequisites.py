"""Step 1, "als Administrator": what the identity may do, and what the tenant allows. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.blueprint import activity
from activities.run import Order, Run, carry_out
from connector.model import Connection, Rights
from connector.observed import CredentialPolicy
from connector.plans import prerequisites
from connector.plans.plan import Change, Plan
from connector.plans.prerequisites import Observed
from connector.rights import look
from connector.steps import StepName


@dataclass(frozen=True, slots=True)
class _Prerequisites:
    step: StepName = StepName.PREREQUISITES

    async def observe(self, run: Run) -> Observed:
        return await look(run.services)

    def plan(self, run: Run, observed: Observed) -> Plan:
        settings = run.services.settings
        wish = run.connection.wanted.lifetime_days or settings.secret_lifetime_days
        return prerequisites.plan(observed, settings.granted, wish)

    async def apply(self, run: Run, observed: Observed, change: Change) -> None:
        """Do nothing: this step never plans a change."""

    def record(self, observed: Observed, connection: Connection) -> None:
        connection.ids.tenant_id = observed.graph.tenant_id
        connection.ids.identity_object_id = observed.graph.object_id
        policy = observed.policy or CredentialPolicy()
        connection.rights = Rights(
            graph_roles=sorted(observed.graph.roles),
            exchange_roles=sorted(observed.exchange.roles),
            cmdlets=sorted(observed.cmdlets or ()),
            secrets_allowed=policy.secrets_allowed,
            longest_secret_days=policy.longest_days,
        )


STAGE = _Prerequisites()


@activity("prerequisites")
async def run_prerequisites(order: Order) -> dict[str, Any]:
    """Find out what may be done."""
    return await carry_out(STAGE, order)
