"""How Exchange's admin interface answers: collections with warnings, three shapes of errors, and its mute 403.

The interface is not documented for others; the shapes are what CIPP, azapptoolkit and graph2otel parse.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local.tenant.calls import Answer
from local.tenant.simulation import request_id

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
EXISTS = "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"
OUT_OF_SCOPE = "Microsoft.Exchange.Data.Directory.ADScopeException"
NO_ENTRY = "Microsoft.Exchange.Management.RecipientTasks.ACEDoesNotExistException"
DEHYDRATED = "Microsoft.Exchange.Configuration.Tasks.InvalidOperationInDehydratedContextException"
PARAMETERS = "System.Management.Automation.AmbiguousParameterSetException"
CONCURRENCY_TEXT = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
SHAPES = ("A", "B", "C")
_SERVER = "AM0PR07A002DC05.EURPR07A002.PROD.OUTLOOK.COM"


class CmdletError(Exception):
    """A cmdlet failed, as PowerShell would say it."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message


@dataclass(slots=True)
class Output:
    """What a cmdlet writes."""

    values: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def missing(identity: str) -> CmdletError:
    """Return the error for an object that Exchange, or this part of it, does not have."""
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found on '{_SERVER}'."
    return CmdletError(NOT_FOUND, text)


def collection(base: str, tenant_id: str, values: list[dict[str, Any]], warnings: Sequence[str]) -> Answer:
    """Return a successful answer; the warnings stand in the body and in a header."""
    headers = {"request-id": request_id()}
    if warnings:
        headers["X-Warnings"] = " | ".join(warnings)
    context = f"{base}/adminapi/beta/{tenant_id}/$metadata#Collection(Exchange.GenericHashTable)"
    return Answer(
        200,
        {
            "@odata.context": context,
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": list(warnings),
            "value": [_typed(value) for value in values],
        },
        headers,
    )


def failure(error: CmdletError, shape: str, status: int) -> Answer:
    """Return a cmdlet's error in one of the shapes that are seen for the same thing."""
    body: dict[str, Any] = {"code": "BadRequest", "message": "Error executing cmdlet"}
    if shape == "A":
        body["message"] = "Invalid Operation"
        body["details"] = [{"code": "Client", "target": "", "message": f"|{error.type}|{error.message}"}]
        body["innererror"] = {
            "message": "Invalid Operation",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "internalexception": {
                "message": error.message,
                "type": error.type,
                "stacktrace": "   at Microsoft.Exchange",
            },
        }
    elif shape == "B":
        body["details"] = [{"code": "Client", "target": "", "message": f"Ex6F9304|{error.type}|{error.message}"}]
    else:
        text = json.dumps({"Message": error.message, "TypeName": error.type, "InnerError": None})
        body["details"] = [{"code": "Context", "message": text}]
    return Answer(status, {"error": body}, {"request-id": request_id()})


def bad_request(message: str) -> Answer:
    """Return the answer to a request that is none."""
    return Answer(400, {"error": {"code": "BadRequest", "message": message}}, {"request-id": request_id()})


def unauthorized(reason: str) -> Answer:
    """Return the answer to a token that lacks the app role, or is not for Exchange."""
    return Answer(
        401,
        headers={
            "request-id": request_id(),
            "WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", token_types="app_asserted"',
            "x-ms-diagnostics": f'2000008;reason="{reason}";error_category="invalid_token"',
        },
    )


def mute_forbidden(reason: str | None = None) -> Answer:
    """Return a 403 whose body is NUL bytes labelled gzip: a client that decompresses breaks on it."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json", "request-id": request_id()}
    if reason is not None:
        headers["x-ms-diagnostics"] = f'2000003;reason="{reason}";error_category="invalid_grant"'
    return Answer(403, headers=headers, content=b"\0" * 512)


def empty_forbidden() -> Answer:
    """Return the 403 without a body that tokens with only the look-alike V2 roles get."""
    return Answer(403, headers={"request-id": request_id()}, content=b"")


def too_many(seconds: int | None) -> Answer:
    """Return 429 as plain text; ``Retry-After`` is not always there."""
    headers = {
        "Content-Type": "text/plain",
        "Rate-Limit-Remaining": "0",
        "Rate-Limit-Reset": str(seconds or 60),
        "request-id": request_id(),
    }
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return Answer(429, headers=headers, content=CONCURRENCY_TEXT.encode())


def _typed(value: dict[str, Any]) -> dict[str, Any]:
    """Annotate collections with their type, as the interface does."""
    typed: dict[str, Any] = {}
    for name, property_ in value.items():
        if isinstance(property_, list):
            typed[f"{name}@odata.type"] = "#Collection(String)"
        typed[name] = property_
    return typed
