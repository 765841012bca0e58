"""What Exchange's admin interface answers: pure, bytes in, values or one of our errors out.

The interface is not documented. Shapes and texts were collected from projects that run against live tenants; the HTTP
status alone says little, since business errors come as 400, 403, 404 and 500 alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from connector.clients.retry_after import retry_after
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
from connector.microsoft import EXCHANGE_REFUSED, EXCHANGE_TRANSIENT

_SUCCESS = range(200, 300)
_CONCURRENCY = "maximum number of concurrent requests"
_ABSENT = (
    "managementobjectnotfoundexception",
    "ex6f9304",
    "ex41baf5",
    "couldn't be found",
    "wasn't found",
    "doesn't exist",
)
_NO_ENTRY = "because the ace doesn"
_PRESENT = ("already exist", "already present", "adobjectalreadyexistsexception")
_SCOPE = re.compile(
    r"write[- ]?scope|outofscope|notinscope|scope(violation|exception)"
    r"|\b(not|isn't|outside|out of|beyond)\b.{0,80}"
    r"\b(your|current|assigned|management|recipient|role)\b.{0,40}\bscopes?\b"
)
"""``'x' isn't within your current write scopes`` and its like: Exchange says it in several ways."""
_DEHYDRATED = "enable-organizationcustomization"
"""A tenant that was never customised names the cmdlet that has to be run once."""
_AMBIGUOUS = (
    "matches multiple",
    "isn't unique",
    "multiple objects",
    "is ambiguous",
    "ambiguousrecipient",
    "managementobjectambiguousexception",
)
_PARAMETERS = ("parameterset", "parameterbinding", "parameter name", "parameter set")
"""PowerShell calls parameters ambiguous too; that would be our fault, not the address's."""
_DENIED = ("cmdletaccessdenied", "commandnotfoundexception", "isn't supported in this scenario", "is not present")
_GENERIC = frozenset({"invalid operation", "error executing cmdlet", ""})
_LONGEST = 1_000
_REASON = re.compile(r'reason="([^"]*)"')
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class RawAnswer:
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
        return f"{self.type} {self.text}".lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")

    @property
    def code(self) -> str:
        """Return a short code: the type without its namespace; nothing where there is none."""
        last = self.type.split(" ")[-1].rpartition(".")[2]
        return last if _NAME.fullmatch(last) else ""


def values(answer: RawAnswer, *, written: bool = False) -> list[dict[str, object]]:
    """Return the objects of an answer.

    A write may succeed with none at all, or without a body: what has become of it is read back. A read without a body
    has said nothing, least of all that there is nothing.

    Raises:
        ServiceError: what the answer says instead.
    """
    if answer.status not in _SUCCESS:
        raise error(answer)
    if not answer.body:
        if not written:
            raise UnavailableError("exchange", "unavailable", "an answer without a body")
        return []
    document = _document(answer.body)
    found = document.get("value") if isinstance(document, dict) and "error" not in document else None
    listed = [found] if isinstance(found, dict) else found
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise error(answer)
    return listed


def cut_short(answer: RawAnswer) -> bool:
    """Return whether there is more than the answer holds; whether a next page can be had, sources disagree."""
    return bool(_object(_document(answer.body)).get("@odata.nextLink"))


def batch(answer: RawAnswer, ids: list[str]) -> list[RawAnswer]:
    """Return the answers within a batch's answer, in the order of ``ids``; a missing one reads as unavailable.

    Raises:
        ServiceError: the batch as a whole was refused.
    """
    document = _document(answer.body)
    responses = document.get("responses") if isinstance(document, dict) else None
    if answer.status not in _SUCCESS or not isinstance(responses, list):
        raise error(answer)
    found = {str(entry.get("id")): _item(entry) for entry in responses if isinstance(entry, dict)}
    return [found.get(id_) or RawAnswer(503, {}, b'"the batch holds no answer to this"') for id_ in ids]


def error(answer: RawAnswer) -> ServiceError:
    """Return what an answer that is no success means."""
    request_id = _header(answer, "request-id")
    document = _document(answer.body)
    said = words(document if document is not None else answer.body.decode("utf-8", "replace"))
    reason = _clean(said.text)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or _CONCURRENCY in said.all:
        return ThrottledError("exchange", "throttled", reason, request_id, retry_after(_header(answer, "retry-after")))
    if answer.status in EXCHANGE_TRANSIENT:
        return UnavailableError(
            "exchange", "unavailable", reason, request_id, retry_after(_header(answer, "retry-after"))
        )
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        return _business(said, answer, reason, request_id)
    # A bodyless refusal, a page of HTML, a run of NUL bytes: no rule knows it, so a person may have to act. That goes
    # for a 500 too: were it waited for, the day the interface changes the set-up would fail instead.
    return ForbiddenError("exchange", "", _diagnostics(answer), request_id, status=answer.status)


def _business(said: Said, answer: RawAnswer, reason: str, request_id: str | None) -> ServiceError:
    """Return what a cmdlet's own error means."""
    if _DEHYDRATED in said.all:
        return RefusedError("exchange", "not-customised", reason, request_id)
    if _SCOPE.search(said.all):
        return RefusedError("exchange", "outside-write-scope", reason, request_id)
    if _holds(said, _PRESENT):
        return ExistsError("exchange", "exists", reason, request_id)
    if _holds(said, _AMBIGUOUS) and not _holds(said, _PARAMETERS):
        return RefusedError("exchange", "ambiguous", reason, request_id)
    if _holds(said, _ABSENT):
        return NotFoundError("exchange", "not-found", reason, request_id)
    nameless = None if said.code else answer.status
    if _holds(said, _DENIED) or answer.status in EXCHANGE_REFUSED:
        generic = said.text.lower() in _GENERIC
        return ForbiddenError(
            "exchange", said.code, _diagnostics(answer) if generic else reason, request_id, status=nameless
        )
    return UnexpectedAnswerError("exchange", said.code, reason, request_id, status=nameless)


def no_entry(found: ServiceError | None) -> bool:
    """Return whether there was nothing to take: a warning elsewhere, and where it is an error it names the account."""
    return isinstance(found, NotFoundError) and _NO_ENTRY in found.reason.lower()


def words(document: object) -> Said:
    """Return the words of an error document, from where they are most precise."""
    problem = _object(document).get("error")
    if not isinstance(problem, dict):
        return Said("", document if isinstance(document, str) else "")
    internal = _object(_object(problem.get("innererror")).get("internalexception"))
    found = [Said(_text(internal.get("type")), _text(internal.get("message")))]
    details = problem.get("details")
    found += [_detail(_text(_object(entry).get("message"))) for entry in (details if isinstance(details, list) else ())]
    precise = (said.text for said in found if said.text.strip().lower() not in _GENERIC)
    if (text := next(precise, None)) is None:
        return Said(_text(problem.get("code")), _text(problem.get("message")))
    # An id such as Ex6F9304 may stand beside a text that says less.
    return Said(" ".join(dict.fromkeys(said.type for said in found if said.type)), text)


def _detail(message: str) -> Said:
    """Return the words of one detail: JSON within a text, ``id|type|text``, or plain text."""
    if message.startswith("{"):
        document = _document(message.encode("utf-8", "replace"))
        if isinstance(document, dict):
            return Said(_text(document.get("TypeName")), _text(document.get("Message")))
    parts = message.split("|", 2)
    if len(parts) == 3:  # noqa: PLR2004 - id, type and text
        return Said(f"{parts[0]} {parts[1]}".strip(), parts[2])
    return Said("", message)


def _item(entry: dict[str, object]) -> RawAnswer:
    """Return one answer of a batch; its body is a document, a text, or not there."""
    status, body = entry.get("status"), entry.get("body")
    headers = {str(key): str(value) for key, value in _object(entry.get("headers")).items()}
    known = status if isinstance(status, int) else int(status) if isinstance(status, str) and status.isdecimal() else 0
    return RawAnswer(known, headers, b"" if body is None or body == "" else json.dumps(body).encode())


def _document(body: bytes) -> object:
    """Return the JSON of a body, or None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _header(answer: RawAnswer, name: str) -> str | None:
    return next((value for key, value in answer.headers.items() if key.lower() == name), None)


def _diagnostics(answer: RawAnswer) -> str:
    said = _header(answer, "x-ms-diagnostics") or ""
    reason = _REASON.search(said)
    return _clean(reason[1] if reason else said) or "no reason was given"


def _holds(said: Said, needles: tuple[str, ...]) -> bool:
    return any(needle in said.all for needle in needles)


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:_LONGEST]).strip()


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
