"""Step 1: which rights are missing or too new to be in the tokens. A missing right stops only what needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector.errors import ForbiddenError
from connector.finding import Finding, Severity
from connector.microsoft import (
    ASSIGN,
    BACKDATED,
    EXCHANGE_ROLE,
    INCLUDED,
    OWNED_BY,
    READ_ALL,
    READ_POLICY,
    VAULT_FIREWALL,
    Cmdlet,
    Protocol,
)
from connector.objects import Rights
from connector.observed import Claims, CredentialPolicy
from connector.plans.plan import DISABLE, ENABLE, Action, Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent

_finding = partial(Finding.of, StepName.PREREQUISITES)
GRAPH_ROLES: dict[str, Severity] = {OWNED_BY: "error", ASSIGN: "warning", READ_ALL: "warning", READ_POLICY: "warning"}
"""What is used of Microsoft Graph, and how much is lost without it; only the first is needed always."""
_CONSENT = frozenset({ASSIGN, READ_ALL})
"""What the consent needs. Nobody is told to grant it: who holds the first of them can grant itself everything."""
CMDLETS: tuple[Cmdlet, ...] = (
    "Get-ServicePrincipal",
    "New-ServicePrincipal",
    "Get-Mailbox",
    "Get-CASMailbox",
    "Get-MailboxPermission",
    "Add-MailboxPermission",
)
"""Without these a person has to do Exchange's part."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 1 looks at; None where the answer was "you may not ask"."""

    graph: Claims
    exchange: Claims
    cmdlets: frozenset[str] | None
    vault_allowed: bool
    policy: CredentialPolicy | None
    policy_refusal: ForbiddenError | None = None
    """What Graph said where it does not show the policy."""
    vault_refusal: ForbiddenError | None = None
    """What the vault said where it does not allow it."""
    granted: datetime | None = None
    """When the grant script said it was done."""
    lifetime_days: int = 0
    """How long a secret lives where nobody wishes for anything."""
    certificate: bool = False
    """Whether the UTM has a certificate, or is to have one: then nobody needs a secret."""


def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return the findings; step 1 changes nothing.

    What a removal lacks the step says that lacks it: none of it keeps the others from being taken back.
    """
    if isinstance(wanted, Absent):
        return Plan()
    findings = [
        *of_graph(observed.graph, observed.granted),
        *of_exchange(observed.exchange, observed.cmdlets, observed.granted),
        *of_vault(observed.vault_refusal, allowed=observed.vault_allowed),
    ]
    findings += of_refused_policy(observed.policy_refusal, observed.graph)
    if not observed.certificate:
        findings += of_policy(observed.policy, wanted.lifetime_days or observed.lifetime_days)
    return Plan(findings=tuple(findings))


def of_graph(claims: Claims, granted: datetime | None) -> list[Finding]:
    """Return which permissions of Microsoft Graph are missing."""
    lacking = [role for role in GRAPH_ROLES if not claims.roles & {role, INCLUDED.get(role, role)}]
    by_hand = [] if stale(claims, granted) else [role for role in lacking if role in _CONSENT]
    findings = [_right(role, claims, granted, GRAPH_ROLES[role]) for role in lacking if role not in by_hand]
    if by_hand:
        findings.append(_finding("consent-by-hand", ", ".join(by_hand), "info"))
    return findings


def of_exchange(claims: Claims, cmdlets: frozenset[str] | None, granted: datetime | None) -> list[Finding]:
    """Return what is missing in Exchange; ``cmdlets`` None means that it permits none."""
    if EXCHANGE_ROLE not in claims.roles:
        return [_right(EXCHANGE_ROLE, claims, granted, "warning")]
    if cmdlets is None:
        return [_finding("exchange-role-missing", "Exchange", "warning")]
    return [_finding("cmdlet-missing", cmdlet, "warning") for cmdlet in CMDLETS if cmdlet not in cmdlets]


def of_vault(refusal: ForbiddenError | None, *, allowed: bool) -> list[Finding]:
    """Return what keeps the app from its vault: its role, or the vault's firewall."""
    if allowed:
        return []
    if refusal is None or refusal.code not in VAULT_FIREWALL:
        return [_finding("vault-right-missing", "Key Vault", "warning")]
    told = _finding("vault-firewall", "Key Vault", "warning")
    return [told.model_copy(update={"values": {"reason": refusal.reason}, "request_id": refusal.request_id})]


_FOR_ACTION: dict[Action, frozenset[str]] = {
    Action.ASSIGN_ROLE: frozenset({ASSIGN}),
    Action.CREATE_PRINCIPAL: frozenset({"New-ServicePrincipal"}),
    Action.REPLACE_PRINCIPAL: frozenset({"New-ServicePrincipal", "Remove-ServicePrincipal"}),
    **{ENABLE[protocol]: frozenset({"Set-CASMailbox"}) for protocol in Protocol},
    **{one: frozenset({"Set-CASMailbox"}) for one in DISABLE.values()},
    Action.GRANT_ACCESS: frozenset({"Add-MailboxPermission"}),
    Action.REVOKE_ACCESS: frozenset({"Remove-MailboxPermission"}),
    Action.GRANT_SEND_AS: frozenset({"Add-RecipientPermission"}),
    Action.REVOKE_SEND_AS: frozenset({"Remove-RecipientPermission"}),
    Action.REMOVE_PRINCIPAL: frozenset({"Remove-ServicePrincipal"}),
    Action.WITHDRAW_ROLE: frozenset({ASSIGN}),
}


def may(action: Action, rights: Rights) -> bool:
    """Return whether the identity holds what a change needs, as far as that can be known before it is tried."""
    return _FOR_ACTION.get(action, frozenset()) <= {*rights.graph_roles, *rights.cmdlets}


def stale(claims: Claims, granted: datetime | None) -> bool:
    """Return whether the token is older than the grant: its roles are those of before, for up to 24 hours."""
    return granted is not None and claims.issued + BACKDATED < granted


def of_policy(policy: CredentialPolicy | None, wish_days: int) -> list[Finding]:
    """Return what the tenant's policy means for the secret, before anything is made; None is not known."""
    if policy is None:
        return []
    if not policy.secrets_allowed:
        return [_finding("secrets-forbidden", "", "warning")]
    if policy.longest_days == 0:
        return [_finding("secret-lifetime-impossible", "", "warning")]
    if policy.longest_days is not None and policy.longest_days < wish_days:
        return [_finding("secret-shortened", str(policy.longest_days), "info")]
    return []


def of_refused_policy(refusal: ForbiddenError | None, claims: Claims) -> list[Finding]:
    """Return that the policy is not shown although the token holds its role; without the role that one is missing."""
    if refusal is None or READ_POLICY not in claims.roles:
        return []
    values = {"code": refusal.code, "reason": refusal.reason}
    told = _finding("policy-unread", READ_POLICY, "warning")
    return [told.model_copy(update={"values": values, "request_id": refusal.request_id})]


def _right(role: str, claims: Claims, granted: datetime | None, severity: Severity) -> Finding:
    return _finding("token-stale" if stale(claims, granted) else "role-missing", role, severity)
