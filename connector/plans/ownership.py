"""Whose application is it? Looked at before consent, secret, Exchange and mailbox access, and at every verification.

Ours is what Entra says that our identity made (``createdByAppId``: learn.microsoft.com/graph/api/resources/application;
nobody can set it), and whose owners and credentials, on the application **and** on its service principal, are ours.
The unique name, the tag and an owner's entry of ours only explain: any member of a tenant may register an application
under our name, put a password on its service principal, and make our identity its owner.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from connector.acceptances import same_guid
from connector.finding import OF_OTHERS, Finding
from connector.microsoft import CLOCKS, PROGRAMS, REPLICATION_TIME
from connector.objects import Made, Making
from connector.observed import Application, Credential, EnterpriseApplication, Owner
from connector.plans.plan import Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent

STOPPING = OF_OTHERS | {"owner-missing", "owners-not-readable"}
"""The findings of this decision. While one of them is open nothing is written, and no login proves the contrary."""
_TO_REMOVE = frozenset({StepName.APPLICATION, StepName.ENTERPRISE_APPLICATION, StepName.CONSENT, StepName.SECRET})
"""The steps up to the one that removes what an interrupted attempt left behind."""
_SHOWN = 120
"""Characters of a name that anybody may have chosen."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are, by the claims of our own token for Graph."""

    client_id: str
    object_id: str
    trusts: tuple[str, ...] = ()
    """Issuer, subject and audience of its tokens: by them it signs in as an application that trusts it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """An application with its service principal, and what we know of them."""

    application: Application | None
    enterprise: EnterpriseApplication | None
    identity: Identity
    now: datetime
    key_ids: Collection[str] = ()
    """Of the credentials that we made: those that the vault's tags and our completed intents name."""
    given: Collection[str] = ()
    """Thumbprints of the certificates that somebody has given for the UTM."""
    unfinished: Collection[str] = ()
    """Display names that our unfinished intents give: such a credential is ours to remove, or about to be kept."""
    makings: Collection[Making] = ()
    made: Collection[Made] = ()
    accepted: Collection[str] = ()
    """Ids of findings that somebody has accepted for this application."""


class Observed(Protocol):
    """What a step that only uses the application observes: its own things, and whose the application is."""

    @property
    def registration(self) -> Registration | None:
        """Whose it was at that moment; None where there is none yet."""


T = TypeVar("T", bound=Observed)
_Decision = Callable[[T, Goal], Plan]


def guarded(step: StepName) -> Callable[[_Decision[T]], _Decision[T]]:
    """Let a step plan nothing of its own where the application is not ours, or that cannot be said yet.

    Whatever others have done to it, what we have made is taken back.
    """

    def guard(plan: _Decision[T]) -> _Decision[T]:
        @functools.wraps(plan)
        def guarded_plan(observed: T, wanted: Goal) -> Plan:
            verdict = stopping(observed.registration, step) if not isinstance(wanted, Absent) else Plan()
            return verdict if verdict.blocked or verdict.wait is not None else plan(observed, wanted)

        return guarded_plan

    return guard


def judge(seen: Registration, step: StepName) -> Plan:
    """Return what speaks against the application being ours; what was accepted is information.

    No changes are planned. ``wait`` is set as long as Entra may not show the owner of what was just made.
    """
    if seen.application is None:
        return Plan()
    found = [*_of_application(seen, seen.application, step)]
    if seen.enterprise is not None:
        found += _of_enterprise_application(seen, seen.application, seen.enterprise, step)
    told = tuple(one.model_copy(update={"severity": "info"}) if one.id in seen.accepted else one for one in found)
    plan = Plan(findings=tuple(sorted(told, key=lambda one: one.severity == "info")))
    coming = _owner_to_come(seen, seen.application) or _owner_to_come(seen, seen.enterprise)
    return Plan(findings=plan.findings, wait="owner-unknown") if coming and not plan.blocked else plan


def stopping(seen: Registration | None, step: StepName) -> Plan:
    """Return what stops a step that only uses the application: what was accepted has been told by step 2."""
    if seen is None:
        return Plan()
    plan = judge(seen, step)
    return Plan(findings=tuple(one for one in plan.findings if one.severity == "error"), wait=plan.wait)


def belongs(seen: Registration) -> bool:
    """Return whether the application was made by us, or by somebody whom somebody has accepted."""
    if seen.application is None:
        return False
    finding = _maker(seen, seen.application, seen.application, StepName.APPLICATION)
    return finding is None or finding.id in seen.accepted


def ours(seen: Registration) -> bool:
    """Return whether there is an application that we have made, whoever owns it by now."""
    application = seen.application
    return application is not None and _maker(seen, application, application, StepName.APPLICATION) is None


def noted(seen: Registration, thing: Application | EnterpriseApplication) -> bool:
    """Return whether our own record says that we made it: a 201, or the note of a making that a crash interrupted."""
    if any(same_guid(one.object_id, object_id_of(thing)) for one in seen.made):
        return True
    return making_of(seen.makings, thing) is not None


def making_of(makings: Collection[Making], thing: Application | EnterpriseApplication) -> Making | None:
    """Return the making whose note an object carries; an application that is older than it is somebody else's."""
    for one in makings:
        step = StepName.APPLICATION if isinstance(thing, Application) else StepName.ENTERPRISE_APPLICATION
        if one.step is step and thing.notes == one.note:
            older = isinstance(thing, Application) and (thing.created is None or thing.created + CLOCKS < one.started)
            return None if older else one
    return None


def _of_application(seen: Registration, found: Application, step: StepName) -> Iterator[Finding]:
    maker = _maker(seen, found, found, step)
    if maker is not None:
        yield maker
    if found.owners is None:
        yield _finding("owners-not-readable", found.application_id, found, step)
    else:
        for owner in _others(found.owners, seen.identity):
            yield _finding("foreign-owner", owner.id, found, step, kind=owner.kind)
        taken = maker is None or maker.id in seen.accepted
        if taken and not _owns(found.owners, seen.identity) and not _owner_to_come(seen, found):
            yield _finding("owner-missing", found.application_id, found, step)
    for credential in found.credentials:
        if not _is_ours(credential, seen, step):
            yield _finding("foreign-credential", credential.key_id, found, step, **_described(credential))


def _of_enterprise_application(
    seen: Registration, application: Application, found: EnterpriseApplication, step: StepName
) -> Iterator[Finding]:
    maker = _maker(seen, application, found, step)
    if maker is not None:
        yield maker
    if found.owners is None:
        yield _finding("owners-not-readable", found.id, application, step)
    else:
        for owner in _others(found.owners, seen.identity):
            values = {"kind": owner.kind, "enterpriseApplicationId": found.id}
            yield _finding("foreign-enterprise-owner", owner.id, application, step, **values)
        if maker is None and not _owns(found.owners, seen.identity) and not _owner_to_come(seen, found):
            yield _finding("owner-missing", found.id, application, step)
    for credential in found.credentials:  # we never make one there
        values = {**_described(credential), "enterpriseApplicationId": found.id}
        yield _finding("foreign-enterprise-credential", credential.key_id, application, step, **values)


def _maker(
    seen: Registration, application: Application, thing: Application | EnterpriseApplication, step: StepName
) -> Finding | None:
    """Return what is to be said of who made an object; None where it was us."""
    if thing.maker is None:
        if noted(seen, thing):
            return None
        return _finding("maker-unknown", _name(thing), application, step, **_display(application))
    if same_guid(thing.maker, seen.identity.client_id):
        return None
    values = {"maker": program(thing.maker), **_display(application)}
    if isinstance(thing, Application):
        return _finding("foreign-application", thing.application_id, application, step, **values)
    values["enterpriseApplicationId"] = thing.id
    return _finding("foreign-enterprise-application", thing.id, application, step, **values)


def program(client_id: str) -> str:
    """Return a client id, with the program's name where it is one that people use."""
    name = PROGRAMS.get(client_id.lower())
    return f"{name}, {client_id}" if name else client_id


def _owner_to_come(seen: Registration, thing: Application | EnterpriseApplication | None) -> bool:
    """Return whether Entra may still have to show the owner whom it adds on creation."""
    if thing is None or thing.owners is None or thing.owners:
        return False
    since = next((one.on for one in seen.made if same_guid(one.object_id, object_id_of(thing))), None)
    if since is None and isinstance(thing, Application):
        since = thing.created or seen.now
    return since is not None and seen.now - since <= REPLICATION_TIME


def _owns(owners: Collection[Owner], identity: Identity) -> bool:
    return any(same_guid(owner.id, identity.object_id) for owner in owners)


def _others(owners: Collection[Owner], identity: Identity) -> list[Owner]:
    return sorted((one for one in owners if not same_guid(one.id, identity.object_id)), key=lambda one: one.id)


def _is_ours(credential: Credential, seen: Registration, step: StepName) -> bool:
    """Return whether we made a credential. Who adds a certificate chooses its key id, so that proves nothing.

    Nor does a name, which everybody can read: step 5 removes what carries the name of an unfinished intent, and after
    it nothing may. A certificate is known by its thumbprint, and with what trusts our identity alone nobody else can
    sign in, whoever has added it.
    """
    if credential.kind == "certificate":
        return credential.thumbprint in seen.given
    if credential.kind == "federated":
        return credential.trusts != () and credential.trusts == seen.identity.trusts
    return credential.key_id in seen.key_ids or (step in _TO_REMOVE and credential.display_name in seen.unfinished)


def object_id_of(thing: Application | EnterpriseApplication) -> str:
    """Return the id of the object in the directory: of an application it is not the one that people know."""
    return thing.object_id if isinstance(thing, Application) else thing.id


def _name(thing: Application | EnterpriseApplication) -> str:
    """Return the id by which people find it in the portal."""
    return thing.application_id if isinstance(thing, Application) else thing.id


def _display(application: Application) -> dict[str, str]:
    created = application.created
    return {
        "name": _shown(application.display_name),
        "made": created.date().isoformat() if created is not None else "?",
    }


def _described(credential: Credential) -> dict[str, str]:
    name = ", ".join(_shown(one) for one in (credential.display_name or "", *credential.trusts))
    return {"kind": credential.kind, "name": name, **({"seal": credential.seal} if credential.seal else {})}


def _shown(name: str) -> str:
    """Return a name that anybody may have chosen: no control, bidirectional or invisible characters."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name[:_SHOWN])


def _finding(code: str, subject: str, application: Application, step: StepName, **values: str) -> Finding:
    return Finding.of(step, code, subject, "error", applicationId=application.application_id, **values)
