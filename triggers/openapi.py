"""``GET /api/openapi.json``: the description of this API (OpenAPI 3.1), put together from what the routes declare."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import azure.functions as func
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from connector import __version__
from connector.document import Document
from triggers.answers import Problem
from triggers.caller import SIGNED_IN
from triggers.query import query
from triggers.route import ROUTES, Role, Route

_REFERENCE = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of the connection as it was read: nothing is done where somebody has changed it since. "
    "`*` holds for any connection that is there; of several tags one has to hold.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'},
}
_ETAG = "Of what is wanted, whatever a run is doing: for `If-Match`. A dry run has none."
_PROBLEMS = {
    401: "The key is missing or wrong, and the body is empty; or nobody is signed in.",
    403: "Who has signed in lacks the role; or keys open nothing here.",
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
_ACCEPTED = 202


@Route("GET", "/api/openapi.json", None, "This description", {200: None})
async def read_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return the description; it holds no data of this deployment."""
    query(req)
    return func.HttpResponse(json.dumps(description()), mimetype="application/json")


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    described = {function: route for function, route in ROUTES.items() if route.described}
    paths: dict[str, dict[str, Any]] = {}
    for function, route in described.items():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(function, route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "UTM Mail Connect",
            "version": __version__,
            "description": "Prepares a Microsoft 365 tenant so that a Securepoint UTM can fetch mail, and proves it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "/", "description": "With a function key."},
            {"url": SIGNED_IN, "description": "Signed in, with a token of Microsoft Entra."},
        ],
        "security": [{"key": []}, {"entra": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(list(described.values())),
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-functions-key",
                    "description": "A host key opens every function, a function's own key only that one. "
                    "It is asked for no role.",
                },
                "entra": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of Microsoft Entra for this deployment's registration, with the "
                    f"roles that the operation names (of {', '.join(Role)}); each of them may read.",
                },
            },
        },
    }


def _schemas(routes: list[Route]) -> Any:
    bodies: set[type[Document]] = {one.body for one in routes if one.body is not None}
    answers: set[type[Document]] = {one for route in routes for one in route.answers.values() if one is not None}
    answers.add(Problem)
    models: list[tuple[type[Document], JsonSchemaMode]] = [(one, "validation") for one in sorted(bodies, key=_name)]
    models += [(one, "serialization") for one in sorted(answers, key=_name)]
    return models_json_schema(models, by_alias=True, ref_template=_REFERENCE)[1]["$defs"]


def _operation(function: str, route: Route) -> dict[str, Any]:
    problems = {str(status): _problem(status, codes) for status, codes in route.codes().items()}
    operation: dict[str, Any] = {
        "operationId": function,
        "summary": route.summary,
        "security": [{"key": []}, {"entra": [route.role, *route.also]}] if route.role is not None else [],
        "parameters": _parameters(route),
        "responses": {str(status): _answer(route, status, model) for status, model in route.answers.items()} | problems,
    }
    if route.more:
        operation["x-roles"] = [
            {"parameter": one.parameter.name, "value": one.value, "role": one.role} for one in route.more
        ]
    if route.body is not None:
        operation["requestBody"] = {"required": route.body_needed, "content": _json(route.body)}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    named = [{"name": name, "in": "path", "required": True, **said} for name, said in route.names().items()]
    return [*named, *(one.described() for one in route.query), *([_IF_MATCH] if route.conditional else [])]


def _answer(route: Route, status: int, model: type[Document] | None) -> dict[str, Any]:
    headers = {"ETag": {"description": _ETAG, "schema": _TEXT}} if route.tagged else {}
    if status == _ACCEPTED and route.method != "GET":
        headers["Location"] = {"description": "Where to watch it.", "schema": _TEXT}
    content = {**_json(model), **({"text/plain": {"schema": _TEXT}} if route.text else {})}
    said = {"description": "Accepted" if status == _ACCEPTED else "OK", "content": content}
    return {**said, "headers": headers} if headers else said


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    content = _json(Problem, "application/problem+json")
    return {"description": _PROBLEMS[status], "content": content, "x-codes": codes}


def _name(model: type[Document]) -> str:
    return model.__name__


def _json(model: type[Document] | None, media: str = "application/json") -> dict[str, Any]:
    """Return the content of a document, or of any JSON."""
    return {media: {"schema": {"$ref": _REFERENCE.format(model=_name(model))} if model is not None else {}}}
