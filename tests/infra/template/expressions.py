"""Evaluates the expressions of an Azure Resource Manager template, as far as our templates use them.

What only Azure can know (the principal's id, an address) comes out as a ``Known`` text that says what it would be.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any, Protocol, cast

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
GROUP = "rg-mail"
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\].,]))")


class Known(str):
    """Stands for a value that Azure knows only at deployment; a property of it is such a value too."""

    __slots__ = ()


NOW = Known("<Microsoft.Resources/deployments/now>")


class ExpressionError(Exception):
    """The expression uses something that is not evaluated here."""


class Scope(Protocol):
    """Where an expression stands: it may call the functions that look something up there."""

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        ...


def evaluate(value: Any, scope: Scope) -> Any:
    """Return a value of a template with every expression in it evaluated."""
    if isinstance(value, dict):
        return {str(evaluate(key, scope)): evaluate(inner, scope) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluate(inner, scope) for inner in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return f"[{value[2:]}" if value.startswith("[[") else _Parser(value[1:-1], scope).value()
    return value


class _Parser:
    """Reads and evaluates one expression: calls, texts, numbers, ``.property`` and ``[index]``; no operators."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._scope = scope
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise ExpressionError(f"cannot be read: {text[at:]}")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()

    def value(self) -> Any:
        result = self._operand()
        if self._tokens:
            raise ExpressionError(f"left over: {self._tokens}")
        return result

    def _operand(self) -> Any:
        kind, text = self._tokens.pop(0)
        if kind == "text":
            result: Any = text[1:-1].replace("''", "'")
        elif kind == "number":
            result = int(text)
        elif kind == "name":
            result = _call(text, self._arguments(), self._scope)
        else:
            raise ExpressionError(f"unexpected {text}")
        while self._tokens and self._tokens[0][1] in {".", "["}:
            _, sign = self._tokens.pop(0)
            if sign == ".":
                result = _member(result, self._tokens.pop(0)[1])
            else:
                result = _member(result, self._operand())
                self._expect("]")
        return result

    def _arguments(self) -> list[Any]:
        self._expect("(")
        arguments: list[Any] = []
        while self._tokens[0][1] != ")":
            arguments.append(self._operand())
            if self._tokens[0][1] == ",":
                self._tokens.pop(0)
        self._expect(")")
        return arguments

    def _expect(self, sign: str) -> None:
        if self._tokens.pop(0)[1] != sign:
            raise ExpressionError(f"expected {sign}")


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, Known):
        return Known(f"{value}.{key}")
    return value[key]


def _call(name: str, arguments: list[Any], scope: Scope) -> Any:
    function = scope.functions().get(name) or _FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"the function {name} is not evaluated here")
    return function(*arguments)


def _format(pattern: str, *arguments: Any) -> str:
    def piece(found: re.Match[str]) -> str:
        return found[0][0] if found[1] is None else str(arguments[int(found[1])])

    text = re.sub(r"\{\{|\}\}|\{(\d+)\}", piece, pattern)
    return Known(text) if any(isinstance(argument, Known) for argument in arguments) else text


def resource_id(kind: str, *names: str) -> str:
    """Return a resource's id in our group."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{_path(kind, *names)}"


def _path(kind: str, *names: str) -> str:
    space, *parts = kind.split("/")
    return "/".join([space, *(piece for pair in zip(parts, names, strict=True) for piece in pair)])


def _unique(*seeds: str) -> str:
    """Return 13 characters, as Azure does, though not the same ones."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    digest = hashlib.sha256("\0".join(seeds).encode()).digest()
    return "".join(alphabet[byte % 32] for byte in digest[:13])


def _union(*objects: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in objects:
        merged.update(one)
    return merged


def _pairs(*arguments: Any) -> dict[str, Any]:
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def _items(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _if(condition: bool, yes: Any, no: Any) -> Any:
    return yes if condition else no


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "contains": lambda whole, part: part in whole,
    "coalesce": lambda *values: next((one for one in values if one is not None), None),
    "concat": lambda *lists: [one for values in lists for one in values],
    "createArray": lambda *values: list(values),
    "createObject": _pairs,
    "empty": lambda value: not value,
    "not": lambda value: not value,
    "equals": lambda a, b: a == b,
    "environment": lambda: {"name": "AzureCloud"},
    "false": lambda: False,
    "format": _format,
    "guid": lambda *seeds: str(uuid.uuid5(uuid.NAMESPACE_URL, "\0".join(seeds))),
    "if": _if,
    "int": int,
    "items": _items,
    "length": len,
    "null": lambda: None,
    "or": lambda *values: any(values),
    "replace": lambda text, old, new: cast("str", text).replace(old, new),
    "resourceGroup": lambda: {"id": resource_id("")[: -len("/providers/")], "name": GROUP, "location": "westeurope"},
    "resourceId": resource_id,
    "split": lambda text, sign: cast("str", text).split(sign),
    "subscription": lambda: {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION},
    "subscriptionResourceId": lambda kind, *names: f"/subscriptions/{SUBSCRIPTION}/providers/{_path(kind, *names)}",
    "take": lambda text, count: text[:count],
    "tenant": lambda: {"tenantId": TENANT},
    "true": lambda: True,
    "union": _union,
    "uniqueString": _unique,
    "utcNow": lambda _: NOW,
}
