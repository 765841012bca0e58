"""Who reads German gets all that an administrator reads: each document has a German twin of the same shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT

FOR_DEVELOPERS = {"CHANGELOG.md", "CONTRIBUTING.md"}
ENGLISH = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if not path.name.endswith(".de.md") and path.name not in FOR_DEVELOPERS
)


def twin(path: str) -> Path:
    return ROOT / path.replace(".md", ".de.md")


def shape(text: str) -> list[str]:
    """Return the headings' depths, the kinds of code, and of each table's rows the number of cells and the names."""
    found = []
    for line in text.splitlines():
        if re.match(r"#+ ", line):
            found.append(line.split()[0])
        elif line.strip().startswith("```"):
            found.append(line.strip())
        elif line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line)
            names = re.findall(r"^`[^`]+`$", cells[1].strip())
            found.append(f"{len(cells)} cells {''.join(names)}".strip())
    return found


@pytest.mark.parametrize("path", ENGLISH)
def test_a_document_has_a_german_twin_with_the_same_parts_and_rows(path: str) -> None:
    assert shape(twin(path).read_text("utf-8")) == shape((ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", ENGLISH)
def test_a_german_document_leads_to_german_ones(path: str) -> None:
    """The own twin in its head, and what has none, are the exceptions."""
    body = "\n".join(twin(path).read_text("utf-8").splitlines()[4:])
    links = {target.partition("#")[0] for target in re.findall(r"\]\(([^):#]+\.md)", body)}
    strange = {link for link in links if not link.endswith(".de.md") and Path(link).name not in FOR_DEVELOPERS}
    assert strange == set()


def test_a_lost_row_and_a_lost_heading_are_noticed() -> None:
    whole = "# A\n\n| `a` | b |\n| c | d |\n"
    assert shape(whole) != shape(whole.replace("| c | d |\n", ""))
    assert shape(whole) != shape(whole.replace("# A\n", ""))
    assert shape(whole) != shape(whole.replace("`a`", "`b`"))
