"""Certificates and federated credentials of an application, by Microsoft Graph.

Certificates are one collection, and a ``PATCH`` replaces all of it (learn.microsoft.com/graph/api/resources/
keycredential): so it is read just before, and every entry that is there goes back as it was, but for the key itself.
One that is changed in the least is refused ("Update to existing credential with KeyId … is not allowed",
azure-powershell #6784, #6855). There is no ETag: whoever writes in between loses his.

Federated credentials: learn.microsoft.com/graph/api/application-post-federatedidentitycredentials.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.key_credential import KeyCredential

from connector.clients.graph_errors import done
from connector.clients.graph_reads import Reads
from connector.errors import ReplicationError, UnexpectedAnswerError

_KEYS = ("id", "keyCredentials")
_UNKNOWN = "KeyCredentialsInvalid"
_TRUSTED_ALREADY = "matching issuer and subject already exists"


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """The public part of a certificate that an application is to have."""

    key_id: str
    display_name: str
    der: bytes


async def add_certificate(reads: Reads, object_id: str, new: NewCertificate, seen: Collection[str]) -> None:
    """Add a certificate; nothing where the application has this one already, by whatever id.

    ``seen`` are the ids of those that were there a moment ago.

    Raises:
        RefusedError: the tenant's policy forbids it.
        ReplicationError: this replica shows another collection than was seen.
    """
    kept = await _kept(reads, object_id, seen)
    if any(one.key == new.der for one in kept):
        return
    entry = KeyCredential(
        display_name=new.display_name, key=new.der, key_id=UUID(new.key_id), type="AsymmetricX509Cert", usage="Verify"
    )
    await _replace(reads, object_id, kept, entry)


async def remove_certificate(reads: Reads, object_id: str, key_id: str, seen: Collection[str]) -> None:
    """Remove a certificate by its id; all others stay, whoever has added them.

    Raises:
        ReplicationError: as ``add_certificate``.
    """
    kept = await _kept(reads, object_id, seen)
    left = [one for one in kept if str(one.key_id) != key_id]
    if len(left) < len(kept):
        await _replace(reads, object_id, left)


async def federate(reads: Reads, object_id: str, *, name: str, trusts: tuple[str, ...]) -> None:
    """Let tokens sign in as the application: of this issuer, for this subject and this audience; again is success.

    Raises:
        ReplicationError: one of that name is there, as far as this replica knows (409).
    """
    issuer, subject, audience = trusts
    body = FederatedIdentityCredential(name=name, issuer=issuer, subject=subject, audiences=[audience])
    builder = reads.graph.applications.by_application_id(object_id)
    await done(builder.federated_identity_credentials.post(body), already=_TRUSTED_ALREADY)


async def remove_federated(reads: Reads, object_id: str, credential_id: str) -> None:
    """Remove a federated credential.

    Raises:
        ReplicationError: there is none, as far as this replica knows.
    """
    builder = reads.graph.applications.by_application_id(object_id)
    every = builder.federated_identity_credentials
    await done(every.by_federated_identity_credential_id(credential_id).delete())


async def _kept(reads: Reads, object_id: str, seen: Collection[str]) -> list[KeyCredential]:
    """Return the collection; a replica that lacks what another has shown would have it thrown away."""
    found = await reads.one(reads.graph.applications.by_application_id(object_id), *_KEYS)
    kept: list[KeyCredential] = list(found.key_credentials or ())
    if not {str(one.key_id) for one in kept} >= {*seen}:
        raise ReplicationError("graph", "replication", "a certificate that was there is not shown")
    return kept


async def _replace(reads: Reads, object_id: str, kept: list[KeyCredential], *new: KeyCredential) -> None:
    """Write the collection; of what is there already no key goes back."""
    for entry in kept:
        entry.key = None
    builder = reads.graph.applications.by_application_id(object_id)
    try:
        await done(builder.patch(Application(key_credentials=[*kept, *new])))
    except UnexpectedAnswerError as error:
        if kept and error.code == _UNKNOWN:  # one of them was removed, and this replica shows it still
            raise ReplicationError("graph", "replication", error.reason, error.request_id) from None
        raise
