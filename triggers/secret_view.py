"""What the API shows of a secret, and of the one that is to take its place; never a value."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.credential import RotationState
from connector.document import Document
from connector.model import Connection
from connector.rotation import old_works_until, used


class SecretView(Document):
    """The client secret without its value."""

    uri: str
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
    return SecretView(**secret.model_dump(include={*SecretView.model_fields})) if secret is not None else None


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
        key_id=new.key_id if new is not None else None,
        expires_on=new.expires_on if new is not None else None,
        offered_on=rotation.offered_on,
        confirmed_on=rotation.confirmed_on,
        old_key_id=old.key_id if old is not None else None,
        old_works_until=old_works_until(connection),
    )
