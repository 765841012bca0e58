"""The tenant before anybody runs the set-up: Contoso GmbH, its mailboxes, Microsoft's services, our identity."""

from __future__ import annotations

from local.tenant.catalogue import (
    DEFAULT_IDENTITY_GRAPH_ROLES,
    DIRECTORY_ROLES,
    EXCHANGE_APP_ID,
    EXCHANGE_ROLES,
    GRAPH_APP_ID,
    GRAPH_ROLES,
)
from local.tenant.chance import Chance
from local.tenant.simulation import utc_now
from local.tenant.world import (
    AppRole,
    ExchangePrincipal,
    Identity,
    Mailbox,
    RoleAssignment,
    ServicePrincipal,
    World,
)

_FIRST = (("invoices", "Rechnungseingang"), ("support", "Kundendienst"), ("sales", "Vertrieb"))


def found(chance: Chance, mailboxes: int) -> World:
    """Return the tenant; its managed identity holds every right that the set-up can use."""
    identity = Identity(client_id=chance.guid("identity", "client"), object_id=chance.guid("identity", "object"))
    world = World(tenant_id=chance.guid("tenant"), identity=identity)
    _add_services(world, chance)
    _add_identity(world, chance)
    for number in range(1, mailboxes + 1):
        local, name = _FIRST[number - 1] if number <= len(_FIRST) else (f"user{number:04}", f"Postfach {number}")
        address = f"{local}@{world.domain}"
        world.mailboxes[address] = Mailbox(address=address, display_name=name, guid=chance.guid("mailbox", address))
    # Others have principals in Exchange too: asked for an unknown one, Exchange returns them all.
    for name in ("Contoso Archiv", "Contoso CRM"):
        principal = ExchangePrincipal(
            app_id=chance.guid(name, "app"),
            object_id=chance.guid(name, "object"),
            display_name=name,
            sid=sid(chance, name),
        )
        world.exchange_principals[principal.app_id] = principal
    return world


def sid(chance: Chance, *what: str) -> str:
    """Return a security identifier for an account in Exchange."""
    parts = (str(int(chance.draw("sid", part, *what) * 4_000_000_000)) for part in ("a", "b", "c"))
    return f"S-1-5-21-{'-'.join(parts)}-{int(chance.draw('rid', *what) * 90_000_000) + 1_000_000}"


def _add_services(world: World, chance: Chance) -> None:
    for app_id, name, roles in (
        (GRAPH_APP_ID, "Microsoft Graph", GRAPH_ROLES),
        (EXCHANGE_APP_ID, "Office 365 Exchange Online", EXCHANGE_ROLES),
    ):
        service = ServicePrincipal(
            id=chance.guid("service", app_id),
            app_id=app_id,
            display_name=name,
            roles=[AppRole(id_, value) for value, id_ in roles.items()],
        )
        world.service_principals[service.id] = service


def _add_identity(world: World, chance: Chance) -> None:
    identity = world.identity
    world.service_principals[identity.object_id] = ServicePrincipal(
        id=identity.object_id, app_id=identity.client_id, display_name="id-utm-mail-connect", kind="ManagedIdentity"
    )
    world.directory_roles[identity.object_id] = {DIRECTORY_ROLES["Exchange Administrator"]}
    for app_id, values in (
        (GRAPH_APP_ID, DEFAULT_IDENTITY_GRAPH_ROLES),
        (EXCHANGE_APP_ID, ("Exchange.ManageAsApp",)),
    ):
        for value in values:
            assign_role(world, chance, identity.object_id, app_id, value)


def assign_role(
    world: World, chance: Chance, principal_id: str, resource_app_id: str, value: str, effective: float = 0.0
) -> RoleAssignment:
    """Give a principal an app role of a resource, by the role's name."""
    resource = world.service_principal(resource_app_id)
    if resource is None:
        raise LookupError(resource_app_id)
    role = next(role for role in resource.roles if role.value == value)
    assignment = RoleAssignment(
        id=chance.text(43, "assignment", principal_id, role.id),
        principal_id=principal_id,
        resource_id=resource.id,
        role_id=role.id,
        created=utc_now(),
        effective=effective,
    )
    world.assignments[assignment.id] = assignment
    return assignment
