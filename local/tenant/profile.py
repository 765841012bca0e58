"""The profiles of ``infra/grant.sh`` in the simulated tenant: what a customer has granted before the first set-up."""

from __future__ import annotations

from typing import Literal, get_args

from local.tenant.catalogue import DIRECTORY_ROLES
from local.tenant.exchange_rights import ON_PRINCIPALS, ON_RECIPIENTS
from local.tenant.tenant import Tenant

Profile = Literal["careful", "automatic", "minimal"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
ROLES = {
    "Application.ReadWrite.OwnedBy": PROFILES,
    "Policy.Read.All": ("careful", "automatic"),
    "Exchange.ManageAsApp": ("careful", "automatic"),
    "Application.Read.All": ("automatic",),
    "AppRoleAssignment.ReadWrite.All": ("automatic",),
}
"""Which profiles hold a role (``rights_of_profile`` in infra/grant/rights.sh)."""
_READS = frozenset(
    {
        "Get-CASMailbox",
        "Get-Mailbox",
        "Get-MailboxPermission",
        "Get-Recipient",
        "Get-RecipientPermission",
        "Get-ServicePrincipal",
    }
)
"""Of the cmdlets of infra/grant/exchange.ps1 those that write nothing."""


def grant(tenant: Tenant, profile: Profile) -> None:
    """Leave the identity of a new tenant just the rights of a profile.

    ``careful`` has a role group instead of a directory role (infra/grant/exchange.ps1): its cmdlets reach the mailboxes
    that the tenant has now, as the members of the group that an administrator would name.
    """
    administrator = tenant.administrator
    administrator.revoke(*(role for role, holders in ROLES.items() if profile not in holders))
    if profile == "automatic":
        administrator.set_directory_roles(DIRECTORY_ROLES["Exchange Administrator"])
        return
    administrator.set_directory_roles()
    if profile == "careful":
        administrator.put_in_role_group(set(_READS | ON_RECIPIENTS | ON_PRINCIPALS), set(tenant.addresses))
