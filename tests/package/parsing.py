"""Run by a test in a bare interpreter: import the whole app from a package and read every type that Graph can name.

``python -I -S parsing.py PACKAGE``: nothing but Python itself and the package is on the path.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(sys.argv[1])
FOLDERS = ("activities", "connector", "orchestrations", "triggers")
APPLICATION: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.application",
    "id": "1",
    "api": {"oauth2PermissionScopes": [], "preAuthorizedApplications": [{"appId": "2", "delegatedPermissionIds": []}]},
    "appRoles": [{"value": "role", "allowedMemberTypes": ["User"]}],
    "info": {"logoUrl": None, "termsOfServiceUrl": None},
    "optionalClaims": {"idToken": [{"name": "upn", "additionalProperties": []}]},
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "requestSignatureVerification": {"isSignedRequestRequired": True, "allowedWeakAlgorithms": "rsaSha1"},
    "servicePrincipalLockConfiguration": {"isEnabled": True},
    "spa": {"redirectUris": []},
    "verifiedPublisher": {"displayName": None},
    "web": {
        "implicitGrantSettings": {"enableIdTokenIssuance": False},
        "redirectUriSettings": [{"uri": "https://localhost", "index": None}],
    },
}


def main() -> None:
    sys.path[:0] = [str(PACKAGE), str(PACKAGE / ".python_packages/lib/site-packages")]
    own = [path for folder in FOLDERS for path in sorted((PACKAGE / folder).rglob("*.py"))]
    for path in (PACKAGE / "function_app.py", *own):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        importlib.import_module(".".join(part for part in parts if part != "__init__"))
    report = {
        "imported": len(own) + 1,
        "read": {name: read_all(name) for name in ("directory_object", "entity")},
        "unknown": read(
            "directory_object", {"@odata.type": "#microsoft.graph.notYetKnown", "id": "1", "new": {"a": 1}}
        ),
        "deep": read("directory_object", APPLICATION),
        "redirect": model("application", APPLICATION).web.redirect_uri_settings[0].uri,
    }
    sys.stdout.write(json.dumps(report))


def model(name: str, answer: dict[str, Any]) -> Any:
    """Return what the SDK makes of an answer where it expects the model ``name``."""
    node = importlib.import_module("kiota_serialization_json.json_parse_node").JsonParseNode(answer)
    module = importlib.import_module(f"msgraph.generated.models.{name}")
    return node.get_object_value(getattr(module, name.title().replace("_", "")))


def read(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the type that was made, its id, and what the SDK had no field for."""
    found = model(name, answer)
    return {"type": type(found).__name__, "id": found.id, "rest": found.additional_data}


def read_all(name: str) -> dict[str, str]:
    """Return, per type that the model's factory knows, the type that was made."""
    source = (PACKAGE / f".python_packages/lib/site-packages/msgraph/generated/models/{name}.py").read_text("utf-8")
    known = sorted(set(re.findall(r'"(#microsoft\.graph\.[\w.]+)"', source)))
    return {one: read(name, {"@odata.type": one, "id": "1"})["type"] for one in known}


if __name__ == "__main__":
    main()
