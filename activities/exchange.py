"""Step 6, ``New-ServicePrincipal``: Exchange Online's own record of the enterprise application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities import ownership
from activities.blueprint import activity
from activities.ownership import Looked
from activities.run import Order, Run, carry_out
from connector.errors import ExistsError
from connector.log import log
from connector.model import Connection
from connector.observed import ExchangePrincipal
from connector.plans import exchange
from connector.plans.plan import KNOWN_AFTER_APPLY, Action, Change, Plan
from connector.steps import StepName
from connector.together import together

Seen = Looked[ExchangePrincipal | None]


@dataclass(frozen=True, slots=True)
class _Exchange:
    step: StepName = StepName.EXCHANGE

    async def observe(self, run: Run) -> Seen:
        return Looked(*await together(ownership.by_ids(run), _principal(run)))

    def plan(self, run: Run, observed: Seen) -> Plan:
        ids = run.connection.ids

        def own() -> Plan:
            return exchange.plan(
                observed.seen,
                ids.enterprise_application_id or KNOWN_AFTER_APPLY,
                ids.application_id or "",
                run.accepted_for(ids.application_id),
            )

        return observed.guard(self.step, own)

    async def apply(self, run: Run, observed: Seen, change: Change) -> None:
        ids, admin = run.connection.ids, run.services.exchange
        if change.action is Action.REPLACE_PRINCIPAL and observed.seen is not None:
            await admin.remove_principal(ids.tenant_id or "", observed.seen.object_id)
        try:
            await admin.create_principal(
                ids.tenant_id or "",
                application_id=ids.application_id or "",
                object_id=ids.enterprise_application_id or "",
                display_name=run.connection.wanted.display_name,
            )
        except ExistsError:
            log("exists-already", connection=run.order.name, step=self.step)

    def record(self, observed: Seen, connection: Connection) -> None:
        """Keep nothing: the record is looked up each time."""


async def _principal(run: Run) -> ExchangePrincipal | None:
    ids = run.connection.ids
    if ids.application_id is None:
        return None
    return await run.services.exchange.principal(ids.tenant_id or "", ids.application_id)


STAGE = _Exchange()


@activity("exchange")
async def run_exchange(order: Order) -> dict[str, Any]:
    """Make Exchange know the enterprise application."""
    return await carry_out(STAGE, order)
