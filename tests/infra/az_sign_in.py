"""The registration by which people sign in, as Microsoft Graph makes it and answers about it.

Graph reference: application-post-applications, serviceprincipal-post-serviceprincipals, oauth2permissiongrant-post,
serviceprincipal-post-approleassignedto. With *assignment required* nobody may consent for himself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.infra.az_errors import bad_request, denied, need, not_found

World = dict[str, Any]
CLOUD_APPLICATION = "Cloud Application Administrator"
_ID = r"([0-9a-f-]{36})"
_NEEDED = {
    "displayName",
    "signInAudience",
    "spa",
    "api",
    "appRoles",
    "optionalClaims",
    "servicePrincipalLockConfiguration",
}


def _id(world: World) -> str:
    world["next"] += 1
    return f"00000000-0000-4000-9000-{world['next']:012}"


def _register(world: World, match: re.Match[str], body: dict[str, Any]) -> Any:
    """Make the application of a unique name, or change it (Graph: application-upsert): only the first has an answer.

    Who makes one for himself owns it. A plain ``POST`` is none of ours: two of them make two.
    """
    need(world, denied(), CLOUD_APPLICATION)
    if set(body) != _NEEDED or body["signInAudience"] != "AzureADMyOrg":
        raise bad_request(f"Invalid value specified for property: {sorted(body)}")
    ids = [role["id"] for role in body["appRoles"]]
    if len(set(ids)) != len(ids):
        raise bad_request("Duplicate id of app roles")
    present = [one for one in world["applications"] if one.get("uniqueName") == match[1]]
    if present:
        present[0].update(body)
        return None
    empty: dict[str, Any] = {"redirectUris": []}
    kept = {"web": empty, "publicClient": empty, "passwordCredentials": [], "keyCredentials": [], "identifierUris": []}
    made = {**kept, **body, "uniqueName": match[1], "owners": [_me(world)["id"]]}
    made |= {"id": _id(world), "appId": _id(world)}
    world["applications"].append(made)
    return made


def _change(world: World, match: re.Match[str], body: dict[str, Any]) -> None:
    need(world, denied(), CLOUD_APPLICATION)
    (one,) = [one for one in world[match[1]] if one["id"] == match[2]] or [None]
    if one is None:
        raise not_found(match[2])
    if body.get("identifierUris", [f"api://{one['appId']}"]) != [f"api://{one['appId']}"]:
        raise bad_request("Failed to add identifier URI: it must be of the form api://{appId}")
    one.update(body)


def enterprise(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Return the new service principal of a registration that is here."""
    (application,) = [one for one in world["applications"] if one["appId"] == body["appId"]]
    kept: dict[str, Any] = {"servicePrincipalType": "Application", "owners": [], "createdByAppId": None}
    made = {"id": _id(world), **body, "appRoles": application["appRoles"], "displayName": application["displayName"]}
    world["servicePrincipals"].append({**made, **kept})
    return made


def _consents(world: World, _: re.Match[str], parameters: str) -> Any:
    (client,) = re.findall(r"clientId eq '([^']+)'", parameters)
    return {"value": [one for one in world.setdefault("consents", []) if one["clientId"] == client]}


def _consent(world: World, _: re.Match[str], body: dict[str, Any]) -> Any:
    need(world, denied(), CLOUD_APPLICATION)
    kept: list[dict[str, Any]] = world.setdefault("consents", [])
    if any((one["clientId"], one["resourceId"]) == (body["clientId"], body["resourceId"]) for one in kept):
        raise bad_request("Permission entry already exists.")
    made = {"id": f"consent-{_id(world)}", **body}
    kept.append(made)
    return made


def _withdraw(world: World, match: re.Match[str], _: Any) -> None:
    need(world, denied(), CLOUD_APPLICATION)
    world["consents"] = [one for one in world["consents"] if one["id"] != match[1]]


def _assigned(world: World, match: re.Match[str], _: str) -> Any:
    return {"value": [one for one in world["appRoleAssignments"] if one["resourceId"] == match[1]]}


def _me(world: World, *_: Any) -> Any:
    return {"id": world["account"].get("id", "99999999-9999-4000-8000-999999999999")}


def _person(world: World, match: re.Match[str], _: str) -> Any:
    found = [one for one in world.get("accounts", []) if match[1] in (one["id"], one["userPrincipalName"])]
    if not found:
        raise not_found(match[1])
    return found[0]


def forget(world: World, app_id: str) -> None:
    """Let go with a registration what hangs on it: its service principal, the consents, the assignments."""
    gone = {one["id"] for one in world["servicePrincipals"] if one["appId"] == app_id}
    world["servicePrincipals"] = [one for one in world["servicePrincipals"] if one["id"] not in gone]
    world["appRoleAssignments"] = [one for one in world["appRoleAssignments"] if one["resourceId"] not in gone]
    world["consents"] = [one for one in world.get("consents", []) if one["clientId"] not in gone]


ROUTES: list[tuple[str, str, Callable[[World, re.Match[str], Any], Any]]] = [
    ("PATCH", r"applications\(uniqueName='([^']+)'\)", _register),
    ("PATCH", f"(applications|servicePrincipals)/{_ID}", _change),
    ("GET", "oauth2PermissionGrants", _consents),
    ("POST", "oauth2PermissionGrants", _consent),
    ("DELETE", "oauth2PermissionGrants/(.+)", _withdraw),
    ("GET", f"servicePrincipals/{_ID}/appRoleAssignedTo", _assigned),
    ("GET", "me", _me),
    ("GET", "users/(.+)", _person),
    ("GET", "directoryObjects/(.+)", _person),
]
