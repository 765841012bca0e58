"""How the overview is written: as a table for a person, as JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleet.overview import How, Row

_COLOURS = {
    How.OK: "green",
    How.ATTENTION: "yellow",
    How.UNKNOWN: "magenta",
    How.UNREACHABLE: "magenta",
    How.BROKEN: "bold red",
}
_MARKS = {How.OK: "✓", How.ATTENTION: "!", How.UNKNOWN: "?", How.UNREACHABLE: "?", How.BROKEN: "✗"}
"""Nobody has to see a colour to know which it is."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula: the texts are other deployments'."""


def table(rows: Sequence[Row], console: Console) -> None:
    """Write a table; texts of deployments are never taken for markup."""
    shown = Table("", "customer", "deployment", "how", "connections", "days", "what", box=None, pad_edge=False)
    changed = any(row.changed for row in rows)
    if changed:
        shown.add_column("before")
    for row in rows:
        what = "; ".join(
            [*row.needing, *([f"and {row.more} more"] if row.more else []), *([row.why] if row.why else [])]
        )
        cells = [_MARKS[row.how], row.customer, row.name, row.how, str(row.connections), _days(row), what]
        style = _COLOURS[row.how]
        texts = [Text(cell, style=style if number in {0, 3} else "") for number, cell in enumerate(cells)]
        shown.add_row(*texts, *([Text(row.changed)] if changed else []))
    console.print(shown)
    console.print(Text(summary(rows)))


def summary(rows: Sequence[Row]) -> str:
    """Return how many there are of each, in one line."""
    counts = {how: sum(row.how is how for row in rows) for how in reversed(How)}
    return f"{len(rows)} deployments: " + ", ".join(f"{number} {how}" for how, number in counts.items() if number)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as JSON: what ``--since`` takes the next time."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)


def as_csv(rows: Sequence[Row]) -> str:
    """Return the rows as CSV (RFC 4180), with nothing in it that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ["customer", "deployment", "url", "how", "version", "connections", "daysLeft", "needing", "why", "before"]
    )
    for row in rows:
        needing = "; ".join([*row.needing, *([f"and {row.more} more"] if row.more else [])])
        cells = [row.customer, row.name, row.url, row.how, row.version, row.connections, _days(row), needing, row.why]
        writer.writerow([_safe(str(cell)) for cell in (*cells, row.changed)])
    return out.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _days(row: Row) -> str:
    return "" if row.days_left is None else str(row.days_left)
