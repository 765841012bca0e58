"""Step 5 where the UTM has a certificate: which one is which, and the trust that proves the application. Pure.

An entry of the application cannot be changed once it is there, its name included: so its name says of which rotation it
is, and how far that is the document says. Without the document nobody can tell it from one that somebody has planted
under such a name, and the thumbprint of the request decides (``Connection.given``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connector.credential import CertificateRecord, CredentialRecord, Rotation, RotationState
from connector.finding import Finding
from connector.observed import Credential, CredentialVersion
from connector.plans.plan import Action, Change, Plan
from connector.plans.succession import (
    NEXT,
    OFFERED,
    RETIRED,
    RETIRING,
    ROTATION,
    STATE,
    Told,
    recorded,
)
from connector.steps import StepName

Proof = Literal["accepted", "refused", "expired", "application-unknown"]
"""What the token endpoint says."""

FEDERATED = "utm-mail-connect"
"""The name of the federated credential; it trusts our identity alone."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The federated credential by which our identity signs in as the application, and proves it."""

    wanted: tuple[str, ...] = ()
    """Issuer, subject and audience."""
    since: datetime | None = None
    """When the application was last made to trust it."""

    def found(self, credentials: Collection[Credential]) -> list[Credential]:
        """Return those of the application that trust our identity, whoever has added them."""
        return [one for one in credentials if self.wanted and one.kind == "federated" and one.trusts == self.wanted]


NO_TRUST = Trust()


def certificate_name(rotation: str) -> str:
    """Return the display name that a certificate gets."""
    return f"utm-mail-connect {NEXT} {rotation}"


def certificate_versions(
    secret: CredentialRecord | None,
    rotation: Rotation | None,
    credentials: Sequence[Credential],
    now: datetime,
) -> tuple[CredentialVersion, ...]:
    """Return the certificates that the document knows, with what it says of them in the words of the vault's tags.

    One that was asked for, and that the application does not have yet, is none.
    """
    # One that has ended is taken away while another one is handed out; without that one it says which kind is wanted.
    replaced = rotation is not None and rotation.state is RotationState.OFFERED
    there = {one.thumbprint: one for one in credentials if one.kind == "certificate" and one.thumbprint}
    found = []
    for record, state in recorded(secret, rotation):
        if not isinstance(record, CertificateRecord):
            continue
        entry = there.get(record.sha256)
        if entry is None and record.made_on is None:
            continue
        over = entry is None and (state == RETIRING or (replaced and record.expires_on <= now))
        tags = {STATE: RETIRED if over else state, "keyId": entry.key_id if entry is not None else record.key_id}
        if rotation is not None and state == NEXT:
            tags |= {ROTATION: rotation.id, **_offered(rotation)}
        found.append(
            CredentialVersion(
                uri="",
                version=record.sha256,
                enabled=not over,
                created=record.made_on or now,
                expires=record.expires_on,
                tags=tags,
                kind="certificate",
            )
        )
    return tuple(found)


def _offered(rotation: Rotation) -> dict[str, str]:
    return {OFFERED: str(rotation.offered_on)} if rotation.state is RotationState.OFFERED else {}


def wished(secret: CredentialRecord | None, rotation: Rotation | None) -> CertificateRecord | None:
    """Return the certificate that is to be there; None where a secret is wanted.

    A set-up keeps the kind, and what was there is put back: the UTM still has its key.
    """
    next_ = rotation.next if rotation is not None else None
    if rotation is not None and rotation.state is RotationState.PREPARING:
        return next_ if isinstance(next_, CertificateRecord) else None
    one = secret or next_
    return one if isinstance(one, CertificateRecord) else None


def left_over(
    given: Collection[str], versions: Collection[CredentialVersion], credentials: Collection[Credential]
) -> list[Credential]:
    """Return the certificates that somebody has given, and of which the document knows nothing more."""
    known = {one.version for one in versions}
    mine = [one for one in credentials if one.kind == "certificate" and one.thumbprint in given]
    return [one for one in mine if one.thumbprint not in known]


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """What is known of one certificate."""

    ended: bool
    listed: bool
    young: bool
    """Whether a replica may not show it yet."""
    trusted: bool
    """Whether the application trusts our identity."""
    trust_young: bool
    """Whether the token endpoint may not know that yet."""
    proof: Proof | None


def wrong_with(seen: KnownCertificate) -> str | None:
    """Return why a certificate cannot be used, or why to wait; None where what can be proven is.

    What the token endpoint says to our own token it says of the application: of the certificate it says nothing.
    """
    if seen.ended:
        return "certificate-expired"
    if not seen.listed:
        return "certificate-not-listed-yet" if seen.young else "certificate-gone"
    if not seen.trusted:
        return "federation-missing"
    if seen.proof == "accepted":
        return None
    if seen.trust_young or seen.proof is None:
        return "federation-not-known-yet"
    return "application-unknown" if seen.proof == "application-unknown" else "federation-refused"


def made(certificate: CertificateRecord, reason: str, now: datetime) -> Plan:
    """Return how a certificate comes to the application, or why it does not."""
    if reason == "federation-refused":
        return Plan(findings=(Finding(code=reason, step=StepName.SECRET),))
    if certificate.expires_on <= now:
        return Plan(findings=(Finding(code="certificate-needed", step=StepName.SECRET, subject=certificate.sha1),))
    return Plan((Change(Action.ADD_CERTIFICATE, certificate.sha1, reason),))


def federation(
    trust: Trust, told: Told, changes: Collection[Change], credentials: Collection[Credential]
) -> tuple[Change, ...]:
    """Return what is to become of the trust: it is there as long as a certificate is in use, or about to be."""
    ending = {one.subject for one in changes if one.action is Action.REMOVE_SECRET}
    stay = [one for one in (told.current, told.next) if one is not None and one.kind == "certificate"]
    coming = any(one.action is Action.ADD_CERTIFICATE for one in changes)
    found = trust.found(credentials)
    if coming or any(one.key_id not in ending for one in stay):
        return () if found else (Change(Action.ADD_FEDERATED, FEDERATED, "federation-missing"),)
    return tuple(Change(Action.REMOVE_FEDERATED, one.key_id, "federation-left") for one in found)
