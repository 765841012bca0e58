"""Step 4, "Administratorzustimmung erteilen": the app roles of the protocols by which the UTM uses the mailboxes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

from activities import ownership
from activities.exchange_roles import exchange_roles
from activities.run import Run
from activities.stage import Stage
from connector.diagnosis import refusal
from connector.errors import ForbiddenError, ServiceError, UnexpectedAnswerError
from connector.microsoft import EXCHANGE_APPLICATION_ID
from connector.model import Connection
from connector.observed import RoleAssignment
from connector.plans import consent
from connector.plans.consent import Observed
from connector.plans.mailboxes import was_refused
from connector.plans.ownership import ours, stopping
from connector.plans.plan import KNOWN_AFTER_APPLY, Action, Change
from connector.steps import StepName

_TRIES = 50
"""Times that are kept of one role: more writes than a run begins before it is read back, or a person is asked."""


class _Consent(Stage[Observed]):
    step = StepName.CONSENT
    plan = staticmethod(consent.plan)

    async def observe(self) -> Observed:
        if self.run.takes_back:
            return await _back(self.run)
        found = await ownership.by_ids(self.run)
        foreign = stopping(found, self.step).blocked  # ours may be gone, with what it held
        holder = self.run.connection.ids.enterprise_application_id or KNOWN_AFTER_APPLY
        observed = Observed(found, holder, None, (), consent.given(self.run.connection.consents))
        if foreign:
            return observed
        try:
            exchange = await self.run.services.graph.resource(EXCHANGE_APPLICATION_ID)
            observed = replace(observed, exchange=exchange, assignments=await _assignments(self.run))
            observed = consent.judged(observed, self.run.connection.consented)
        except ForbiddenError as error:
            # Who may not look at consents may ask Exchange for roles, and where these permit all no consent is needed.
            by_role = await exchange_roles(self.run, None)
            if not by_role:
                raise
            return replace(observed, refused=refusal(self.step, error), by_role=by_role)
        return replace(observed, by_role=await exchange_roles(self.run, observed.held))

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        connection.roles_seen = {one.protocol: one.seen for one in observed.by_role if one.seen is not None}
        for one in observed.by_role:
            connection.assigned = [known for known in connection.assigned if known != one.protocol]
            if one.lasts:
                connection.assigned.append(one.protocol)
        if observed.exchange is not None:
            _note_ours(observed, connection)

    async def make(self, observed: Observed, change: Change) -> None:
        if change.action is Action.WITHDRAW_ROLE:
            await self.run.note(partial(_note_withdrawal, observed.role(change.subject), self.run.now))
            await self.run.services.graph.withdraw_role(observed.holder, change.subject)
            return
        if observed.exchange is None:
            raise UnexpectedAnswerError("graph", "exchange-resource-missing", "planned without the resource")
        role, roles = change.subject, observed.exchange.roles
        # Kept before the write: after a crash the role that is found then is known to be ours to take back.
        now = self.run.now
        await self.run.note(partial(_note, role, now))
        try:
            made = await self.run.services.graph.assign_role(
                enterprise_application_id=observed.holder, resource_id=observed.exchange.id, role_id=roles[role]
            )
        except ServiceError as error:
            if was_refused(error):
                await self.run.note(partial(_forget, role, now))
            raise
        if not made:  # it is somebody else's, or of a write before
            await self.run.note(partial(_forget, role, now))


async def _back(run: Run) -> Observed:
    """Look at what an application holds that stays; what goes with one of ours is not asked for."""
    found, ids = await ownership.by_name(run), run.connection.ids
    holder = ids.enterprise_application_id
    left = bool(run.connection.by_role or run.connection.assigned) and holder is not None
    if holder is None or found.enterprise is None or found.enterprise.id != holder or ours(found):
        return Observed(None, holder or KNOWN_AFTER_APPLY, None, (), left=left)
    exchange = await run.services.graph.resource(EXCHANGE_APPLICATION_ID)
    kept = consent.given(run.connection.consents)
    observed = Observed(found, holder, exchange, await _assignments(run), kept, left=left)
    return consent.judged(observed, run.connection.consented)


def _note(role: str, now: datetime, connection: Connection) -> None:
    connection.consented[role] = [*connection.consented.get(role, ()), now][-_TRIES:]
    connection.withdrawn.pop(role, None)


def _forget(role: str, now: datetime, connection: Connection) -> None:
    left = [one for one in connection.consented.get(role, ()) if one != now]
    connection.consented = {**connection.consented, role: left} if left else _without(connection.consented, {role})


def _note_ours(observed: Observed, connection: Connection) -> None:
    """Note which of the roles that are there are ours.

    What was withdrawn and is read to be gone is not ours any more: whoever gives it then may keep it.
    """
    gone = connection.withdrawn.keys() - observed.dates.keys()
    mine = [role for role in observed.given if role not in gone]
    if {*mine} != {*consent.given(connection.consents)}:
        connection.consents = mine
    others = observed.dates.keys() - {*mine}
    for role, created in observed.dates.items():
        if role in mine and created is not None:
            connection.consented.setdefault(role, [created])
    connection.consented = _without(connection.consented, gone | others)


def _without(consented: dict[str, list[datetime]], roles: Collection[str]) -> dict[str, list[datetime]]:
    return {role: begun for role, begun in consented.items() if role not in roles}


def _note_withdrawal(role: str, now: datetime, connection: Connection) -> None:
    connection.withdrawn[role] = now


async def _assignments(run: Run) -> tuple[RoleAssignment, ...]:
    holder = run.connection.ids.enterprise_application_id
    return await run.services.graph.role_assignments(holder) if holder is not None else ()


STAGE = _Consent
