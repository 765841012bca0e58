"""What a route says of itself, once and at its function; from this come its registration and all that is told of it.

That is ``openapi.json``, what the page asks whether a key opens, and the tables of the READMEs (``scripts/routes.py``).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from connector.document import Document
from connector.errors import (
    BodyError,
    ConditionError,
    ConflictError,
    ConnectorError,
    FieldError,
    ForbiddenError,
    ServiceError,
    SettingsError,
    UnknownConnectionError,
    UnreadableError,
)
from connector.request import Body
from triggers.answers import Handler, answered, meaning
from triggers.query import Parameter

blueprint = df.Blueprint()
"""On this every route and timer is registered."""
ROUTES: dict[str, Route] = {}
"""All routes by the name of their function, which is also the name of the key that opens it."""
_ROOT = "{ignored:maxlength(0)?}"
"""The address itself: a route without text would be served under the function's name."""


class Role(StrEnum):
    """What a caller has to be for a route. It is stated and not checked yet: Functions keys alone decide."""

    READER = "Reader"
    SECRET_READER = "SecretReader"  # noqa: S105 - a role's name
    OPERATOR = "Operator"
    APPROVER = "Approver"


_QUERY = tuple(map(FieldError, ("unknown-query", "query-doubled", "query-empty", "query-encoding")))
_BODY = (*map(BodyError, ("not-json", "not-utf8", "body-utf16", "length-required", "body-too-large", "media-type")),
         FieldError("field-doubled"))  # fmt: skip
_CONDITION = tuple(map(ConditionError, ("if-match-invalid", "if-match-failed")))
_NAME = {"type": "string", "minLength": 1}
STORE = (SettingsError({}), ServiceError("store", "-", "-"), ForbiddenError("store", "-", "-"))
"""What any route may end with that asks the store, and so the settings."""
NAMED = (*STORE, UnknownConnectionError("unknown-connection"))
"""What a route may end with that is about one connection."""
NEEDS_DOCUMENT = UnreadableError("store", "document-unreadable", "-", path="connections/-.json")
"""For a route that cannot do without a document."""
READ = (*NAMED, NEEDS_DOCUMENT)
CHANGED = ConflictError("changed-meanwhile")
TAKEN_BACK = tuple(map(ConflictError, ("removal-running", "removal-unfinished", "connection-removed")))
"""For a route that works with a connection: what is taken back, or half taken back, is not worked with."""


@dataclass(slots=True)
class Route:
    """A route. Its name is its function's, and a ``role`` of None opens it to everybody.

    ``answers`` maps each status to the document that comes with it. ``problems`` are the errors that its function may
    end with; those of its query and its body are known from ``query`` and ``body``.
    """

    method: str
    path: str
    role: Role | None
    summary: str
    answers: Mapping[int, type[Document] | None]
    query: tuple[Parameter[Any], ...] = ()
    body: type[Body] | None = None
    body_needed: bool = True
    text: bool = False
    """Whether the answer may be ``text/plain`` too."""
    tagged: bool = False
    """Whether the answers carry the connection's ``ETag``, and what changes it heeds ``If-Match``."""
    named: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is said of a name in the path that takes not just any text."""
    problems: tuple[ConnectorError, ...] = ()

    def __call__(self, handler: Handler) -> Handler:
        """Register a function under this route, with a client of Durable where it takes one."""
        ROUTES[handler.__name__] = self
        function = answered(handler)
        if "client" in inspect.signature(handler).parameters:
            function = blueprint.durable_client_input(client_name="client")(function)
        level = func.AuthLevel.FUNCTION if self.role is not None else func.AuthLevel.ANONYMOUS
        served = blueprint.route(route=self.path.lstrip("/") or _ROOT, methods=[self.method], auth_level=level)
        blueprint.function_name(handler.__name__)(served(function))
        return handler

    @property
    def described(self) -> bool:
        """Return whether it is one of the API, not of the page."""
        return self.path.startswith("/api/")

    def codes(self) -> dict[int, list[str]]:
        """Return the codes of all problems that it may answer, by status."""
        found: dict[int, list[str]] = {}
        wrong = (FieldError("query-invalid"),) if any(one.expected for one in self.query) else ()
        body = (*_BODY, *map(FieldError, self.body.refusals)) if self.body is not None else ()
        condition = _CONDITION if self.conditional else ()
        for error in (*_QUERY, *wrong, *body, *condition, *self.problems) if self.described else ():
            status, code, _ = meaning(error)
            found.setdefault(status, []).append(code)
        return {status: sorted(set(codes)) for status, codes in sorted(found.items())}

    @property
    def conditional(self) -> bool:
        """Return whether it heeds ``If-Match``."""
        return self.tagged and self.method != "GET"

    def names(self) -> dict[str, Mapping[str, Any]]:
        """Return the names in its path, with what the description says of each."""
        return {name: {"schema": _NAME, **self.named.get(name, {})} for name in re.findall(r"\{(\w+)\}", self.path)}
