"""What ``az`` does with an answer: ``--query`` for the few forms that the scripts use, and ``--output tsv``.

Like the originals (jmespath, functions.py; knack, output.py) ``tsv`` escapes nothing: a line break in a value is one in
the output. ``to_string`` of a list is JSON in ASCII.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_]\w*)|"(?P<quoted>[^"]+)"|(?P<filter>\[\?)|(?P<flat>\[\])|(?P<index>\[\d+\])"""
    r"""|'(?P<text>[^']*)'|(?P<sign>==|[][.,()@])"""
)
Token = tuple[str, str]


def query(expression: str, value: Any) -> Any:
    """Return what the JMESPath expression selects; a form that is not known here is an error."""
    tokens: list[Token] = []
    position = 0
    while position < len(expression):
        found = _TOKEN.match(expression, position)
        if found is None or found.lastgroup is None:
            msg = f"unknown query: {expression}"
            raise ValueError(msg)
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    selected = _path(tokens, value)
    if tokens:
        msg = f"unknown query: {expression}"
        raise ValueError(msg)
    return selected


def _path(tokens: list[Token], value: Any, *, of_each: bool = False) -> Any:
    """Evaluate one path and take its tokens away; stops at what ends it: a comma or a closing sign.

    What follows ``[]`` holds for each item, up to the next ``[]``, which flattens all their results together.
    """
    while tokens and tokens[0] not in {("sign", ","), ("sign", "]"), ("sign", ")")}:
        if of_each and tokens[0][0] == "flat":
            return value
        kind, text = tokens.pop(0)
        if kind == "flat":
            return _each(_flat(value), tokens)
        if kind == "filter":
            return _each(_filtered(tokens, value), tokens)
        value = text if kind == "text" else _part(kind, text, tokens, value)
    return value


def _part(kind: str, text: str, tokens: list[Token], value: Any) -> Any:
    """Return what one part of a path selects: a field, a place, a function, several at once, or the value itself."""
    if kind in {"name", "quoted"}:
        if tokens[:1] == [("sign", "(")]:
            return _function(text, tokens, value)
        return value.get(text) if isinstance(value, dict) else None
    if kind == "index":
        return _at(value, int(text.strip("[]")))
    if text == "[":
        return _list(tokens, value)
    if text not in {".", "@"}:
        msg = f"unknown part of a query: {text}"
        raise ValueError(msg)
    return value


def _function(name: str, tokens: list[Token], value: Any) -> Any:
    if name not in {"keys", "to_string"}:
        msg = f"unknown function: {name}"
        raise ValueError(msg)
    tokens.pop(0)
    argument = _path(tokens, value)
    tokens.pop(0)
    if name == "keys":
        return list(argument)
    return argument if isinstance(argument, str) else json.dumps(argument, separators=(",", ":"))


def _at(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list) and index < len(value) else None


def _flat(value: Any) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    return [inner for item in value for inner in (item if isinstance(item, list) else [item])]


def _filtered(tokens: list[Token], value: Any) -> list[Any] | None:
    name, equals, text, end = (tokens.pop(0) for _ in range(4))
    if (name[0], equals[1], text[0], end[1]) != ("name", "==", "text", "]"):
        msg = "unknown filter"
        raise ValueError(msg)
    return [item for item in value if item.get(name[1]) == text[1]] if isinstance(value, list) else None


def _each(items: list[Any] | None, tokens: list[Token]) -> list[Any] | None:
    """Apply what follows to every item; as JMESPath does, leave out what selects nothing."""
    rest = list(tokens)
    _path(rest, None, of_each=True)
    results = None
    if items is not None:
        results = [_path(list(tokens), item, of_each=True) for item in items]
        results = [result for result in results if result is not None]
    tokens[:] = rest
    if tokens and tokens[0][0] == "flat":
        tokens.pop(0)
        return _each(_flat(results), tokens)
    return results


def _list(tokens: list[Token], value: Any) -> list[Any] | None:
    results = []
    while True:
        results.append(_path(tokens, value))
        if tokens.pop(0) == ("sign", "]"):
            return None if value is None else results


def tsv(value: Any) -> str:
    """Return the value as ``az --output tsv`` prints it (knack/output.py): lines of tab-separated parts."""
    if value is None:
        return ""
    return "".join(f"{_row(item)}\n" for item in (value if isinstance(value, list) else [value]))


def _row(item: Any) -> str:
    if isinstance(item, dict):
        return "\t".join(_cell(item[key]) for key in sorted(item))
    if isinstance(item, list):
        return "\t".join(_cell(cell) for cell in item)
    return str(item).lower() if isinstance(item, bool) else _cell(item)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, dict) else str(value)
