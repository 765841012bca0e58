"""Who calls Microsoft Graph, and what the roles in the token permit.

Least permissions of each call: the permission tables of learn.microsoft.com/graph/api.
``Application.ReadWrite.OwnedBy`` may list everything, but change only what the caller owns: an application and its
service principal each have owners of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.tenant.calls import Call, Refusal
from local.tenant.graph_answers import denied, error
from local.tenant.simulation import Simulation
from local.tenant.tokens import Claims, TokenRefusedError
from local.tenant.world import Application, ServicePrincipal

OWNED = "Application.ReadWrite.OwnedBy"
ALL = "Application.ReadWrite.All"
READ = "Application.Read.All"
DIRECTORY = "Directory.Read.All"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal that the token names."""

    claims: Claims

    @property
    def id(self) -> str:
        """Return the object id of the caller's service principal."""
        return self.claims.object_id

    def needs(self, *any_of: str) -> None:
        """Refuse a caller that holds none of these roles.

        Raises:
            Refusal: 403.
        """
        if self.claims.roles.isdisjoint(any_of):
            raise denied()

    def reads_applications(self) -> None:
        """Refuse a caller that may not read applications."""
        self.needs(READ, OWNED, ALL, DIRECTORY)

    def reads_owners(self, found: Application | ServicePrincipal) -> None:
        """Refuse a caller that may not see who owns this object."""
        if self.claims.roles.isdisjoint((READ, ALL, DIRECTORY)):
            self.changes(found)

    def changes(self, found: Application | ServicePrincipal) -> None:
        """Refuse a caller that may not change this object."""
        self.needs(OWNED, ALL)
        if ALL not in self.claims.roles and self.id not in found.owners:
            raise denied()


def authenticate(simulation: Simulation, call: Call) -> Caller:
    """Return the caller.

    Raises:
        Refusal: 401, the token is missing or not valid here.
    """
    if call.token is None:
        raise Refusal(error(401, "InvalidAuthenticationToken", "Access token is empty."))
    try:
        return Caller(simulation.tokens.read(call.token, simulation.bases["graph"]))
    except TokenRefusedError as refused:
        message = f"Access token validation failure. {refused}"
        raise Refusal(error(401, "InvalidAuthenticationToken", message)) from None
