"""The page for whoever wants to change something leads to files that are there, and does so in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/explanation/architecture.md", "docs/explanation/architecture.de.md")
FOLDERS = ("activities", "connector", "docs", "infra", "local", "orchestrations", "tests", "triggers", "web")
NAMED = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./]*)`")
SCRIPT = re.compile(r"`python -m (scripts\.\w+)`")


def files(page: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return NAMED.findall(text) + [f"{one.replace('.', '/')}.py" for one in SCRIPT.findall(text)]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_it_names_is_there(page: str) -> None:
    named = files(page)
    assert len(named) > len(FOLDERS)
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_both_languages_name_the_same_files() -> None:
    first, second = map(files, PAGES)
    assert first == second
