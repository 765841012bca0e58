"""How Key Vault prints secrets and errors: learn.microsoft.com/rest/api/keyvault/secrets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from local.tenant.calls import Answer, Call
from local.tenant.world import SecretVersion, VaultSecret

_PAGE = 25
_KEPT = timedelta(days=90)


def error(status: int, code: str, message: str, inner: str | None = None) -> Answer:
    """Return an error in Key Vault's shape."""
    body: dict[str, Any] = {"code": code, "message": message}
    if inner is not None:
        body["innererror"] = {"code": inner}
    return Answer(status, {"error": body})


def secret_bundle(base: str, secret: VaultSecret, version: SecretVersion) -> dict[str, Any]:
    """Return a version with its value."""
    return {"value": version.value, **item(base, secret, version, versioned=True)}


def item(base: str, secret: VaultSecret, version: SecretVersion, *, versioned: bool) -> dict[str, Any]:
    """Return a version without its value; what is not set is not there."""
    attributes: dict[str, Any] = {
        "enabled": version.enabled,
        "created": int(version.created.timestamp()),
        "updated": int(version.updated.timestamp()),
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": _KEPT.days,
    }
    if version.not_before is not None:
        attributes["nbf"] = version.not_before
    if version.expires is not None:
        attributes["exp"] = version.expires
    id_ = f"{base}/secrets/{secret.name}"
    value: dict[str, Any] = {"id": f"{id_}/{version.version}" if versioned else id_, "attributes": attributes}
    if version.content_type is not None:
        value["contentType"] = version.content_type
    if version.tags:
        value["tags"] = version.tags
    return value


def deleted_bundle(base: str, secret: VaultSecret, deleted: datetime) -> dict[str, Any]:
    """Return a deleted secret."""
    return {
        "recoveryId": f"{base}/deletedsecrets/{secret.name}",
        "deletedDate": int(deleted.timestamp()),
        "scheduledPurgeDate": int((deleted + _KEPT).timestamp()),
        **item(base, secret, secret.versions[-1], versioned=True),
    }


def page(call: Call, items: list[dict[str, Any]]) -> Answer:
    """Return a page of a list; Key Vault's pages hold 25 at most."""
    start = int(call.query.get("$skiptoken", "0"))
    size = min(int(call.query.get("maxresults", _PAGE)), _PAGE)
    following = None
    if start + size < len(items):
        following = f"{call.base}{call.path}?{urlencode({**call.query, '$skiptoken': str(start + size)})}"
    return Answer(200, {"value": items[start : start + size], "nextLink": following})
