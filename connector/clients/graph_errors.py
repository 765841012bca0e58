"""What Microsoft Graph's refusals mean: the one place where its codes and texts are told apart.

While replicas disagree Graph gives misleading answers; which ones, terraform-provider-azuread and its issues tell
(learn.microsoft.com/graph/errors has the rest).
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError

from connector.clients.bounds import unanswered
from connector.clients.identity import identity_error
from connector.clients.retry_after import passes, retry_after
from connector.errors import (
    ForbiddenError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.microsoft import CONCURRENCY, GRAPH_MISSING, GRAPH_REFUSALS

_REASON = 300
_NOT_YET = (
    (HTTPStatus.BAD_REQUEST, "does not reference a valid application object"),
    (HTTPStatus.FORBIDDEN, "backing application of the service principal"),
    (HTTPStatus.BAD_REQUEST, "not a valid reference update"),
)
"""What Graph says, misleadingly, while what was just written is not on every replica."""

_SLIPS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
)
_READING = tuple(
    str(Path(*parts))
    for parts in (
        ("kiota_serialization_json", "json_parse_node"),
        ("kiota_abstractions", "serialization", "parse_node"),
        ("azure", "identity"),
    )
)
"""Where an answer is read: Graph's by kiota's parse nodes, that of the token endpoint by azure-identity."""
_CLAIMS = "retry_cae_response_if_required"
"""Where the adapter reads the claims in the header of a 401."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success."""

    status: int
    code: str = ""
    text: str = ""
    request_id: str | None = None
    seconds: float | None = None

    @property
    def missing(self) -> bool:
        """Return whether Graph itself says that there is no such object: a gateway's 404 says nothing about it."""
        return self.status == HTTPStatus.NOT_FOUND and self.code == GRAPH_MISSING

    def says(self, words: str) -> bool:
        """Return whether the text holds these lower-case words."""
        return words in self.text.lower()


def service_error(refusal: Refusal) -> ServiceError:
    """Return our error for an answer of Graph: the one place where its codes and texts are told apart."""
    status, code, reason, id_ = refusal.status, refusal.code, refusal.text[:_REASON], refusal.request_id
    if code in GRAPH_REFUSALS:
        return RefusedError("graph", code, reason, id_)
    if code == CONCURRENCY:
        return ReplicationError("graph", "replication", reason, id_, refusal.seconds)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError("graph", "throttled", reason, id_, refusal.seconds)
    if passes(status) or (status == HTTPStatus.NOT_FOUND and not refusal.missing):
        return UnavailableError("graph", "unavailable", reason, id_, refusal.seconds)
    not_yet = any(status == at and refusal.says(words) for at, words in _NOT_YET)
    if not_yet or status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
        return ReplicationError("graph", "replication", reason, id_)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ForbiddenError("graph", code, reason, id_, status=None if code else status)
    return UnexpectedAnswerError("graph", code, reason, id_, status=None if code else status)


async def done(request: Awaitable[Any], *, already: str = "") -> Any:
    """Wait for the answer; a 400 with the words ``already`` means that nothing was left to do."""
    answer = await _answer(request)
    if not isinstance(answer, Refusal):
        return answer
    if already and answer.status == HTTPStatus.BAD_REQUEST and answer.says(already):
        return None
    raise service_error(answer)


async def root(request: Awaitable[Any]) -> Any:
    """Wait for an object by its name; None where Graph says that it has none, and an empty answer is none."""
    answer = await _answer(request)
    if answer is None:
        raise UnavailableError("graph", "unavailable", "the answer is empty")
    if not isinstance(answer, Refusal):
        return answer
    if answer.missing:
        return None
    raise service_error(answer)


async def _answer(request: Awaitable[Any]) -> Any:
    """Return the answer, or the refusal that it is.

    Raises:
        UnavailableError, ThrottledError: no answer came, or the identity got no token.
        Exception: a slip of ours, as it is: waiting does not mend it.
    """
    try:
        return await request
    except APIError as error:
        return _refusal(error)
    except AzureError as error:
        raise identity_error(error) from None
    except httpx.HTTPError as error:
        raise unanswered("graph", error) from None
    except Exception as error:
        if _is_slip(error):
            raise
        # The SDK raises plain ones over an answer that it cannot read.
        raise UnavailableError("graph", "unavailable", f"unreadable: {type(error).__name__}") from None


def _is_slip(error: Exception) -> bool:
    """Return whether an error is one of our code, or of how we call the SDK, and comes of no answer.

    The SDK raises the same types over an answer that is not what it should be; then it was reading one.
    """
    frames = (frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__))
    return isinstance(error, _SLIPS) and not any(
        code.co_name == _CLAIMS or any(part in code.co_filename for part in _READING) for code in frames
    )


def _refusal(error: Any) -> Refusal:
    # httpx's headers ignore case, but the SDK promises no more than a dict.
    headers = {str(name).lower(): str(value) for name, value in (error.response_headers or {}).items()}
    main = getattr(error, "error", None)
    inner = main and main.inner_error
    return Refusal(
        status=error.response_status_code or 0,
        code=str((main and main.code) or ""),
        text=str((main and main.message) or ""),
        request_id=headers.get("request-id") or (inner and inner.request_id) or None,
        seconds=retry_after(headers.get("retry-after")),
    )
