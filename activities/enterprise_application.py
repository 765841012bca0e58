"""Step 3, "Unternehmensanwendung": the enterprise application, whose object id Exchange needs."""

from __future__ import annotations

from activities import ownership
from activities.stage import Stage
from connector.model import Connection
from connector.plans import enterprise_application
from connector.plans.enterprise_application import Observed
from connector.plans.ownership import stopping
from connector.plans.plan import Change
from connector.steps import StepName

_STEP = StepName.ENTERPRISE_APPLICATION


class _EnterpriseApplication(Stage[Observed]):
    step = _STEP
    plan = staticmethod(enterprise_application.plan)

    async def observe(self) -> Observed:
        found = await ownership.by_ids(self.run, renewed=True)
        application_id = self.run.connection.ids.known("application_id") if found is not None else ""
        return Observed(found, application_id, found.enterprise if found is not None else None)

    async def make(self, observed: Observed, change: Change) -> None:  # noqa: ARG002 - one change
        making = await ownership.begin_making(self.run, self.step)
        made = await self.run.services.graph.ensure_enterprise_application(observed.application_id, making.note)
        await ownership.end_making(self.run, making, made)

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        if observed.found is None or observed.registration is None:
            connection.ids.enterprise_application_id = None
        elif not stopping(observed.registration, _STEP).blocked:  # no line for a person names a foreign one
            ownership.remember(connection, observed.registration, observed.found)
            connection.ids.enterprise_application_id = observed.found.id


STAGE = _EnterpriseApplication
