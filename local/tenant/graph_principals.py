"""Microsoft Graph's service principals and app role assignments.

Requests: learn.microsoft.com/graph/api/serviceprincipal-upsert and
learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto. What Graph says while an application has not
reached every replica is quoted from terraform-provider-azuread, which repeats the request on each of these.
"""

from __future__ import annotations

import copy
import re

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.deletion import delete_principal, held_by
from local.tenant.directory import ASSIGNMENT, DELETED_PRINCIPAL, PRINCIPAL, Directory
from local.tenant.graph_answers import assignment, bad_request, error, many, not_found, one, service_principal
from local.tenant.graph_applications import addressed
from local.tenant.graph_caller import ALL, OWNED, READ, Caller
from local.tenant.simulation import Simulation
from local.tenant.world import Application, RoleAssignment, ServicePrincipal

_ASSIGN = "AppRoleAssignment.ReadWrite.All"


class ServicePrincipals:
    """The calls under ``/servicePrincipals``, each for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._caller = caller
        self._directory = directory

    def all(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /servicePrincipals``."""
        self._caller.reads_applications()
        world = self._simulation.world
        found = self._directory.service_principals().values()
        return many(call, "servicePrincipals", (service_principal(world, entry) for entry in found))

    def get(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET /servicePrincipals/{id}`` or by appId."""
        self._caller.reads_applications()
        found = self._directory.service_principal(*addressed(match))
        return one(call, "servicePrincipals", service_principal(self._simulation.world, found))

    def create(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``POST /servicePrincipals``."""
        return self._create(call, str(call.json().get("appId")))

    def update(self, call: Call, match: re.Match[str]) -> Answer:
        """``PATCH``: by appId with ``Prefer: create-if-missing`` an upsert, answered 201 or 204."""
        self._caller.needs(OWNED, ALL)
        key, value = addressed(match)
        current = self._simulation.world.service_principals
        found = next((entry for entry in list(current.values()) if value in (entry.id, entry.app_id)), None)
        if found is None:
            if key == "appId" and "create-if-missing" in call.headers.get("prefer", ""):
                return self._create(call, value)
            raise not_found(value)
        self._caller.changes(found)
        self._simulation.write_directory(PRINCIPAL + found.id, copy.deepcopy(found))
        found.display_name = call.json().get("displayName", found.display_name)
        found.enabled = call.json().get("accountEnabled", found.enabled)
        found.notes = call.json().get("notes", found.notes)
        return Answer(204)

    def delete(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE /servicePrincipals/{id}``; soft as well; its assignments go with it."""
        shown = self._directory.service_principal(*addressed(match))
        world = self._simulation.world
        found = world.service_principals.get(shown.id)
        if found is None:
            raise not_found(shown.id)
        self._caller.changes(found)
        self._simulation.write_directory(PRINCIPAL + found.id, found)
        self._simulation.write_directory(DELETED_PRINCIPAL + found.id, None)
        for entry in held_by(world, found):
            self._simulation.write_directory(ASSIGNMENT + entry.id, entry)
        delete_principal(world, found, self._simulation.clock.date())
        return Answer(204)

    def roles_held(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET …/appRoleAssignments``: what this principal holds."""
        return self._assignments(call, match, "principal_id")

    def roles_given(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET …/appRoleAssignedTo``: who holds roles of this resource."""
        return self._assignments(call, match, "resource_id")

    def assign(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST …/appRoleAssignedTo`` and ``…/appRoleAssignments``: give a role."""
        self._caller.needs(_ASSIGN)
        self._caller.needs(READ, ALL)
        body = call.json()
        principal_id, resource_id, role_id = (str(body.get(key)) for key in ("principalId", "resourceId", "appRoleId"))
        shown = self._directory.service_principals()
        if addressed(match)[1] not in (resource_id, principal_id):
            raise bad_request("The id in the path is neither that of the resource nor that of the principal.")
        if principal_id not in shown or resource_id not in shown:
            # The same cause, a principal that has not arrived, shows itself in two ways.
            if self._simulation.chance.draw("reference", principal_id, str(self._directory.replica)) < 0.5:  # noqa: PLR2004
                raise not_found(principal_id)
            raise bad_request("Not a valid reference update.")
        if role_id not in {role.id for role in shown[resource_id].roles}:
            raise bad_request(f"Permission being assigned was not found on application '{resource_id}'.")
        made = RoleAssignment(
            id=self._simulation.chance.text(43, "assignment", principal_id, role_id),
            principal_id=principal_id,
            resource_id=resource_id,
            role_id=role_id,
            created=self._simulation.clock.date(),
            effective=self._simulation.known_to_tokens("role", principal_id, role_id),
        )
        if made.id in self._simulation.world.assignments:
            raise bad_request("Permission being assigned already exists on the object")
        self._simulation.write_directory(ASSIGNMENT + made.id, None)
        self._simulation.world.assignments[made.id] = made
        return one(call, "appRoleAssignments", assignment(self._simulation.world, made), 201)

    def unassign(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE …/appRoleAssignedTo/{id}``: take a role away."""
        self._caller.needs(_ASSIGN)
        shown = self._directory.assignments().get(match["assignment"])
        if shown is None or shown.id not in self._simulation.world.assignments:
            raise not_found(match["assignment"])
        self._simulation.write_directory(ASSIGNMENT + shown.id, shown)
        del self._simulation.world.assignments[shown.id]
        return Answer(204)

    def _assignments(self, call: Call, match: re.Match[str], side: str) -> Answer:
        self._caller.reads_applications()
        id_ = self._directory.service_principal(*addressed(match)).id
        world = self._simulation.world
        found = [entry for entry in self._directory.assignments().values() if getattr(entry, side) == id_]
        return many(call, "appRoleAssignments", (assignment(world, entry) for entry in found))

    def _create(self, call: Call, app_id: str) -> Answer:
        self._caller.needs(OWNED, ALL)
        application = next((app for app in self._directory.applications().values() if app.app_id == app_id), None)
        if application is None:
            self._refuse_unknown(app_id)
        elif ALL not in self._caller.claims.roles and self._caller.id not in application.owners:
            raise _no_backing_application()
        world = self._simulation.world
        if world.service_principal(app_id) is not None:
            message = (
                "The service principal cannot be created, updated, or restored because the service principal name "
            )
            raise Refusal(
                error(409, "Request_MultipleObjectsWithSameKeyValue", f"{message}{app_id} is already in use.")
            )
        made = self._make(call, app_id, application)
        return one(call, "servicePrincipals", service_principal(world, made), 201)

    def _make(self, call: Call, app_id: str, application: Application | None) -> ServicePrincipal:
        chance = self._simulation.chance
        name = call.json().get("displayName") or (application.display_name if application else app_id)
        made = ServicePrincipal(
            id=chance.guid("service-principal", app_id, str(chance.nth("service-principal", app_id))),
            app_id=app_id,
            display_name=name,
            owners=[self._caller.id],
            notes=call.json().get("notes"),
            created_by=self._caller.claims.application_id,
        )
        self._simulation.write_directory(PRINCIPAL + made.id, None)
        self._simulation.world.service_principals[made.id] = made
        return made

    def _refuse_unknown(self, app_id: str) -> None:
        if self._simulation.chance.draw("no application", app_id, str(self._directory.replica)) < 0.5:  # noqa: PLR2004
            raise _no_backing_application()
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object.",
            "NoBackingApplicationObject",
        )


def _no_backing_application() -> Refusal:
    """Return what Graph also says of an application that has not arrived; it is no question of rights."""
    message = (
        "When using this permission, the backing application of the service principal being created must in the local "
        "tenant"
    )
    return Refusal(error(403, "Authorization_RequestDenied", message))
