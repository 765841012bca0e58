"""What the answers of many deployments come to: how each is, in which order, and what has changed since. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

MOST = 64 * 1024
"""Bytes of an answer that are taken in: a status is below 10 kB."""
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SHOWN = 60


class How(StrEnum):
    """How a deployment is. One that cannot be reached is neither of the others."""

    OK = "ok"
    ATTENTION = "attention"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"


_ORDER = [*How]
_EXIT = {How.OK: 0, How.ATTENTION: 1, How.UNKNOWN: 3, How.UNREACHABLE: 3, How.BROKEN: 2}
"""As Nagios has them (nagios-plugins.org/doc/guidelines.html): ok, warning, critical, unknown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One deployment, as it answered."""

    name: str
    url: str
    customer: str
    how: How
    why: str = ""
    version: str = ""
    connections: int = 0
    days_left: int | None = None
    """Until the next credential among those that need somebody ends."""
    needing: tuple[str, ...] = ()
    """Each connection that needs somebody, with its findings."""
    more: int = 0
    checked_at: str = ""
    changed: str = field(default="")
    """What it was before, where somebody has asked for that."""


def unreachable(name: str, url: str, customer: str, why: str) -> Row:
    """Return a deployment that has not answered."""
    return Row(name, url, _plain(customer), How.UNREACHABLE, why)


def read(name: str, url: str, customer: str, body: bytes) -> Row:
    """Return what an answer says; one that is no status is said to be that, and never taken for a good one."""
    try:
        document = json.loads(body)
        row = _row(name, url, customer, document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return unreachable(name, url, customer, "its answer is no status")
    return row


def _row(name: str, url: str, customer: str, document: Mapping[str, Any]) -> Row:
    entries = [_entry(one) for one in document["needing"]]
    days = [int(one["daysLeft"]) for one in document["needing"] if one.get("daysLeft") is not None]
    coverage = document["coverage"]
    how = How(document["overall"])
    if how is How.UNREACHABLE:
        raise ValueError(how)
    if how in {How.OK, How.ATTENTION} and not coverage["complete"]:
        how = How.UNKNOWN
    why = ", ".join(f"{_plain(key)}: {int(value)}" for key, value in coverage.get("unread", {}).items())
    return Row(
        name,
        url,
        _plain(document.get("customer") or customer),
        how,
        why,
        _plain(document["version"]),
        int(document["connections"]),
        min(days, default=None),
        tuple(entries),
        int(document.get("more", 0)),
        _plain(document["checkedAt"]),
    )


def _entry(one: Mapping[str, Any]) -> str:
    codes = ", ".join(_plain(code) for code in one.get("findings", []))
    return f"{_plain(one['name'])}: {codes or _plain(one['state'])}"


def _plain(value: object) -> str:
    """Return a text of another deployment without what moves the cursor or hides others."""
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value))[:_SHOWN]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Return the rows by what needs a person: the worst first, then by how long there is time."""
    return sorted(
        rows,
        key=lambda row: (
            -_ORDER.index(row.how),
            row.days_left if row.days_left is not None else 10**6,
            row.customer.casefold(),
            row.name,
        ),
    )


def exit_code(rows: Sequence[Row]) -> int:
    """Return Nagios' code of the worst: broken counts most, then what nobody knows. No deployment at all is unknown."""
    worst = max((row.how for row in rows), key=_ORDER.index, default=How.UNKNOWN)
    return _EXIT[worst]


def since(rows: Iterable[Row], before: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the rows that are not as they were, each with what it was; those that are gone are named, too."""
    rows, known = list(rows), {str(one["url"]): one for one in before}
    changed = [_changed(row, known[row.url]) if row.url in known else _with(row, "new") for row in rows]
    there = {row.url for row in rows}
    gone = [
        Row(str(one["name"]), url, str(one["customer"]), How.UNKNOWN, "is no longer found", changed=str(one["how"]))
        for url, one in known.items()
        if url not in there
    ]
    return [row for row in changed if row.changed] + gone


def _changed(row: Row, before: Mapping[str, Any]) -> Row:
    if str(before["how"]) != row.how:
        return _with(row, str(before["how"]))
    if {*before["needing"]} != {*row.needing}:
        return _with(row, "; ".join(before["needing"]) or "nothing")
    return _with(row, f"version {before['version']}") if before["version"] != row.version and row.version else row


def _with(row: Row, changed: str) -> Row:
    return Row(**{**asdict(row), "changed": changed})
