"""What the store keeps of a credential: of a client secret without its value, of a certificate its public part."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from connector.caller import KeptBy
from connector.document import Document
from connector.finding import Finding


class _Record(Document):
    """What is kept of any credential."""

    key_id: str
    expires_on: AwareDatetime
    warned_days: list[int] = Field(default_factory=list)
    """For which days before its end the ``secret-expiry`` line has been logged."""
    made_on: AwareDatetime | None = None
    """When its lifetime began; None in the documents of versions before."""
    used_since: AwareDatetime | None = None
    """By which day the UTM has used it, as Entra's record says; None is not known."""
    confirmed_by: KeptBy = None
    """Who has said that the UTM has it; a timer where Entra's record has."""


class SecretRecord(_Record):
    """The client secret in use, without its value."""

    kind: Literal["secret"] = "secret"
    uri: str
    version: str

    @property
    def name(self) -> str:
        """Return its name in the vault, which its address holds: ``https://…/secrets/{name}/{version}``."""
        return self.uri.split("/")[-2]


class CertificateRecord(_Record):
    """A certificate that somebody has given; its key is the UTM's. ``made_on`` is when the application was given it.

    None before that, and when it was taken away again.
    """

    kind: Literal["certificate"] = "certificate"
    der: str
    """The certificate, base64 of its DER."""
    sha1: str
    """In upper-case hex, as Entra shows it."""
    sha256: str
    starts_on: AwareDatetime
    found: bool = False
    """Whether the application had it before it was given: the store was lost, or a person has added it."""

    @property
    def version(self) -> str:
        """Return what tells it from others, whatever id it has on the application."""
        return self.sha256

    @property
    def uri(self) -> str:
        """Return where its key can be read: nowhere."""
        return ""

    @property
    def name(self) -> str:
        """Return how people find it in Entra."""
        return self.sha1


CredentialRecord = SecretRecord | CertificateRecord
CredentialKind = Literal["secret", "certificate"]


class RotationState(StrEnum):
    """How far a new credential is that is to take the place of the present one."""

    PREPARING = "preparing"
    """It is being made and proven; nobody is told of it."""
    OFFERED = "offered"
    """It is handed out, and somebody has to enter it in the UTM."""
    RETIRING = "retiring"
    """The UTM has it, as somebody has said; the old one is taken away a day later."""


class Rotation(Document):
    """The way from one credential to the next. While there is none the connection has one."""

    id: str
    """The vault's tag ``rotation``."""
    state: RotationState = RotationState.PREPARING
    begun: AwareDatetime
    by: KeptBy = None
    """Who has asked for it; None where an operation for something else has found that it is needed."""
    next: CredentialRecord | None = None
    """The new one, until it is confirmed; from then on it is the connection's ``secret``. A certificate is known before
    the application has it."""
    old: CredentialRecord | None = None
    """The one that is to be taken away, from the confirmation on."""
    alone: bool = False
    """Whether there is no old one that could be used: what is ours uses the new one, and mail waits for the UTM."""
    gone: bool = False
    """Whether somebody has taken the new one away: it must not be entered."""
    accepted: int = 0
    """How often in a row the token endpoint has accepted the new one."""
    accepted_since: AwareDatetime | None = None
    accepted_on: AwareDatetime | None = None
    stopped: bool = False
    """Whether somebody has cancelled what prepares it: where nothing begins by itself, nothing goes on by itself."""
    failing: str | None = None
    """Why the new one is to be given up."""
    offered_on: AwareDatetime | None = None
    ours_on: AwareDatetime | None = None
    """When what is ours has last signed in with the new one, where it had to: that tells nothing of the UTM."""
    confirmed_on: AwareDatetime | None = None
    old_used_on: AwareDatetime | None = None
    """When somebody has last used the old one after the confirmation, as Entra's record says; None is not known."""
    record_behind: bool = False
    """Whether Entra's record can be read, and does not reach beyond the confirmation yet: it could not show that."""
    reminded: list[int] = Field(default_factory=list)
    """For which days before the old one's end somebody was reminded."""

    @property
    def kind(self) -> CredentialKind:
        """Return what the new one is."""
        return self.next.kind if self.next is not None else "secret"


class Rest(Document):
    """A rotation that came to nothing: none is begun by itself before ``until``."""

    code: str
    """The finding that says so."""
    why: str = ""
    """The code of what was in its way."""
    on: AwareDatetime
    until: AwareDatetime


class Intent(Document):
    """Written before a credential is added, so that a crash leaves something to recognise the orphan by."""

    id: str
    started: AwareDatetime
    key_id: str | None = None
    """Set when the vault holds the value: the intent is complete."""
    given_up: bool = False
    """Whether the delivery that began it has come to nothing, so that nobody is at it any more."""


class Refused(Document):
    """What the vault had against a new secret: none is made, and it is not asked all the time."""

    operation: str
    on: AwareDatetime
    tries: int
    """How often in this operation."""
    finding: Finding
