"""What a person does in the portals and in PowerShell: arranges special cases, and acts while a run waits for it.

Rights, consent and access that are given here have to travel first, like all the others (``Tenant.advance`` lets them
arrive); the rest is true at once. What must be so from the start is changed in ``Tenant.world`` directly.
"""

from __future__ import annotations

from local.tenant.administrator_mailboxes import MailboxAdministrator
from local.tenant.catalogue import EXCHANGE_APP_ID, GRAPH_APP_ID
from local.tenant.deletion import delete
from local.tenant.directory import ASSIGNMENT
from local.tenant.founding import assign_role, sid
from local.tenant.member import Member
from local.tenant.sign_in_report import note
from local.tenant.simulation import Simulation
from local.tenant.world import (
    Application,
    ExchangePrincipal,
    Identity,
    RoleGroup,
    ServicePrincipal,
)


class Administrator(Member, MailboxAdministrator):
    """A person with every right."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation, "administrator")

    def delete_application(self, app_id: str) -> None:
        """Delete an application softly, with its service principal."""
        delete(self._world, self._application(app_id), self._simulation.clock.date())

    def enable_enterprise_application(self, app_id: str, *, enabled: bool) -> None:
        """Switch "enabled for users to sign in" on or off."""
        self._principal(app_id).enabled = enabled

    def consent(self, app_id: str, role: str = "IMAP.AccessAsApp") -> None:
        """Grant an Exchange role to an application, as in the portal's page on API permissions."""
        self._assign(self._principal(app_id).id, EXCHANGE_APP_ID, role)

    def withdraw_consent(self, app_id: str, role: str = "IMAP.AccessAsApp") -> None:
        """Take an Exchange role from an application."""
        self._unassign(self._principal(app_id).id, EXCHANGE_APP_ID, role)

    def replace_identity(self) -> Identity:
        """Give the app a new managed identity with the rights of the old one, which is gone."""
        world, chance = self._world, self._simulation.chance
        old, nth = world.identity, str(self._simulation.chance.nth("identity"))
        new = Identity(chance.guid("new identity", nth), chance.guid("new object", nth), old.vault_access)
        principal = world.service_principals.pop(old.object_id)
        world.service_principals[new.object_id] = ServicePrincipal(
            new.object_id, new.client_id, principal.display_name, kind="ManagedIdentity"
        )
        for entry in world.assignments.values():
            if entry.principal_id == old.object_id:
                entry.principal_id = new.object_id
        world.directory_roles[new.object_id] = world.directory_roles.pop(old.object_id, set())
        for group in world.role_groups:
            group.members = {new.object_id if one == old.object_id else one for one in group.members}
        world.identity = new
        return new

    def grant(self, *roles: str) -> None:
        """Give the managed identity app roles of Graph or Exchange, by name; tokens that are kept stay as they are."""
        for role in roles:
            self._assign(self._world.identity.object_id, _resource(role), role)

    def revoke(self, *roles: str) -> None:
        """Take app roles from the managed identity; tokens that are kept stay as they are."""
        for role in roles:
            self._unassign(self._world.identity.object_id, _resource(role), role)

    def set_directory_roles(self, *template_ids: str) -> None:
        """Give the managed identity exactly these directory roles."""
        self._world.directory_roles[self._world.identity.object_id] = set(template_ids)

    def utm_signs_in(self, app_id: str, key_id: str) -> None:
        """Let somebody else than the app sign in with a credential, as a UTM does that fetches mail."""
        note(self._simulation, app_id, key_id, EXCHANGE_APP_ID)

    def limit_secrets(self, days: int | None = None, *, forbidden: bool = False) -> None:
        """Set the tenant's policy on client secrets: a longest lifetime, or none at all."""
        policy = self._world.credential_policy
        policy.enabled, policy.secrets_forbidden = True, forbidden
        policy.longest_secret = None if days is None else f"P{days}D"

    def limit_certificates(self, days: int | None = None, *, trusted_only: bool = False) -> None:
        """Set the tenant's policy on certificates: a longest lifetime, and whether they need an authority."""
        policy = self._world.credential_policy
        policy.enabled, policy.trusted_authorities_only = True, trusted_only
        policy.longest_certificate = None if days is None else f"P{days}D"

    def put_in_role_group(self, cmdlets: set[str], write_scope: set[str] | None = None) -> RoleGroup:
        """Make the managed identity a member of a role group with these cmdlets; the scope is a set of addresses."""
        misbehaviour = self._simulation.misbehaviour
        group = RoleGroup(
            name="UTM OAuth Automation",
            members={self._world.identity.object_id},
            cmdlets=cmdlets,
            write_scope=write_scope,
            effective=misbehaviour.later(misbehaviour.preset.exchange_lag, "role group"),
        )
        self._world.role_groups.append(group)
        return group

    def new_service_principal(self, app_id: str, object_id: str, display_name: str = "UTM") -> ExchangePrincipal:
        """Run ``New-ServicePrincipal``; like Exchange it believes any object id."""
        chance = self._simulation.chance
        nth = str(chance.nth("foreign exchange-principal", app_id))
        made = ExchangePrincipal(
            app_id=app_id,
            object_id=object_id,
            display_name=display_name,
            sid=sid(chance, "foreign", app_id, object_id, nth),
            effective=self._simulation.known_to_imap(app_id),
        )
        self._world.exchange_principals[app_id] = made
        return made

    def remove_service_principal(self, app_id: str) -> None:
        """Run ``Remove-ServicePrincipal``; permissions given to it dangle."""
        del self._world.exchange_principals[app_id]

    def limit_vault(self, actions: frozenset[str]) -> None:
        """Give the identity another role on the vault."""
        self._world.identity.vault_actions = actions

    def delete_secret(self, name: str) -> None:
        """Delete a vault secret softly."""
        secret = self._world.secrets.pop(name)
        secret.deleted = self._simulation.clock.date()
        self._world.deleted_secrets[name] = secret

    def disable_secret(self, name: str) -> None:
        """Disable the newest version of a vault secret."""
        self._world.secrets[name].versions[-1].enabled = False

    def _assign(self, principal_id: str, resource_app_id: str, role: str) -> None:
        effective = self._simulation.known_to_tokens("role", principal_id, role)
        made = assign_role(self._world, self._simulation.chance, principal_id, resource_app_id, role, effective)
        arrives = self._simulation.misbehaviour.later(self._simulation.misbehaviour.preset.directory_lag, made.id)
        self._simulation.replication.writing(ASSIGNMENT + made.id, None, arrives)

    def _unassign(self, principal_id: str, resource_app_id: str, role: str) -> None:
        resource = self._world.service_principal(resource_app_id)
        role_ids = {entry.id for entry in resource.roles if entry.value == role} if resource else set()
        for entry in list(self._world.assignments.values()):
            if entry.principal_id == principal_id and entry.role_id in role_ids:
                del self._world.assignments[entry.id]

    def _application(self, app_id: str) -> Application:
        found = self._world.application(app_id)
        if found is None:
            raise LookupError(app_id)
        return found

    def _principal(self, app_id: str) -> ServicePrincipal:
        found = self._world.service_principal(app_id)
        if found is None:
            raise LookupError(app_id)
        return found


def _resource(role: str) -> str:
    return EXCHANGE_APP_ID if role.startswith("Exchange.") else GRAPH_APP_ID
