"""Step 2: should the application be created or corrected, and is it ours?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.model import Finding, Wanted
from connector.observed import Application, Credential
from connector.plans.plan import Action, Change, Plan
from connector.steps import StepName

EXCHANGE_APPLICATION_ID = "00000002-0000-0ff1-ce00-000000000000"
"""Office 365 Exchange Online, the same in every tenant."""
IMAP_ROLE = "IMAP.AccessAsApp"
IMAP_ROLE_ID = "5e5addcd-3e8d-4e90-baf5-964efab2b20a"
REQUIRED_ROLES = ((EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID),)
TAG = "utm-mail-connect"
_OWNER_TIME = timedelta(minutes=30)
"""For so long the owner that Entra adds on creation may not be shown yet; what nobody owns then is not ours."""
AUDIENCE = "AzureADMyOrg"
"""Single tenant: the default audience would be throttled harder and synchronised with consumer accounts."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 2 looks at."""

    application: Application | None
    identity_object_id: str
    ours: Collection[str]
    """Key ids of the credentials that we made: those in the vault and those of our intents."""
    intents: Collection[str]
    """Display names that our intents give to credentials."""
    deleted: Application | None
    """An application of this name that was deleted and can still be restored."""
    now: datetime


def unique_name(connection: str) -> str:
    """Return the alternate key under which a connection's application is found again."""
    return f"utm-mail-connect-{connection}"


def plan(observed: Observed, wanted: Wanted, accepted: Collection[str] = ()) -> Plan:
    """Return how to make the application as wanted; a foreign one is refused.

    ``accepted`` are the ids of the findings that somebody has accepted for the application at hand.
    """
    application = observed.application
    if application is None:
        return _create(observed, wanted, accepted)
    if not application.owners and not _outgrown(application, observed.now):
        return Plan(wait="owner-unknown")
    if observed.identity_object_id not in application.owners:
        return Plan(findings=(_finding("foreign-application", application, application.application_id),))
    others = sorted(application.owners - {observed.identity_object_id})
    findings = [_finding("foreign-owner", application, owner) for owner in others]
    findings += [
        _finding(
            "foreign-credential",
            application,
            credential.key_id,
            kind=credential.kind,
            name=credential.display_name or "",
        )
        for credential in application.credentials
        if not _is_ours(credential, observed)
    ]
    stopping = tuple(finding for finding in findings if finding.id not in accepted)
    known = (one.model_copy(update={"severity": "info"}) for one in findings if one.id in accepted)
    told = (*stopping, *known)
    if _differs(application, wanted) and not stopping:
        return Plan((Change(Action.UPDATE_APPLICATION, application.application_id, "application-differs"),), told)
    return Plan(findings=told)


def _create(observed: Observed, wanted: Wanted, accepted: Collection[str]) -> Plan:
    """Return the creation, unless restoring the deleted one would keep the values that the UTM has."""
    change = Change(Action.CREATE_APPLICATION, wanted.display_name, "application-missing")
    if observed.deleted is None:
        return Plan((change,))
    finding = _finding("application-deleted", observed.deleted, observed.deleted.application_id)
    if finding.id in accepted:
        return Plan((change,), (finding.model_copy(update={"severity": "info"}),))
    return Plan(findings=(finding,))


def _outgrown(application: Application, now: datetime) -> bool:
    return application.created is not None and now - application.created > _OWNER_TIME


def _differs(application: Application, wanted: Wanted) -> bool:
    return (
        application.display_name != wanted.display_name
        or application.sign_in_audience != AUDIENCE
        or application.required_roles != frozenset(REQUIRED_ROLES)
        or TAG not in application.tags
    )


def _is_ours(credential: Credential, observed: Observed) -> bool:
    return credential.kind == "secret" and (
        credential.key_id in observed.ours or credential.display_name in observed.intents
    )


def _finding(code: str, application: Application, subject: str, **values: str) -> Finding:
    return Finding(
        code=code,
        step=StepName.APPLICATION,
        subject=subject,
        values={"applicationId": application.application_id, **values},
    )
