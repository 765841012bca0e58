"""Who asks, as far as it can be known and may be kept: never a key or a token itself."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal, TypedDict

from pydantic import AfterValidator, BeforeValidator, ConfigDict

from connector.document import Document
from connector.visible import visible

_EARLIER = re.compile(r"(?P<kind>key|person|program) (?P<mark>\S+)(?: (?P<name>.*))?", re.DOTALL)
"""How versions before have kept it: ``By.said``."""


_MOST_NAME = 100


class CallerFields(TypedDict):
    """What a log line says of the caller."""

    caller: str
    name: str | None
    function: str
    address: str | None


class Asker(TypedDict):
    """What a log line says of who has asked for what it is about."""

    by: str | None
    byName: str | None
    byFunction: str | None


def person_name(text: str | None) -> str | None:
    """Return how a person is called, for a line of text: what is not seen written out, at most 100 characters.

    None where it is an address, which some have for a name and which no log may hold.
    """
    said = visible(" ".join((text or "").split()))[:_MOST_NAME]
    return said if said and "@" not in unicodedata.normalize("NFKC", said) else None


class By(Document):
    """Who has asked for something: a person or a program that has signed in, the holder of a key, or a timer of ours.

    The worker is handed a key but not its name, so a digest stands for it.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["key", "person", "program", "timer"] = "key"
    function: str = ""
    """The function that was called; a key of its own opens only this one, a host key all. Empty where a version before
    has not kept it."""
    key: str | None = None
    """The first eight hex digits of the key's SHA-256; None where there was none."""
    id: str | None = None
    """Of a person the object id (``oid``), of a program the id of its application (``azp``)."""
    name: Annotated[str | None, AfterValidator(person_name)] = None
    """How the person is called, as Entra's token says."""

    @property
    def mark(self) -> str:
        """Return what tells this caller from all others: the kind, and the digits of the key or the id."""
        return f"{self.kind} {self.key or self.id or '-'}"

    @property
    def said(self) -> str:
        """Return who it is, for people and for a document: the mark, and the name where there is one."""
        return f"{self.mark} {self.name}" if self.name else self.mark


class Caller(By):
    """Who has called a function."""

    address: str | None = None
    """The IP address from which the platform's front end was asked; None where it did not say one."""

    def fields(self) -> CallerFields:
        """Return what a log line says of it."""
        return {"caller": self.mark, "name": self.name, "function": self.function, "address": self.address}

    @property
    def by(self) -> By:
        """Return what is kept beside what was asked for, and told: all but from where."""
        return By(**self.model_dump(exclude={"address"}))


RENEWS, WATCHES, CHECKS, TELLS = (
    By(kind="timer", function=name) for name in ("renew_secrets", "watch_secrets", "check_connections", "tell_status")
)
"""Our own timers, which nobody has asked."""


def asker(by: By | None) -> Asker:
    """Return who has asked, for the line of something that came of it; nothing where it is not known."""
    if by is None:
        return {"by": None, "byName": None, "byFunction": None}
    mark = by.kind if by.kind == "timer" else by.mark
    return {"by": mark, "byName": by.name, "byFunction": by.function or None}


def _earlier(value: object) -> object:
    """Read what a version before has kept as one text; what is none of these is not known."""
    if not isinstance(value, str):
        return value
    found = _EARLIER.fullmatch(value)
    if found is None:
        return None
    mark = found["mark"] if found["mark"] != "-" else None
    return {"kind": found["kind"], "key" if found["kind"] == "key" else "id": mark, "name": found["name"]}


KeptBy = Annotated[By | None, BeforeValidator(_earlier)]
"""In a document: who has asked; None where it is not known."""
