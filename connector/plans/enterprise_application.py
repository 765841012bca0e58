"""Step 3: is there an enterprise application, and may it sign in?"""

from __future__ import annotations

from connector.model import Finding
from connector.observed import EnterpriseApplication
from connector.plans.plan import Action, Change, Plan
from connector.steps import StepName


def plan(observed: EnterpriseApplication | None, application_id: str) -> Plan:
    """Return how to make the enterprise application of ``application_id``."""
    if observed is None:
        change = Change(Action.CREATE_ENTERPRISE_APPLICATION, application_id, "enterprise-application-missing")
        return Plan((change,))
    if not observed.enabled:
        finding = Finding(
            code="enterprise-application-disabled", step=StepName.ENTERPRISE_APPLICATION, subject=observed.id
        )
        return Plan(findings=(finding,))
    return Plan()
