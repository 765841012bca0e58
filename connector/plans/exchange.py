"""Step 6: does Exchange Online know the enterprise application, by the right object id?"""

from __future__ import annotations

from dataclasses import dataclass

from connector.finding import Finding
from connector.observed import ExchangePrincipal
from connector.plans.ownership import Registration, guarded
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 6 looks at."""

    registration: Registration | None
    application_id: str
    holder: str
    """The id of the enterprise application."""
    principal: ExchangePrincipal | None
    unsure: bool = False
    """Whether one that is not shown may be there."""
    orphaned: bool = False
    """Whether it cannot be taken away, and the application is gone from Entra, so that Exchange may not resolve it."""


@guarded(StepName.EXCHANGE)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return how to make the Exchange principal.

    Exchange accepts a wrong object id silently and the login then fails; the record cannot be corrected, only
    replaced (learn.microsoft.com/powershell/module/exchange/set-serviceprincipal), which needs a person's word.
    """
    if isinstance(wanted, Absent):
        return _back(observed)
    found, accepted = observed.principal, observed.registration.accepted if observed.registration is not None else ()
    if found is None:
        return Plan((Change(Action.CREATE_PRINCIPAL, observed.holder, "principal-missing"),))
    if found.object_id.lower() == observed.holder.lower():
        return Plan()
    told = {"expected": observed.holder, "applicationId": observed.application_id}
    finding = Finding.of(StepName.EXCHANGE, "principal-stale", found.object_id, "error", **told)
    if finding.id in accepted:
        return Plan((Change(Action.REPLACE_PRINCIPAL, found.object_id, "principal-accepted"),))
    return Plan(findings=(finding,))


def _back(observed: Observed) -> Plan:
    """Return the removal of Exchange's record, whatever its object id: the application is this connection's alone.

    Where others have deleted the application before, nobody may be able to name the record any more, and it lets
    nobody in: that is said, and done.
    """
    if observed.principal is not None and observed.orphaned:
        return Plan(findings=(Finding(code="principal-gone", severity="info", step=StepName.EXCHANGE),))
    if observed.principal is not None:
        return Plan((Change(Action.REMOVE_PRINCIPAL, observed.principal.object_id, "principal-left"),))
    return Plan(wait="replication") if observed.unsure else Plan()
