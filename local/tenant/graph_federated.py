"""Federated credentials of an application: whose tokens sign in as it.

learn.microsoft.com/graph/api/resources/federatedidentitycredential: at most 20, of one issuer and subject only one, and
wrong values are accepted without a word (learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-
trust-managed-identity). Needs ``Application.ReadWrite.OwnedBy`` at least.
"""

from __future__ import annotations

import copy
import re

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.directory import APPLICATION, Directory
from local.tenant.graph_answers import bad_request, error, federated, many, not_found, one
from local.tenant.graph_applications import addressed
from local.tenant.graph_caller import Caller
from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential

_MOST = 20
_KIND = "applications/federatedIdentityCredentials"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")


class FederatedCredentials:
    """The calls under ``/applications/{id}/federatedIdentityCredentials``, for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._caller = caller
        self._directory = directory

    def all(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET``."""
        self._caller.reads_applications()
        return many(call, _KIND, (federated(entry) for entry in _of(self._directory.application(*addressed(match)))))

    def add(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST``."""
        found, body = self._writable(match), call.json()
        name, issuer, subject = (body.get(key) for key in ("name", "issuer", "subject"))
        audiences = body.get("audiences")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not issuer or not subject:
            raise bad_request("The name, the issuer or the subject of the federated identity credential is invalid.")
        if not isinstance(audiences, list) or len(audiences) != 1:
            raise bad_request("Exactly one audience is required.")
        present = _of(found)
        if any(entry.display_name == name for entry in present):
            message = f"FederatedIdentityCredential with name {name} already exists."
            raise Refusal(error(409, "Request_MultipleObjectsWithSameKeyValue", message))
        if any((entry.issuer, entry.value) == (issuer, subject) for entry in present):
            raise bad_request("FederatedIdentityCredential with matching issuer and subject already exists.")
        if len(present) >= _MOST:
            raise bad_request(f"No more than {_MOST} federated identity credentials can be added.")
        chance, now = self._simulation.chance, self._simulation.clock.date()
        made = Credential(
            key_id=chance.guid("federated", found.id, str(chance.nth("federated", found.id))),
            kind="federated",
            display_name=name,
            start=now,
            end=now,
            value=str(subject),
            effective=self._simulation.known_to_tokens("federated", found.id),
            issuer=str(issuer),
            audiences=[str(audiences[0])],
        )
        self._simulation.write_directory(APPLICATION + found.id, copy.deepcopy(found))
        found.credentials = [*found.credentials, made]
        return one(call, _KIND, federated(made), 201)

    def remove(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``DELETE …/{id or name}``."""
        found, wanted = self._writable(match), match["credential"]
        gone = next((entry for entry in _of(found) if wanted in (entry.key_id, entry.display_name)), None)
        if gone is None:
            raise not_found(wanted)
        self._simulation.write_directory(APPLICATION + found.id, copy.deepcopy(found))
        found.credentials = [entry for entry in found.credentials if entry is not gone]
        return Answer(204)

    def _writable(self, match: re.Match[str]) -> Application:
        shown = self._directory.application(*addressed(match)).id
        found = self._simulation.world.applications.get(shown)
        if found is None:
            raise not_found(shown)
        self._caller.changes(found)
        return found


def _of(found: Application) -> list[Credential]:
    return [entry for entry in found.credentials if entry.kind == "federated"]
