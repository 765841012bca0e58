"""Step 4: does the enterprise application hold ``IMAP.AccessAsApp`` on Exchange Online?"""

from __future__ import annotations

from dataclasses import dataclass

from connector.finding import Finding
from connector.microsoft import EXCHANGE_APPLICATION_ID, IMAP_ROLE, IMAP_ROLE_ID
from connector.observed import Resource, RoleAssignment
from connector.plans.ownership import Registration, guarded, ours
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 4 looks at."""

    registration: Registration | None
    holder: str
    """The id of the enterprise application."""
    exchange: Resource | None
    assignments: tuple[RoleAssignment, ...]


@guarded(StepName.CONSENT)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return the assignment to make.

    The role is resolved by its value and compared with the id that is known: picking a neighbour of it
    (``full_access_as_app``) has cost others hours, since everything but the login then looks right.
    """
    if isinstance(wanted, Absent):
        return _back(observed)
    if observed.exchange is None:
        return Plan(findings=(_finding("exchange-resource-missing", EXCHANGE_APPLICATION_ID),))
    role_id = observed.exchange.roles.get(IMAP_ROLE)
    if role_id != IMAP_ROLE_ID:
        return Plan(findings=(_finding("imap-role-unexpected", role_id or "-"),))
    held = any(
        assignment.resource_id == observed.exchange.id and assignment.role_id == role_id
        for assignment in observed.assignments
    )
    return Plan() if held else Plan((Change(Action.ASSIGN_ROLE, observed.holder, "consent-missing"),))


def _back(observed: Observed) -> Plan:
    """Return what is withdrawn where the application stays; with one of ours goes all that it holds."""
    if observed.registration is None or ours(observed.registration):
        return Plan()
    held = [
        one
        for one in observed.assignments
        if observed.exchange is not None and (one.resource_id, one.role_id) == (observed.exchange.id, IMAP_ROLE_ID)
    ]
    return Plan(tuple(Change(Action.WITHDRAW_ROLE, one.id, "consent-left") for one in held))


def _finding(code: str, subject: str) -> Finding:
    return Finding(code=code, step=StepName.CONSENT, subject=subject)
