"""Step 6, ``New-ServicePrincipal``: Exchange Online's own record of the enterprise application."""

from __future__ import annotations

from activities import ownership
from activities.run import Run
from activities.stage import Stage
from connector.errors import ExistsError
from connector.log import log
from connector.observed import ExchangePrincipal
from connector.plans import exchange
from connector.plans.exchange import Observed
from connector.plans.plan import KNOWN_AFTER_APPLY, Action, Change
from connector.steps import StepName
from connector.together import together


class _Exchange(Stage[Observed]):
    step = StepName.EXCHANGE
    plan = staticmethod(exchange.plan)

    async def observe(self) -> Observed:
        if self.run.takes_back:
            known, early = self.run.connection.ids.application_id, self.too_early
            found = await _principal(self.run)
            orphaned = found is not None and await _orphaned(self.run, self.step)
            return Observed(None, known or "", "", found, unsure=known is not None and early, orphaned=orphaned)
        registration, principal = await together(ownership.by_ids(self.run), _principal(self.run))
        ids = self.run.connection.ids
        holder = ids.enterprise_application_id or KNOWN_AFTER_APPLY
        return Observed(registration, ids.application_id or KNOWN_AFTER_APPLY, holder, principal)

    async def make(self, observed: Observed, change: Change) -> None:
        ids, admin = self.run.connection.ids, self.run.services.exchange
        if change.action is Action.REMOVE_PRINCIPAL:
            await admin.remove_principal(ids.known("tenant_id"), change.subject)
            return
        tenant_id, object_id = ids.known("tenant_id"), ids.known("enterprise_application_id")
        if change.action is Action.REPLACE_PRINCIPAL and observed.principal is not None:
            await admin.remove_principal(tenant_id, observed.principal.object_id)
        try:
            await admin.create_principal(
                tenant_id,
                application_id=ids.known("application_id"),
                object_id=object_id,
                display_name=self.run.connection.wanted.display_name,
            )
        except ExistsError:
            log("exists-already", connection=self.run.order.name, step=self.step)


async def _principal(run: Run) -> ExchangePrincipal | None:
    ids = run.connection.ids
    if ids.application_id is None:
        return None
    return await run.services.exchange.principal(ids.known("tenant_id"), ids.application_id)


async def _orphaned(run: Run, step: StepName) -> bool:
    """Return whether the record has stayed although it was tried to remove it, and its application is gone."""
    ids, tried = run.connection.ids, run.connection.record(step).changes > 0
    if not tried or run.dry or not run.order.part.last or ids.application_id is None:
        return False
    return await run.services.graph.enterprise_application(ids.application_id) is None


STAGE = _Exchange
