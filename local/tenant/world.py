"""What is true in the tenant: plain values, read and changed by the services, by tests and by ``Administrator``.

Changed here directly, a thing is true everywhere at once. What a service or the administrator changes first has to
travel (``effective`` is the tenant second from which the token endpoint or IMAP knows it).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from local.tenant import vault_roles

CredentialKind = Literal["secret", "certificate", "federated"]


@dataclass(slots=True)
class Credential:
    """A credential on an application or a service principal: with either one signs in as the application.

    ``value`` is a secret's text, which Entra shows once, a certificate's public key as PEM, or the subject whose tokens
    a federated credential takes.
    """

    key_id: str
    kind: CredentialKind
    display_name: str
    start: datetime
    end: datetime
    value: str = ""
    effective: float = 0.0
    certificate: str = ""
    """The whole certificate, base64 of its DER, where it came by Graph."""
    issuer: str = "https://token.actions.githubusercontent.com"
    """Whose tokens a federated credential takes."""
    audiences: list[str] = field(default_factory=lambda: ["api://AzureADTokenExchange"])


@dataclass(slots=True)
class Application:
    """An app registration."""

    id: str
    app_id: str
    display_name: str
    created: datetime
    unique_name: str | None = None
    sign_in_audience: str = "AzureADMyOrg"
    tags: list[str] = field(default_factory=list)
    required_resource_access: list[dict[str, Any]] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    notes: str | None = None
    created_by: str | None = None
    """The client id of the program that made it (``createdByAppId``); nobody can set it."""
    lock: dict[str, Any] | None = None
    """``servicePrincipalLockConfiguration``."""
    deleted: datetime | None = None
    effective: float = 0.0


@dataclass(slots=True)
class AppRole:
    """A permission that a resource offers to applications."""

    id: str
    value: str
    enabled: bool = True


@dataclass(slots=True)
class ServicePrincipal:
    """An enterprise application, a Microsoft service, or a managed identity."""

    id: str
    app_id: str
    display_name: str
    kind: Literal["Application", "ManagedIdentity"] = "Application"
    enabled: bool = True
    roles: list[AppRole] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    notes: str | None = None
    created_by: str | None = None
    """As for an application."""
    disabled_by_microsoft: str | None = None
    deleted: datetime | None = None


@dataclass(slots=True)
class RoleAssignment:
    """An app role of ``resource_id``, held by ``principal_id``."""

    id: str
    principal_id: str
    resource_id: str
    role_id: str
    created: datetime
    effective: float = 0.0


@dataclass(slots=True)
class CredentialPolicy:
    """The tenant's default app management policy. ``longest_secret`` is a duration such as ``P180D``."""

    enabled: bool = False
    secrets_forbidden: bool = False
    longest_secret: str | None = None
    longest_certificate: str | None = None
    trusted_authorities_only: bool = False
    """Whether certificates that have signed themselves are refused."""
    refused: bool = False
    """Whether Graph shows it to nobody, whatever stands in the token."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in with a credential. ``reported`` is the tenant second from which the report knows it."""

    id: str
    app_id: str
    application_id: str
    key_id: str
    kind: CredentialKind
    origin: str
    ends: datetime
    at: datetime
    reported: float
    resource: str | None = None


@dataclass(slots=True)
class Access:
    """One entry of a mailbox's permissions."""

    rights: tuple[str, ...] = ("FullAccess",)
    effective: float = 0.0


@dataclass(slots=True)
class Mailbox:
    """A mailbox. ``address`` is its user principal name; ``access`` is by the SID of the one who has it.

    ``guid`` is what it is for as long as it exists; ``exchange_guid`` is another one after it was licensed again
    (learn.microsoft.com/powershell/module/exchange/get-mailbox; CIPP selects all three ids).
    """

    address: str
    display_name: str
    guid: str = ""
    exchange_guid: str = ""
    directory_id: str = ""
    primary_address: str = ""
    aliases: list[str] = field(default_factory=list)
    kind: str = "UserMailbox"
    imap_enabled: bool = True
    pop_enabled: bool = True
    submission_disabled: bool | None = None
    """``SmtpClientAuthenticationDisabled``; None is as the tenant has it."""
    switched: dict[str, float] = field(default_factory=dict)
    """By protocol, from which second on its front ends know that it was switched on."""
    licensed: bool = True
    blocked: bool = False
    """Whether Microsoft has blocked it from sending, for spam."""
    send_as: dict[str, float] = field(default_factory=dict)
    """The guids of those mailboxes that may send as this one, and from when."""
    access: dict[str, Access] = field(default_factory=dict)
    messages: int = 3

    def __post_init__(self) -> None:
        self.primary_address = self.primary_address or self.address
        self.guid = self.guid or str(uuid.uuid5(uuid.NAMESPACE_URL, f"guid {self.address}"))
        self.exchange_guid = self.exchange_guid or str(uuid.uuid5(uuid.NAMESPACE_URL, f"exchange {self.guid}"))
        self.directory_id = self.directory_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"directory {self.guid}"))

    @property
    def name(self) -> str:
        """Return what Exchange calls it in ``Identity``: unlike the name that is shown, no other mailbox has it."""
        return f"{self.display_name} {self.guid[:8]}"

    def named(self, identity: str) -> bool:
        """Return whether Exchange resolves ``identity`` to this mailbox: an address, or one of its ids."""
        wanted = identity.casefold()
        ids = (self.guid, self.exchange_guid, self.directory_id, self.name)
        return any(wanted == name.casefold() for name in (self.address, self.primary_address, *self.aliases, *ids))


@dataclass(slots=True)
class Recipient:
    """A recipient that is no mailbox: a group, a mail user, a contact."""

    address: str
    display_name: str
    kind: str = "MailUniversalDistributionGroup"
    guid: str = ""
    send_as: dict[str, float] = field(default_factory=dict)
    """As for a mailbox."""

    def __post_init__(self) -> None:
        self.guid = self.guid or str(uuid.uuid5(uuid.NAMESPACE_URL, f"guid {self.address}"))


@dataclass(slots=True)
class ExchangePrincipal:
    """Exchange Online's own record of a service principal; ``object_id`` is whatever was claimed when it was made."""

    app_id: str
    object_id: str
    display_name: str
    sid: str
    effective: float = 0.0

    def named(self, identity: str) -> bool:
        """Return whether Exchange resolves ``identity`` to this principal."""
        wanted = identity.casefold()
        return any(wanted == name.casefold() for name in (self.app_id, self.object_id, self.display_name, self.sid))


@dataclass(slots=True)
class RoleGroup:
    """An Exchange role group. ``write_scope`` None means every recipient."""

    name: str
    members: set[str]
    cmdlets: set[str]
    write_scope: set[str] | None = None
    effective: float = 0.0


@dataclass(slots=True)
class SecretVersion:
    """A version of a vault secret."""

    version: str
    value: str
    enabled: bool
    created: datetime
    updated: datetime
    content_type: str | None = None
    not_before: int | None = None
    expires: int | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class VaultSecret:
    """A vault secret with its versions, oldest first. ``busy_until`` is when a deletion or recovery is through."""

    name: str
    versions: list[SecretVersion] = field(default_factory=list)
    deleted: datetime | None = None
    busy_until: float = 0.0


@dataclass(slots=True)
class Identity:
    """The managed identity of the app."""

    client_id: str
    object_id: str
    vault_access: bool = True
    vault_actions: frozenset[str] = vault_roles.ALL


@dataclass(slots=True)
class World:
    """Everything in the tenant."""

    tenant_id: str
    identity: Identity
    name: str = "Contoso GmbH"
    domain: str = "contoso.example"
    initial_domain: str = "contoso.onmicrosoft.example"
    applications: dict[str, Application] = field(default_factory=dict)
    deleted_applications: dict[str, Application] = field(default_factory=dict)
    service_principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    deleted_service_principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    deleted_assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    """What deleted service principals held."""
    consent_comes_back: bool = True
    """Whether a restored service principal holds what it held; nobody has said so."""
    deleted_keep_names: bool = False
    """Whether the unique name of a deleted application is still taken; nobody has said so."""
    directory_roles: dict[str, set[str]] = field(default_factory=dict)
    """Template ids of directory roles by the principal that holds them."""
    credential_policy: CredentialPolicy = field(default_factory=CredentialPolicy)
    directory_quota_reached: bool = False
    tells_maker: bool = True
    """Whether Entra says who made an object; of old ones it may not."""
    hides_owners: bool = True
    """Whether who may only manage what he owns gets 403 for the owners of others' service principals."""
    locks_hold: bool = True
    """Whether the lock of a service principal's credentials holds in the application's own tenant too."""
    blocked_by_conditional_access: set[str] = field(default_factory=set)
    """Application ids that get no token."""
    in_another_cloud: bool = False
    """Whether the token endpoint that is asked does not know this tenant."""
    token_audience: str | None = None
    """What stands in an application's tokens instead of the audience that was asked for."""
    sign_ins: list[SignIn] = field(default_factory=list)
    premium: bool = True
    """Whether the tenant has Entra ID P1."""
    sign_in_report: Literal["there", "empty", "absent"] = "there"
    """The record of credentials' sign-ins: in some tenants it holds nothing, in other clouds it is not there."""
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    """By user principal name, in lower case."""
    recipients: dict[str, Recipient] = field(default_factory=dict)
    exchange_principals: dict[str, ExchangePrincipal] = field(default_factory=dict)
    """By application id."""
    exchange_forgets_deleted: bool = False
    """Whether Exchange no longer resolves a principal whose application is deleted; nobody has said so."""
    exchange_lists_others: bool = False
    """Whether ``Get-ServicePrincipal`` answers with what is nobody's here, whatever it is asked."""
    role_groups: list[RoleGroup] = field(default_factory=list)
    dehydrated: bool = False
    submission_disabled: bool = False
    """The tenant's own ``SmtpClientAuthenticationDisabled``; of a mailbox that says nothing it decides."""
    checks_sender_late: bool = False
    """Whether a sender who may not is refused only after ``DATA``; both are reported, and nobody has said when."""
    application_scopes: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """Role-based access for applications: the guids of mailboxes that an application may send as, by its id; None for
    every mailbox."""
    roles_effective: dict[str, float] = field(default_factory=dict)
    """From when the mail servers go by that, or by its end; Exchange keeps what it knew before for up to two hours."""
    secrets: dict[str, VaultSecret] = field(default_factory=dict)
    deleted_secrets: dict[str, VaultSecret] = field(default_factory=dict)

    def application(self, app_id: str) -> Application | None:
        """Return the application with this application id."""
        return next((found for found in list(self.applications.values()) if found.app_id == app_id), None)

    def service_principal(self, app_id: str) -> ServicePrincipal | None:
        """Return the service principal of this application id."""
        return next((found for found in list(self.service_principals.values()) if found.app_id == app_id), None)

    def locked(self, principal: ServicePrincipal) -> bool:
        """Return whether nobody may change the credentials of a service principal before its application's lock goes.

        It does not cover federated credentials; those are the application's.
        """
        application = self.application(principal.app_id)
        lock = (application.lock if application is not None else None) or {}
        parts = ("allProperties", "credentialsWithUsageVerify")
        return self.locks_hold and bool(lock.get("isEnabled")) and any(lock.get(part) for part in parts)

    def roles_of(self, principal_id: str, resource_app_id: str, now: float) -> list[str]:
        """Return the values of the app roles that the token endpoint knows by then, sorted."""
        resource = self.service_principal(resource_app_id)
        if resource is None:
            return []
        held = {
            assignment.role_id
            for assignment in list(self.assignments.values())
            if assignment.principal_id == principal_id
            and assignment.resource_id == resource.id
            and assignment.effective <= now
        }
        return sorted(role.value for role in resource.roles if role.id in held)

    def mailbox(self, identity: str) -> Mailbox | None:
        """Return the mailbox that an address, a principal name or an alias stands for."""
        at_once = self.mailboxes.get(identity.lower())
        if at_once is not None:
            return at_once
        return next((found for found in list(self.mailboxes.values()) if found.named(identity)), None)

    def may_submit(self, mailbox: Mailbox) -> bool:
        """Return whether a mailbox may submit by SMTP: its own setting, and without one the tenant's.

        learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission.
        """
        own = mailbox.submission_disabled
        return not (self.submission_disabled if own is None else own)

    def with_access(self, address: str) -> set[str]:
        """Return the object ids (of what is gone: the SIDs) of those who have full access to a mailbox."""
        known = {principal.sid: principal.object_id for principal in list(self.exchange_principals.values())}
        access = self.mailboxes[address].access
        return {known.get(sid, sid) for sid, entry in access.items() if "FullAccess" in entry.rights}
