"""What the API shows of a credential, and of the one that is to take its place; never a value."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.credential import CertificateRecord, CredentialKind, CredentialRecord, RotationState
from connector.document import Document
from connector.model import Connection
from connector.rotation import old_works_until, used


class Thumbprints(Document):
    """By what a certificate is recognised, in upper-case hex."""

    sha1: str = Field(description="As Entra shows it.")
    sha256: str


class SecretView(Document):
    """The credential: a client secret without its value, or a certificate."""

    kind: CredentialKind = "secret"
    uri: str | None = Field(description="Where a secret lies; null of a certificate, whose key is the UTM's alone.")
    thumbprints: Thumbprints | None = Field(default=None, description="Of a certificate.")
    key_id: str
    expires_on: datetime
    used_since: datetime | None = Field(
        default=None, description="By which day the UTM has used it, as Entra's record says; null is not known."
    )


class RotationView(Document):
    """The way from one secret to the next, while it is open."""

    state: RotationState = Field(
        description="`preparing`: made and proven; `offered`: to be entered in the UTM; `retiring`: the old one goes."
    )
    begun: datetime
    kind: CredentialKind = Field(default="secret", description="What the new one is.")
    thumbprints: Thumbprints | None = Field(default=None, description="Of the new one, where it is a certificate.")
    old_kind: CredentialKind | None = Field(default=None, description="What the one is that is replaced.")
    key_id: str | None = Field(description="Of the new secret: what is confirmed, or given up.")
    expires_on: datetime | None = Field(description="When the new one ends.")
    offered_on: datetime | None
    confirmed_on: datetime | None
    old_key_id: str | None = Field(description="Of the secret that is replaced; null where nothing is left of it.")
    old_works_until: datetime | None = Field(
        description="Until when the UTM goes on with the old one; null where that does not work any more."
    )


def secret_view(connection: Connection) -> SecretView | None:
    """Return the secret in use; None where there is none."""
    secret = used(connection)
    return shown(secret) if secret is not None else None


def shown(secret: CredentialRecord) -> SecretView:
    """Return a credential without its value."""
    return SecretView(
        kind=secret.kind,
        uri=secret.uri or None,
        thumbprints=_thumbprints(secret),
        key_id=secret.key_id,
        expires_on=secret.expires_on,
        used_since=secret.used_since,
    )


def _thumbprints(secret: CredentialRecord | None) -> Thumbprints | None:
    return Thumbprints(sha1=secret.sha1, sha256=secret.sha256) if isinstance(secret, CertificateRecord) else None


def rotation_view(connection: Connection) -> RotationView | None:
    """Return how far a new secret is; None where none is under way."""
    rotation = connection.rotation
    if rotation is None:
        return None
    retiring = rotation.state is RotationState.RETIRING
    new, old = (connection.secret, rotation.old) if retiring else (rotation.next, connection.secret)
    return RotationView(
        state=rotation.state,
        begun=rotation.begun,
        kind=new.kind if new is not None else rotation.kind,
        thumbprints=_thumbprints(new),
        old_kind=old.kind if old is not None else None,
        key_id=new.key_id if new is not None else None,
        expires_on=new.expires_on if new is not None else None,
        offered_on=rotation.offered_on,
        confirmed_on=rotation.confirmed_on,
        old_key_id=old.key_id if old is not None else None,
        old_works_until=old_works_until(connection),
    )
