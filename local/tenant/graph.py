"""Microsoft Graph: the part of v1.0 that the set-up uses, a report of beta, and which handler each request goes to."""

from __future__ import annotations

import re
from collections.abc import Callable

from local.tenant import sign_in_report
from local.tenant.calls import Answer, Call, Routes, Subject
from local.tenant.directory import Directory
from local.tenant.graph_answers import error, many
from local.tenant.graph_applications import Applications
from local.tenant.graph_batch import PATH, Batches
from local.tenant.graph_caller import Caller, authenticate
from local.tenant.graph_deleted_items import DeletedItems
from local.tenant.graph_federated import FederatedCredentials
from local.tenant.graph_owners import Owners
from local.tenant.graph_passwords import Passwords
from local.tenant.graph_principals import ServicePrincipals
from local.tenant.record import Record
from local.tenant.simulation import Simulation

_APP = r"/applications(?:/(?P<id>[^/()]+)|\((?P<key>appId|uniqueName)='(?P<value>[^']*)'\))"
_PRINCIPAL = r"/servicePrincipals(?:/(?P<id>[^/()]+)|\((?P<key>appId)='(?P<value>[^']*)'\))"
_DELETED = r"/directory/deletedItems"


class Graph:
    """The service. Each request, and each of a batch, is answered by one replica."""

    def __init__(self, simulation: Simulation, record: Record) -> None:
        self._simulation = simulation
        self._batches = Batches(simulation, record, self)

    def subject(self, call: Call) -> Subject:
        """Return what the call is about."""
        if call.path == PATH:
            return self._batches.subject(call)
        return Subject(f"{call.method} {call.path}", (), is_write=call.method != "GET")

    def answer(self, call: Call) -> Answer:
        """Carry the call out."""
        caller = authenticate(self._simulation, call)
        if (call.method, call.path) == ("POST", PATH):
            return self._batches.answer(call)
        directory = Directory(self._simulation, self._simulation.replica(call.method, call.path))
        version, path = _versioned(call.path)
        routes = {"v1.0": self._routes, "beta": self._beta}.get(version)
        found = routes(caller, directory).find(call.method, path) if routes is not None else None
        if found is None:
            segment = call.path.rpartition("/")[2]
            return error(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        handler, match = found
        return handler(call, match)

    def throttled(self, seconds: int) -> Answer:
        """Return Graph's 429."""
        answer = error(429, "TooManyRequests", "Too many requests. Please wait and try again.")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def concurrent(self) -> Answer:
        """Return Graph's answer to a write that collides with another one."""
        message = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
        return error(409, "Directory_ConcurrencyViolation", message)

    def unavailable(self) -> Answer:
        """Return Graph's 503."""
        return error(503, "serviceNotAvailable", "The service is temporarily unavailable. Please try again later.")

    def _beta(self, caller: Caller, directory: Directory) -> Routes:  # noqa: ARG002 - as ``_routes``
        return Routes(("GET", sign_in_report.PATH, sign_in_report.SignInReport(self._simulation, caller).all))

    def _routes(self, caller: Caller, directory: Directory) -> Routes:
        applications = Applications(self._simulation, caller, directory)
        deleted = DeletedItems(self._simulation, caller, directory)
        federated = FederatedCredentials(self._simulation, caller, directory)
        owners = Owners(self._simulation, caller, directory)
        passwords = Passwords(self._simulation, caller, directory)
        principals = ServicePrincipals(self._simulation, caller, directory)
        return Routes(
            ("GET", "/applications", applications.all),
            ("POST", "/applications", applications.create),
            ("GET", _APP, applications.get),
            ("PATCH", _APP, applications.update),
            ("DELETE", _APP, deleted.delete),
            ("GET", rf"{_APP}/owners", owners.of_application),
            ("GET", rf"{_PRINCIPAL}/owners", owners.of_principal),
            ("POST", rf"{_APP}/owners/\$ref", owners.add),
            ("POST", rf"{_PRINCIPAL}/owners/\$ref", owners.add),
            ("DELETE", rf"{_APP}/owners/(?P<owner>[^/]+)/\$ref", owners.remove),
            ("DELETE", rf"{_PRINCIPAL}/owners/(?P<owner>[^/]+)/\$ref", owners.remove),
            ("GET", rf"{_APP}/federatedIdentityCredentials", federated.all),
            ("POST", rf"{_APP}/federatedIdentityCredentials", federated.add),
            ("DELETE", rf"{_APP}/federatedIdentityCredentials/(?P<credential>[^/]+)", federated.remove),
            ("POST", rf"{_APP}/addPassword", passwords.add),
            ("POST", rf"{_APP}/removePassword", passwords.remove),
            ("POST", rf"{_PRINCIPAL}/addPassword", passwords.add),
            ("POST", rf"{_PRINCIPAL}/removePassword", passwords.remove),
            ("GET", rf"{_DELETED}/(?:microsoft\.)?graph\.application", deleted.applications),
            ("GET", rf"{_DELETED}/(?:microsoft\.)?graph\.servicePrincipal", deleted.principals),
            ("GET", rf"{_DELETED}/(?P<id>[^/.]+)", deleted.get),
            ("POST", rf"{_DELETED}/(?P<id>[^/]+)/restore", deleted.restore),
            ("DELETE", rf"{_DELETED}/(?P<id>[^/]+)", deleted.purge),
            ("GET", "/servicePrincipals", principals.all),
            ("POST", "/servicePrincipals", principals.create),
            ("GET", _PRINCIPAL, principals.get),
            ("PATCH", _PRINCIPAL, principals.update),
            ("DELETE", _PRINCIPAL, principals.delete),
            ("GET", rf"{_PRINCIPAL}/appRoleAssignments", principals.roles_held),
            ("GET", rf"{_PRINCIPAL}/appRoleAssignedTo", principals.roles_given),
            ("POST", rf"{_PRINCIPAL}/appRole(?:AssignedTo|Assignments)", principals.assign),
            ("DELETE", rf"{_PRINCIPAL}/appRole(?:AssignedTo|Assignments)/(?P<assignment>[^/]+)", principals.unassign),
            ("GET", "/policies/defaultAppManagementPolicy", passwords.policy),
            ("GET", "/organization", self._organization(caller)),
        )

    def _organization(self, caller: Caller) -> Callable[[Call, re.Match[str]], Answer]:
        def answer(call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG001 - a handler
            caller.needs("Organization.Read.All", "Directory.Read.All")
            world = self._simulation.world
            domains = [
                {"name": world.domain, "isDefault": True, "isInitial": False},
                {"name": world.initial_domain, "isDefault": False, "isInitial": True},
            ]
            return many(
                call,
                "organization",
                [
                    {
                        "id": world.tenant_id,
                        "displayName": world.name,
                        "countryLetterCode": "DE",
                        "preferredLanguage": "de",
                        "tenantType": "AAD",
                        "verifiedDomains": domains,
                    }
                ],
            )

        return answer


def _versioned(path: str) -> tuple[str, str]:
    """Return the version and the rest of a path."""
    _, version, *rest = path.split("/", 2)
    return version, "/" + "".join(rest)
