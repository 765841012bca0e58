"""Microsoft's ids, roles, error codes and limits, each with its source. Pure; others decide what we make of them.

Endpoints stand in ``clouds.py``. Words by which a service says something for which it has no code stand beside the
parser of its answers in ``clients/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

# Applications. learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in has the ids.

EXCHANGE_APPLICATION_ID = "00000002-0000-0ff1-ce00-000000000000"
"""Office 365 Exchange Online, the same in every tenant."""
SINGLE_TENANT = "AzureADMyOrg"
"""learn.microsoft.com/graph/api/resources/application: the default audience would be throttled harder and synchronised
with consumer accounts."""
PROGRAMS = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c": "Azure portal",
    "14d82eec-204b-4c2f-b7e8-296a70dab67e": "Microsoft Graph PowerShell",
}
"""With which people make applications, by client id; the same in every tenant."""

# Protocols. learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-
# application-by-using-oauth; the roles' ids are those of ``appRoles`` of Exchange's service principal.


class Protocol(StrEnum):
    """By what the UTM uses a mailbox."""

    IMAP = "imap"
    POP = "pop"
    SMTP = "smtp"


@dataclass(frozen=True, slots=True)
class Switch:
    """A mailbox's own setting, as ``Get-CASMailbox`` prints it and ``Set-CASMailbox`` takes it."""

    name: str
    on: bool
    """What it is where the protocol may be used."""
    tenant: str | None = None
    """The tenant's, of ``Get-TransportConfig``, that decides where the mailbox's own is empty; it is never set."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The findings by which one protocol's answers are told."""

    role: str
    disabled: str
    unreachable: str
    refused: str
    closed: str
    throttled: str
    server: str
    off_for_all: str = ""
    insecure: str = ""
    not_offered: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Words by which a server says one thing alone."""

    words: str
    """A regular expression, in lower case."""
    code: str
    spreads: bool = False
    """Whether it is also said for a while after it was put right."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one protocol needs, how it is spoken, and what its servers say."""

    role: str
    """The application role, by its value."""
    role_id: str
    port: int
    security: Literal["TLS", "STARTTLS"]
    """Whether TLS comes first, or is begun by a command (RFC 8314, RFC 6409)."""
    switch: Switch
    codes: Codes
    sends: bool = False
    """Whether mail is sent by it, also as other addresses, and not fetched."""
    exchange_role: str = ""
    """The role in Exchange by which an administrator may permit it for a scope of mailboxes, in the place of consent
    and access; empty where there is none (learn.microsoft.com/exchange/permissions-exo/application-rbac)."""
    refusals: tuple[Refusal, ...] = ()


PROTOCOLS = {
    Protocol.IMAP: Needs(
        "IMAP.AccessAsApp",
        "5e5addcd-3e8d-4e90-baf5-964efab2b20a",
        993,
        "TLS",
        Switch("ImapEnabled", on=True),
        Codes(
            *("imap-role-unexpected", "imap-disabled", "imap-unreachable", "imap-login-refused"),
            *("imap-not-connected", "imap-throttled", "imap-server-error"),
        ),
    ),
    Protocol.POP: Needs(
        "POP.AccessAsApp",
        "cb842b43-da6e-4506-86fe-bb12199c656d",
        995,
        "TLS",
        Switch("PopEnabled", on=True),
        Codes(
            *("role-unexpected", "pop-disabled", "pop-unreachable", "pop-login-refused"),
            *("pop-not-connected", "pop-throttled", "pop-server-error"),
        ),
        refusals=(
            # RFC 2449, 8 and RFC 3206: one session at a time, a pause between two, and trouble that passes.
            Refusal(r"\[(in-use|login-delay)\]", "pop-throttled"),
            Refusal(r"\[sys/temp\]", "pop-server-error"),
        ),
    ),
    # The switches: learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-
    # submission; 5.2.25x: learn.microsoft.com/exchange/mail-flow-best-practices/continuous-error-throttling-smtp-auth-
    # submissions; 5.7.60, 5.1.8: .../fix-issues-with-printers-scanners-and-lob-applications-that-send-email-using-off;
    # 5.7.139 and 4.3.2 as users quote them (email-oauth2-proxy #193, michev.info 2075).
    Protocol.SMTP: Needs(
        "SMTP.SendAsApp",
        "7146a1f0-8703-45b3-9eae-527a64c00995",
        587,
        "STARTTLS",
        Switch("SmtpClientAuthenticationDisabled", on=False, tenant="SmtpClientAuthenticationDisabled"),
        Codes(
            *("role-unexpected", "smtp-disabled", "smtp-unreachable", "smtp-login-refused"),
            *("smtp-not-connected", "smtp-throttled", "smtp-server-error"),
            *("smtp-off-for-tenant", "smtp-not-secure", "smtp-not-offered", "send-as-denied"),
        ),
        sends=True,
        exchange_role="Application SMTP.SendAsApp",
        refusals=(
            Refusal(r"disabled for the tenant", "smtp-off-for-tenant", spreads=True),
            Refusal(r"disabled for the mailbox", "smtp-disabled", spreads=True),
            Refusal(r"\b5\.7\.139\b|security defaults|did not meet the criteria", "smtp-policy"),
            Refusal(r"\b5\.2\.253\b|licen[sc]e", "smtp-not-licensed"),
            Refusal(r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as ?denied|permissions? to send as", "send-as-denied"),
            Refusal(r"\b5\.1\.(8|90)\b|bad outbound sender", "smtp-blocked"),
            Refusal(r"temporary server error|\b4\.4\.\d+\b", "smtp-server-error"),
            Refusal(r"\b4\.3\.2\b|\b4\.7\.\d+\b|thread limit|\b5\.2\.25[145]\b", "smtp-throttled"),
            Refusal(r"^4\d\d\b", "smtp-server-error"),
        ),
    ),
}
"""One row for each: a further protocol is a row here, a proof in ``clients/proofs.py``, and texts."""
ROLE_IDS = {needs.role_id: protocol for protocol, needs in PROTOCOLS.items()}
IMAP_ROLE, IMAP_ROLE_ID = PROTOCOLS[Protocol.IMAP].role, PROTOCOLS[Protocol.IMAP].role_id

# Rights. learn.microsoft.com/graph/permissions-reference, learn.microsoft.com/powershell/exchange/app-only-auth-
# powershell-v2.

OWNED_BY = "Application.ReadWrite.OwnedBy"
READ_ALL = "Application.Read.All"
ASSIGN = "AppRoleAssignment.ReadWrite.All"
READ_POLICY = "Policy.Read.All"
READ_SIGN_INS = "AuditLog.Read.All"
"""For the record of credentials' sign-ins; nothing that a set-up does needs it."""
READ_ORGANIZATION = frozenset({"Organization.Read.All", "Directory.Read.All"})
"""Either lets an application read how the tenant is called (learn.microsoft.com/graph/api/organization-list); no set-up
needs one."""
INCLUDED = {OWNED_BY: "Application.ReadWrite.All", READ_ALL: "Application.ReadWrite.All"}
"""Roles that hold another one."""
EXCHANGE_ROLE = "Exchange.ManageAsApp"
Cmdlet = Literal[
    "Get-ServicePrincipal",
    "New-ServicePrincipal",
    "Remove-ServicePrincipal",
    "Get-Mailbox",
    "Get-Recipient",
    "Get-MailboxPermission",
    "Add-MailboxPermission",
    "Remove-MailboxPermission",
    "Get-CASMailbox",
    "Set-CASMailbox",
    "Get-TransportConfig",
    "Test-ServicePrincipalAuthorization",
    "Get-RecipientPermission",
    "Add-RecipientPermission",
    "Remove-RecipientPermission",
]
"""The only cmdlets that this product calls (learn.microsoft.com/powershell/module/exchange)."""

# Limits and times.

MAX_LIFETIME_DAYS = 730
"""Entra and the article allow a client secret 24 months."""
BATCH = 10
"""Exchange takes at most ten calls in one request, as projects that run against live tenants send them."""
SPREAD = timedelta(minutes=2)
"""How long a write in Exchange may take to be shown everywhere; till then a server that shows less proves nothing.

Microsoft names no figure; administrators' scripts read again for seconds up to some minutes.
"""
ROLE_SPREAD = timedelta(hours=2)
"""For so long Exchange may go by what an application was permitted before: it keeps that for 30 minutes to 2 hours,
past which ``Test-ServicePrincipalAuthorization`` looks (learn.microsoft.com/exchange/permissions-exo/application-rbac).
"""
REPLICATION_TIME = timedelta(minutes=30)
"""For so long Entra may not know what was just written: a new secret, an owner. The article waits as long."""
BACKDATED = timedelta(minutes=5)
"""Entra dates ``iat`` five minutes before the issue."""
CLOCKS = timedelta(minutes=5)
"""By so much Entra's clock and ours may differ."""

# What the token endpoint says: learn.microsoft.com/entra/identity-platform/reference-error-codes.

TOKEN_BUSY = frozenset({"AADSTS50196", "AADSTS90055"})
TOKEN_PASSING = frozenset({"AADSTS90006", "AADSTS90012", "AADSTS90024", "AADSTS90033", "AADSTS700024"})
"""What Entra calls transient, with whatever status it comes; the last is an assertion that has ended by its clock."""
TOKEN_REFUSALS = {
    "AADSTS7000215": "secret-refused",
    "AADSTS7000222": "secret-expired",
    "AADSTS700027": "federation-refused",
    "AADSTS70021": "federation-refused",
    "AADSTS700211": "federation-refused",
    "AADSTS700212": "federation-refused",
    "AADSTS700213": "federation-refused",
    "AADSTS700016": "application-unknown",
    "AADSTS7000229": "application-unknown",
    "AADSTS90002": "tenant-unknown",
    "AADSTS900023": "tenant-unknown",
    "AADSTS5000224": "tenant-blocked",
    "AADSTS5000225": "tenant-blocked",
    "AADSTS500011": "exchange-resource-missing",
    "AADSTS650052": "exchange-resource-missing",
    "AADSTS500014": "exchange-resource-disabled",
    "AADSTS501051": "consent-missing",
    "AADSTS65001": "consent-missing",
    "AADSTS7000112": "enterprise-application-disabled",
    "AADSTS7000113": "application-refused",
    "AADSTS7000282": "application-refused",
    "AADSTS53003": "conditional-access",
    "AADSTS530032": "conditional-access",
    "AADSTS530035": "security-defaults",
}
"""With the finding that each is."""
TOKEN_WORDS = {
    "conditional access": "conditional-access",
    "security defaults": "security-defaults",
    "blocked due to inactivity": "tenant-blocked",
}
"""By these words Entra says the same under other codes."""

# What Graph says: learn.microsoft.com/graph/errors, and terraform-provider-azuread for what is said while replicas
# disagree; policies: learn.microsoft.com/graph/api/resources/passwordcredentialconfiguration.

CONCURRENCY = "Directory_ConcurrencyViolation"
GRAPH_MISSING = "Request_ResourceNotFound"
"""What Graph itself says of an object that it does not have."""
GRAPH_TAKEN = "Request_MultipleObjectsWithSameKeyValue"
"""Something has the name already; nobody has said whether a deleted application keeps its unique name."""
LIFETIME_REFUSED = "CredentialInvalidLifetimeAsPerAppPolicy"
"""The secret would live longer than the tenant's policy allows."""
GRAPH_REFUSALS = {
    "CredentialTypeNotAllowedAsPerAppPolicy": "secrets-forbidden",
    LIFETIME_REFUSED: "secret-lifetime-refused",
    "Directory_QuotaExceeded": "directory-quota",
}
"""Codes that waiting does not change, with the finding that each is."""

NO_LICENCE = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant"})
NO_LICENCE_WORDS = ("premium license", "premium licence")
"""How Graph says that a report needs Entra ID P1: learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/
graph-api-reports-premium-license."""

# What Exchange's admin interface says by the status alone, as projects that run against live tenants have met it.

EXCHANGE_TRANSIENT = frozenset({408, 502, 503, 504})
EXCHANGE_REFUSED = frozenset({401, 403, 404, 405, 410})
"""It is not documented, and the day it is gone people must still get their mail: so a way that is closed is a right
that is missing."""

# What Key Vault says: learn.microsoft.com/azure/key-vault/general/access-behind-firewall.

VAULT_FIREWALL = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
"""A vault's network rules, not its roles."""
SECRET_MISSING = "SecretNotFound"  # noqa: S105 - a code
SECRET_DISABLED = "SecretDisabled"  # noqa: S105 - a code
