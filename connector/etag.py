"""The ETag of a connection, and what a request's ``If-Match`` says of it (RFC 9110, 8.8.3 and 13.1.1). Pure.

It stands for what a person may change and has seen: the wanted state and its revision. The store's own ETag changes
with every step of a run, so nobody could send a list that he has read a minute ago.
"""

from __future__ import annotations

import hashlib
import re

from connector.errors import ConditionError
from connector.model import Connection

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\U0010ffff]*)"')
_BETWEEN = re.compile(r"[ \t]*,[ \t,]*")


def etag(connection: Connection) -> str:
    """Return the entity tag, with its quotation marks."""
    wanted = connection.wanted.model_dump_json(by_alias=True)
    return f'"{connection.wanted.revision}-{hashlib.sha256(wanted.encode()).hexdigest()[:24]}"'


def require_match(if_match: str | None, name: str, present: Connection | None) -> None:
    """Let a request pass whose ``If-Match`` holds, or that has none.

    Raises:
        ConditionError: the connection is another one than the sender has read, or there is none; or the header is not
            what RFC 9110 calls one: who means a condition must not get the change without it.
    """
    if if_match is None:
        return
    tags = _tags(if_match)
    if present is None or (tags is not None and etag(present) not in tags):
        raise ConditionError("if-match-failed", name=name)


def _tags(header: str) -> list[str] | None:
    """Return the tags that may match; None where any will do. A weak one never does (13.1.1: strong comparison)."""
    text = header.strip(" \t,")
    if text == "*":
        return None
    tags, place = [], 0
    while found := _TAG.match(text, place):
        if not found[1]:
            tags.append(found[0])
        place = found.end()
        if place == len(text):
            return tags
        between = _BETWEEN.match(text, place)
        if between is None:
            break
        place = between.end()
    raise ConditionError("if-match-invalid", position=place + 1)
