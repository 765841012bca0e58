"""The KQL in the documents asks for what the app logs, and both languages show the same queries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.caller import Caller, asker
from tests.docs.test_docs import blocks
from tests.infra.template.test_app import logged

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs/how-to/logs-and-alerts.md", ROOT / "docs/how-to/logs-and-alerts.de.md"]


def queries(path: Path) -> list[str]:
    return blocks(path.read_text("utf-8"), "kusto")


def words() -> tuple[set[str], set[str]]:
    """Return the events and the fields of every log line in the sources."""
    lines = logged()
    fields = {field for calls in lines.values() for call in calls for field in call}
    return set(lines), fields - {"", "level"} | {"event", *Caller(function="-").fields(), *asker(None)}


def test_both_languages_show_the_same_queries() -> None:
    english, german = map(queries, GUIDES)
    assert english
    assert english == german


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_queries_name_only_events_and_fields_that_are_logged(path: Path) -> None:
    events, fields = words()
    text = "\n".join(queries(path))
    used = set(re.findall(r"line\.(\w+)", text))
    assert used
    assert used <= fields
    named = set(re.findall(r'line\.event\) == "([a-z-]+)"', text))
    for group in re.findall(r"line\.event\) in \(([^)]*)\)", text):
        named |= set(re.findall(r'"([a-z-]+)"', group))
    assert named
    assert named <= events


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_the_table_of_fields_names_only_what_is_logged(path: Path) -> None:
    events, fields = words()
    rows = [row for row in path.read_text("utf-8").splitlines() if row.startswith("| `")]
    first = {name for row in rows for name in re.findall(r"`([a-z]\w+)`", row.split("|")[1])}
    assert first <= fields
    event_row = next(row for row in rows if row.startswith("| `event`"))
    assert set(re.findall(r"`([a-z-]+)`", event_row.split("|")[2])) <= events
