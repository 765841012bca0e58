"""What a person does with mailboxes in the admin center: adds, renames, licenses, moves addresses, gives access.

Access has to travel to IMAP; the rest is true at once. That an address belongs to one recipient at a time, that a
rename may keep the old address as an alias or not, and that a mailbox which was licensed again has the same ``Guid``,
another ``ExchangeGuid`` and no permissions: learn.microsoft.com/exchange/recipients-in-exchange-online, and what
administrators report.
"""

from __future__ import annotations

from local.tenant.simulation import Simulation
from local.tenant.world import Access, Mailbox, Recipient


class MailboxAdministrator:
    """A person who may do everything to recipients."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world = simulation.world

    def add_mailbox_permission(self, address: str, app_id: str) -> None:
        """Run ``Add-MailboxPermission`` with ``FullAccess``."""
        principal = self._world.exchange_principals[app_id]
        effective = self._simulation.known_to_imap(address, app_id)
        self._found(address).access[principal.sid] = Access(effective=effective)

    def remove_mailbox_permission(self, address: str, app_id: str) -> None:
        """Run ``Remove-MailboxPermission``."""
        del self._found(address).access[self._world.exchange_principals[app_id].sid]

    def assign_sending_role(self, app_id: str, *addresses: str) -> None:
        """Run ``New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp'`` with a scope of these mailboxes.

        Without any it is assigned without a scope.

        Raises:
            LookupError: Exchange does not know the application, or a mailbox.
        """
        _ = self._world.exchange_principals[app_id]
        guids = frozenset(self._found(address).guid for address in addresses)
        self._world.application_scopes[app_id] = guids or None
        self._world.roles_effective[app_id] = self._simulation.known_by_role("sending role", app_id)

    def remove_sending_role(self, app_id: str) -> None:
        """Run ``Remove-ManagementRoleAssignment``."""
        del self._world.application_scopes[app_id]

    def add_mailbox(
        self, address: str, *, kind: str = "UserMailbox", primary_address: str = "", aliases: tuple[str, ...] = ()
    ) -> Mailbox:
        """Add a mailbox: shared, for a room, or with a primary address or aliases beside its principal name."""
        nth = str(self._simulation.chance.nth("mailbox added", address))
        made = Mailbox(
            address=address,
            display_name=address.partition("@")[0].title(),
            guid=self._simulation.chance.guid("mailbox added", address, nth),
            primary_address=primary_address,
            aliases=list(aliases),
            kind=kind,
        )
        self._world.mailboxes[address.lower()] = made
        return made

    def delete_mailbox(self, address: str) -> None:
        """Delete a mailbox, with its addresses."""
        del self._world.mailboxes[self._found(address).address.lower()]

    def rename_mailbox(self, address: str, new: str, *, keep: bool = True) -> Mailbox:
        """Give a mailbox another user principal name and primary address; the old ones stay as aliases, or are free.

        Raises:
            ValueError: somebody has the address already.
        """
        mailbox = self._found(address)
        self._require_free(new, mailbox)
        old = dict.fromkeys((mailbox.address, mailbox.primary_address))
        del self._world.mailboxes[mailbox.address.lower()]
        for group in self._world.role_groups:  # a scope is by membership, which a rename does not end
            if group.write_scope is not None and mailbox.address in group.write_scope:
                group.write_scope = (group.write_scope - {mailbox.address}) | {new}
        aliases = [*mailbox.aliases, *(old if keep else ())]
        mailbox.aliases = [alias for alias in dict.fromkeys(aliases) if alias.lower() != new.lower()]
        mailbox.address = mailbox.primary_address = new
        self._world.mailboxes[new.lower()] = mailbox
        return mailbox

    def add_alias(self, address: str, alias: str) -> None:
        """Give a mailbox one more address.

        Raises:
            ValueError: somebody has it already.
        """
        self._require_free(alias)
        self._found(address).aliases.append(alias)

    def remove_alias(self, alias: str) -> None:
        """Take an address from the mailbox that has it."""
        self._found(alias).aliases.remove(alias)

    def move_alias(self, alias: str, address: str) -> None:
        """Take an address from the mailbox that has it and give it to another."""
        self.remove_alias(alias)
        self.add_alias(address, alias)

    def license_again(self, address: str) -> None:
        """Take a mailbox's licence and give it back: it has a new content, and who had access has none."""
        mailbox, chance = self._found(address), self._simulation.chance
        mailbox.exchange_guid = chance.guid("licensed", mailbox.guid, str(chance.nth("licensed", mailbox.guid)))
        mailbox.access.clear()

    def add_recipient_permission(self, address: str, mailbox: str) -> None:
        """Run ``Add-RecipientPermission`` with ``SendAs``."""
        found = self._world.recipients.get(address) or self._found(address)
        found.send_as.setdefault(self._found(mailbox).guid, 0.0)

    def add_recipient(self, address: str, kind: str = "MailUniversalDistributionGroup") -> Recipient:
        """Add what is no mailbox: a group, a ``MailUser``, a ``MailContact``."""
        made = Recipient(address=address, display_name=address.partition("@")[0].title(), kind=kind)
        self._world.recipients[address] = made
        return made

    def set_imap(self, address: str, *, enabled: bool) -> None:
        """Switch IMAP on or off for a mailbox."""
        self._found(address).imap_enabled = enabled

    def _found(self, address: str) -> Mailbox:
        found = self._world.mailbox(address)
        if found is None:
            raise LookupError(address)
        return found

    def _require_free(self, address: str, but: Mailbox | None = None) -> None:
        if self._world.mailbox(address) not in (None, but):
            raise ValueError(f"{address} is taken")
