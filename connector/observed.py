"""What the services show, parsed once at the border into these values; inside there are no raw dicts.

Times are aware and in UTC. Ids are lower-case GUID strings as the services print them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of an access token that we check (learn.microsoft.com/entra/identity-platform/access-token-claims)."""

    audience: str
    tenant_id: str
    application_id: str
    object_id: str
    issued: datetime
    roles: frozenset[str] = frozenset()
    directory_roles: frozenset[str] = frozenset()
    """The ``wids`` claim: template ids of directory roles. It explains; Exchange's cmdlet list decides."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential on an application or on its service principal: with either one signs in as the application.

    A secret's value can never be read back, only its ``key_id``.
    """

    key_id: str
    kind: Literal["secret", "certificate", "federated"]
    display_name: str | None
    ends: datetime | None
    trusts: tuple[str, ...] = ()
    """Whose tokens a federated one takes: issuer, subject and audiences."""
    seal: str = ""
    """What somebody else could put under the same id: a digest of the certificate, or of ``trusts``.

    Who adds a certificate chooses its id, and what a federated credential trusts can be changed; a secret cannot.
    """
    thumbprint: str = ""
    """Of a certificate, SHA-256 in upper-case hex; empty where Graph has not shown it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns an application or its enterprise application."""

    id: str
    kind: Literal["user", "servicePrincipal", "other"] = "other"


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration with its owners."""

    object_id: str
    application_id: str
    display_name: str
    sign_in_audience: str | None
    tags: frozenset[str]
    required_roles: frozenset[tuple[str, str]]
    """Pairs of resource application id and app role id, from ``requiredResourceAccess``; scopes are not listed."""
    owners: frozenset[Owner] | None
    """None where we may not see them."""
    credentials: tuple[Credential, ...] = ()
    created: datetime | None = None
    maker: str | None = None
    """The client id of the program that made it (``createdByAppId``); None where Entra says nothing."""
    notes: str | None = None
    locked: bool = False
    """Whether the credentials of its service principals are locked against changes."""


@dataclass(frozen=True, slots=True)
class EnterpriseApplication:
    """The service principal of an application in this tenant; ``id`` is the object id that Exchange needs.

    Its owners and credentials are its own: those of the application are not among them.
    """

    id: str
    application_id: str
    enabled: bool = True
    owners: frozenset[Owner] | None = frozenset()
    """None where we may not see them: of others' ``Application.ReadWrite.OwnedBy`` may be told 403."""
    credentials: tuple[Credential, ...] = ()
    maker: str | None = None
    """As for the application."""
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """The service principal of an API, with its enabled application roles by value."""

    id: str
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """An app role that an enterprise application holds on a resource."""

    id: str
    resource_id: str
    role_id: str
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class CredentialPolicy:
    """What the tenant's app management policy allows. Without a limit there is None."""

    secrets_allowed: bool = True
    longest_days: int | None = None
    longest_certificate_days: int | None = None


@dataclass(frozen=True, slots=True)
class CredentialVersion:
    """One version of what the UTM signs in with: of the vault's secret, without its value, or a certificate."""

    uri: str
    """In the vault; a certificate has none."""
    version: str
    """The vault's; of a certificate the thumbprint (SHA-256)."""
    enabled: bool
    created: datetime
    expires: datetime | None
    tags: dict[str, str]
    """The vault's; of a certificate the document says the same in these words."""
    kind: Literal["secret", "certificate"] = "secret"

    @property
    def key_id(self) -> str | None:
        """Return the credential on the application that it is."""
        return self.tags.get("keyId")


@dataclass(frozen=True, slots=True)
class ExchangePrincipal:
    """Exchange Online's own record of a service principal."""

    application_id: str
    object_id: str
    display_name: str
    aliases: frozenset[str] = frozenset()
    """Every other string by which Exchange may name it in a permission (identity, SID, display name)."""
    assumed: bool = False
    """Whether nobody has read it, so that those strings are not known."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as Exchange knows it. It is its ``guid``: all its names come and go.

    One that was licensed again keeps its ``guid``, has another ``exchange_guid``, and nobody has access to it any more.
    """

    user_principal_name: str
    primary_address: str
    recipient_type: str
    guid: str = ""
    exchange_guid: str = ""
    directory_id: str = ""
    """The object id of its user in Entra."""
    names: frozenset[str] = frozenset()
    """All by which Exchange calls it, in lower case: addresses, ids, names."""

    @property
    def identity(self) -> str:
        """Return what cmdlets are to be called with: no rename between two calls leads to another mailbox."""
        return self.guid or self.user_principal_name


@dataclass(frozen=True, slots=True)
class Recipient:
    """Any recipient: what an address is when it is not a mailbox."""

    primary_address: str
    recipient_type: str
    guid: str = ""
    names: frozenset[str] = frozenset()
    """As for a mailbox."""

    @property
    def identity(self) -> str:
        """Return what cmdlets are to be called with, as of a mailbox."""
        return self.guid or self.primary_address


Stage = Literal["open", "address", "connect", "greeting", "secure", "offer", "authenticate", "mailbox", "sender"]
"""How far a login got: the stage that failed, or ``open``.

``address`` was not even begun; ``secure`` is STARTTLS, ``offer`` that XOAUTH2 is offered; ``mailbox`` is what comes
after a login that was accepted (``EXAMINE``, ``STAT``, ``MAIL FROM`` and ``RCPT TO`` the mailbox itself), ``sender`` is
``MAIL FROM`` another address.
"""


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """How far a real login got, and what the server said."""

    stage: Stage
    text: str = ""
    lost: bool = False
    """Whether the connection was lost, so that the server has refused nothing."""
    refused: tuple[tuple[str, str], ...] = ()
    """Further senders that the server does not take, each with its words; everything else is well then."""
