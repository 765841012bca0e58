"""What Exchange's admin interface answers: pure, bytes in, values or one of our errors out.

The interface is not documented. Shapes and texts were collected from projects that run against live tenants; the HTTP
status alone says little, since business errors come as 400, 403, 404 and 500 alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)

_OK = 200
_THROTTLED = 429
_TRANSIENT = frozenset({408, 503, 504})
_REFUSED = frozenset({401, 403, 404, 405, 410})
_CONCURRENCY = "maximum number of concurrent requests"
_ABSENT = (
    "managementobjectnotfoundexception",
    "ex6f9304",
    "ex41baf5",
    "couldn't be found",
    "wasn't found",
    "doesn't exist",
)
_PRESENT = ("already exist", "already present", "adobjectalreadyexistsexception")
_SCOPE = "isn't within your current write scopes"
_AMBIGUOUS = ("matches multiple", "isn't unique", "multiple objects", "is ambiguous", "ambiguousrecipient")
_DENIED = ("cmdletaccessdenied", "isn't supported in this scenario", "is not present")
_GENERIC = frozenset({"invalid operation", "error executing cmdlet", ""})
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """The words of an error: its id or type where there is one, and its text."""

    type: str
    text: str

    @property
    def all(self) -> str:
        """Return everything in lower case, for looking for words."""
        return f"{self.type} {self.text}".lower()


def values(answer: Answer) -> list[dict[str, Any]]:
    """Return the objects of an answer.

    A write may succeed with none at all: what has become of it is read back.

    Raises:
        ServiceError: what the answer says instead.
    """
    document = _document(answer.body)
    if answer.status == _OK and isinstance(document, dict) and "error" not in document:
        found = document.get("value", [])
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    raise error(answer)


def error(answer: Answer) -> ServiceError:
    """Return what an answer that is no success means."""
    request_id = _header(answer, "request-id")
    document = _document(answer.body)
    said = words(document if document is not None else answer.body.decode("utf-8", "replace"))
    reason = said.text[:_LONGEST]
    if answer.status == _THROTTLED or _CONCURRENCY in said.all:
        return ThrottledError("exchange", "throttled", reason, request_id, _retry_after(answer))
    if answer.status in _TRANSIENT:
        return UnavailableError("exchange", "unavailable", reason, request_id, _retry_after(answer))
    if document is None or not isinstance(document, dict) or "error" not in document:
        # A bodyless refusal, a page of HTML, a run of NUL bytes: no rule knows it, so a person may have to act.
        diagnostics = _header(answer, "x-ms-diagnostics") or "no reason was given"
        return ForbiddenError("exchange", str(answer.status), diagnostics[:_LONGEST], request_id)
    return _business(said, answer.status, reason, request_id)


def _business(said: Said, status: int, reason: str, request_id: str | None) -> ServiceError:
    """Return what a cmdlet's own error means."""
    if _SCOPE in said.all:
        return RefusedError("exchange", "outside-write-scope", reason, request_id)
    if any(word in said.all for word in _PRESENT):
        return ExistsError("exchange", "exists", reason, request_id)
    if any(word in said.all for word in _AMBIGUOUS):
        return RefusedError("exchange", "ambiguous", reason, request_id)
    if any(word in said.all for word in _ABSENT):
        return NotFoundError("exchange", "not-found", reason, request_id)
    if any(word in said.all for word in _DENIED) or status in _REFUSED:
        return ForbiddenError("exchange", said.type or str(status), reason, request_id)
    return UnexpectedAnswerError("exchange", said.type or str(status), reason, request_id)


def words(document: Any) -> Said:
    """Return the words of an error document, from where they are most precise."""
    problem = document.get("error") if isinstance(document, dict) else None
    if not isinstance(problem, dict):
        return Said("", document if isinstance(document, str) else "")
    inner = problem.get("innererror")
    internal = inner.get("internalexception") if isinstance(inner, dict) else None
    if isinstance(internal, dict) and isinstance(internal.get("message"), str):
        return Said(str(internal.get("type", "")), internal["message"])
    details = problem.get("details")
    for detail in details if isinstance(details, list) else []:
        said = _detail(detail)
        if said is not None and said.text.lower() not in _GENERIC:
            return said
    return Said(str(problem.get("code", "")), str(problem.get("message", "")))


def _detail(detail: Any) -> Said | None:
    """Return the words of one detail: JSON within a text, ``id|type|text``, or plain text."""
    message = detail.get("message") if isinstance(detail, dict) else None
    if not isinstance(message, str):
        return None
    if message.startswith("{"):
        document = _document(message.encode())
        if isinstance(document, dict):
            return Said(str(document.get("TypeName", "")), str(document.get("Message", "")))
    parts = message.split("|", 2)
    if len(parts) == 3:  # noqa: PLR2004 - id, type and text
        return Said(f"{parts[0]} {parts[1]}".strip(), parts[2])
    return Said("", message)


def _document(body: bytes) -> Any:
    """Return the JSON of a body, or None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _header(answer: Answer, name: str) -> str | None:
    return next((value for key, value in answer.headers.items() if key.lower() == name), None)


def _retry_after(answer: Answer) -> float | None:
    value = _header(answer, "retry-after") or ""
    return float(value) if value.isascii() and value.isdigit() else None
