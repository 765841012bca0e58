"""What goes with an application that is deleted, and what comes back with it.

Deletion is soft for 30 days: learn.microsoft.com/graph/api/application-delete. The service principal goes and comes
back with its application (learn.microsoft.com/entra/identity/enterprise-apps/delete-recover-faq). Nobody has said
whether its consent comes back too: ``World.consent_comes_back``.
"""

from __future__ import annotations

from datetime import datetime

from local.tenant.world import Application, RoleAssignment, ServicePrincipal, World


def held_by(world: World, principal: ServicePrincipal) -> list[RoleAssignment]:
    """Return the roles that a principal holds."""
    return [entry for entry in list(world.assignments.values()) if entry.principal_id == principal.id]


def delete(world: World, application: Application, when: datetime) -> None:
    """Delete an application softly, with its service principal."""
    del world.applications[application.id]
    application.deleted = when
    world.deleted_applications[application.id] = application
    principal = world.service_principal(application.app_id)
    if principal is not None:
        delete_principal(world, principal, when)


def delete_principal(world: World, principal: ServicePrincipal, when: datetime) -> None:
    """Delete a service principal softly, with what it holds."""
    del world.service_principals[principal.id]
    principal.deleted = when
    world.deleted_service_principals[principal.id] = principal
    for entry in held_by(world, principal):
        del world.assignments[entry.id]
        world.deleted_assignments[entry.id] = entry


def principal_of(world: World, application: Application) -> ServicePrincipal | None:
    """Return the deleted service principal that comes back with a deleted application: the last one that it had."""
    gone = [entry for entry in world.deleted_service_principals.values() if entry.app_id == application.app_id]
    return gone[-1] if gone else None


def restore(world: World, application: Application) -> None:
    """Bring an application back, with its service principal and, as far as it comes back, its consent."""
    principal = principal_of(world, application)
    del world.deleted_applications[application.id]
    application.deleted = None
    world.applications[application.id] = application
    if principal is not None:
        restore_principal(world, principal)


def restore_principal(world: World, principal: ServicePrincipal) -> None:
    """Bring a service principal back."""
    del world.deleted_service_principals[principal.id]
    principal.deleted = None
    world.service_principals[principal.id] = principal
    for entry in [entry for entry in world.deleted_assignments.values() if entry.principal_id == principal.id]:
        del world.deleted_assignments[entry.id]
        if world.consent_comes_back:
            world.assignments[entry.id] = entry


def purge(world: World, application: Application) -> None:
    """Delete for good, with what went with it."""
    del world.deleted_applications[application.id]
    for principal in list(world.deleted_service_principals.values()):
        if principal.app_id == application.app_id:
            del world.deleted_service_principals[principal.id]
