"""The query parameters of the routes: what is said of each, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import azure.functions as func

from connector.errors import FieldError
from connector.query import parse

T = TypeVar("T")
Default = TypeVar("Default", int, None)
Choice = TypeVar("Choice", bound=StrEnum)
Chosen = TypeVar("Chosen", bound=StrEnum | None)


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One parameter: its name, the words and the JSON schema of the description, and how a value is read.

    ``expected`` names the text of ``connector/messages`` that says what it takes; one that takes anything has none.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    convert: Callable[[str], T]
    default: T
    expected: str = ""
    alone: bool = False
    """Whether it may stand without a value."""

    def of(self, sent: Mapping[str, str]) -> T:
        """Return the value that was sent, or the default.

        Raises:
            FieldError: the value is none of those that the parameter takes.
        """
        if self.name not in sent:
            return self.default
        try:
            return self.convert(sent[self.name])
        except ValueError:
            raise FieldError("query-invalid", field=self.name, expected=self.expected) from None

    def described(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI has it."""
        said = {"name": self.name, "in": "query", "description": self.description, "schema": dict(self.schema)}
        return {**said, "allowEmptyValue": True} if self.alone else said


def query(req: func.HttpRequest, *known: Parameter[Any]) -> dict[str, str]:
    """Return the query parameters as they were sent.

    Raises:
        FieldError: one is unknown, doubled, empty where it needs a value, or not UTF-8.
    """
    flags = tuple(one.name for one in known if one.alone)
    return parse(req.url, tuple(one.name for one in known if not one.alone), flags)


def integer(
    name: str, description: str, expected: str, *, least: int = 0, most: int, default: Default
) -> Parameter[int | Default]:
    """Return a parameter that takes a whole number, in decimal digits and no more of them than ``most`` has."""

    def convert(value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
            raise ValueError(name)
        return int(value)

    schema = _schema("integer", default, minimum=least, maximum=most)
    return Parameter(name, description, schema, convert, default, expected)


def choice(
    name: str, description: str, expected: str, among: type[Choice], default: Chosen
) -> Parameter[Choice | Chosen]:
    """Return a parameter that takes one of some words."""
    schema = _schema("string", default, enum=[one.value for one in among])
    return Parameter(name, description, schema, among, default, expected)


def free_text(name: str, description: str) -> Parameter[str | None]:
    """Return a parameter that takes any text."""
    return Parameter(name, description, {"type": "string", "minLength": 1}, str, None)


def switch(name: str, description: str) -> Parameter[bool]:
    """Return a parameter that is true where it stands alone."""

    def convert(value: str) -> bool:
        if value.lower() not in {"", "true", "false"}:
            raise ValueError(name)
        return value.lower() != "false"

    schema = {"anyOf": [{"type": "boolean"}, {"const": ""}], "default": False}
    return Parameter(name, description, schema, convert, False, "true-or-false", alone=True)


def _schema(kind: str, default: object, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more} if default is None else {"type": kind, **more, "default": default}


TOP = integer("top", "How many entries a page has.", "page-size", least=1, most=500, default=100)
