"""What a route says of itself, once and at its function; from this come its registration and all that is told of it.

That is ``openapi.json``, what the page asks whether a key opens, and the tables of the READMEs (``scripts/routes.py``).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from connector.body import Body
from connector.document import Document
from connector.errors import (
    BodyError,
    ConditionError,
    ConflictError,
    ConnectorError,
    FieldError,
    ForbiddenError,
    RoleError,
    ServiceError,
    SettingsError,
    SignInError,
    UnknownConnectionError,
    UnreadableError,
)
from connector.log import log
from triggers.answers import Handler, answered, meaning
from triggers.caller import SIGNED_IN, acting, roles
from triggers.handshake import METHOD as HANDSHAKE
from triggers.handshake import shaken
from triggers.query import Parameter, query
from triggers.sign_in import require_keys, signed_in

blueprint = df.Blueprint()
"""On this every route and timer is registered."""
ROUTES: dict[str, Route] = {}
"""All routes by the name of their function, which is also the name of the key that opens it."""
_ROOT = "{ignored:maxlength(0)?}"
"""The address itself: a route without text would be served under the function's name."""


class Role(StrEnum):
    """What people may do: the roles of the registration in Entra. Whoever has one of them may read as well."""

    READER = "Reader"
    SECRET_READER = "SecretReader"  # noqa: S105 - a role's name
    OPERATOR = "Operator"
    APPROVER = "Approver"

    def held(self, roles: frozenset[str]) -> bool:
        """Return whether roles, as a token names them, are enough for this one."""
        return self in roles or (self is Role.READER and not roles.isdisjoint(Role))


OPEN = frozenset({"/", "/assets/{*path}", "/findings/{code}", "/api/openapi.json"})
"""What is open to everybody. Whatever else has no role was forgotten to be given one, and is not registered."""
ENTRA = "entra_"
"""What a function's name begins with that serves a route for who has signed in."""
_DOOR = (
    *map(SignInError, ("sign-in-off", "token-missing", "token-refused", "token-expired")),
    *map(RoleError, ("keys-off", "role-missing")),
    ServiceError("token", "-", "-"),
    SettingsError({}),
)
"""What any route with a role may end with before its function is called."""
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


@dataclass(frozen=True, slots=True)
class More:
    """What a route needs besides its role where a query parameter has this value, sent or by default."""

    parameter: Parameter[Any]
    value: object
    role: Role


@dataclass(slots=True)
class Route:
    """A route. Its name is its function's, and a ``role`` of None opens it to everybody, which ``OPEN`` has to allow.

    Who has signed in reaches it under ``/entra`` with all roles that it needs; a key of the app's opens it without.

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
    hooked: bool = False
    """Whether other systems' webhooks may start it with a key: it reads no body, and answers their handshakes."""
    also: tuple[Role, ...] = ()
    """The roles that it needs besides ``role``."""
    more: tuple[More, ...] = ()
    """The roles that it needs besides for some requests."""

    def __call__(self, handler: Handler) -> Handler:
        """Register a function under this route: for everybody, or for keys and, apart, for who has signed in.

        Raises:
            ValueError: it has no role and is none of those that may be open.
        """
        name = handler.__name__
        if self.role is None and self.path not in OPEN:
            msg = f"{name}: {self.path} has no role and is not among OPEN, so it would be open to everybody"
            raise ValueError(msg)
        ROUTES[name] = self
        if self.role is None:
            self._register(name, self.path, func.AuthLevel.ANONYMOUS, handler)
            return handler
        self._register(name, self.path, func.AuthLevel.FUNCTION, _by_key(shaken(handler) if self.hooked else handler))
        self._register(f"{ENTRA}{name}", f"{SIGNED_IN}{self.path}", func.AuthLevel.ANONYMOUS, self._by_token(handler))
        return handler

    def _register(self, name: str, path: str, level: func.AuthLevel, handler: Handler) -> None:
        function = answered(handler)
        if "client" in inspect.signature(handler).parameters:
            function = blueprint.durable_client_input(client_name="client")(function)
        methods = [self.method, HANDSHAKE] if self.hooked and level is func.AuthLevel.FUNCTION else [self.method]
        served = blueprint.route(route=path.lstrip("/") or _ROOT, methods=methods, auth_level=level)
        blueprint.function_name(name)(served(function))

    def _by_token(self, handler: Handler) -> Handler:
        """Return a function that works for who has signed in with the roles for it, and for nobody else."""

        @functools.wraps(handler)
        async def checked(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
            who, held = await signed_in(req, handler.__name__)
            with acting(who, held):
                try:
                    require(*self._needed(req))
                except RoleError as error:
                    log("role-missing", code=str(error.values["role"]), **who.fields())
                    raise
                return await handler(req, **bindings)

        return checked

    def _needed(self, req: func.HttpRequest) -> tuple[Role, ...]:
        """Return the roles that a request needs; of its query only names and values are looked at.

        Raises:
            FieldError: the query is wrong where it decides.
        """
        if not self.more:
            return self.always
        sent = query(req, *self.query)
        return (*self.always, *(one.role for one in self.more if one.parameter.of(sent) == one.value))

    @property
    def always(self) -> tuple[Role, ...]:
        """Return the roles that each request needs."""
        return (*((self.role,) if self.role is not None else ()), *self.also)

    @property
    def every(self) -> tuple[Role, ...]:
        """Return the roles that some request needs."""
        return (*self.always, *(one.role for one in self.more))

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
        door = _DOOR if self.role is not None else ()
        for error in (*door, *_QUERY, *wrong, *body, *condition, *self.problems) if self.described else ():
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


def _by_key(handler: Handler) -> Handler:
    """Return a function that works for who has come with a key, as long as keys open anything."""

    @functools.wraps(handler)
    async def checked(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        require_keys()
        return await handler(req, **bindings)

    return checked


def require(*needed: Role) -> None:
    """Go on where who has signed in has these roles, or has come with a key. Also for what only a handler can see.

    Raises:
        RoleError: one is missing; it names the first that is.
    """
    held = roles()
    lacking = [role for role in needed if held is not None and not role.held(held)]
    if held is not None and lacking:
        has = ", ".join(role for role in Role if role in held)
        raise RoleError("role-missing", role=lacking[0], roles=has or "–")
