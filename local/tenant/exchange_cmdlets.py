"""Which cmdlets there are, what parameters they take, and which code runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.tenant.exchange_answers import DEHYDRATED, PARAMETERS, CmdletError, Output
from local.tenant.exchange_mailboxes import MailboxCmdlets
from local.tenant.exchange_principals import PrincipalCmdlets
from local.tenant.exchange_rights import Rights
from local.tenant.exchange_senders import SendingCmdlets
from local.tenant.simulation import Simulation

Command = Callable[[dict[str, Any]], Output]

_PARAMETERS = {
    "New-ServicePrincipal": {"AppId", "ObjectId", "DisplayName"},
    "Get-ServicePrincipal": {"Identity"},
    "Remove-ServicePrincipal": {"Identity"},
    "Add-MailboxPermission": {"Identity", "User", "AccessRights", "InheritanceType", "AutoMapping"},
    "Get-MailboxPermission": {"Identity", "User"},
    "Remove-MailboxPermission": {"Identity", "User", "AccessRights", "InheritanceType"},
    "Get-Mailbox": {"Identity"},
    "Get-Recipient": {"Identity"},
    "Get-CASMailbox": {"Identity"},
    "Set-CASMailbox": {"Identity", "ImapEnabled", "PopEnabled", "SmtpClientAuthenticationDisabled"},
    "Add-RecipientPermission": {"Identity", "Trustee", "AccessRights"},
    "Get-RecipientPermission": {"Identity", "Trustee", "AccessRights"},
    "Remove-RecipientPermission": {"Identity", "Trustee", "AccessRights"},
    "Get-TransportConfig": set[str](),
    "Test-ServicePrincipalAuthorization": {"Identity", "Resource"},
    "Get-OrganizationConfig": set[str](),
    "Get-AcceptedDomain": set[str](),
}
_CUSTOMISE = (
    "The command you tried to run isn't currently allowed in your organization. "
    "To run this command, you first need to run the command: Enable-OrganizationCustomization."
)
_EVERYWHERE = {"Confirm", "ErrorAction", "WarningAction", "ResultSize"}


class Cmdlets:
    """The cmdlets, for one caller, one replica and one call; ``key`` is the call as text."""

    def __init__(self, simulation: Simulation, rights: Rights, replica: float, key: str) -> None:
        self._world = simulation.world
        principals = PrincipalCmdlets(simulation, replica, key)
        mailboxes = MailboxCmdlets(simulation, rights, replica, key)
        senders = SendingCmdlets(simulation, rights, replica, key)
        self._commands: dict[str, Command] = {
            "New-ServicePrincipal": principals.new,
            "Get-ServicePrincipal": principals.get,
            "Remove-ServicePrincipal": principals.remove,
            "Add-MailboxPermission": mailboxes.add_permission,
            "Get-MailboxPermission": mailboxes.get_permission,
            "Remove-MailboxPermission": mailboxes.remove_permission,
            "Get-Mailbox": mailboxes.get_mailbox,
            "Get-Recipient": mailboxes.get_recipient,
            "Get-CASMailbox": mailboxes.get_client_access,
            "Set-CASMailbox": mailboxes.set_client_access,
            "Add-RecipientPermission": senders.add,
            "Get-RecipientPermission": senders.get,
            "Remove-RecipientPermission": senders.remove,
            "Get-TransportConfig": senders.transport,
            "Test-ServicePrincipalAuthorization": senders.authorization,
            "Get-OrganizationConfig": self._get_organization,
            "Get-AcceptedDomain": self._get_domains,
        }

    def run(self, name: str, parameters: dict[str, Any]) -> Output:
        """Run a cmdlet that the caller may run.

        Raises:
            CmdletError: as PowerShell would say it.
        """
        unknown = parameters.keys() - _PARAMETERS[name] - _EVERYWHERE
        if unknown:
            message = f"A parameter cannot be found that matches parameter name '{min(unknown)}'."
            raise CmdletError(PARAMETERS, message)
        if self._world.dehydrated and not name.startswith(("Get-", "Test-")):
            raise CmdletError(DEHYDRATED, _CUSTOMISE)
        return self._commands[name](parameters)

    def _get_organization(self, parameters: dict[str, Any]) -> Output:  # noqa: ARG002 - takes none
        name = self._world.initial_domain
        return Output([{"Name": name, "Identity": name, "IsDehydrated": self._world.dehydrated}])

    def _get_domains(self, parameters: dict[str, Any]) -> Output:  # noqa: ARG002 - takes none
        names = (self._world.domain, self._world.initial_domain)
        return Output([{"DomainName": name, "Default": name == self._world.domain} for name in names])
