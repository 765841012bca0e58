"""``az rest``: the requests to Microsoft Graph, to the app and to the place of the releases that the scripts make."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.infra import az_objects, az_sign_in
from tests.infra.az_errors import AzError, UnknownCallError, bad_request, denied, need, not_found
from tests.infra.az_objects import CLOUD_APPLICATION, GRAPH, Handler, World, found
from tests.infra.az_objects import ID as _ID

PRIVILEGED = "Privileged Role Administrator"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
OPTIONS = {"--method", "--url", "--body", "--headers", "--query", "--output", "--only-show-errors", "--output-file"}


def answer(world: World, options: dict[str, str]) -> Any:
    """Return the answer to one request."""
    address, method = unquote(options["--url"]), options["--method"]
    if options.keys() - OPTIONS - {"--skip-authorization-header"}:
        raise UnknownCallError(f"options of az rest: {sorted(options)}")
    if not address.startswith(GRAPH):
        return _elsewhere(world, address, options)
    path, _, parameters = address.removeprefix(GRAPH).partition("?")
    body = json.loads(options.get("--body", "{}"))
    for route_method, pattern, handler in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method == route_method:
            return handler(world, match, body if method in {"POST", "PATCH"} else parameters)
    raise UnknownCallError(f"{method} {path}")


def _elsewhere(world: World, address: str, options: dict[str, str]) -> Any:
    """Answer for the app itself and for files: neither gets the caller's token."""
    if "--skip-authorization-header" not in options:
        raise UnknownCallError(f"a token would be sent to {address}")
    if "--output-file" in options:
        kept = world["files"].get(address)
        if kept is None:
            raise AzError("Not Found(Not Found)")
        Path(options["--output-file"]).write_bytes(Path(kept).read_bytes())
        return None
    host, _, path = address.removeprefix("https://").partition("/")
    app = next((one for one in world["apps"].values() if one["defaultHostName"] == host), None)
    if app is None or world["trouble"].get("app_unreachable"):
        raise AzError("HTTPSConnectionPool: Max retries exceeded")
    method = options["--method"]
    _check_key(app, path, options["--headers"], method)
    if path == "api/health":
        return _health(app)
    if method == "DELETE":
        return _remove(world, app, path)
    return _connections(app, path)


def _health(app: dict[str, Any]) -> Any:
    starting = app["starting"]
    if starting:
        app["starting"] = starting - 1
        return {"version": app["before"]}
    return {"version": app["version"]}


def _remove(world: World, app: dict[str, Any], path: str) -> Any:
    """Take a connection back as the app does, unless it lacks a right; another's application stays."""
    path, _, parameters = path.partition("?")
    name = path.removeprefix("api/connections/")
    connection = app["connections"].get(name)
    if connection is None:
        raise AzError("Not Found()")
    if connection["mailboxes"] and "allowRemoval" not in parameters:
        raise AzError("Conflict()")
    if world["trouble"].get("app_stuck") == name:
        connection["state"] = "action-required"
        return {"state": "running"}
    identity = next(iter(world["identities"].values()))

    def ours(one: dict[str, Any]) -> bool:
        made = one.get("createdByAppId") or (one["id"] == connection["ids"].get("objectId") and identity["clientId"])
        owned = identity["principalId"] in one.get("owners", [])
        return bool(one.get("uniqueName") == f"utm-mail-connect-{name}" and made == identity["clientId"] and owned)

    world["applications"] = [one for one in world["applications"] if not ours(one)]
    connection.update(state="removed", mailboxes=[])
    return {"state": "running"}


def _check_key(app: dict[str, Any], path: str, headers: str, method: str) -> None:
    """Check the function's own key, which must come from a file: an argument is seen by everybody on the machine."""
    function = {"api/health": "read_health", "api/connections": "list_connections"}.get(
        path.partition("?")[0], "read_connection" if method == "GET" else "remove_connection"
    )
    if not headers.startswith("@"):
        raise UnknownCallError("a key in an argument")
    if json.loads(Path(headers[1:]).read_text("utf-8")) != {"x-functions-key": app["keys"][function]}:
        raise AzError("Unauthorized()")


def _connections(app: dict[str, Any], path: str) -> Any:
    path, _, parameters = path.partition("?")
    wanted = dict(pair.split("=") for pair in parameters.split("&") if pair)
    after, top = wanted.get("after", ""), 2  # small pages, so that the second one is asked for
    names = sorted(app["connections"])
    if path == "api/connections":
        page = [name for name in names if name > after][:top]
        return {"items": [{"name": name} for name in page], "next": page[-1] if page and page[-1] < names[-1] else None}
    connection = app["connections"].get(path.removeprefix("api/connections/"))
    if connection is None:
        raise AzError("Not Found()")
    mailboxes = sorted(connection["mailboxes"])
    page = [address for address in mailboxes if address > after][:top]
    following = page[-1] if page and page[-1] < mailboxes[-1] else None
    items = [{"requested": address, "address": address} for address in page]
    state = connection.get("state", "ready")
    kept = {key: connection.get(key) for key in ("secret", "rotation")}
    return {**kept, "ids": connection["ids"], "state": state, "mailboxes": {"items": items, "next": following}}


def _add_principal(world: World, _: re.Match[str], body: dict[str, str]) -> Any:
    need(world, denied(), CLOUD_APPLICATION)
    if any(one["appId"] == body["appId"] for one in world["applications"]):
        return az_sign_in.enterprise(world, body)
    made = next(one for one in world["not_here_yet"] if one["appId"] == body["appId"])
    world["servicePrincipals"].append(made)
    return made


def _visible(world: World, key: str) -> list[Any]:
    """Return what a replica shows: what was written last is missing from the next reads, where the world lags."""
    lag, items = world["trouble"].get("lag", 0), world[key]
    if lag and world["fresh"]:
        world["fresh"] -= 1
        return list(items[:-1])
    return list(items)


def _assignments(world: World, match: re.Match[str], parameters: str) -> Any:
    held = [one for one in _visible(world, "appRoleAssignments") if one["principalId"] == match[1]]
    return az_objects.page(world, held, f"servicePrincipals/{match[1]}/appRoleAssignments", parameters)


def _assign(world: World, _: re.Match[str], body: dict[str, str]) -> Any:
    resource = found(world, "servicePrincipals", body["resourceId"])
    is_graph = resource["appId"] == GRAPH_APP
    need(world, denied(), PRIVILEGED, *(() if is_graph else (CLOUD_APPLICATION,)))
    if body["appRoleId"] not in {role["id"] for role in resource["appRoles"]}:
        raise bad_request("Permission being assigned was not found on application")
    if any({**body, "id": 0}.items() <= {**one, "id": 0}.items() for one in world["appRoleAssignments"]):
        raise bad_request("Permission being assigned already exists on the object")
    return _keep(world, "appRoleAssignments", {**body, "createdDateTime": world["clock"]})


def _keep(world: World, key: str, item: dict[str, Any]) -> dict[str, Any]:
    world["next"] += 1
    world["fresh"] = world["trouble"].get("lag", 0)
    made = {"id": f"assignment-{world['next']}", **item}
    world[key].append(made)
    return made


def _unassign(world: World, match: re.Match[str], _: Any) -> None:
    (held,) = [one for one in world["appRoleAssignments"] if one["id"] == match[2]] or [None]
    if held is None:
        raise not_found(match[2])
    resource = found(world, "servicePrincipals", held["resourceId"])
    need(world, denied(), PRIVILEGED, *(() if resource["appId"] == GRAPH_APP else (CLOUD_APPLICATION,)))
    world["appRoleAssignments"].remove(held)


def _roles(world: World, _: re.Match[str], parameters: str) -> Any:
    (principal,) = re.findall(r"principalId eq '([^']+)'", parameters)
    return {"value": [one for one in _visible(world, "directoryRoles") if one["principalId"] == principal]}


def _add_role(world: World, _: re.Match[str], body: dict[str, str]) -> Any:
    need(world, denied(), PRIVILEGED)
    if any({**body, "id": 0}.items() <= {**one, "id": 0}.items() for one in world["directoryRoles"]):
        raise bad_request("A conflicting object with one or more of the specified property values is present")
    return _keep(world, "directoryRoles", body)


def _drop_role(world: World, match: re.Match[str], _: Any) -> None:
    need(world, denied(), PRIVILEGED)
    if match[1] not in {one["id"] for one in world["directoryRoles"]}:
        raise not_found(match[1])
    world["directoryRoles"] = [one for one in world["directoryRoles"] if one["id"] != match[1]]


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "servicePrincipals", _add_principal),
    ("GET", rf"servicePrincipals/{_ID}/appRoleAssignments", _assignments),
    ("POST", rf"servicePrincipals/{_ID}/appRoleAssignments", _assign),
    ("POST", rf"servicePrincipals/{_ID}/appRoleAssignedTo", _assign),
    ("DELETE", rf"servicePrincipals/{_ID}/appRoleAssign(?:ments|edTo)/(.+)", _unassign),
    ("GET", "roleManagement/directory/roleAssignments", _roles),
    ("POST", "roleManagement/directory/roleAssignments", _add_role),
    ("DELETE", "roleManagement/directory/roleAssignments/(.+)", _drop_role),
    *az_objects.ROUTES,
    *az_sign_in.ROUTES,
]
