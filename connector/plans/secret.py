"""Step 5: is there a client secret that can be used, and are there orphans of an earlier attempt?"""

from __future__ import annotations

from collections.abc import Callable

from connector.credential import RotationState
from connector.finding import LAST_KEPT, Finding
from connector.observed import CredentialVersion
from connector.plans.certificates import federation, left_over, made, wished
from connector.plans.ownership import guarded
from connector.plans.plan import Action, Change, Goal, Plan
from connector.plans.secret_observed import CLAIM, WAITS, Observed, claimed, credential_name, expired, orphans
from connector.plans.succession import NEW, ROTATION, is_offered, is_over, state_of
from connector.rotation import proven
from connector.steps import OperationKind, StepName
from connector.wanted import Absent

IN_THE_MAKING = "secret-in-the-making"


@guarded(StepName.SECRET)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return which orphans to remove, and what is to be done about the secrets; where none is wanted, how all go."""
    if isinstance(wanted, Absent):
        return _back(observed)
    nobodys = () if observed.only_looks else left_over(observed.given, observed.versions, observed.credentials)
    removals = tuple(
        Change(Action.REMOVE_ORPHAN, credential.key_id, "secret-orphan")
        for credential in (*orphans(observed), *nobodys)
    )
    done = _PLANS.get(observed.kind, _set_up)(observed)
    trust = federation(observed.trust, observed.told, done.changes, observed.credentials)
    if observed.only_looks:
        trust = tuple(one for one in trust if one.action is Action.ADD_FEDERATED)
    return Plan((*removals, *done.changes, *trust), done.findings, done.wait)


def _set_up(observed: Observed) -> Plan:
    """A secret that can be used: the present one, the next one where that is gone, or another."""
    reason = observed.wrong()
    if reason is None:
        return Plan(_stray(observed), _recovered(observed))
    if reason not in {*WAITS, "secret-deleted"} and observed.told.next is not None:  # that is brought back first
        new = observed.wrong_next()
        if new is None or new in WAITS or observed.told.current is None:
            reason = new
    return Plan() if reason is None else _made(observed, reason)


def _made(observed: Observed, reason: str) -> Plan:
    """Return how a secret is made, or why not now."""
    subject = observed.subject
    if reason in WAITS:
        return Plan(wait=reason)
    if reason == "application-unknown":
        return Plan(findings=(Finding(code=reason, step=StepName.SECRET, subject=subject),))
    certificate = wished(observed.secret, observed.rotation)
    if certificate is not None:
        return made(certificate, reason, observed.now)
    if reason == "secret-deleted":
        return Plan((Change(Action.RECOVER_SECRET, subject, reason),))
    if claimed(observed.intents, observed.now):
        return Plan(wait=IN_THE_MAKING)
    if observed.held is not None:
        return Plan() if orphans(observed) else Plan(findings=(observed.held,))
    return Plan((Change(Action.ADD_SECRET, subject, reason),))


def _stray(observed: Observed) -> tuple[Change, ...]:
    """Return what is to become of a next secret that nobody will enter: the present one can be used."""
    new, rotation = observed.told.next, observed.rotation
    if observed.only_looks:
        return ()
    if new is None:
        return _passed_over(observed) if rotation is None else ()
    if (reason := observed.wrong_next()) is not None and reason not in WAITS:
        if reason == "secret-disabled" and is_offered(new):
            return ()  # its credential works, and the UTM may have it
        return _ended(observed, new, reason)
    return _ended(observed, new, "rotation-unfinished") if rotation is None and not is_offered(new) else ()


def _passed_over(observed: Observed) -> tuple[Change, ...]:
    """Return how those go that were made before the present one and never confirmed: it has taken their place."""
    left = [one for one in observed.others() if state_of(one) in NEW and observed.listed(one.key_id)]
    return tuple(change for one in left for change in _ended(observed, one, "secret-retired"))


def _ended(observed: Observed, version: CredentialVersion | None, reason: str) -> tuple[Change, ...]:
    """Return how a version is brought to its end: its credential first, then its value."""
    if version is None or version.key_id is None:
        return ()
    if is_over(version) and not observed.listed(version.key_id):
        return ()
    return (Change(Action.REMOVE_SECRET, version.key_id, reason),)


def _kept(observed: Observed) -> Plan:
    """The last valid credential is never removed."""
    wait = observed.wrong()
    if wait in WAITS:
        return Plan(wait=wait)
    return Plan(findings=(Finding(code=LAST_KEPT, step=StepName.SECRET, subject=observed.subject),))


def _rotate(observed: Observed) -> Plan:
    """A next secret beside the present one, accepted often enough; or its end."""
    rotation, new = observed.rotation, observed.told.next
    if rotation is None:
        return Plan(findings=(Finding(code="rotation-failed", step=StepName.SECRET, subject=observed.subject),))
    if rotation.state is not RotationState.PREPARING:
        return Plan()
    if new is None:
        return _made(observed, "rotation-begun")
    reason = rotation.failing or observed.wrong_next()
    if reason is None:
        return Plan() if proven(rotation) else Plan(wait="secret-proving")
    if reason in WAITS:
        return Plan(wait=reason)
    if rotation.failing is None and new.tags.get(ROTATION) != rotation.id:
        return _anew(observed, new, reason)
    return _kept(observed) if observed.wrong() is not None else Plan(_ended(observed, new, "rotation-failed"))


def _anew(observed: Observed, new: CredentialVersion, reason: str) -> Plan:
    """What an earlier rotation has offered, and others have taken away, makes room: first where mail goes on."""
    usable = observed.wrong() is None
    return Plan(_ended(observed, new, reason)) if usable else _made(observed, "rotation-begun")


def _abandon(observed: Observed) -> Plan:
    new, rotation = observed.told.next, observed.rotation
    if rotation is not None and rotation.state is RotationState.RETIRING:
        return Plan()
    changes = _ended(observed, new, "rotation-abandoned")
    if (alone := observed.next_alone) is not None:
        changes = (Change(Action.REMOVE_SECRET, alone, "rotation-abandoned"),)
    return _kept(observed) if changes and observed.wrong() is not None else Plan(changes)


def _retire(observed: Observed) -> Plan:
    rotation, seen = observed.rotation, observed.told
    if rotation is None or rotation.state is RotationState.PREPARING:
        return Plan()
    if rotation.state is RotationState.OFFERED:
        past = seen.current is not None and expired(seen.current, observed.now)
        return Plan(_ended(observed, seen.current, "secret-expired")) if past else Plan()
    changes = tuple(one for version in observed.others() for one in _ended(observed, version, "secret-retired"))
    if not changes and rotation.old is not None and observed.listed(rotation.old.key_id):
        changes = (Change(Action.REMOVE_SECRET, rotation.old.key_id, "secret-retired"),)
    return _kept(observed) if changes and observed.wrong() is not None else Plan(changes)


_PLANS: dict[OperationKind, Callable[[Observed], Plan]] = {
    OperationKind.ROTATE: _rotate,
    OperationKind.ABANDON: _abandon,
    OperationKind.RETIRE: _retire,
}


def _back(observed: Observed) -> Plan:
    """Return how all of ours is taken back: the credentials first, and what the vault holds of them when they are gone.

    Of an intent that came to nothing the credential bears the name; one that was begun a moment ago may still come.
    """
    names = {credential_name(one.id) for one in observed.intents if one.key_id is None}
    secrets = [one for one in observed.credentials if one.kind == "secret"]
    ours = [one for one in secrets if one.key_id in observed.key_ids or one.display_name in names]
    ours += left_over(observed.given, (), observed.credentials)
    ours += observed.trust.found(observed.credentials)
    begun = [one for one in observed.intents if one.key_id is None and observed.now - one.started < CLAIM]
    changes = [Change(Action.REMOVE_CREDENTIAL, one.key_id, "credential-left") for one in ours]
    changes += [Change(Action.DISABLE_VERSION, one.version, "secret-left") for one in observed.versions if one.enabled]
    changes += [Change(Action.DELETE_SECRET, name, "secret-left") for name in observed.kept]
    if not ours and (begun or observed.unsure):
        return Plan(wait=IN_THE_MAKING if begun else "replication")
    told = (observed.blind,) if observed.blind is not None and not ours else ()
    return Plan(tuple(changes), told)


def _recovered(observed: Observed) -> tuple[Finding, ...]:
    found = Finding(code="secret-recovered", severity="info", step=StepName.SECRET, subject=observed.subject)
    return (found,) if observed.recovered else ()
