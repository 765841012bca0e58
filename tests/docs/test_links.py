"""Every link of the documents leads somewhere, every document can be found, and both languages know each other."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_EXPLICIT = re.compile(r'<a (?:id|name)="([^"]+)"')


def documents() -> list[Path]:
    listed = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


@cache
def anchors(path: Path) -> set[str]:
    """Return what ``#…`` may name, by GitHub's rule: lower case, no punctuation, hyphens for spaces."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    titles = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in _HEADING.findall(text))
    slugs = [re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles]
    return {*slugs, *_EXPLICIT.findall(text)}


def links(path: Path) -> list[str]:
    found = _LINK.findall(_FENCE.sub("", path.read_text("utf-8")))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def broken(path: Path) -> list[str]:
    """Return the links of a document that lead nowhere."""
    wrong = []
    for target in links(path):
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            wrong.append(target)
    return wrong


def reached(starts: list[Path]) -> set[Path]:
    """Return the documents to which links lead from ``starts``, over any number of steps."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        path = waiting.pop()
        for target in links(path):
            file = (path.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.exists() and file not in seen:
                seen.add(file)
                waiting.append(file)
    return seen


def strangers(folder: Path) -> list[Path]:
    """Return the documents that stand in two languages and do not link to each other in their first lines."""
    wrong = []
    for german in folder.rglob("*.de.md"):
        english = german.with_name(german.name.replace(".de.md", ".md"))
        for path, other in ((german, english), (english, german)):
            head = "\n".join(path.read_text("utf-8").splitlines()[:5])
            if f"({other.name})" not in head:
                wrong.append(path)
    return wrong


def test_every_link_leads_somewhere() -> None:
    assert {path.name: wrong for path in documents() if (wrong := broken(path))} == {}


def test_every_document_can_be_found_from_the_readmes() -> None:
    found = reached([ROOT / "README.md", ROOT / "README.de.md"])
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md") if path not in found} == set()


@pytest.mark.parametrize("readme", ["README.md", "README.de.md"])
def test_each_readme_lists_the_documents_of_its_language(readme: str) -> None:
    listed = {(ROOT / target.partition("#")[0]).resolve() for target in links(ROOT / readme)}
    german = readme == "README.de.md"
    wanted = set()
    for path in (ROOT / "docs").rglob("*.md"):
        translated = path.with_name(f"{path.stem}.de.md")
        if path.name.endswith(".de.md") == german or not (path.name.endswith(".de.md") or translated.exists()):
            wanted.add(path)
    assert {path.name for path in wanted - listed} == set()


def test_both_languages_link_to_each_other() -> None:
    assert strangers(ROOT / "docs") == []


def test_a_broken_link_a_lost_page_and_a_stranger_are_noticed(tmp_path: Path) -> None:
    start, page, german = tmp_path / "start.md", tmp_path / "page.md", tmp_path / "page.de.md"
    start.write_text("[a](page.md#there) [b](page.md#not-there) [c](none.md) [d](https://example.com)\n", "utf-8")
    page.write_text("# There\n", "utf-8")
    german.write_text("# Da\n\n[English](page.md)\n", "utf-8")
    assert broken(start) == ["page.md#not-there", "none.md"]
    assert german not in reached([start])
    assert strangers(tmp_path) == [page]
