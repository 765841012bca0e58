"""Step 2: should the application be created or corrected? Only if it is ours, which ``ownership`` decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connector.finding import Finding, Severity
from connector.microsoft import EXCHANGE_APPLICATION_ID, PROTOCOLS, SINGLE_TENANT, Protocol
from connector.observed import Application
from connector.plans import ownership
from connector.plans.ownership import Registration
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent, Wanted

TAG = "utm-mail-connect"


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 2 looks at."""

    registration: Registration
    deleted: Application | None = None
    """An application of this name that was deleted and can still be restored."""
    former: Collection[str] = ()
    """The ids of those that removals of this connection have deleted."""
    by_role: Collection[Protocol] = ()
    """The protocols that a role in Exchange permits: whoever consents to what is listed must not consent to theirs."""
    unsure: bool = False
    """Whether one that is not shown may be there."""


def unique_name(connection: str) -> str:
    """Return the alternate key under which a connection's application is found again."""
    return f"utm-mail-connect-{connection}"


def required_roles(protocols: Sequence[Protocol]) -> tuple[tuple[str, str], ...]:
    """Return what the registration asks for: by it a person and the grant script know what to consent to."""
    return tuple((EXCHANGE_APPLICATION_ID, PROTOCOLS[protocol].role_id) for protocol in protocols)


def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return how to make the application as wanted; one that is not ours is left alone."""
    if isinstance(wanted, Absent):
        return _back(observed)
    application = observed.registration.application
    if application is None:
        return _create(observed, wanted)
    verdict = ownership.judge(observed.registration, StepName.APPLICATION)
    if verdict.blocked or verdict.wait is not None or not _differs(application, wanted, observed.by_role):
        return verdict
    change = Change(Action.UPDATE_APPLICATION, application.application_id, "application-differs")
    return Plan((change,), verdict.findings)


def _create(observed: Observed, wanted: Wanted) -> Plan:
    """Return the creation, unless restoring the deleted one would keep the values that the UTM has."""
    change = Change(Action.CREATE_APPLICATION, wanted.display_name, "application-missing")
    if observed.deleted is None:
        return Plan((change,))
    if observed.deleted.application_id in observed.former:  # nobody's UTM has a secret of it that is worth anything
        return Plan((change,), (_finding("application-anew", observed.deleted.application_id, "info"),))
    finding = _finding("application-deleted", observed.deleted.application_id)
    if finding.id in observed.registration.accepted:
        return Plan((change,), (finding.model_copy(update={"severity": "info"}),))
    return Plan(findings=(finding,))


def _differs(application: Application, wanted: Wanted, by_role: Collection[Protocol]) -> bool:
    roles = required_roles([one for one in wanted.protocols if one not in by_role])
    return (
        application.display_name != wanted.display_name
        or application.sign_in_audience != SINGLE_TENANT
        or application.required_roles != frozenset(roles)
        or TAG not in application.tags
        or not application.locked
    )


def _back(observed: Observed) -> Plan:
    """Return the deletion of what we have made; all else of the name stays, and is said to."""
    application = observed.registration.application
    if application is None:
        return Plan(wait="replication") if observed.unsure else Plan()
    if not ownership.ours(observed.registration):
        return Plan(findings=(_finding("application-stays", application.application_id, "info"),))
    return Plan((Change(Action.DELETE_APPLICATION, application.application_id, "application-left"),))


def _finding(code: str, application_id: str, severity: Severity = "error") -> Finding:
    return Finding.of(StepName.APPLICATION, code, application_id, severity, applicationId=application_id)
