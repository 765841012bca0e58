"""The body of a request: how it is read, and what none may be. What is in one: ``request.py``, ``request_of_….py``."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from connector.document import Document
from connector.errors import BodyError, FieldError
from connector.visible import hidden, visible

MAX_BODY = 1_000_000
"""Bytes. 5,000 addresses of 100 characters are half of it."""
MAX_SHOWN = 100
"""Characters of a field's path that an answer repeats: it is the sender's, and may be as long as the body."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came in, and as what."""

    content: bytes
    media_type: str = "application/json"


class Body(Document):
    """A body or a part of one. ``refusals`` are the codes of what is said of it besides what no body may be."""

    model_config = ConfigDict(strict=True, extra="forbid", validate_by_name=False, validate_by_alias=True)
    refusals: ClassVar[tuple[str, ...]] = ()


B = TypeVar("B", bound=Body)


def few(sent: Sent, model: type[B], code: str) -> B:
    """Read a body of few fields, in which whatever is wrong comes under one code.

    Raises:
        BodyError: as ``as_json``.
        FieldError: under ``code``, naming the field.
    """
    document = as_json(sent)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        path = error.errors(include_url=False)[0]["loc"]
        raise FieldError(code, field=shown(".".join(map(str, path)) or "body")) from None


def as_json(sent: Sent) -> object:
    """Return what a body says.

    Raises:
        BodyError: the body is too long, of another media type, not UTF-8 or not JSON.
        FieldError: a field is there twice.
    """
    body = sent.content
    if len(body) > MAX_BODY:
        raise BodyError("body-too-large", limit=MAX_BODY)
    if sent.media_type.partition(";")[0].strip().lower() != "application/json":
        raise BodyError("media-type", value=sent.media_type[:100] or "-")
    if body.startswith(_WIDE_MARKS) or b"\0" in body[:4]:
        raise BodyError("body-utf16")
    text = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_reject_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise BodyError("not-utf8", position=error.start + len(body) - len(text)) from None
    except (ValueError, RecursionError) as error:  # ValueError itself: a number of more digits than Python reads
        line, column = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        raise BodyError("not-json", line=line, column=column) from None


def _once(fields: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a field that is there twice: Python takes the last one, other readers the first (RFC 8259, 4)."""
    document = dict(fields)
    if len(document) < len(fields):
        ((field, _),) = Counter(name for name, _ in fields).most_common(1)
        raise FieldError("field-doubled", field=shown(field))
    return document


def _reject_constant(name: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python reads but JSON does not have."""
    raise json.JSONDecodeError(name, name, 0)


def nothing_hidden(value: object) -> object:
    """Refuse what nobody sees: by it one name looks like another."""
    if isinstance(value, str) and (found := hidden(value)) is not None:
        character, place = found
        raise PydanticCustomError("hidden-character", "{character}", {"character": character, "position": place})
    return value


def shown(value: str, most: int = MAX_SHOWN) -> str:
    """Return the beginning of a sender's text, with what is not seen in it written out."""
    return visible(value[:most])
