"""Exchange's mailboxes: learn.microsoft.com/powershell/module/exchange/add-mailboxpermission and its neighbours.

Every ``-Identity`` takes an address or one of the ids that ``Get-Mailbox`` prints. As documented for some of these
cmdlets ("a value that does not exist returns all objects") and seen for the others, a question for what does not exist
may be answered with everything that does; and as administrators report, a write may answer with success, or with the
warning that there is nothing to do, and change nothing. ``Misbehaviour`` says how often.
"""

from __future__ import annotations

from typing import Any

from local.tenant.exchange_answers import NO_ENTRY, OUT_OF_SCOPE, CmdletError, Output, missing
from local.tenant.exchange_principals import PrincipalCmdlets
from local.tenant.exchange_rights import Rights
from local.tenant.simulation import Simulation
from local.tenant.world import Access, Mailbox

_KEY = "access/"


class MailboxCmdlets:
    """The cmdlets on mailboxes and their permissions, for one caller, one replica and one call."""

    def __init__(self, simulation: Simulation, rights: Rights, replica: float, key: str) -> None:
        self._key = key
        self._simulation = simulation
        self._world = simulation.world
        self._rights = rights
        self._replica = replica
        self._principals = PrincipalCmdlets(simulation, replica, key)

    def add_permission(self, parameters: dict[str, Any]) -> Output:
        """``Add-MailboxPermission``: a duplicate is a warning, no error."""
        mailbox = self._writable(parameters, "Add-MailboxPermission")
        trustee = self._principals.named(str(parameters.get("User", "")))
        rights = _rights(parameters)
        if trustee.sid in mailbox.access:
            text = f'The appropriate access control entry is already present on the object "CN={mailbox.address}" '
            return Output(warnings=[f'{text}for account "{trustee.object_id}".'])
        if not rights or self._silent():
            return Output()
        access = Access(rights, self._simulation.known_to_imap(mailbox.address, trustee.app_id))
        self._simulation.write_exchange(f"{_KEY}{mailbox.guid}/{trustee.sid}", None)
        mailbox.access[trustee.sid] = access
        return Output([self._permission(mailbox, trustee.sid, access)])

    def get_permission(self, parameters: dict[str, Any]) -> Output:
        """``Get-MailboxPermission``."""
        return Output([entry for found in self._asked(parameters) for entry in self._entries(found, parameters)])

    def _entries(self, mailbox: Mailbox, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        prefix = f"{_KEY}{mailbox.guid}/"
        entries = self._simulation.replication.seen_all(prefix, dict(mailbox.access), self._replica)
        if parameters.get("User") is not None:
            trustee = self._principals.named(str(parameters["User"]))
            return [self._permission(mailbox, sid_, entries[sid_]) for sid_ in entries if sid_ == trustee.sid]
        own = {
            "Identity": mailbox.name,
            "User": "NT AUTHORITY\\SELF",
            "AccessRights": ["FullAccess", "ReadPermission"],
            "IsInherited": False,
            "Deny": False,
            "InheritanceType": "All",
        }
        return [own, *(self._permission(mailbox, sid_, entry) for sid_, entry in entries.items())]

    def remove_permission(self, parameters: dict[str, Any]) -> Output:
        """``Remove-MailboxPermission``: what is not there is a warning, now and then an error.

        The warning also comes while it is there. An entry whose principal is gone is named by its SID; any other name
        that Exchange cannot resolve is not found, as with every cmdlet.
        """
        mailbox = self._writable(parameters, "Remove-MailboxPermission")
        wanted = str(parameters.get("User", ""))
        sid_ = wanted if wanted in mailbox.access else self._principals.named(wanted).sid
        entry = mailbox.access.get(sid_)
        if entry is None or self._silent():
            text = f'Can\'t remove the access control entry on the object "CN={mailbox.address}" for account '
            return self._no_entry(f'{text}"{wanted}" because the ACE doesn\'t exist on the object.')
        self._simulation.write_exchange(f"{_KEY}{mailbox.guid}/{sid_}", entry)
        mailbox.access.pop(sid_, None)
        return Output()

    def _no_entry(self, text: str) -> Output:
        chance, preset = self._simulation.chance, self._simulation.misbehaviour.preset
        if chance.draw("no entry", self._key, str(chance.nth("no entry", self._key))) < preset.odd_answers:
            raise CmdletError(NO_ENTRY, text)
        return Output(warnings=[text])

    def get_mailbox(self, parameters: dict[str, Any]) -> Output:
        """``Get-Mailbox``."""
        if not parameters.get("Identity"):
            return Output([_printed(entry) for entry in list(self._world.mailboxes.values())])
        return Output([_printed(found) for found in self._asked(parameters)])

    def get_recipient(self, parameters: dict[str, Any]) -> Output:
        """``Get-Recipient``: mailboxes, groups, mail users, contacts."""
        identity = str(parameters.get("Identity", ""))
        mailbox = self._world.mailbox(identity)
        if mailbox is not None:
            return Output([_printed(mailbox) | {"RecipientType": "UserMailbox"}])
        other = next(
            (entry for entry in list(self._world.recipients.values()) if entry.address == identity.lower()), None
        )
        if other is None and self._simulation.misbehaviour.lists_all(self._key):
            return Output([_printed(found) for found in list(self._world.mailboxes.values())])
        if other is None:
            raise missing(identity)
        return Output(
            [
                {
                    "Identity": other.display_name,
                    "Guid": other.guid,
                    "DisplayName": other.display_name,
                    "PrimarySmtpAddress": other.address,
                    "EmailAddresses": [f"SMTP:{other.address}"],
                    "RecipientType": other.kind,
                    "RecipientTypeDetails": other.kind,
                }
            ]
        )

    def get_client_access(self, parameters: dict[str, Any]) -> Output:
        """``Get-CASMailbox``."""
        return Output(
            [
                {
                    "Identity": mailbox.name,
                    "Guid": mailbox.guid,
                    "PrimarySmtpAddress": mailbox.primary_address,
                    "ImapEnabled": mailbox.imap_enabled,
                    "PopEnabled": mailbox.pop_enabled,
                    "SmtpClientAuthenticationDisabled": mailbox.submission_disabled,
                    "MAPIEnabled": True,
                }
                for mailbox in self._asked(parameters)
            ]
        )

    def set_client_access(self, parameters: dict[str, Any]) -> Output:
        """``Set-CASMailbox``: writes nothing."""
        mailbox = self._writable(parameters, "Set-CASMailbox")
        if self._silent():
            return Output()
        wanted = bool(parameters.get("ImapEnabled", mailbox.imap_enabled))
        if wanted and not mailbox.imap_enabled:
            mailbox.switched["imap"] = self._simulation.known_to_imap("enabled", mailbox.address)
        mailbox.imap_enabled = wanted
        if bool(parameters.get("PopEnabled")) and not mailbox.pop_enabled:
            mailbox.switched["pop"] = self._simulation.known_to_imap("enabled pop", mailbox.address)
        mailbox.pop_enabled = bool(parameters.get("PopEnabled", mailbox.pop_enabled))
        if "SmtpClientAuthenticationDisabled" in parameters:
            disabled = parameters["SmtpClientAuthenticationDisabled"]
            if disabled is False and not self._world.may_submit(mailbox):
                mailbox.switched["smtp"] = self._simulation.known_to_imap("enabled smtp", mailbox.address)
            mailbox.submission_disabled = None if disabled is None else bool(disabled)
        return Output()

    def _silent(self) -> bool:
        return self._simulation.misbehaviour.silent(self._key)

    def _asked(self, parameters: dict[str, Any]) -> list[Mailbox]:
        """Return the mailbox that was asked for; of one that there is not, now and then, all of them.

        Raises:
            CmdletError: there is none.
        """
        try:
            return [self._mailbox(parameters)]
        except CmdletError:
            if self._simulation.misbehaviour.lists_all(self._key):
                return list(self._world.mailboxes.values())
            raise

    def _mailbox(self, parameters: dict[str, Any]) -> Mailbox:
        identity = str(parameters.get("Identity", ""))
        found = self._world.mailbox(identity)
        if found is None:
            raise missing(identity)
        return found

    def _writable(self, parameters: dict[str, Any], cmdlet: str) -> Mailbox:
        mailbox = self._mailbox(parameters)
        if not self._rights.reaches(cmdlet, mailbox.address):
            message = f"'{mailbox.display_name}' isn't within your current write scopes. Can't perform save operation."
            raise CmdletError(OUT_OF_SCOPE, message)
        return mailbox

    def _permission(self, mailbox: Mailbox, sid_: str, access: Access) -> dict[str, Any]:
        return {
            "Identity": mailbox.name,
            "User": self._shown_as(sid_),
            "AccessRights": list(access.rights),
            "IsInherited": False,
            "Deny": False,
            "InheritanceType": "All",
        }

    def _shown_as(self, sid_: str) -> str:
        """Return by which of its names Exchange shows a principal in a permission: that differs between tenants."""
        for principal in list(self._world.exchange_principals.values()):
            if principal.sid == sid_:
                return self._simulation.chance.choose(
                    (principal.object_id, principal.display_name, sid_), "shown", sid_
                )
        return sid_


def _rights(parameters: dict[str, Any]) -> tuple[str, ...]:
    """Return the rights that are really given: an unknown name is accepted and gives nothing."""
    wanted = parameters.get("AccessRights", [])
    names = wanted if isinstance(wanted, list) else str(wanted).split(",")
    return tuple(name for name in names if name in {"FullAccess", "ReadPermission", "DeleteItem"})


def _printed(found: Mailbox) -> dict[str, Any]:
    return {
        "Identity": found.name,
        "Guid": found.guid,
        "ExchangeGuid": found.exchange_guid,
        "ExternalDirectoryObjectId": found.directory_id,
        "DisplayName": found.display_name,
        "UserPrincipalName": found.address,
        "PrimarySmtpAddress": found.primary_address,
        "EmailAddresses": [f"SMTP:{found.primary_address}", *(f"smtp:{alias}" for alias in found.aliases)],
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": found.kind,
    }
