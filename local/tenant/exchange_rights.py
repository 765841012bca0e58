"""Who may run which Exchange cmdlet.

Two halves are needed: the app role in the token, and a directory role (frozen in the token's ``wids``) or membership of
a role group (looked up by Exchange each time). Sources: learn.microsoft.com/powershell/exchange/
app-only-auth-powershell-v2 and learn.microsoft.com/powershell/exchange/find-exchange-cmdlet-permissions.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.tenant.catalogue import DIRECTORY_ROLES
from local.tenant.tokens import Claims
from local.tenant.world import World

READS = frozenset(
    {
        "Get-AcceptedDomain",
        "Get-CASMailbox",
        "Get-Mailbox",
        "Get-MailboxPermission",
        "Get-OrganizationConfig",
        "Get-Recipient",
        "Get-RecipientPermission",
        "Get-ServicePrincipal",
        "Get-TransportConfig",
        "Test-ServicePrincipalAuthorization",
    }
)
ON_RECIPIENTS = frozenset(
    {
        "Add-MailboxPermission",
        "Add-RecipientPermission",
        "Remove-MailboxPermission",
        "Remove-RecipientPermission",
        "Set-CASMailbox",
    }
)
OF_ROLES = frozenset({"Get-ServicePrincipal", "Test-ServicePrincipalAuthorization"})
"""Reads that belong to the management of roles, and not to that of recipients."""
ON_PRINCIPALS = frozenset({"New-ServicePrincipal", "Remove-ServicePrincipal"})
CMDLETS = READS | ON_RECIPIENTS | ON_PRINCIPALS

_BY_DIRECTORY_ROLE = {
    DIRECTORY_ROLES["Global Administrator"]: CMDLETS,
    DIRECTORY_ROLES["Exchange Administrator"]: CMDLETS,
    DIRECTORY_ROLES["Exchange Recipient Administrator"]: (READS - OF_ROLES) | ON_RECIPIENTS,
    DIRECTORY_ROLES["Global Reader"]: READS,
}


@dataclass(frozen=True, slots=True)
class Rights:
    """The cmdlets that a caller may run; ``scopes`` limits writes that only a role group permits."""

    cmdlets: frozenset[str]
    scopes: dict[str, frozenset[str]]

    def reaches(self, cmdlet: str, address: str) -> bool:
        """Return whether the recipient lies within the write scope."""
        return cmdlet not in self.scopes or address in self.scopes[cmdlet]


def rights_of(world: World, claims: Claims, now: float) -> Rights:
    """Return what a caller may do, by directory roles and role groups together."""
    unlimited: set[str] = set()
    scopes: dict[str, frozenset[str]] = {}
    for role in claims.directory_roles:
        unlimited |= _BY_DIRECTORY_ROLE.get(role, frozenset())
    for group in world.role_groups:
        if claims.object_id not in group.members or group.effective > now:
            continue
        for cmdlet in group.cmdlets & CMDLETS:
            if group.write_scope is None or cmdlet not in ON_RECIPIENTS:
                unlimited.add(cmdlet)
            else:
                scopes[cmdlet] = scopes.get(cmdlet, frozenset()) | group.write_scope
    limited = {cmdlet: scope for cmdlet, scope in scopes.items() if cmdlet not in unlimited}
    return Rights(frozenset(unlimited | limited.keys()), limited)
