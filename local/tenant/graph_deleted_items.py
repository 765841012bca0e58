"""Microsoft Graph's deletion of applications, and the deleted items, from where they come back for 30 days.

Requests: learn.microsoft.com/graph/api/application-delete, directory-deleteditems-list, -get, -restore and -delete.
Each needs ``Application.ReadWrite.OwnedBy`` at least, and reaches with it what the caller owns. A deleted application
keeps its unique name; that somebody else has taken it meanwhile is said as of every value that has to be unique (how
Entra says it of a restored one is not documented).
"""

from __future__ import annotations

import re

from local.tenant.calls import Answer, Call
from local.tenant.deletion import delete, held_by, principal_of, purge, restore
from local.tenant.directory import APPLICATION, ASSIGNMENT, DELETED, DELETED_PRINCIPAL, PRINCIPAL, Directory
from local.tenant.graph_answers import application, bad_request, many, not_found, one, service_principal
from local.tenant.graph_applications import addressed
from local.tenant.graph_caller import ALL, OWNED, Caller
from local.tenant.simulation import Simulation
from local.tenant.world import Application, ServicePrincipal


class DeletedItems:
    """``DELETE /applications/…`` and ``/directory/deletedItems``, for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._world = simulation.world
        self._caller = caller
        self._directory = directory

    def delete(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE``: soft, for 30 days; the service principal goes with it, from one replica after the other."""
        shown = self._directory.application(*addressed(match))
        found = self._world.applications.get(shown.id)
        if found is None:
            raise not_found(shown.id)
        self._caller.changes(found)
        self._simulation.write_directory(APPLICATION + found.id, found)
        self._simulation.write_directory(DELETED + found.id, None)
        principal = self._world.service_principal(found.app_id)
        if principal is not None:
            self._simulation.write_directory(PRINCIPAL + principal.id, principal)
            self._simulation.write_directory(DELETED_PRINCIPAL + principal.id, None)
            for entry in held_by(self._world, principal):
                self._simulation.write_directory(ASSIGNMENT + entry.id, entry)
        delete(self._world, found, self._simulation.clock.date())
        return Answer(204)

    def applications(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /directory/deletedItems/microsoft.graph.application``."""
        self._caller.reads_applications()
        found = self._directory.deleted_applications().values()
        return many(call, "applications", (application(self._world, entry) for entry in found))

    def principals(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /directory/deletedItems/microsoft.graph.servicePrincipal``."""
        self._caller.reads_applications()
        found = self._directory.deleted_service_principals().values()
        return many(call, "servicePrincipals", (service_principal(self._world, entry) for entry in found))

    def get(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET /directory/deletedItems/{id}``."""
        self._caller.reads_applications()
        principal = self._directory.deleted_service_principals().get(match["id"])
        if principal is not None:
            printed = service_principal(self._world, principal)
            return one(call, "directoryObjects", {"@odata.type": "#microsoft.graph.servicePrincipal", **printed})
        shown = self._directory.deleted_applications().get(match["id"])
        if shown is None:
            raise not_found(match["id"])
        printed = application(self._world, shown)
        return one(call, "directoryObjects", {"@odata.type": "#microsoft.graph.application", **printed})

    def restore(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST /directory/deletedItems/{id}/restore``."""
        found = self._deleted(match)
        taken = (entry.unique_name for entry in list(self._world.applications.values()))
        if found.unique_name is not None and found.unique_name in taken:
            message = "Another object with the same value for property uniqueName already exists."
            raise bad_request(message, "Request_MultipleObjectsWithSameKeyValue")
        self._simulation.write_directory(DELETED + found.id, found)
        self._simulation.write_directory(APPLICATION + found.id, None)
        principal = principal_of(self._world, found)
        if principal is not None:
            self._returns(principal)
        restore(self._world, found)
        found.effective = self._simulation.known_to_tokens("restored", found.id)
        return one(call, "directoryObjects", application(self._world, found))

    def purge(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE /directory/deletedItems/{id}``: for good."""
        found = self._deleted(match)
        self._simulation.write_directory(DELETED + found.id, found)
        purge(self._world, found)
        return Answer(204)

    def _returns(self, principal: ServicePrincipal) -> None:
        self._simulation.write_directory(DELETED_PRINCIPAL + principal.id, principal)
        self._simulation.write_directory(PRINCIPAL + principal.id, None)
        for entry in self._world.deleted_assignments.values():
            if entry.principal_id == principal.id:
                entry.effective = self._simulation.known_to_tokens("role", principal.id, entry.role_id)
                self._simulation.write_directory(ASSIGNMENT + entry.id, None)

    def _deleted(self, match: re.Match[str]) -> Application:
        self._caller.needs(OWNED, ALL)
        shown = self._directory.deleted_applications().get(match["id"])
        found = self._world.deleted_applications.get(match["id"])
        if shown is None or found is None:
            raise not_found(match["id"])
        self._caller.changes(found)
        return found
