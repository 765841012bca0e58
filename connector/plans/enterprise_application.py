"""Step 3: is there an enterprise application, and may it sign in?"""

from __future__ import annotations

from dataclasses import dataclass

from connector.finding import Finding
from connector.observed import EnterpriseApplication
from connector.plans.ownership import Registration, guarded
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 3 looks at."""

    registration: Registration | None
    application_id: str
    found: EnterpriseApplication | None


@guarded(StepName.ENTERPRISE_APPLICATION)
def plan(observed: Observed, _: Goal) -> Plan:
    """Return how to make the enterprise application."""
    if observed.found is None:
        reason = "enterprise-application-missing"
        return Plan((Change(Action.CREATE_ENTERPRISE_APPLICATION, observed.application_id, reason),))
    if not observed.found.enabled:
        code = "enterprise-application-disabled"
        return Plan(findings=(Finding.of(StepName.ENTERPRISE_APPLICATION, code, observed.found.id),))
    return Plan()
