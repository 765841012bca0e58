"""Applications, service principals and their owners, as Microsoft Graph answers about them.

An application and its service principal have owners and credentials of their own (Graph reference: application,
servicePrincipal). ``createdByAppId`` is on both, is set by Entra and by nobody else, and may be missing on old objects.
A list comes in pages with ``@odata.nextLink`` (Graph: paging); a name may hold any character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from tests.infra import az_sign_in
from tests.infra.az_errors import bad_request, denied, need, not_found

World = dict[str, Any]
Handler = Callable[[World, re.Match[str], Any], Any]
GRAPH = "https://graph.microsoft.com/v1.0/"
CLOUD_APPLICATION = "Cloud Application Administrator"
ID = r"([0-9a-f-]{36})"
KIND = {"applications": "#microsoft.graph.application", "servicePrincipals": "#microsoft.graph.servicePrincipal"}


def found(world: World, kind: str, key: str) -> dict[str, Any]:
    """Return a copy of an object by its id."""
    hidden = world["trouble"].get("unknown_for", 0)
    if hidden:
        world["trouble"]["unknown_for"] = hidden - 1
        raise not_found(key)
    return dict(_of_world(world, kind, key))


def _of_world(world: World, kind: str, key: str, by: str = "id") -> dict[str, Any]:
    for one in world[kind]:
        if one.get(by) == key:
            return cast(dict[str, Any], one)
    raise not_found(key)


def page(world: World, items: list[Any], path: str, parameters: str) -> dict[str, Any]:
    """Return the part of a list that the link asks for, and the link to the next one where there is more."""
    size = world["trouble"].get("page", 100)
    (start,) = re.findall(r"skiptoken=(\d+)", parameters) or ["0"]
    rest = items[int(start) + size :]
    link = {"@odata.nextLink": f"{GRAPH}{path}?$skiptoken={int(start) + size}"} if rest else {}
    return {"value": items[int(start) : int(start) + size], **link}


def _selected(item: dict[str, Any], parameters: str) -> dict[str, Any]:
    """Return what ``$select`` names; what it does not name is not in the answer."""
    wanted = re.findall(r"\$select=([\w,]+)", parameters)
    return {key: value for key, value in item.items() if not wanted or key in wanted[0].split(",")}


def _one(world: World, match: re.Match[str], parameters: str) -> Any:
    return _selected(found(world, match[1], match[2]), parameters)


def _by_unique_name(world: World, match: re.Match[str], parameters: str) -> Any:
    return _selected(_of_world(world, "applications", match[1], "uniqueName"), parameters)


def _applications(world: World, _: re.Match[str], parameters: str) -> Any:
    ((field, value),) = re.findall(r"(appId|displayName) eq '([^']+)'", parameters)
    return {"value": [_selected(one, parameters) for one in world["applications"] if one.get(field) == value]}


def _by_app_id(world: World, match: re.Match[str], parameters: str) -> Any:
    return _selected(_of_world(world, "servicePrincipals", match[1], "appId"), parameters)


def _principals(world: World, _: re.Match[str], parameters: str) -> Any:
    (app_id,) = re.findall(r"appId eq '([^']+)'", parameters)
    return {"value": [_selected(one, parameters) for one in world["servicePrincipals"] if one["appId"] == app_id]}


def _owners(world: World, match: re.Match[str], parameters: str) -> Any:
    if world["trouble"].get("owners_unreadable") == match[1]:
        raise denied()
    user = {"@odata.type": "#microsoft.graph.user", "displayName": "an owner", "userPrincipalName": "o@contoso.example"}
    owners = [{**user, **world["people"].get(key, {}), "id": key} for key in found(world, match[1], match[2])["owners"]]
    return page(world, owners, match[0], parameters)


def _federated(world: World, match: re.Match[str], parameters: str) -> Any:
    return page(world, found(world, "applications", match[1]).get("federated", []), match[0], parameters)


def _add_owner(world: World, match: re.Match[str], body: dict[str, str]) -> None:
    need(world, denied(), CLOUD_APPLICATION)
    owner, owners = body["@odata.id"].rpartition("/")[2], _of_world(world, match[1], match[2])["owners"]
    if owner in owners:
        raise bad_request("One or more added object references already exist for the following modified properties")
    owners.append(owner)


def _drop_owner(world: World, match: re.Match[str], _: Any) -> None:
    need(world, denied(), CLOUD_APPLICATION)
    owners = _of_world(world, match[1], match[2])["owners"]
    if match[3] not in owners:
        raise not_found(match[3])
    owners.remove(match[3])


def _owned(world: World, match: re.Match[str], parameters: str) -> Any:
    owned = [
        {**one, "@odata.type": type_}
        for kind, type_ in KIND.items()
        for one in world[kind]
        if match[1] in one.get("owners", [])
    ]
    return page(world, owned, match[0], parameters)


def _delete(world: World, match: re.Match[str], _: Any) -> None:
    """Delete an application. A connection's service principal stays here, since no script looks at it afterwards."""
    need(world, denied(), CLOUD_APPLICATION)
    gone = found(world, "applications", match[1])
    if "appRoles" in gone:
        az_sign_in.forget(world, gone["appId"])
    world["applications"] = [one for one in world["applications"] if one["id"] != match[1]]


_KIND = "(applications|servicePrincipals)"
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "servicePrincipals", _principals),
    ("GET", "applications", _applications),
    ("GET", rf"servicePrincipals\(appId='{ID}'\)", _by_app_id),
    ("GET", r"applications\(uniqueName='([^']+)'\)", _by_unique_name),
    ("GET", f"{_KIND}/{ID}", _one),
    ("GET", rf"servicePrincipals/{ID}/ownedObjects", _owned),
    ("GET", f"{_KIND}/{ID}/owners", _owners),
    ("POST", rf"{_KIND}/{ID}/owners/\$ref", _add_owner),
    ("DELETE", rf"{_KIND}/{ID}/owners/{ID}/\$ref", _drop_owner),
    ("GET", f"applications/{ID}/federatedIdentityCredentials", _federated),
    ("DELETE", f"applications/{ID}", _delete),
]
