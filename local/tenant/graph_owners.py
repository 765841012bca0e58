"""Owners of applications and of service principals: each object has its own.

Requests: learn.microsoft.com/graph/api/application-list-owners, serviceprincipal-list-owners, application-post-owners
and their neighbours. An owner may add and remove owners, himself among them, and make a service principal one. Of a
service principal of others ``Application.ReadWrite.OwnedBy`` may be told 403 (``World.hides_owners``).
"""

from __future__ import annotations

import copy
import re

from local.tenant.calls import Answer, Call
from local.tenant.directory import APPLICATION, PRINCIPAL, Directory
from local.tenant.graph_answers import bad_request, many, not_found, reference
from local.tenant.graph_applications import addressed
from local.tenant.graph_caller import Caller
from local.tenant.simulation import Simulation
from local.tenant.world import Application, ServicePrincipal


class Owners:
    """``…/owners`` of both kinds of object, for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._caller = caller
        self._directory = directory

    def of_application(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET /applications/{id}/owners``."""
        found = self._directory.application(*addressed(match))
        self._caller.reads_owners(found)
        return self._listed(call, found)

    def of_principal(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET /servicePrincipals/{id}/owners``."""
        self._caller.reads_applications()
        found = self._directory.service_principal(*addressed(match))
        if self._simulation.world.hides_owners:
            self._caller.reads_owners(found)
        return self._listed(call, found)

    def add(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST …/owners/$ref``."""
        found = self._writable(match)
        owner = str(call.json().get("@odata.id")).rpartition("/")[2]
        if owner in found.owners:
            message = "One or more added object references already exist."
            raise bad_request(message)
        self._write(found, [*found.owners, owner])
        return Answer(204)

    def remove(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE …/owners/{id}/$ref``."""
        found = self._writable(match)
        if match["owner"] not in found.owners:
            raise not_found(match["owner"])
        self._write(found, [owner for owner in found.owners if owner != match["owner"]])
        return Answer(204)

    def _listed(self, call: Call, found: Application | ServicePrincipal) -> Answer:
        principals = self._simulation.world.service_principals
        return many(call, "directoryObjects", (reference(principals.get(id_), id_) for id_ in found.owners))

    def _writable(self, match: re.Match[str]) -> Application | ServicePrincipal:
        world, found = self._simulation.world, self._shown(match)
        current = world.applications.get(found.id) or world.service_principals.get(found.id)
        if current is None:
            raise not_found(found.id)
        self._caller.changes(current)
        return current

    def _shown(self, match: re.Match[str]) -> Application | ServicePrincipal:
        if match.string.startswith("/applications"):
            return self._directory.application(*addressed(match))
        return self._directory.service_principal(*addressed(match))

    def _write(self, found: Application | ServicePrincipal, owners: list[str]) -> None:
        kind = APPLICATION if isinstance(found, Application) else PRINCIPAL
        self._simulation.write_directory(kind + found.id, copy.deepcopy(found))
        found.owners = owners
