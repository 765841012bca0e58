"""What can go wrong, as types: a handler asks for the type, never for the text.

ConnectorError
├── RequestError                 the caller's request cannot be carried out; nothing was changed
│   ├── SignInError              nobody is signed in, or by a token that opens nothing here
│   ├── RoleError                who asks may not do this
│   ├── BodyError                not JSON, not UTF-8, too long, another media type
│   ├── FieldError               one field or query parameter is wrong
│   ├── UnknownConnectionError   there is no connection of that name, or it does not show that finding
│   ├── ConditionError           ``If-Match`` does not hold, or is none
│   └── ConflictError            not now: something else runs, or a step is not done yet
├── SettingsError                a setting of this deployment is missing or wrong
├── GrantMissingError            the rights have not been granted yet
├── MissingIdError               a document lacks an id that a step needs: a slip of ours
└── ServiceError                 Microsoft Graph, Exchange, Key Vault, Entra or the store said no
    ├── WaitError                the same call may succeed later
    │   ├── ReplicationError     what was just written is not everywhere yet
    │   ├── ThrottledError       too many requests; says for how long
    │   └── UnavailableError     no answer, or an answer that says "try again"
    ├── ForbiddenError           the identity may not do this
    ├── NotFoundError            the object does not exist
    ├── ExistsError              the object exists already
    ├── StaleWriteError          the document was changed by somebody else meanwhile (ETag)
    ├── UnreadableError          a document of the store is not one that this version can read
    ├── RefusedError             refused for a reason that waiting does not change (policy, quota, secret)
    └── UnexpectedAnswerError    an answer that no rule knows

Apart from it stands UnforeseenError: what escaped all of them, by the name of its type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connector.microsoft import Protocol

ServiceName = Literal["graph", "exchange", "vault", "token", "identity", "store"] | Protocol
"""An outside system; a mail server by the protocol that it speaks."""


class ConnectorError(Exception):
    """The root: whatever this project raises on purpose."""


@dataclass(eq=False)
class RequestError(ConnectorError):
    """The request cannot be carried out. ``code`` names a message in ``connector/messages``; ``values`` fill it."""

    code: str
    values: dict[str, str | int]

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(eq=False)
class SignInError(RequestError):
    """There is no token, or one that opens nothing here; ``values["why"]`` says what is wrong with it.

    ``challenge`` tells a program where to sign in (``WWW-Authenticate``).
    """

    challenge: str = "Bearer"

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code, **values)
        self.challenge = "Bearer"


class RoleError(RequestError):
    """Who asks is known, and may not do this: a role is missing, or keys open nothing any more."""


class BodyError(RequestError):
    """The body is not what can be read: not JSON, not UTF-8, too long, another media type."""


class FieldError(RequestError):
    """One field or query parameter is wrong; ``values["field"]`` names it."""


class UnknownConnectionError(RequestError):
    """No connection has that name, or it does not show what the request is about."""


class ConditionError(RequestError):
    """``If-Match`` does not hold: the connection is not what the sender has read. Or the header is none."""


@dataclass(eq=False)
class ConflictError(RequestError):
    """Not now. ``retry_after`` is in seconds, where waiting helps."""

    retry_after: int | None = None

    def __init__(self, code: str, *, retry_after: int | None = None, **values: str | int) -> None:
        super().__init__(code, **values)
        self.retry_after = retry_after


class SettingsError(ConnectorError):
    """A setting is missing or wrong. ``problems`` maps the setting's full name to what is wrong with it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(problems)))
        self.problems = problems


class GrantMissingError(ConnectorError):
    """``CONNECTOR_GRANTED`` is not set: no Graph or Exchange token may be asked for yet.

    The platform keeps a managed identity's token for about 24 hours with the roles it had at that time, so one
    token asked for too early would hide the grant for a day.
    """


class MissingIdError(ConnectorError):
    """An id that a step needs is not in the document, though an earlier step has settled it: a slip of ours.

    Waiting does not mend it, and no service is asked for an object without a name. ``id`` is its name in the document.
    """

    def __init__(self, id_: str) -> None:
        super().__init__(id_)
        self.id = id_


@dataclass(eq=False)
class ServiceError(ConnectorError):
    """An outside system said no.

    Attributes:
        service: which one.
        code: the service's own error code, or ours where it gave none; stable and safe to show.
        reason: the service's own words; never holds what we sent.
        request_id: the service's id of the request, for its support.
        status: the HTTP status, where the answer says nothing more precise; ``code`` is made of it then.
    """

    service: ServiceName
    code: str
    reason: str
    request_id: str | None = None
    status: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.status is not None:
            self.code = f"status-{self.status}"

    def __str__(self) -> str:
        """Return service and code only: the text may be stored by Durable Functions."""
        return f"{self.service}: {self.code}"


@dataclass(eq=False)
class WaitError(ServiceError):
    """The same call may succeed later. ``seconds`` is what the service asked for, if it did."""

    seconds: float | None = None


class ReplicationError(WaitError):
    """What was just written has not reached every replica."""


class ThrottledError(WaitError):
    """Too many requests. Time spent on these does not count against a step's deadline."""


class UnavailableError(WaitError):
    """No answer, a broken one, or one that says "try again"."""


class ForbiddenError(ServiceError):
    """The identity lacks the right for this call (or an unofficial interface answered in a way we do not know)."""


class NotFoundError(ServiceError):
    """The object does not exist, as far as this replica knows."""


class ExistsError(ServiceError):
    """The object exists already; for a create this is success."""


class StaleWriteError(ServiceError):
    """The document was changed by somebody else between our read and our write."""


@dataclass(eq=False)
class UnreadableError(ServiceError):
    """A document of the store cannot be read: ``reason`` is one of ``connector.kept.Why``, ``path`` says which."""

    path: str = ""

    @property
    def document(self) -> str:
        """Return which of a connection's documents it is: ``connection``, ``mailboxes-0001``, ``plan``, and so on."""
        kind, *rest = self.path.removesuffix(".json").split("/")
        if len(rest) > 1:
            return rest[-1]
        return {"connections": "connection", "plans": "plan"}.get(kind, kind)

    @property
    def name(self) -> str:
        """Return whose it is."""
        return self.path.split("/")[1].removesuffix(".json")


class RefusedError(ServiceError):
    """Refused for a reason that waiting does not change; ``code`` tells which."""


class UnexpectedAnswerError(ServiceError):
    """An answer that no rule knows."""


class UnforeseenError(Exception):
    """An error that nobody foresaw, by the name of its type only; not one of ours, and the host's to report."""
