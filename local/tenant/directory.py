"""The directory as one replica shows it to one request."""

from __future__ import annotations

from dataclasses import dataclass

from local.tenant.graph_answers import not_found
from local.tenant.simulation import Simulation
from local.tenant.world import Application, RoleAssignment, ServicePrincipal

APPLICATION = "application/"
DELETED = "deleted-application/"
PRINCIPAL = "service-principal/"
DELETED_PRINCIPAL = "deleted-service-principal/"
ASSIGNMENT = "assignment/"


@dataclass(frozen=True, slots=True)
class Directory:
    """What the replica knows, which may be older than what is true."""

    simulation: Simulation
    replica: float

    def applications(self) -> dict[str, Application]:
        """Return the applications by object id."""
        current = self.simulation.world.applications
        return self.simulation.replication.seen_all(APPLICATION, dict(current), self.replica)

    def deleted_applications(self) -> dict[str, Application]:
        """Return the soft-deleted applications by object id."""
        current = self.simulation.world.deleted_applications
        return self.simulation.replication.seen_all(DELETED, dict(current), self.replica)

    def service_principals(self) -> dict[str, ServicePrincipal]:
        """Return the service principals by object id."""
        current = self.simulation.world.service_principals
        return self.simulation.replication.seen_all(PRINCIPAL, dict(current), self.replica)

    def deleted_service_principals(self) -> dict[str, ServicePrincipal]:
        """Return the soft-deleted service principals by object id."""
        current = self.simulation.world.deleted_service_principals
        return self.simulation.replication.seen_all(DELETED_PRINCIPAL, dict(current), self.replica)

    def assignments(self) -> dict[str, RoleAssignment]:
        """Return the app role assignments by id."""
        current = self.simulation.world.assignments
        return self.simulation.replication.seen_all(ASSIGNMENT, dict(current), self.replica)

    def application(self, key: str, value: str) -> Application:
        """Return the application whose id, appId or uniqueName is ``value``.

        Raises:
            Refusal: this replica does not have it.
        """
        for found in self.applications().values():
            if value == {"id": found.id, "appId": found.app_id, "uniqueName": found.unique_name}[key]:
                return found
        raise not_found(value)

    def service_principal(self, key: str, value: str) -> ServicePrincipal:
        """Return the service principal whose id or appId is ``value``.

        Raises:
            Refusal: this replica does not have it.
        """
        for found in self.service_principals().values():
            if value == {"id": found.id, "appId": found.app_id}[key]:
                return found
        raise not_found(value)
