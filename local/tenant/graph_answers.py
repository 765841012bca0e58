"""How Microsoft Graph prints objects and errors.

Shapes: learn.microsoft.com/graph/api/resources/application and learn.microsoft.com/graph/errors; codes and messages as
Terraform's and other projects' sources quote them from live tenants.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.simulation import request_id, timestamp, utc_now
from local.tenant.world import Application, Credential, RoleAssignment, ServicePrincipal, World

PAGE = 100


def error(status: int, code: str, message: str, details: list[dict[str, str]] | None = None) -> Answer:
    """Return an error in Graph's shape."""
    id_ = request_id()
    inner = {"date": utc_now().strftime("%Y-%m-%dT%H:%M:%S"), "request-id": id_, "client-request-id": id_}
    body: dict[str, Any] = {"code": code, "message": message, "innerError": inner}
    if details:
        body["details"] = details
    return Answer(status, {"error": body}, {"request-id": id_, "client-request-id": id_})


def not_found(id_: str) -> Refusal:
    """Return what Graph says of an object that this replica does not have."""
    return Refusal(
        error(
            404,
            "Request_ResourceNotFound",
            f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present.",
        )
    )


def denied() -> Refusal:
    """Return Graph's answer to a caller without the right."""
    return Refusal(error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."))


def bad_request(message: str, code: str = "Request_BadRequest") -> Refusal:
    """Return Graph's answer to a request that it cannot carry out."""
    return Refusal(error(400, code, message))


def one(call: Call, kind: str, value: dict[str, Any], status: int = 200) -> Answer:
    """Return one object, with the properties that were asked for."""
    context = {"@odata.context": f"{call.base}/v1.0/$metadata#{kind}/$entity"}
    return Answer(status, context | _selected(call, value), {"request-id": request_id()})


def many(call: Call, kind: str, values: Iterable[dict[str, Any]]) -> Answer:
    """Return the objects that match the filter, a page at a time."""
    wanted = [value for value in values if _matches(call.query.get("$filter"), value)]
    start, size = int(call.query.get("$skiptoken", "0")), int(call.query.get("$top", PAGE))
    body: dict[str, Any] = {"@odata.context": f"{call.base}/v1.0/$metadata#{kind}"}
    if start + size < len(wanted):
        query = {**call.query, "$skiptoken": str(start + size)}
        body["@odata.nextLink"] = f"{call.base}{call.path}?{urlencode(query)}"
    body["value"] = [_selected(call, value) for value in wanted[start : start + size]]
    return Answer(200, body, {"request-id": request_id()})


def application(world: World, found: Application) -> dict[str, Any]:
    """Return an application as Graph prints it."""
    return {
        "id": found.id,
        "deletedDateTime": timestamp(found.deleted) if found.deleted else None,
        "appId": found.app_id,
        "uniqueName": found.unique_name,
        "displayName": found.display_name,
        "createdDateTime": timestamp(found.created),
        "publisherDomain": world.domain,
        "signInAudience": found.sign_in_audience,
        "identifierUris": [],
        "tags": found.tags,
        "requiredResourceAccess": found.required_resource_access,
        "notes": found.notes,
        "createdByAppId": found.created_by if world.tells_maker else None,
        "disabledByMicrosoftStatus": None,
        "servicePrincipalLockConfiguration": found.lock,
        **_credentials(found.credentials),
    }


def _credentials(found: Iterable[Credential]) -> dict[str, Any]:
    kept = list(found)
    return {
        "passwordCredentials": [password(entry) for entry in kept if entry.kind == "secret"],
        "keyCredentials": [_certificate(entry) for entry in kept if entry.kind == "certificate"],
    }


def password(entry: Credential, *, show: bool = False) -> dict[str, Any]:
    """Return a client secret; its text is shown once, when it is made."""
    return {
        "customKeyIdentifier": None,
        "displayName": entry.display_name,
        "endDateTime": timestamp(entry.end),
        "hint": entry.value[:3],
        "keyId": entry.key_id,
        "secretText": entry.value if show else None,
        "startDateTime": timestamp(entry.start),
    }


def federated(entry: Credential) -> dict[str, Any]:
    """Return a federated credential."""
    return {
        "id": entry.key_id,
        "name": entry.display_name,
        "issuer": entry.issuer,
        "subject": entry.value or "repo:contoso/deploy:ref:refs/heads/main",
        "audiences": list(entry.audiences),
    }


def service_principal(world: World, found: ServicePrincipal) -> dict[str, Any]:
    """Return a service principal as Graph prints it.

    Its owners and credentials are its own (learn.microsoft.com/graph/api/resources/serviceprincipal): those of its
    application are not among them. ``createdByAppId`` is the client that made it, read-only.
    """
    return {
        "id": found.id,
        "deletedDateTime": timestamp(found.deleted) if found.deleted else None,
        "accountEnabled": found.enabled,
        "appId": found.app_id,
        "appDisplayName": found.display_name,
        "displayName": found.display_name,
        "appOwnerOrganizationId": world.tenant_id,
        "servicePrincipalNames": [found.app_id],
        "servicePrincipalType": found.kind,
        "tags": [],
        "notes": found.notes,
        "createdByAppId": found.created_by if world.tells_maker else None,
        "isDisabled": False,
        "disabledByMicrosoftStatus": found.disabled_by_microsoft,
        **_credentials(found.credentials),
        "appRoles": [
            {
                "allowedMemberTypes": ["Application"],
                "description": role.value,
                "displayName": role.value,
                "id": role.id,
                "isEnabled": role.enabled,
                "origin": "Application",
                "value": role.value,
            }
            for role in found.roles
        ],
    }


def reference(principal: ServicePrincipal | None, id_: str) -> dict[str, Any]:
    """Return an owner. Who is no service principal is a person."""
    if principal is None:
        return {"@odata.type": "#microsoft.graph.user", "id": id_, "displayName": "Erika Mustermann"}
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": id_,
        "appId": principal.app_id,
        "displayName": principal.display_name,
    }


def assignment(world: World, found: RoleAssignment) -> dict[str, Any]:
    """Return an app role assignment as Graph prints it."""
    principal = world.service_principals.get(found.principal_id)
    resource = world.service_principals.get(found.resource_id)
    return {
        "id": found.id,
        "deletedDateTime": None,
        "appRoleId": found.role_id,
        "createdDateTime": timestamp(found.created),
        "principalDisplayName": principal.display_name if principal else None,
        "principalId": found.principal_id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.display_name if resource else None,
        "resourceId": found.resource_id,
    }


def moment(text: object) -> datetime:
    """Return the date that a request gives.

    Raises:
        Refusal: it is not a date.
    """
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise bad_request(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'.") from None


def _certificate(entry: Credential) -> dict[str, Any]:
    """Return a certificate; ``key`` is shown of a single object with ``$select``, which is how all of them are read.

    learn.microsoft.com/graph/api/resources/keycredential
    """
    return {
        "customKeyIdentifier": _thumbprint(entry),
        "displayName": entry.display_name,
        "endDateTime": timestamp(entry.end),
        "key": entry.certificate or "".join(entry.value.splitlines()[1:-1]) or None,
        "keyId": entry.key_id,
        "startDateTime": timestamp(entry.start),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _thumbprint(entry: Credential) -> str | None:
    """Return the SHA-1 of a certificate, in hex as Graph prints it (it is bytes in the documentation)."""
    if not entry.certificate:
        return None
    return hashlib.sha1(base64.b64decode(entry.certificate), usedforsecurity=False).hexdigest().upper()


def _selected(call: Call, value: dict[str, Any]) -> dict[str, Any]:
    names = call.query.get("$select")
    if not names:
        return value
    wanted = {*names.split(","), "@odata.type", *call.query.get("$expand", "").split(",")}
    return {name: property_ for name, property_ in value.items() if name in wanted}


def _matches(condition: str | None, value: dict[str, Any]) -> bool:
    """Return whether all parts of ``a eq 'x' and startswith(b,'y') and tags/any(t:t eq 'z')`` hold."""
    if not condition:
        return True
    return all(_holds(part.strip(), value) for part in condition.split(" and "))


def _holds(part: str, value: dict[str, Any]) -> bool:
    if match := re.fullmatch(r"(\w+) eq '?(.*?)'?", part):
        return str(value.get(match[1])).casefold() == match[2].casefold()
    if match := re.fullmatch(r"startswith\((\w+),\s*'(.*)'\)", part, re.IGNORECASE):
        return str(value.get(match[1])).casefold().startswith(match[2].casefold())
    if match := re.fullmatch(r"(\w+)/any\((\w+):\s*\2 eq '(.*)'\)", part):
        return match[3] in value.get(match[1], ())
    raise bad_request("Invalid filter clause.", "BadRequest")
