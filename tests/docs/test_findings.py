"""The pages about the findings: every finding is explained once in each language, and says what the code says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.diagnosis import refusal
from connector.errors import RefusedError
from connector.finding import Finding
from connector.messages import Language, catalogue, text
from connector.microsoft import TOKEN_REFUSALS
from connector.objects import Ids
from connector.remedy import Context, remedy
from connector.steps import StepName

ROOT = Path(__file__).parents[2]
PAGES: dict[Language, str] = {"en": "docs/reference/findings.md", "de": "docs/reference/findings.de.md"}
LABELS: dict[Language, tuple[str, ...]] = {
    "en": ("Check:", "Do:", "Who:", "Then:"),
    "de": ("Prüfen:", "Tun:", "Wer:", "Danach:"),
}
ANY_STEP = {"en": "Any step", "de": "Jeder Schritt"}
SOURCES = [
    path
    for folder in ("connector", "activities", "orchestrations", "triggers")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "remedy.py"  # has a way out for each code, and produces none
]
_HEADING = re.compile(r"^(##+) (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"\b[A-Z][a-z]+-[A-Z]\w+(?= |$)")
_PARAMETER = re.compile(r"(?<= )-[A-Z]\w+")

Shape = tuple[str, frozenset[str]]
"""A cmdlet and the names of its parameters."""


def page(lang: Language) -> str:
    return (ROOT / PAGES[lang]).read_text("utf-8")


def codes() -> list[str]:
    return list(catalogue("en", "finding"))


def headings(lang: Language) -> list[tuple[int, str]]:
    """Return each heading below the title with its depth."""
    outside = re.sub(r"```.*?```", "", page(lang), flags=re.DOTALL)
    return [(len(marks), words) for marks, words in _HEADING.findall(outside)]


def sections(lang: Language) -> dict[str, str]:
    """Return the text of each section by its code."""
    parts = re.split(r"^### (.+)\n", page(lang), flags=re.MULTILINE)[1:]
    return {code: re.split(r"^## ", body, flags=re.MULTILINE)[0] for code, body in zip(*[iter(parts)] * 2, strict=True)}


def lines(found: str) -> list[str]:
    """Return the lines of PowerShell in a text: those of its blocks, and those within a sentence."""
    blocks = re.findall(r"```powershell\n(.*?)```", found, re.DOTALL)
    within = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", found, flags=re.DOTALL))
    return [*"".join(blocks).splitlines(), *(line for line in within if _COMMAND.match(line))]


def shapes(line: str) -> Iterator[Shape]:
    """Return the commands of a line, without what stands in quotation marks."""
    for part in re.split(r"[|{}]", re.sub(r"'[^']*'", "", line)):
        command = _COMMAND.search(part)
        if command:
            yield command[0], frozenset(_PARAMETER.findall(part))


def made() -> dict[str, list[str]]:
    """Return the lines of PowerShell that the API fills in, by code."""
    ids = Ids(application_id="a", enterprise_application_id="e")
    few, many = ("x@contoso.com",), tuple(f"x{number}@contoso.com" for number in range(100))
    lines_of: dict[str, list[str]] = {}
    for code in codes():
        for mailboxes in (few, many):
            context = Context("hq", "HQ", ids, mailboxes, "https://entra.example", leaving=mailboxes)
            finding = Finding(code=code, step=StepName.EXCHANGE, subject="subject")
            command = remedy(finding, context).command or ""
            lines_of.setdefault(code, []).extend(line for line in command.splitlines() if _COMMAND.match(line))
    return {code: found for code, found in lines_of.items() if found}


def known() -> dict[str, set[frozenset[str]]]:
    """Return with which parameters the API calls each cmdlet."""
    found: dict[str, set[frozenset[str]]] = {}
    for command in made().values():
        for line in command:
            for cmdlet, parameters in shapes(line):
                found.setdefault(cmdlet, set()).add(parameters)
    return found


@pytest.mark.parametrize("lang", PAGES)
def test_every_finding_has_exactly_one_section_and_nothing_else_has(lang: Language) -> None:
    found = [words for depth, words in headings(lang) if depth == 3]
    assert sorted(found) == sorted(codes())


@pytest.mark.parametrize("lang", PAGES)
def test_the_sections_stand_under_the_steps_in_their_order(lang: Language) -> None:
    groups = [words for depth, words in headings(lang) if depth == 2]
    assert groups[-9:] == [*(text(lang, "step", step) for step in StepName), ANY_STEP[lang]]
    first = next(number for number, (depth, _) in enumerate(headings(lang)) if depth != 2)
    assert headings(lang)[first - 1][1] == groups[-9]


def test_both_pages_have_the_same_headings_in_the_same_order() -> None:
    shape = {lang: [words if depth > 2 else depth for depth, words in headings(lang)] for lang in PAGES}
    assert shape["en"] == shape["de"]


@pytest.mark.parametrize("lang", PAGES)
def test_every_section_says_how_to_check_what_to_do_who_may_and_what_then(lang: Language) -> None:
    for code, body in sections(lang).items():
        assert tuple(re.findall(r"^- \*\*(.+?)\*\*", body, re.MULTILINE)) == LABELS[lang], code
        assert body.strip().partition("\n- ")[0].rstrip().endswith((".", "`")), f"{code} does not begin with a sentence"


@pytest.mark.parametrize("lang", PAGES)
def test_every_link_of_the_page_leads_somewhere(lang: Language) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page(lang))
    anchors = {f"#{code}" for code in codes()}
    folder = (ROOT / PAGES[lang]).parent
    assert [link for link in links if link not in anchors and not (folder / link).is_file()] == []


@pytest.mark.parametrize("lang", PAGES)
def test_a_line_that_the_api_fills_in_is_the_same_on_the_page(lang: Language) -> None:
    checked = set()
    for line in lines(page(lang)):
        for cmdlet, parameters in shapes(line):
            if cmdlet in known():
                assert parameters in known()[cmdlet], line
                checked.add(cmdlet)
    assert checked == set(known())


@pytest.mark.parametrize("lang", PAGES)
def test_a_section_leads_to_every_line_that_the_api_fills_in_for_it(lang: Language) -> None:
    """In itself, or in a section to which it links."""
    found = sections(lang)
    for code, command in made().items():
        near = [found[code], *(found[other] for other in re.findall(r"\(#([a-z-]+)\)", found[code]))]
        shown = {cmdlet for body in near for line in lines(body) for cmdlet, _ in shapes(line)}
        wanted = {cmdlet for line in command for cmdlet, _ in shapes(line)}
        assert wanted - shown <= {"Connect-ExchangeOnline", "Get-Content", "ForEach-Object"}, code


def test_both_pages_show_the_same_lines() -> None:
    shown = {lang: [list(shapes(line)) for line in lines(page(lang))] for lang in PAGES}
    assert shown["en"] == shown["de"]


@pytest.mark.parametrize("lang", PAGES)
def test_every_code_of_the_sign_in_service_leads_to_what_the_diagnosis_makes_of_it(lang: Language) -> None:
    for number in TOKEN_REFUSALS:
        code = refusal(StepName.SECRET, RefusedError("token", number, "")).code
        (row,) = [line for line in page(lang).splitlines() if line.startswith("| `") and f"`{number}`" in line]
        assert f"(#{code})" in row.split("|")[2]
        assert number in sections(lang)[code]


def produced() -> set[str]:
    """Return the texts in the sources that can become the code of a finding.

    Not those that are only compared with, or that name an error.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        only_read = isinstance(node, ast.Compare | ast.Raise) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "frozenset"
        )
        if only_read:
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for path in SOURCES:
        visit(ast.parse(path.read_text("utf-8")))
    return found


def test_every_finding_with_a_text_can_come_up() -> None:
    assert set(codes()) - produced() == set()
