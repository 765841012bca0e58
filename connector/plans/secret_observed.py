"""What step 5 looks at, and what is wrong with each secret of it: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.credential import CertificateRecord, CredentialRecord, Intent, Rotation
from connector.finding import Finding
from connector.microsoft import REPLICATION_TIME
from connector.observed import Credential, CredentialVersion
from connector.plans.certificates import NO_TRUST, KnownCertificate, Proof, Trust, wrong_with
from connector.plans.ownership import Registration
from connector.plans.succession import Told, is_over, told, was_in_use
from connector.steps import OperationKind

CLAIM = timedelta(minutes=5)
"""For so long an open intent is taken to be worked on: longer than any activity may run."""
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

    versions: tuple[CredentialVersion, ...]
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
    only_looks: bool = False
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
    untold: frozenset[str] = frozenset()
    """The versions whose tags do not say any more what the document knows of them."""
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

    @property
    def next_alone(self) -> str | None:
        """Return the key id of a next one that is on the application, and of which the vault shows nothing."""
        known = self.rotation.next if self.rotation is not None and self.told.next is None else None
        return known.key_id if known is not None and self.listed(known.key_id) else None

    def others(self) -> list[CredentialVersion]:
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
            return "secret-deleted" if self.deleted else "secret-missing"
        return self._wrong(current, self.proof)

    def wrong_next(self) -> str | None:
        """Return what is wrong with the next one; where the token endpoint was not asked, as far as can be seen."""
        new = self.told.next
        return "secret-missing" if new is None else self._wrong(new, self.next_proof or "accepted")

    def _wrong(self, version: CredentialVersion, proof: Proof | None) -> str | None:
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

    def _look(self, version: CredentialVersion, proof: Proof | None) -> KnownCertificate:
        since = self.trust.since
        return KnownCertificate(
            ended=expired(version, self.now),
            listed=self.listed(version.key_id),
            young=self.now - version.created < REPLICATION_TIME and not self.last,
            trusted=bool(self.trust.found(self.credentials)),
            trust_young=since is not None and self.now - since < REPLICATION_TIME and not self.last,
            proof=proof,
        )


def credential_name(intent_id: str) -> str:
    """Return the display name that a credential gets, by which its intent is found again."""
    return f"utm-mail-connect {intent_id}"


def expired(version: CredentialVersion, now: datetime) -> bool:
    """Return whether a version has come to its end."""
    return version.expires is not None and version.expires <= now


def usable(version: CredentialVersion | None, now: datetime) -> bool:
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
