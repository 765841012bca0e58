"""Step 5: is there a client secret that can be used, and are there orphans of an earlier attempt?"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.credential import CertificateRecord, CredentialRecord, Intent, Rotation, RotationState
from connector.finding import Finding
from connector.microsoft import MAX_LIFETIME_DAYS, REPLICATION_TIME
from connector.observed import Credential, SecretVersion
from connector.plans.certificates import NO_TRUST, Look, Proof, Trust, federation, left_over, made, wished, wrong_with
from connector.plans.ownership import Registration, guarded
from connector.plans.plan import Action, Change, Goal, Plan
from connector.plans.succession import NEW, ROTATION, Told, is_offered, is_over, state_of, told, was_in_use
from connector.rotation import proven
from connector.steps import OperationKind, StepName
from connector.wanted import Absent

_MARGIN = timedelta(hours=1)
CLAIM = timedelta(minutes=5)
"""For so long an open intent is taken to be worked on: longer than any activity may run."""
IN_THE_MAKING = "secret-in-the-making"
WAITS = frozenset(
    {
        "secret-not-known-yet",
        "secret-not-listed-yet",
        "certificate-not-listed-yet",
        "federation-missing",
        "federation-not-known-yet",
    }
)
"""What only time can mend."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 5 looks at."""

    versions: tuple[SecretVersion, ...]
    """The certificates that the document knows, and every version in the vault, newest first."""
    credentials: tuple[Credential, ...]
    """Every credential on the application."""
    intents: tuple[Intent, ...]
    proof: Proof | None
    """What the token endpoint said to the present secret; None where there was nothing to ask it."""
    now: datetime
    next_proof: Proof | None = None
    """The same of the next one; None where it was not asked, since nobody of ours uses that without need."""
    kind: OperationKind = OperationKind.SET_UP
    secret: CredentialRecord | None = None
    rotation: Rotation | None = None
    accepted: bool = False
    """Whether the document says that the token endpoint has accepted one before."""
    checks: bool = False
    """Whether it is a verification that only looks: what is nobody's is then left, and nothing is lacking."""
    last: bool = False
    """Whether replication has had all its time."""
    deleted: bool = False
    """Whether the vault holds a deleted secret of the name, which can be brought back."""
    recovered: bool = False
    """Whether it was brought back in this operation."""
    held: Finding | None = None
    """What the vault has had against a new secret a moment ago; None where it may be asked."""
    begun: int = 0
    """How many secrets had been begun before this look."""
    subject: str = ""
    """The secret's name in the vault."""
    registration: Registration | None = None
    key_ids: frozenset[str] = frozenset()
    """Of all credentials that the vault's tags, the document or an intent call ours."""
    trust: Trust = NO_TRUST
    """By what our identity proves the application where the UTM has a certificate."""
    given: Collection[str] = ()
    """Thumbprints of all certificates that somebody has given."""
    kept: tuple[str, ...] = ()
    """Names of all secrets that the vault holds for the connection: of former applications, and left probes, too."""
    blind: Finding | None = None
    """Why the vault cannot be looked into, where a removal must not wait for that; None where it can."""
    unsure: bool = False
    """Whether an application that is not shown may be there."""

    @property
    def told(self) -> Told:
        """Return which version is which."""
        return told(self.versions, self.secret, self.rotation)

    @property
    def first(self) -> bool:
        """Return whether the UTM can have none yet: nothing of this connection was ever accepted."""
        return not (self.accepted or self.secret is not None or was_in_use(self.versions))

    @property
    def found(self) -> bool:
        """Return whether the application had the certificate that is to come before somebody gave it."""
        new = self.rotation.next if self.rotation is not None else None
        known = isinstance(new, CertificateRecord) and (new.found or new.made_on is None)
        return known and self.told.next is not None

    def others(self) -> list[SecretVersion]:
        """Return the versions that are neither the present nor the next one, and of which something is left."""
        seen = self.told
        stay = {None, *(one.key_id for one in (seen.current, seen.next) if one is not None)}
        # A write whose answer was lost is made again: two versions then hold the value of one credential.
        left = [one for one in self.versions if one.key_id not in stay]
        return [one for one in left if not is_over(one) or self.listed(one.key_id)]

    def listed(self, key_id: str | None) -> bool:
        """Return whether a credential is on the application."""
        return any(one.key_id == key_id for one in self.credentials)

    def wrong(self) -> str | None:
        """Return what is wrong with the present secret; None where it can be used."""
        current = self.told.current
        if current is None:
            return "secret-deleted" if self.deleted and not self.versions else "secret-missing"
        return self._wrong(current, self.proof)

    def wrong_next(self) -> str | None:
        """Return what is wrong with the next one; where the token endpoint was not asked, as far as can be seen."""
        new = self.told.next
        return "secret-missing" if new is None else self._wrong(new, self.next_proof or "accepted")

    def _wrong(self, version: SecretVersion, proof: Proof | None) -> str | None:
        """Return why a version cannot be used, or why to wait."""
        if version.kind == "certificate":
            return wrong_with(self._look(version, proof))
        if not version.enabled or expired(version, self.now) or proof == "expired":
            return "secret-disabled" if not version.enabled else "secret-expired"
        young = self.now - version.created < REPLICATION_TIME and not self.last
        if not self.listed(version.key_id):
            return "secret-not-listed-yet" if young else "secret-gone"
        if proof == "accepted":
            return None
        if young:
            return "secret-not-known-yet"
        return "application-unknown" if proof == "application-unknown" else "secret-refused"

    def _look(self, version: SecretVersion, proof: Proof | None) -> Look:
        since = self.trust.since
        return Look(
            ended=expired(version, self.now),
            listed=self.listed(version.key_id),
            young=self.now - version.created < REPLICATION_TIME and not self.last,
            trusted=bool(self.trust.found(self.credentials)),
            trust_young=since is not None and self.now - since < REPLICATION_TIME and not self.last,
            proof=proof,
        )


def secret_name(connection: str, application_id: str) -> str:
    """Return the name in the vault; at most 40 + 1 + 36 characters of the 127 allowed."""
    return f"{connection}-{application_id}"


def probe_name(name: str, intent_id: str) -> str:
    """Return the name under which it is tried whether the vault takes a secret; at most 92 characters."""
    return f"{name}-probe-{intent_id[:8]}"


def kept_names(connection: str) -> re.Pattern[str]:
    """Return how the secrets of a connection are called, whatever application they are of, and the probes for them."""
    guid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return re.compile(f"{re.escape(connection)}-{guid}(?:-probe-[0-9a-f]{{8}})?", re.IGNORECASE)


def credential_name(intent_id: str) -> str:
    """Return the display name that a credential gets, by which its intent is found again."""
    return f"utm-mail-connect {intent_id}"


def lifetime(wish: int | None, default: int, longest: int | None) -> timedelta:
    """Return the lifetime: the wish or the default, clamped to two years and to the tenant's policy, in days.

    All that a policy allows is an hour less: Entra counts from its own clock, which may be behind ours. A policy of
    less than a day (0) allows nothing that makes sense; the application may be exempt from it, so the wish is tried.
    """
    days = min(wish or default, longest or MAX_LIFETIME_DAYS, MAX_LIFETIME_DAYS)
    return timedelta(days=days) - (_MARGIN if days == longest else timedelta())


def expired(version: SecretVersion, now: datetime) -> bool:
    """Return whether a version has come to its end."""
    return version.expires is not None and version.expires <= now


def usable(version: SecretVersion | None, now: datetime) -> bool:
    """Return whether it is worth asking the token endpoint for a version."""
    return version is not None and version.enabled and not expired(version, now)


def claimed(intents: Sequence[Intent], now: datetime) -> tuple[Intent, ...]:
    """Return the intents that a delivery may be working on at this moment: nobody touches what comes of them."""
    return tuple(one for one in intents if one.key_id is None and not one.given_up and now - one.started < CLAIM)


def orphans(observed: Observed) -> tuple[Credential, ...]:
    """Return the credentials whose intent came to nothing and that no version in the vault carries.

    Every other credential that the vault does not know is left alone: it may be the one that the UTM uses, or the one
    that another delivery is just putting into the vault.
    """
    worked_on = claimed(observed.intents, observed.now)
    unfinished = {credential_name(one.id) for one in observed.intents if one.key_id is None and one not in worked_on}
    kept = {version.key_id for version in observed.versions}
    return tuple(
        credential
        for credential in observed.credentials
        if credential.kind == "secret" and credential.display_name in unfinished and credential.key_id not in kept
    )


@guarded(StepName.SECRET)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return which orphans to remove, and what is to be done about the secrets; where none is wanted, how all go."""
    if isinstance(wanted, Absent):
        return _back(observed)
    nobodys = () if observed.checks else left_over(observed.given, observed.versions, observed.credentials)
    removals = tuple(
        Change(Action.REMOVE_ORPHAN, credential.key_id, "secret-orphan")
        for credential in (*orphans(observed), *nobodys)
    )
    done = _PLANS.get(observed.kind, _set_up)(observed)
    trust = federation(observed.trust, observed.told, done.changes, observed.credentials)
    if observed.checks:
        trust = tuple(one for one in trust if one.action is Action.ADD_FEDERATED)
    return Plan((*removals, *done.changes, *trust), done.findings, done.wait)


def _set_up(observed: Observed) -> Plan:
    """A secret that can be used: the present one, the next one where that is gone, or another."""
    reason = observed.wrong()
    if reason is None:
        return Plan(_stray(observed), _recovered(observed))
    if reason not in WAITS and observed.told.next is not None:
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
    if observed.checks:
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


def _ended(observed: Observed, version: SecretVersion | None, reason: str) -> tuple[Change, ...]:
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
    return Plan(findings=(Finding(code="last-secret-kept", step=StepName.SECRET, subject=observed.subject),))


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


def _anew(observed: Observed, new: SecretVersion, reason: str) -> Plan:
    """What an earlier rotation has offered, and others have taken away, makes room: first where mail goes on."""
    usable = observed.wrong() is None
    return Plan(_ended(observed, new, reason)) if usable else _made(observed, "rotation-begun")


def _abandon(observed: Observed) -> Plan:
    new = observed.told.next
    if new is None or (observed.rotation is not None and observed.rotation.state is RotationState.RETIRING):
        return Plan()
    return _kept(observed) if observed.wrong() is not None else Plan(_ended(observed, new, "rotation-abandoned"))


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
