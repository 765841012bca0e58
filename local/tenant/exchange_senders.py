"""Who may send as whom, the tenant's switch for SMTP, and role-based access for applications.

learn.microsoft.com/powershell/module/exchange/add-recipientpermission and its neighbours: ``SendAs`` on a mailbox or a
group for a **mailbox** or group; learn.microsoft.com/powershell/module/exchange/get-transportconfig (nobody here may
set it); learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization, which prints a line for each
role that the application was given, and says whether the mailbox lies in its scope: ``Not Run`` where none is named.
It looks past what Exchange keeps for 30 minutes to 2 hours (learn.microsoft.com/exchange/permissions-exo/
application-rbac).
"""

from __future__ import annotations

from typing import Any

from local.tenant.exchange_answers import NO_ENTRY, OUT_OF_SCOPE, CmdletError, Output, missing
from local.tenant.exchange_principals import PrincipalCmdlets
from local.tenant.exchange_rights import Rights
from local.tenant.simulation import Simulation
from local.tenant.world import Mailbox, Recipient

_KEY = "send-as/"


class SendingCmdlets:
    """The cmdlets, for one caller, one replica and one call."""

    def __init__(self, simulation: Simulation, rights: Rights, replica: float, key: str) -> None:
        self._simulation, self._world = simulation, simulation.world
        self._rights, self._replica, self._key = rights, replica, key
        self._principals = PrincipalCmdlets(simulation, replica, key)

    def add(self, parameters: dict[str, Any]) -> Output:
        """``Add-RecipientPermission``: a duplicate is a warning, no error."""
        recipient, trustee = self._writable(parameters, "Add-RecipientPermission"), self._trustee(parameters)
        if trustee.guid in recipient.send_as:
            text = f'The appropriate access control entry is already present on the object "CN={recipient.address}" '
            return Output(warnings=[f'{text}for account "{trustee.address}".'])
        if parameters.get("AccessRights") not in (["SendAs"], "SendAs") or self._silent():
            return Output()
        self._simulation.write_exchange(self._place(recipient, trustee), None)
        recipient.send_as[trustee.guid] = self._simulation.known_to_imap("send as", recipient.address, trustee.guid)
        return Output([self._printed(recipient, trustee.guid)])

    def get(self, parameters: dict[str, Any]) -> Output:
        """``Get-RecipientPermission``."""
        recipient = self._recipient(parameters)
        shown = self._simulation.replication.seen_all(
            f"{_KEY}{recipient.address}/", dict(recipient.send_as), self._replica
        )
        if parameters.get("Trustee") is not None:
            trustee = self._trustee(parameters)
            return Output([self._printed(recipient, guid) for guid in shown if guid == trustee.guid])
        return Output([self._printed(recipient, guid) for guid in shown])

    def remove(self, parameters: dict[str, Any]) -> Output:
        """``Remove-RecipientPermission``: what is not there is a warning, now and then an error."""
        recipient, trustee = self._writable(parameters, "Remove-RecipientPermission"), self._trustee(parameters)
        if trustee.guid not in recipient.send_as or self._silent():
            text = f'Can\'t remove the access control entry on the object "CN={recipient.address}" for account '
            return self._no_entry(f'{text}"{trustee.address}" because the ACE doesn\'t exist on the object.')
        self._simulation.write_exchange(self._place(recipient, trustee), recipient.send_as[trustee.guid])
        del recipient.send_as[trustee.guid]
        return Output()

    def transport(self, parameters: dict[str, Any]) -> Output:  # noqa: ARG002 - takes none
        """``Get-TransportConfig``."""
        disabled = self._world.submission_disabled
        return Output([{"Identity": "Transport Settings", "SmtpClientAuthenticationDisabled": disabled}])

    def authorization(self, parameters: dict[str, Any]) -> Output:
        """``Test-ServicePrincipalAuthorization``."""
        principal = self._principals.named(str(parameters.get("Identity", "")))
        if principal.app_id not in self._world.application_scopes:
            return Output()
        scope = self._world.application_scopes[principal.app_id]
        line = {"RoleName": "Application SMTP.SendAsApp", "GrantedPermissions": "SMTP.SendAsApp"}
        named = {"AllowedResourceScope": "UTM", "ScopeType": "CustomRecipientScope"}
        scoped = named if scope is not None else dict.fromkeys(named, "Organization")
        resource = parameters.get("Resource")
        asked = self._world.mailbox(str(resource)) if resource is not None else None
        if resource is not None and asked is None:
            raise missing(str(resource))
        reached = "Not Run" if asked is None else scope is None or asked.guid in scope
        return Output([{**line, **scoped, "InScope": reached}])

    def _no_entry(self, text: str) -> Output:
        chance, preset = self._simulation.chance, self._simulation.misbehaviour.preset
        if chance.draw("no entry", self._key, str(chance.nth("no entry", self._key))) < preset.odd_answers:
            raise CmdletError(NO_ENTRY, text)
        return Output(warnings=[text])

    def _silent(self) -> bool:
        return self._simulation.misbehaviour.silent(self._key)

    def _place(self, recipient: Mailbox | Recipient, trustee: Mailbox) -> str:
        return f"{_KEY}{recipient.address}/{trustee.guid}"

    def _recipient(self, parameters: dict[str, Any]) -> Mailbox | Recipient:
        identity = str(parameters.get("Identity", ""))
        found: Mailbox | Recipient | None = self._world.mailbox(identity)
        others = list(self._world.recipients.values())
        found = found or next((one for one in others if identity.lower() in {one.address, one.guid}), None)
        if found is None:
            raise missing(identity)
        return found

    def _trustee(self, parameters: dict[str, Any]) -> Mailbox:
        identity = str(parameters.get("Trustee", ""))
        found = self._world.mailbox(identity)
        if found is None:
            raise missing(identity)
        return found

    def _writable(self, parameters: dict[str, Any], cmdlet: str) -> Mailbox | Recipient:
        recipient = self._recipient(parameters)
        if not self._rights.reaches(cmdlet, recipient.address):
            message = (
                f"'{recipient.display_name}' isn't within your current write scopes. Can't perform save operation."
            )
            raise CmdletError(OUT_OF_SCOPE, message)
        return recipient

    def _printed(self, recipient: Mailbox | Recipient, guid: str) -> dict[str, Any]:
        trustee = next((one for one in list(self._world.mailboxes.values()) if one.guid == guid), None)
        return {
            "Identity": recipient.name if isinstance(recipient, Mailbox) else recipient.display_name,
            "Trustee": trustee.address if trustee is not None else f"S-1-5-21-{guid}",
            "AccessControlType": "Allow",
            "AccessRights": ["SendAs"],
            "IsInherited": False,
            "InheritanceType": "None",
        }
