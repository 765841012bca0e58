"""Who asks, as far as it can be known and may be kept: never a key or a token itself."""

from __future__ import annotations

from typing import Literal, TypedDict

from pydantic import ConfigDict

from connector.document import Document


class CallerFields(TypedDict):
    """What a log line says of the caller."""

    caller: str
    name: str | None
    function: str
    address: str | None


class Caller(Document):
    """Who has called a function: a person or a program that has signed in, or whoever holds a key.

    The worker is handed a key but not its name, so a digest stands for it.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["key", "person", "program"] = "key"
    function: str
    """The function that was called; its own key opens only this one, a host key all."""
    key: str | None = None
    """The first eight hex digits of the key's SHA-256; None where there was none."""
    id: str | None = None
    """Of a person the object id (``oid``), of a program the id of its application (``azp``)."""
    name: str | None = None
    """How the person is called, as Entra's token says."""
    address: str | None = None
    """The IP address from which the platform's front end was asked; None where it did not say one."""

    @property
    def mark(self) -> str:
        """Return what tells this caller from all others: the kind, and the digits of the key or the id."""
        return f"{self.kind} {self.key or self.id or '-'}"

    @property
    def said(self) -> str:
        """Return who it is, for people and for a document: the mark, and the name where there is one."""
        return f"{self.mark} {self.name}" if self.name else self.mark

    def fields(self) -> CallerFields:
        """Return what a log line says of it."""
        return {"caller": self.mark, "name": self.name, "function": self.function, "address": self.address}
