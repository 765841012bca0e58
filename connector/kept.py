"""How every document of the store is written and read: with its schema's version, and never taken for what it is not.

A document that cannot be read is an error of that document alone; whoever meets it leaves it as it is.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from connector.document import Document
from connector.errors import UnreadableError

D = TypeVar("D", bound=Document)
SCHEMA = 2
"""What is written. 1 is the version before, 0.1.0, which did not say it; that one is read, too."""
_FIELD = "schema"
_OURS = f'{{"{_FIELD}":{SCHEMA},'.encode()


class Why(StrEnum):
    """Why a document cannot be read; ``unreadable`` in ``connector/messages`` says it in words."""

    MISSING = "missing"
    EMPTY = "empty"
    NOT_UTF8 = "not-utf8"
    NOT_JSON = "not-json"
    """Truncated, or something else altogether."""
    NEWER = "newer"
    """A later version of this app has written it."""
    FOREIGN = "foreign"
    """JSON, but not what is kept under this path."""
    TOO_LARGE = "too-large"
    ARCHIVED = "archived"
    """In the archive tier, or on its way out of it."""
    CUSTOMER_KEY = "customer-key"
    """Encrypted with a key that whoever wrote it has sent along, and this app does not have."""


class Withheld(bytes):
    """What stands for a document that is there, with an ETag, and that the store cannot hand out: no content.

    It is an error of this one document, unlike one of the store: ``read`` says so, and it can be written over.
    """

    why: Why

    @classmethod
    def because(cls, why: Why) -> Withheld:
        """Return it with the reason."""
        document = cls()
        document.why = why
        return document


def written(document: Document) -> bytes:
    """Return a document as it is kept: what is not a default, and the schema's version before it."""
    body = document.model_dump_json(by_alias=True, exclude_defaults=True)
    return f'{{"{_FIELD}":{SCHEMA}{"" if body == "{}" else ","}{body[1:]}'.encode()


def read(path: str, document: bytes | None, model: type[D], is_it: Callable[[D], bool] | None = None) -> D:
    """Return the document; ``is_it`` tells whether it is the one that belongs under its path.

    Raises:
        UnreadableError: it is gone (None), withheld, empty, truncated, another one's, or a later version's.
    """
    if document is None:
        raise UnreadableError("store", "document-unreadable", Why.MISSING, path=path)
    if isinstance(document, Withheld):
        raise UnreadableError("store", "document-unreadable", document.why, path=path)
    body = document.removeprefix(codecs.BOM_UTF8)  # an editor's, where somebody has mended it by hand
    try:
        found = model.model_validate_json(body)
    except ValidationError:
        raise UnreadableError("store", "document-unreadable", _why_not(body, model) or Why.FOREIGN, path=path) from None
    # Where every field has a default any object would do: that an object holds none of them is what gives it away.
    # As this version writes one it says so first: only of others the schema is looked for, which takes as long again.
    as_ours = body.startswith(_OURS) and bool(found.model_fields_set)
    if not as_ours and (why := _why_not(body, model)) is not None:
        raise UnreadableError("store", "document-unreadable", why, path=path)
    if is_it is not None and not is_it(found):
        raise UnreadableError("store", "document-unreadable", Why.FOREIGN, path=path)
    return found


def read_or_none(path: str, document: bytes, model: type[D]) -> D | None:
    """Return the document; None where it cannot be read, and whoever comes next may put another in its place.

    Raises:
        UnreadableError: a later version of this app has written it, so it is not to be lost.
    """
    try:
        return read(path, document, model)
    except UnreadableError as error:
        if error.reason == Why.NEWER:
            raise
        return None


def _why_not(body: bytes, model: type[Document]) -> Why | None:
    """Return what can be said against a document before its fields are looked at."""
    if not body.strip():
        return Why.EMPTY
    try:
        body.decode()
    except UnicodeDecodeError:
        return Why.NOT_UTF8
    try:
        content = from_json(body)
    except ValueError:
        return Why.NOT_JSON
    return _of_another(content, model)


def _of_another(content: object, model: type[Document]) -> Why | None:
    if not isinstance(content, dict):
        return Why.FOREIGN
    schema = content.get(_FIELD, 1)
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        return Why.FOREIGN
    if schema > SCHEMA:
        return Why.NEWER
    known = {field.alias or name for name, field in model.model_fields.items()}
    return None if known & content.keys() else Why.FOREIGN
