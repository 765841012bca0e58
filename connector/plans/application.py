"""Step 2: should the application be created or corrected? Only if it is ours, which ``ownership`` decides."""

from __future__ import annotations

from dataclasses import dataclass

from connector.microsoft import EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID, SINGLE_TENANT
from connector.model import Finding, Wanted
from connector.observed import Application
from connector.plans import ownership
from connector.plans.ownership import Registration
from connector.plans.plan import Action, Change, Plan
from connector.steps import StepName

REQUIRED_ROLES = ((EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID),)
TAG = "utm-mail-connect"


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 2 looks at."""

    registration: Registration
    deleted: Application | None = None
    """An application of this name that was deleted and can still be restored."""


def unique_name(connection: str) -> str:
    """Return the alternate key under which a connection's application is found again."""
    return f"utm-mail-connect-{connection}"


def plan(observed: Observed, wanted: Wanted) -> Plan:
    """Return how to make the application as wanted; one that is not ours is left alone."""
    application = observed.registration.application
    if application is None:
        return _create(observed, wanted)
    verdict = ownership.judge(observed.registration, StepName.APPLICATION)
    if verdict.blocked or verdict.wait is not None or not _differs(application, wanted):
        return verdict
    change = Change(Action.UPDATE_APPLICATION, application.application_id, "application-differs")
    return Plan((change,), verdict.findings)


def _create(observed: Observed, wanted: Wanted) -> Plan:
    """Return the creation, unless restoring the deleted one would keep the values that the UTM has."""
    change = Change(Action.CREATE_APPLICATION, wanted.display_name, "application-missing")
    if observed.deleted is None:
        return Plan((change,))
    finding = _deleted(observed.deleted.application_id)
    if finding.id in observed.registration.accepted:
        return Plan((change,), (finding.model_copy(update={"severity": "info"}),))
    return Plan(findings=(finding,))


def _differs(application: Application, wanted: Wanted) -> bool:
    return (
        application.display_name != wanted.display_name
        or application.sign_in_audience != SINGLE_TENANT
        or application.required_roles != frozenset(REQUIRED_ROLES)
        or TAG not in application.tags
        or not application.locked
    )


def _deleted(application_id: str) -> Finding:
    return Finding(
        code="application-deleted",
        step=StepName.APPLICATION,
        subject=application_id,
        values={"applicationId": application_id},
    )
