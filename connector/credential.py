"""What the store keeps of a client secret, without its value."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from connector.document import Document


class SecretRecord(Document):
    """The client secret in use, without its value."""

    uri: str
    version: str
    key_id: str
    expires_on: AwareDatetime
    warned_days: list[int] = Field(default=[])
    """For which days before its end the ``secret-expiry`` line has been logged."""
    replaces: str | None = None
    """The key id of an earlier one that the token endpoint had accepted: the UTM may have that one still."""
    confirmed_on: AwareDatetime | None = None
    """When somebody said that the UTM has this one."""

    @property
    def name(self) -> str:
        """Return its name in the vault, which its address holds: ``https://…/secrets/{name}/{version}``."""
        return self.uri.split("/")[-2]

    @property
    def to_be_entered(self) -> bool:
        """Return whether the UTM may still have an earlier one, as far as anybody has said."""
        return self.replaces is not None and self.confirmed_on is None


class Intent(Document):
    """Written before a credential is added, so that a crash leaves something to recognise the orphan by."""

    id: str
    started: AwareDatetime
    key_id: str | None = None
    """Set when the vault holds the value: the intent is complete."""
    given_up: bool = False
    """Whether the delivery that began it has come to nothing, so that nobody is at it any more."""
