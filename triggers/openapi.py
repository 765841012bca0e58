"""``GET /api/openapi.json``: the description of this API (OpenAPI 3.1), generated from the models that answer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import azure.functions as func
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from connector import __version__
from connector.acceptances import MAX_FINDING_ID
from connector.model import MAX_MAILBOXES, Document
from connector.repair import Way
from connector.request import AcceptRequest, ConfirmRequest, SetUpRequest
from connector.steps import MailboxState
from triggers.accept import AcceptanceList
from triggers.answers import Problem, answered, query
from triggers.blueprint import blueprint
from triggers.confirm import Confirmed
from triggers.history import HistoryView
from triggers.plan import PlanView
from triggers.repair import RepairView
from triggers.report import Report
from triggers.views import Accepted, ConnectionList, ConnectionView, Health, Parameters

_REFERENCE = "#/components/schemas/{model}"
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_FINDING = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The finding's `id`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_FINDING_ID, "pattern": "^[A-Za-z0-9:_-]+$"},
}
_TOP = {
    "name": "top",
    "in": "query",
    "description": "How many entries a page has.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "The last entry of the page before.",
    "schema": {"type": "string", "minLength": 1},
}
_PLACE = {**_AFTER, "description": "`next` of the page before."}
_STATE = {
    "name": "state",
    "in": "query",
    "description": "Only mailboxes in this state.",
    "schema": {"type": "string", "enum": [state.value for state in MailboxState]},
}
_FORM = {
    "name": "secret",
    "in": "query",
    "description": "`reference` leaves the value out and gives only where it lies.",
    "schema": {"type": "string", "enum": ["value", "reference"], "default": "value"},
}
_DRY_RUN = {
    "name": "dryRun",
    "in": "query",
    "description": "Only find out what would be changed; the plan is read from `Location`. Alone it means `true`.",
    "allowEmptyValue": True,
    "schema": {"anyOf": [{"type": "boolean"}, {"const": ""}], "default": False},
}
_REMOVAL = {
    "name": "allowRemoval",
    "in": "query",
    "description": "How many mailboxes at most may lose access; without it half of them.",
    "schema": {"type": "integer", "minimum": 0, "maximum": MAX_MAILBOXES},
}
_INDEX = {
    "name": "after",
    "in": "query",
    "description": "`next` of the page before.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 99_999},
}
_WAY = {
    "name": "from",
    "in": "query",
    "description": "What is repaired from; without it nothing is changed, and the answer says what each way loses.",
    "schema": {"type": "string", "enum": [way.value for way in Way]},
}
_NUMBER = {**_INDEX, "schema": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of the connection as it was read: nothing is done where somebody has changed it since. "
    "`*` holds for any connection that is there; of several tags one has to hold.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'},
}
_ETAG = {
    "ETag": {
        "description": "Of what is wanted, whatever a run is doing: for `If-Match`. A dry run has none.",
        "schema": {"type": "string"},
    }
}
_PROBLEMS = {
    400: "The body is not JSON or not UTF-8, or `If-Match` holds no entity tags.",
    404: "There is no such connection, or it does not show what the request is about.",
    409: "Not now: another request, or a step that is not done yet.",
    411: "The body was sent in chunks, which Azure Functions drops.",
    412: "The connection is not the one that `If-Match` names; nothing was changed.",
    413: "The body is larger than 1 MB.",
    415: "The body is not declared as JSON.",
    422: "A field is wrong; or a query parameter is unknown, doubled, without its value, or wrong.",
    502: "A service refused.",
    503: "A setting is wrong, or the rights have not been granted yet.",
}


@blueprint.function_name("read_openapi")
@blueprint.route(route="api/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answered
async def read_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return the description; it holds no data of this deployment."""
    query(req)
    return func.HttpResponse(json.dumps(description()), mimetype="application/json")


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    models: list[tuple[type[Document], JsonSchemaMode]] = [
        (SetUpRequest, "validation"),
        (AcceptRequest, "validation"),
        (ConfirmRequest, "validation"),
        *(
            (model, "serialization")
            for model in (
                Accepted,
                AcceptanceList,
                Confirmed,
                ConnectionList,
                ConnectionView,
                HistoryView,
                Parameters,
                PlanView,
                RepairView,
                Report,
                Health,
                Problem,
            )
        ),
    ]
    _, schemas = models_json_schema(models, by_alias=True, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "UTM Mail Connect",
            "version": __version__,
            "description": "Prepares a Microsoft 365 tenant so that a Securepoint UTM can fetch mail, and proves it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "security": [{"key": []}],
        "paths": {
            "/api/connections": {
                "post": _operation(
                    "create_connection",
                    "Set a connection up, or bring it to the wanted state",
                    (202, Accepted),
                    (400, 409, 411, 412, 413, 415, 422, 502, 503),
                    [_DRY_RUN, _REMOVAL, _IF_MATCH],
                    body=SetUpRequest,
                    headers=_ETAG,
                ),
                "get": _operation(
                    "list_connections", "List all connections", (200, ConnectionList), (422, 502, 503), [_TOP, _AFTER]
                ),
            },
            "/api/connections/{name}": {
                "get": _operation(
                    "read_connection",
                    "Read one connection: steps, mailboxes, findings",
                    (200, ConnectionView),
                    (404, 409, 422, 502, 503),
                    [_NAME, _TOP, _PLACE, _STATE],
                    headers=_ETAG,
                )
            },
            "/api/connections/{name}/parameters": {
                "get": _operation(
                    "read_parameters",
                    "Read the values that the UTM asks for",
                    (200, Parameters),
                    (404, 409, 422, 502, 503),
                    [_NAME, _FORM],
                    text=True,
                )
            },
            "/api/connections/{name}/plan": {
                "get": _operation(
                    "read_plan",
                    "Read what the last dry run found; 202 while it runs",
                    (200, PlanView),
                    (404, 422, 502, 503),
                    [_NAME, _TOP, _INDEX],
                    also=202,
                )
            },
            "/api/connections/{name}/history": {
                "get": _operation(
                    "read_history",
                    "Read who asked for what, newest first",
                    (200, HistoryView),
                    (404, 422, 502, 503),
                    [_NAME, _TOP, _NUMBER],
                )
            },
            "/api/connections/{name}/report": {
                "get": _operation(
                    "read_report",
                    "Read what support needs to know: no secret, addresses in part",
                    (200, Report),
                    (404, 422, 502, 503),
                    [_NAME],
                )
            },
            "/api/connections/{name}/cancel": {
                "post": _operation(
                    "cancel_connection",
                    "End the run after its present activity",
                    (202, Accepted),
                    (400, 404, 409, 412, 422, 502, 503),
                    [_NAME, _IF_MATCH],
                    headers=_ETAG,
                )
            },
            "/api/connections/{name}/confirm": {
                "post": _operation(
                    "confirm_secret",
                    "Say that the new secret has been entered in the UTM",
                    (200, Confirmed),
                    (400, 404, 409, 411, 412, 413, 415, 422, 502, 503),
                    [_NAME, _IF_MATCH],
                    headers=_ETAG,
                    body=ConfirmRequest,
                )
            },
            "/api/connections/{name}/verify": {
                "post": _operation(
                    "verify_connection",
                    "Prove every mailbox once more, or wake the run that waits",
                    (202, Accepted),
                    (400, 404, 409, 412, 422, 502, 503),
                    [_NAME, _IF_MATCH],
                    headers=_ETAG,
                )
            },
            "/api/connections/{name}/repair": {
                "post": _operation(
                    "repair_connection",
                    "Say what of a connection cannot be read, or repair it; a right of its own",
                    (202, RepairView),
                    (400, 404, 409, 411, 413, 415, 422, 502, 503),
                    [_NAME, _WAY],
                    body=SetUpRequest,
                    also=200,
                    optional=True,
                )
            },
            "/api/connections/{name}/accept": {
                "post": _operation(
                    "accept_finding",
                    "Accept a finding for the application that it is about; a right of its own",
                    (200, AcceptanceList),
                    (400, 404, 409, 411, 413, 415, 422, 502, 503),
                    [_NAME],
                    body=AcceptRequest,
                )
            },
            "/api/connections/{name}/accept/{id}": {
                "delete": _operation(
                    "withdraw_acceptance",
                    "Withdraw an acceptance: the finding stops the next look again",
                    (200, AcceptanceList),
                    (404, 409, 422, 502, 503),
                    [_NAME, _FINDING],
                )
            },
            "/api/health": {
                "get": _operation(
                    "read_health", "What the identity may do, and what is missing", (200, Health), (422, 503)
                )
            },
            "/api/openapi.json": {
                "get": {
                    "operationId": "read_openapi",
                    "summary": "This description",
                    "security": [],
                    "responses": {
                        "200": {"description": "OK", "content": {"application/json": {"schema": {}}}},
                        **_problems(422),
                    },
                }
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-functions-key",
                    "description": "A host key opens every function, a function's own key only that one.",
                }
            },
        },
    }


def _operation(  # noqa: PLR0913 - what an operation says of itself
    name: str,
    summary: str,
    success: tuple[int, type[Document]],
    problems: tuple[int, ...],
    parameters: list[dict[str, Any]] | None = None,
    *,
    body: type[Document] | None = None,
    text: bool = False,
    also: int | None = None,
    optional: bool = False,
    headers: dict[str, Any] | None = None,
) -> dict[str, Any]:
    status, model = success
    content: dict[str, Any] = {"application/json": {"schema": _schema(model)}}
    if text:
        content["text/plain"] = {"schema": {"type": "string"}}
    answer: dict[str, Any] = {"description": "Accepted" if status == 202 else "OK", "content": content}  # noqa: PLR2004
    if headers is not None:
        answer["headers"] = headers
    if status == 202:  # noqa: PLR2004 - the status itself says it best
        answer["headers"] = {
            **(headers or {}),
            "Location": {"description": "Where to watch it.", "schema": {"type": "string"}},
        }
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {
            str(status): answer,
            **({str(also): answer} if also is not None else {}),
            "401": {"description": "The key is missing or wrong; the body is empty."},
            **_problems(*problems),
        },
    }
    if body is not None:
        media = {"application/json": {"schema": _schema(body)}}
        operation["requestBody"] = {"required": not optional, "content": media}
    return operation


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _schema(Problem)}}
    return {str(status): {"description": _PROBLEMS[status], "content": content} for status in statuses}


def _schema(model: type[Document]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
