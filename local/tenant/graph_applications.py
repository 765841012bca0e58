"""Microsoft Graph's applications.

Requests: learn.microsoft.com/graph/api/application-upsert and its neighbours. Who creates app-only becomes the owner,
and the client id of its token ``createdByAppId`` (learn.microsoft.com/graph/api/resources/application). Any member of
a tenant may register an application under any unique name that is free (``member.py``).
"""

from __future__ import annotations

import copy
import re
from typing import Any

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.directory import APPLICATION, Directory
from local.tenant.graph_answers import application, bad_request, error, federated, many, not_found, one, reference
from local.tenant.graph_caller import ALL, OWNED, Caller
from local.tenant.graph_certificates import replace
from local.tenant.simulation import Simulation
from local.tenant.world import Application

_PROPERTIES = {
    "displayName": "display_name",
    "signInAudience": "sign_in_audience",
    "tags": "tags",
    "requiredResourceAccess": "required_resource_access",
    "notes": "notes",
    "servicePrincipalLockConfiguration": "lock",
}
_UNCHANGEABLE = {"id", "appId", "createdByAppId", "createdDateTime", "deletedDateTime"}


class Applications:
    """The calls under ``/applications``, each for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._caller = caller
        self._directory = directory

    def all(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /applications``."""
        self._caller.reads_applications()
        found = self._directory.applications().values()
        return many(call, "applications", (self._printed(call, entry) for entry in found))

    def create(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``POST /applications``."""
        self._caller.needs(OWNED, ALL)
        return one(call, "applications", self._printed(call, self._make(call, call.json().get("uniqueName"))), 201)

    def get(self, call: Call, match: re.Match[str]) -> Answer:
        """``GET /applications/{id}`` or by alternate key."""
        self._caller.reads_applications()
        return one(call, "applications", self._printed(call, self._directory.application(*addressed(match))))

    def update(self, call: Call, match: re.Match[str]) -> Answer:
        """``PATCH``: with ``Prefer: create-if-missing`` and the unique name an upsert, answered 201 or 204."""
        self._caller.needs(OWNED, ALL)
        key, value = addressed(match)
        upsert = "create-if-missing" in call.headers.get("prefer", "")
        # Unique names are kept unique where writes go, so an upsert never meets a replica that lags behind.
        present = self._named(value) if key == "uniqueName" else None
        if upsert and key == "uniqueName" and present is None:
            return one(call, "applications", self._printed(call, self._make(call, value)), 201)
        found = present if upsert and present else self._current(self._directory.application(key, value))
        self._caller.changes(found)
        self._change(found, call.json())
        return Answer(204)

    def _make(self, call: Call, unique_name: str | None) -> Application:
        simulation, world = self._simulation, self._simulation.world
        if unique_name is not None and (self._named(unique_name) is not None or self._kept(unique_name)):
            message = "Another object with the same value for property uniqueName already exists."
            raise bad_request(message, "Request_MultipleObjectsWithSameKeyValue")
        if world.directory_quota_reached:
            message = "The directory object quota limit for the Principal has been exceeded."
            raise Refusal(error(403, "Directory_QuotaExceeded", message))
        body = call.json()
        if not body.get("displayName"):
            raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
        what = str(unique_name or body["displayName"])
        nth = str(simulation.chance.nth("application", what))
        made = Application(
            id=simulation.chance.guid("application", "object", what, nth),
            app_id=simulation.chance.guid("application", "app", what, nth),
            display_name="",
            created=self._simulation.clock.date(),
            unique_name=unique_name,
            sign_in_audience="AzureADandPersonalMicrosoftAccount",
            owners=[self._caller.id],
            created_by=self._caller.claims.application_id,
            effective=simulation.known_to_tokens("application", what),
        )
        _apply(made, body)
        simulation.write_directory(APPLICATION + made.id, None)
        world.applications[made.id] = made
        return made

    def _change(self, found: Application, body: dict[str, Any]) -> None:
        before = copy.deepcopy(found)
        _apply(found, body)
        if "keyCredentials" in body:
            replace(self._simulation, found, body["keyCredentials"])
        self._simulation.write_directory(APPLICATION + found.id, before)

    def _named(self, unique_name: str) -> Application | None:
        present = list(self._simulation.world.applications.values())
        return next((entry for entry in present if entry.unique_name == unique_name), None)

    def _kept(self, unique_name: str) -> bool:
        gone = list(self._simulation.world.deleted_applications.values())
        return self._simulation.world.deleted_keep_names and unique_name in {entry.unique_name for entry in gone}

    def _current(self, shown: Application) -> Application:
        current = self._simulation.world.applications.get(shown.id)
        if current is None:
            raise not_found(shown.id)
        return current

    def _printed(self, call: Call, found: Application) -> dict[str, Any]:
        value = application(self._simulation.world, found)
        expanded = call.query.get("$expand", "")
        if "owners" in expanded:
            self._caller.reads_owners(found)
            principals = self._simulation.world.service_principals
            value["owners"] = [reference(principals.get(id_), id_) for id_ in found.owners]
        if "federatedIdentityCredentials" in expanded:
            value["federatedIdentityCredentials"] = self._federated(found)
        return value

    def _federated(self, found: Application) -> list[dict[str, Any]]:
        return [federated(entry) for entry in found.credentials if entry.kind == "federated"]


def addressed(match: re.Match[str]) -> tuple[str, str]:
    """Return by which key a path names an object, and the key's value."""
    groups = match.groupdict()
    return ("id", groups["id"]) if groups.get("id") else (groups["key"], groups["value"])


def _apply(found: Application, body: dict[str, Any]) -> None:
    if body.get("passwordCredentials"):
        raise bad_request(
            "New password must have empty value. Setting password to customer specified value is not supported."
        )
    if _UNCHANGEABLE & body.keys() or body.get("uniqueName", found.unique_name) != found.unique_name:
        raise bad_request("Property is read-only and cannot be set.")
    for name, attribute in _PROPERTIES.items():
        if name in body:
            setattr(found, attribute, body[name])
