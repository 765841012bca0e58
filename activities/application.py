"""Step 2, "Neue App registrieren": the application, and whether it is ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.blueprint import activity
from activities.run import Order, Run, carry_out
from connector.errors import ForbiddenError, ServiceError, ThrottledError, UnavailableError
from connector.log import log
from connector.model import Connection
from connector.observed import Application
from connector.plans import application
from connector.plans.application import REQUIRED_ROLES, TAG, Observed, unique_name
from connector.plans.plan import Change, Plan
from connector.plans.secret import credential_name, secret_name
from connector.steps import StepName


@dataclass(frozen=True, slots=True)
class _Application:
    step: StepName = StepName.APPLICATION

    async def observe(self, run: Run) -> Observed:
        found = await run.services.graph.application(unique_name(run.order.name))
        intents = run.connection.intents
        ours = {intent.key_id for intent in intents if intent.key_id is not None}
        if found is not None:
            ours |= await _kept(run, secret_name(run.order.name, found.application_id))
        return Observed(
            deleted=await _deleted(run) if found is None else None,
            now=run.now,
            application=found,
            identity_object_id=run.connection.ids.identity_object_id or "",
            ours=ours,
            intents={credential_name(intent.id) for intent in intents},
        )

    def plan(self, run: Run, observed: Observed) -> Plan:
        at_hand = observed.application or observed.deleted
        accepted = run.accepted_for(at_hand.application_id if at_hand is not None else None)
        return application.plan(observed, run.connection.wanted, accepted)

    async def apply(self, run: Run, observed: Observed, change: Change) -> None:  # noqa: ARG002 - one change, one way
        await run.services.graph.ensure_application(
            unique_name(run.order.name),
            display_name=run.connection.wanted.display_name,
            tags=[TAG],
            required_roles=REQUIRED_ROLES,
        )

    def record(self, observed: Observed, connection: Connection) -> None:
        found = observed.application
        if found is None or observed.identity_object_id not in found.owners:
            return  # a foreign one must not take the place of ours in the document
        if connection.ids.application_id != found.application_id:
            connection.ids.enterprise_application_id = None
            connection.secret = None
        connection.ids.application_id = found.application_id
        connection.ids.object_id = found.object_id


async def _kept(run: Run, name: str) -> set[str]:
    """Return the key ids of what we keep; where the vault may not be read, of the secret that the document knows."""
    known = {run.connection.secret.key_id} if run.connection.secret is not None else set()
    try:
        versions = await run.services.vault.versions(name)
    except ForbiddenError as error:
        log("vault-not-readable", connection=run.order.name, code=error.code, requestId=error.request_id)
        return known
    return known | {version.key_id for version in versions if version.key_id is not None}


async def _deleted(run: Run) -> Application | None:
    """Return an application of this name that can still be restored; who may not look there is told of none.

    Raises:
        ThrottledError, UnavailableError: no answer at present.
    """
    try:
        return await run.services.graph.deleted_application(unique_name(run.order.name))
    except (ThrottledError, UnavailableError):
        raise
    except ServiceError as error:
        log("deleted-not-visible", connection=run.order.name, code=error.code, requestId=error.request_id)
        return None


STAGE = _Application()


@activity("application")
async def run_application(order: Order) -> dict[str, Any]:
    """Make the application as wanted."""
    return await carry_out(STAGE, order)
