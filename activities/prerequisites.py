"""Step 1, "als Administrator": what the identity may do, and what the tenant allows. Changes nothing."""

from __future__ import annotations

from dataclasses import replace

from activities.stage import Stage
from connector.model import Connection
from connector.objects import Rights
from connector.observed import CredentialPolicy
from connector.plans import prerequisites
from connector.plans.certificates import wished
from connector.plans.prerequisites import Observed
from connector.rights import observe
from connector.steps import StepName


class _Prerequisites(Stage[Observed]):
    step = StepName.PREREQUISITES
    plan = staticmethod(prerequisites.plan)

    async def observe(self) -> Observed:
        certificate = wished(self.run.connection.secret, self.run.connection.rotation) is not None
        return replace(await observe(self.run.services), certificate=certificate)

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        connection.ids.tenant_id = observed.graph.tenant_id
        connection.ids.identity_object_id = observed.graph.object_id
        policy = observed.policy or CredentialPolicy()
        connection.rights = Rights(
            graph_roles=sorted(observed.graph.roles),
            exchange_roles=sorted(observed.exchange.roles),
            cmdlets=sorted(observed.cmdlets or ()),
            secrets_allowed=policy.secrets_allowed,
            longest_secret_days=policy.longest_days,
            longest_certificate_days=policy.longest_certificate_days,
        )


STAGE = _Prerequisites
