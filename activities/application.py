"""Step 2, "Neue App registrieren": the application, and whether it is ours."""

from __future__ import annotations

import dataclasses

from activities import ownership
from activities.run import Run
from activities.stage import Stage
from connector.errors import ServiceError, ThrottledError, UnavailableError, UnexpectedAnswerError
from connector.log import log
from connector.microsoft import GRAPH_TAKEN
from connector.model import Connection
from connector.observed import Application
from connector.plans import application
from connector.plans.application import TAG, Observed, required_roles, unique_name
from connector.plans.ownership import belongs
from connector.plans.plan import Action, Change
from connector.steps import StepName


class _Application(Stage[Observed]):
    step = StepName.APPLICATION
    plan = staticmethod(application.plan)

    async def observe(self) -> Observed:
        found = await ownership.by_name(self.run)
        if self.run.takes_back:
            return Observed(found, unsure=self.too_early)
        deleted = await _deleted(self.run) if found.application is None else None
        if deleted is not None:
            found = dataclasses.replace(found, accepted=self.run.accepted_for(deleted.application_id))
        return Observed(found, deleted, self.run.connection.former, by_role=self.run.connection.by_role)

    async def make(self, observed: Observed, change: Change) -> None:
        if change.action is Action.DELETE_APPLICATION and observed.registration.application is not None:
            await self.run.services.graph.delete_application(observed.registration.application.object_id)
            return
        if change.action is Action.UPDATE_APPLICATION:
            await _ensure(self.run)
            return
        making = await ownership.begin_making(self.run, self.step)
        await ownership.end_making(self.run, making, await _create(self.run, observed, making.note))

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        found = observed.registration.application
        if found is None or not belongs(observed.registration):
            return  # a foreign one must not take the place of ours in the document
        ownership.remember(connection, observed.registration, found)
        if connection.ids.application_id != found.application_id:
            connection.ids.enterprise_application_id = None
            connection.secret = connection.rotation = None
        connection.ids.application_id = found.application_id
        connection.ids.object_id = found.object_id


async def _create(run: Run, observed: Observed, note: str) -> str | None:
    """Make the application; where the one of an earlier removal of ours keeps the name, that one is brought back."""
    try:
        return await _ensure(run, note)
    except UnexpectedAnswerError as error:
        former = observed.deleted
        if error.code != GRAPH_TAKEN or former is None or former.application_id not in observed.former:
            raise
        await run.services.graph.restore_application(former.object_id)
        return None


async def _ensure(run: Run, notes: str | None = None) -> str | None:
    return await run.services.graph.ensure_application(
        unique_name(run.order.name),
        display_name=run.connection.wanted.display_name,
        tags=[TAG],
        required_roles=required_roles(run.connection.by_consent),
        notes=notes,
    )


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


STAGE = _Application
