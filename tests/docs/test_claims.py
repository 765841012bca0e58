"""What the documents promise of keys, stored documents, log lines and timers is what there is, in both languages."""

from __future__ import annotations

import ast
import re
from typing import get_args

import pytest

from connector.expiry import THRESHOLDS
from connector.messages import LANGUAGES, Language, catalogue
from connector.microsoft import Cmdlet
from connector.plans.prerequisites import CMDLETS
from connector.steps import ConnectionState, MailboxState, StepState
from scripts import routes
from scripts.problems import PAGES, page, statuses
from tests.docs.test_docs import ROOT, read
from tests.docs.test_queries import words
from triggers.openapi import description
from triggers.route import ROUTES

BOTH = ("docs/{}.md", "docs/{}.de.md")
_STORED = re.compile(r"([a-z-]+)/")
_A_MONTH = {"daily": 30, "hourly": 720}
"""How often a timer runs in a month of 30 days."""


def pages(*names: str) -> list[str]:
    return [page.format(name) for name in names for page in BOTH]


def first_columns(path: str) -> list[str]:
    """Return the first column of each table."""
    tables = [part for part in read(path).split("\n\n") if part.startswith("|")]
    return ["\n".join(row.split("|")[1] for row in table.splitlines()) for table in tables]


def keyed() -> set[str]:
    """Return the functions that ask for a key."""
    operations = [operation for methods in description()["paths"].values() for operation in methods.values()]
    return {operation["operationId"] for operation in operations if operation.get("security") != []}


def stored() -> set[str]:
    """Return the folders of the container: what the paths begin with that the sources make."""
    found = set()
    sources = [path.read_text("utf-8") for path in (ROOT / "connector").glob("*.py")]
    for source in (source for source in sources if "import Store\n" in source):
        for node in ast.walk(ast.parse(source)):
            start = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
            if isinstance(start, ast.Constant) and (folder := _STORED.match(str(start.value))):
                found.add(folder[1])
    return found


def schedules() -> list[str]:
    """Return the schedule of each timer: second, minute, hour, day, month, day of the week."""
    sources = [path.read_text("utf-8") for path in (ROOT / "triggers").glob("*.py")]
    return [schedule for source in sources for schedule in re.findall(r'schedule="([^"]+)"', source)]


def a_month(schedule: str) -> int:
    _, minute, hour, *days = schedule.split()
    assert days == ["*"] * 3
    assert minute.isdigit()
    first, _, last = hour.partition("-")
    return _A_MONTH["daily"] * (int(last or first) - int(first) + 1) if first.isdigit() else _A_MONTH["hourly"]


@pytest.mark.parametrize("path", pages("how-to/keys", "explanation/security"))
def test_each_key_is_in_the_table_of_what_it_can_do_at_worst(path: str) -> None:
    (column,) = [column for column in first_columns(path) if "`read_parameters`" in column]
    assert set(re.findall(r"`([a-z_]+)`", column)) == keyed()


@pytest.mark.parametrize("path", pages("explanation/personal-data"))
def test_every_kind_of_stored_document_is_told_to_hold_which_personal_data(path: str) -> None:
    rows = [row.split("|")[1] for row in read(path).splitlines() if row.startswith("|")]
    assert {folder for row in rows for folder in re.findall(r"`([a-z-]+)/`", row)} == stored() != set()


@pytest.mark.parametrize("path", pages("how-to/logs-and-alerts"))
def test_every_field_of_a_log_line_is_explained(path: str) -> None:
    rows = [row.split("|")[1] for row in read(path).splitlines() if row.startswith("| `")]
    assert words()[1] - {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set()


def test_what_health_does_not_ask_for_is_said() -> None:
    (section,) = re.findall(r"\n## What health can see\n(.*?)\n## ", read("docs/reference/permissions.md"), re.DOTALL)
    assert set(re.findall(r"`([A-Z][a-z]+-[A-Za-z]+)`", section)) == {*get_args(Cmdlet)} - {*CMDLETS}


@pytest.mark.parametrize("path", ["README", "docs/how-to/new-secret", "docs/how-to/logs-and-alerts"])
def test_the_days_before_a_secret_ends_are_those_on_which_it_is_said(path: str) -> None:
    *first, last = map(str, THRESHOLDS)
    for name, conjunction in ((f"{path}.md", "and"), (f"{path}.de.md", "und")):
        assert f"{', '.join(first)} {conjunction} {last}" in " ".join(read(name).split())


def test_the_cost_counts_every_timer() -> None:
    (told,) = re.findall(r"([0-9,]+) of the timers", read("docs/reference/deployment.md"))
    assert int(told.replace(",", "")) == sum(map(a_month, schedules()))
    assert schedules()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_of_problems_says_what_the_app_says(lang: Language) -> None:
    assert read(PAGES[lang]) == page(lang), "python -m scripts.problems writes it"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_readme_tells_of_every_route_what_it_declares(lang: Language) -> None:
    assert read(routes.PAGES[lang]) == routes.page(lang), "python -m scripts.routes writes it"
    shown = [name for name, one in ROUTES.items() if one.described or one.path == "/"]
    assert sorted(catalogue(lang, "route")) == sorted(shown)
    for name in shown:
        one = ROUTES[name]
        assert f"\n| `{one.method} {one.path}` | {routes.needed(one)} | " in read(routes.PAGES[lang])


@pytest.mark.parametrize("path", ["README.md", "README.de.md"])
def test_the_readme_names_each_call_that_needs_no_key(path: str) -> None:
    (said,) = re.findall(r"x-functions-key`,.*?\. ", read(path), re.DOTALL)
    named = set(re.findall(r"`(/[^`]*)`", said))
    assert named == {re.sub(r"\{\*.*", "…", one.path) for one in ROUTES.values() if not one.role}


def test_a_problem_has_the_status_of_its_error() -> None:
    known = {"not-json": 400, "media-type": 415, "unknown-plan": 404, "removal-not-allowed": 409, "not-an-address": 422}
    assert known | {"service-failed": 502, "settings-invalid": 503} == {
        code: status for code, status in statuses().items() if code in {*known, "service-failed", "settings-invalid"}
    }


@pytest.mark.parametrize("path", pages("reference/findings"))
def test_every_state_is_explained_and_no_other(path: str) -> None:
    (section,) = re.findall(r"\n## (?:States|Zustände)\n(.*?)\n## ", read(path), re.DOTALL)
    table, _, others = section.strip().partition("\n\n")
    assert set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) - {"state"} == {*ConnectionState}
    steps, _, mailboxes = others.partition(";")
    assert re.findall(r"`([a-z-]+)`", steps) == [*StepState]
    assert re.findall(r"`([a-z-]+)`", mailboxes) == [*MailboxState]
