"""Step 6: does Exchange Online know the enterprise application, by the right object id?"""

from __future__ import annotations

from collections.abc import Collection

from connector.model import Finding
from connector.observed import ExchangePrincipal
from connector.plans.plan import Action, Change, Plan
from connector.steps import StepName


def plan(
    observed: ExchangePrincipal | None,
    enterprise_application_id: str,
    application_id: str,
    accepted: Collection[str] = (),
) -> Plan:
    """Return how to make the Exchange principal; ``accepted`` are the ids of findings accepted for this application.

    Exchange accepts a wrong object id silently and the login then fails; the record cannot be corrected, only
    replaced (learn.microsoft.com/powershell/module/exchange/set-serviceprincipal), which needs a person's word.
    """
    if observed is None:
        return Plan((Change(Action.CREATE_PRINCIPAL, enterprise_application_id, "principal-missing"),))
    if observed.object_id.lower() == enterprise_application_id.lower():
        return Plan()
    finding = Finding(
        code="principal-stale",
        step=StepName.EXCHANGE,
        subject=observed.object_id,
        values={"expected": enterprise_application_id, "applicationId": application_id},
    )
    if finding.id in accepted:
        return Plan((Change(Action.REPLACE_PRINCIPAL, observed.object_id, "principal-accepted"),))
    return Plan(findings=(finding,))
