"""The way out of a finding that a person can take at once: a page of the portal, or lines to run. Pure.

The PowerShell lines are the article's, with this connection's ids; ``-ObjectId`` stands for the deprecated
``-ServiceId`` (learn.microsoft.com/powershell/module/exchange/new-serviceprincipal).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from connector.errors import MissingIdError
from connector.finding import Finding
from connector.microsoft import PROTOCOLS, Protocol
from connector.objects import Ids
from connector.quoting import bash, powershell

ALLOWED_GROUP = "UTM Mail Connect Mailboxes"
"""The mail-enabled security group to which the grant script limits the identity; a person may have named another."""
_EXCHANGE_ROLES = [powershell(one.exchange_role) for one in PROTOCOLS.values() if one.exchange_role]
_LISTED = 50
"""More mailboxes than this are read from a file: the lines are to be copied."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a remedy is filled with."""

    name: str
    display_name: str
    ids: Ids
    mailboxes: tuple[str, ...]
    portal: str | None
    principal: bool = False
    """Whether Exchange is known to have the application's record."""
    leaving: tuple[str, ...] = ()
    """Mailboxes that are no longer wanted and whose access is still there."""
    app: str | None = None
    """The name of the Function App, where it runs in Azure."""
    resource_group: str | None = None
    protocols: tuple[Protocol, ...] = (Protocol.IMAP,)
    hostname: str | None = None
    """Where the app answers, as App Service tells it."""

    @property
    def grant(self) -> str:
        """Return the grant script with what it needs to find this deployment; placeholders for what is not known."""
        if self.app is None and self.ids.identity_object_id and self.ids.tenant_id:
            return f"infra/grant.sh --identity {bash(self.ids.identity_object_id)} --tenant {bash(self.ids.tenant_id)}"
        group, app = (bash(name) if name else "<name>" for name in (self.resource_group, self.app))
        return f"infra/grant.sh --resource-group {group} --app {app}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where to go, or what to run; None where there is no such thing."""

    link: str | None = None
    command: str | None = None


def remedy(finding: Finding, context: Context) -> Remedy:
    """Return the way out of ``finding``; as long as there is no application only what needs none of its ids."""
    found = _ALONE.get(finding.code)
    if context.ids.application_id is not None:
        found = _CONNECTION.get(finding.code, found)
    try:
        way_out = found(finding, context) if found is not None else Remedy()
    except MissingIdError:  # was lost: a line without it would be run as it stands, or ask for something else
        return Remedy()
    return way_out if context.portal is not None else replace(way_out, link=None)


def _consent(_: Finding, context: Context) -> Remedy:
    line = f"{context.grant} --consent {bash(context.name)}"
    others = "" if context.protocols == (Protocol.IMAP,) else f" --protocols {','.join(context.protocols)}"
    return Remedy(_registration(context, "CallAnAPI"), line + others)


def _owners(finding: Finding, context: Context) -> Remedy:
    return Remedy(_registration(context, "Owners", finding))


def _credentials(finding: Finding, context: Context) -> Remedy:
    return Remedy(_registration(context, "Credentials", finding))


def _adopt(finding: Finding, context: Context) -> Remedy:
    return Remedy(_registration(context, "Owners", finding), f"{context.grant} --adopt {bash(context.name)}")


def _enterprise_owners(finding: Finding, context: Context) -> Remedy:
    return Remedy(_enterprise(context, "Owners", finding))


def _enterprise_credential(finding: Finding, context: Context) -> Remedy:
    """Return the lines that remove a password; the portal shows none of a service principal."""
    principal = _principal_id(context, finding)
    remove = f"Remove-MgServicePrincipalPassword -ServicePrincipalId {powershell(principal)}"
    command = f"Connect-MgGraph -Scopes Application.ReadWrite.All\n{remove} -KeyId {powershell(finding.subject)}"
    other = finding.values.get("kind", "secret") != "secret"
    return Remedy(_enterprise(context, "Owners", finding), None if other else command)


def _deleted(_: Finding, context: Context) -> Remedy:
    return Remedy(f"{context.portal}/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade")


def _enterprise_application(finding: Finding, context: Context) -> Remedy:
    return Remedy(_enterprise(context, "Properties", finding))


def _conditional_access(_: Finding, context: Context) -> Remedy:
    return Remedy(f"{context.portal}/#view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies")


def _registration(context: Context, page: str, finding: Finding | None = None) -> str:
    """Return a page of the application's registration: of the one that the finding names, be it ours or not."""
    named = finding.values.get("applicationId") if finding is not None else None
    blade = f"ApplicationMenuBlade/~/{page}/appId/{named or context.ids.known('application_id')}"
    return f"{context.portal}/#view/Microsoft_AAD_RegisteredApps/{blade}"


def _enterprise(context: Context, page: str, finding: Finding) -> str:
    """Return a page of the enterprise application, likewise."""
    application = finding.values.get("applicationId") or context.ids.known("application_id")
    blade = f"ManagedAppMenuBlade/~/{page}/objectId/{_principal_id(context, finding)}/appId/{application}"
    return f"{context.portal}/#view/Microsoft_AAD_IAM/{blade}"


def _principal_id(context: Context, finding: Finding) -> str:
    return str(finding.values.get("enterpriseApplicationId") or context.ids.known("enterprise_application_id"))


def _principal(_: Finding, context: Context) -> Remedy:
    return Remedy(command=_lines(_new_principal(context)))


def _replaced(finding: Finding, context: Context) -> Remedy:
    remove = f"Remove-ServicePrincipal -Identity {powershell(finding.subject)} -Confirm:$false"
    return Remedy(command=_lines(remove, _new_principal(context), *_access(context)))


def _by_hand(_: Finding, context: Context) -> Remedy:
    first = [] if context.principal else [_new_principal(context)]
    return Remedy(command=_lines(*first, *_access(context)))


def _refused(finding: Finding, context: Context) -> Remedy:
    """Return the way to the first of the causes that remain possible."""
    if "consent" in finding.causes:
        return _consent(finding, context)
    return _by_hand(finding, context) if "principal" in finding.causes else _one_access(finding, context)


def _not_connected(finding: Finding, context: Context) -> Remedy:
    return _one_access(finding, context) if "access" in finding.causes else Remedy()


def _one_access(finding: Finding, context: Context) -> Remedy:
    return Remedy(command=_lines(_permission(context, powershell(finding.subject))))


def _new_principal(context: Context) -> str:
    application, principal = context.ids.known("application_id"), context.ids.known("enterprise_application_id")
    return (
        f"New-ServicePrincipal -AppId {powershell(application)} "
        f"-ObjectId {powershell(principal)} -DisplayName {powershell(context.display_name)}"
    )


def _access(context: Context) -> list[str]:
    """Return the lines that give access; a long list is read from a file with one address per line."""
    if len(context.mailboxes) <= _LISTED:
        return [_permission(context, powershell(one)) for one in context.mailboxes]
    return [f"Get-Content mailboxes.txt | ForEach-Object {{ {_permission(context, '$_')} }}"]


def _permission(context: Context, mailbox: str) -> str:
    user = powershell(context.ids.known("enterprise_application_id"))
    return (
        f"Add-MailboxPermission -Identity {mailbox} -User {user} "
        "-AccessRights FullAccess -InheritanceType All -AutoMapping $false"
    )


def _send_as(finding: Finding, _: Context) -> Remedy:
    """Return the lines that let the mailboxes of a finding send as its address."""
    return _sender_lines("Add-RecipientPermission", finding)


def _send_as_back(finding: Finding, _: Context) -> Remedy:
    return _sender_lines("Remove-RecipientPermission", finding)


def _sender_lines(cmdlet: str, finding: Finding) -> Remedy:
    mailboxes = [one for one in str(finding.values.get("mailboxes", "")).split(", ") if one][:_LISTED]
    if not mailboxes:
        return Remedy()
    what = f"{cmdlet} -Identity {powershell(finding.subject)}"
    lines = [f"{what} -Trustee {powershell(one)} -AccessRights SendAs -Confirm:$false" for one in mailboxes]
    return Remedy(command=_lines(*lines))


def _send_as_denied(finding: Finding, _: Context) -> Remedy:
    values = {"mailboxes": finding.values.get("mailbox", "")}
    return _sender_lines("Add-RecipientPermission", finding.model_copy(update={"values": values}))


def _sending_role(_: Finding, context: Context) -> Remedy:
    """Return the lines by which an administrator permits the sending; a long list is read from a file.

    learn.microsoft.com/exchange/client-developer/legacy-protocols/smtp-app-rbac-onboarding: a group, a scope of its
    members, and the role for the application in that scope.
    """
    group, app = powershell(sending_group(context.name)), powershell(context.ids.known("enterprise_application_id"))
    add = f"Add-DistributionGroupMember -Identity {group} -Member"
    members = [f"{add} {powershell(one)}" for one in context.mailboxes]
    if len(members) > _LISTED:
        members = [f"Get-Content mailboxes.txt | ForEach-Object {{ {add} $_ }}"]
    scope = (
        f"Get-DistributionGroup -Identity {group} | ForEach-Object {{ New-ManagementScope -Name {group} "
        "-RecipientRestrictionFilter \"MemberOfGroup -eq '$($_.DistinguishedName)'\" }"
    )
    assign = [
        f"New-ManagementRoleAssignment -Role {role} -App {app} -CustomResourceScope {group}" for role in _EXCHANGE_ROLES
    ]
    return Remedy(command=_lines(f"New-DistributionGroup -Name {group} -Type Security", *members, scope, *assign))


def sending_group(name: str) -> str:
    """Return how the lines call the group, and its scope, of the mailboxes as which a connection sends."""
    return f"UTM relay {name}"


def _outside_role(finding: Finding, context: Context) -> Remedy:
    """Return the line that names the scope: the mailbox belongs into what that takes in."""
    principal = powershell(context.ids.known("enterprise_application_id"))
    asked = f"Test-ServicePrincipalAuthorization -Identity {principal} -Resource {powershell(finding.subject)}"
    return Remedy(command=_lines(asked))


def _role_left(finding: Finding, context: Context) -> Remedy:
    """Return the lines that take such a role away; Exchange may not know the application by then."""
    ids = context.ids
    holder = ids.enterprise_application_id or finding.subject
    mine = f'Where-Object {{ "$($_.App)" -eq {powershell(holder)} }}'
    lines = [
        f"Get-ManagementRoleAssignment -Role {role} | {mine} | Remove-ManagementRoleAssignment -Confirm:$false"
        for role in _EXCHANGE_ROLES
    ]
    return Remedy(command=_lines(*lines))


def _removal(_: Finding, context: Context) -> Remedy:
    """Return the lines that take access back; of a long list the first, since the run then names the next."""
    return _without_access(context.leaving, context)


def _spare(_: Finding, context: Context) -> Remedy:
    """Return the lines that take access back which the wanted mailboxes do not need."""
    return _without_access(context.mailboxes, context)


def _without_access(mailboxes: tuple[str, ...], context: Context) -> Remedy:
    user = powershell(context.ids.known("enterprise_application_id"))
    lines = [
        f"Remove-MailboxPermission -Identity {powershell(one)} -User {user} -AccessRights FullAccess -Confirm:$false"
        for one in mailboxes[:_LISTED]
    ]
    return Remedy(command=_lines(*lines))


def _old_principal(finding: Finding, context: Context) -> Remedy:
    known = powershell(finding.subject or context.ids.known("enterprise_application_id"))
    return Remedy(command=_lines(f"Remove-ServicePrincipal -Identity {known} -Confirm:$false"))


def _old_consent(finding: Finding, context: Context) -> Remedy:
    return Remedy(_enterprise(context, "Permissions", finding))


def _old_application(finding: Finding, context: Context) -> Remedy:
    return Remedy(_registration(context, "Overview", finding))


def _switch(finding: Finding, _: Context) -> Remedy:
    """Return the line for the mailbox's own setting: it counts before the tenant's."""
    switch = next(
        one.switch for one in PROTOCOLS.values() if finding.code in {one.codes.disabled, one.codes.off_for_all}
    )
    value = f"-{switch.name} ${str(switch.on).lower()}"
    return Remedy(command=_lines(f"Set-CASMailbox -Identity {powershell(finding.subject)} {value}"))


def _scope(finding: Finding, _: Context) -> Remedy:
    group, member = powershell(ALLOWED_GROUP), powershell(finding.subject)
    return Remedy(command=_lines(f"Add-DistributionGroupMember -Identity {group} -Member {member}"))


def _customise(_: Finding, __: Context) -> Remedy:
    return Remedy(command=_lines("Enable-OrganizationCustomization"))


def _grant(_: Finding, context: Context) -> Remedy:
    return Remedy(command=context.grant)


def _lines(*lines: str) -> str:
    return "\n".join(("Connect-ExchangeOnline", *lines))


_CONNECTION: dict[str, Callable[[Finding, Context], Remedy]] = {
    "consent-missing": _consent,
    "token-wrong-role": _consent,
    "application-deleted": _deleted,
    "enterprise-application-disabled": _enterprise_application,
    "conditional-access": _conditional_access,
    "principal-missing": _principal,
    "principal-stale": _replaced,
    "exchange-by-hand": _by_hand,
    **{one.codes.refused: _refused for one in PROTOCOLS.values()},
    **{one.codes.closed: _not_connected for one in PROTOCOLS.values()},
    "consent-unwanted": _old_consent,
    "role-stays": _old_consent,
    "consent-mixed": _old_consent,
    "sending-role-missing": _sending_role,
    "sending-role-unread": _sending_role,
    "sending-role-boundless": _sending_role,
    "mailbox-outside-role": _outside_role,
    "access-missing": _one_access,
    "removal-by-hand": _removal,
    "access-spare": _spare,
    "credential-left": _credentials,
    "principal-left": _old_principal,
    "consent-left": _old_consent,
    "application-left": _old_application,
}
_ALONE: dict[str, Callable[[Finding, Context], Remedy]] = {
    "foreign-application": _owners,
    "maker-unknown": _owners,
    "owner-missing": _adopt,
    "owners-not-readable": _adopt,
    "foreign-owner": _owners,
    "foreign-credential": _credentials,
    "foreign-enterprise-application": _enterprise_owners,
    "foreign-enterprise-owner": _enterprise_owners,
    "foreign-enterprise-credential": _enterprise_credential,
    "grant-missing": _grant,
    "role-missing": _grant,
    "exchange-role-missing": _grant,
    "cmdlet-missing": _grant,
    "vault-right-missing": _grant,
    **{one.codes.disabled: _switch for one in PROTOCOLS.values()},
    **{one.codes.off_for_all: _switch for one in PROTOCOLS.values() if one.codes.off_for_all},
    "sending-role-left": _role_left,
    "send-as-missing": _send_as,
    "send-as-unread": _send_as,
    "send-as-left": _send_as_back,
    **{one.codes.sender: _send_as_denied for one in PROTOCOLS.values() if one.codes.sender},
    "mailbox-outside-scope": _scope,
    "tenant-not-customised": _customise,
}
