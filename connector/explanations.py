"""The explanations of findings, from the documents of the reference: the app shows those of its own version."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from connector.messages import Language

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
FILES: dict[Language, str] = {"de": "findings.de.md", "en": "findings.md"}
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)|\*\*(?P<bold>.+?)\*\*|\*(?P<soft>[^*]+)\*"
)


@cache
def sections(lang: Language) -> dict[str, str]:
    """Return what the document says of each finding, as Markdown without its heading, by code."""
    text = (FOLDER / FILES[lang]).read_text("utf-8")
    _, *parts = re.split(r"^### ", text, flags=re.MULTILINE)
    found = {}
    for part in parts:
        code, _, rest = part.partition("\n")
        found[code.strip()] = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()
    return found


def as_html(markdown: str, lang: Language) -> str:
    """Return HTML of a section: paragraphs, lists, tables and lines of code, which is all that these documents have.

    A link to another finding stays here; any other document is only named, since it may be of another version.
    """
    return "".join(_block(block, lang) for block in _blocks(markdown))


def _blocks(markdown: str) -> Iterator[list[str]]:
    lines: list[str] = []
    fenced = False
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("```"):
            fenced = not fenced
        if line.strip() or fenced:
            lines.append(line)
        elif lines:
            yield lines
            lines = []


def _block(lines: list[str], lang: Language) -> str:
    if lines[0].startswith("```"):
        return f"<pre>{html.escape(chr(10).join(lines[1:-1]))}</pre>"
    if lines[0].startswith("|"):
        return f"<table>{''.join(_row(line, lang) for line in lines if not re.fullmatch(r'[|: -]+', line))}</table>"
    if lines[0].startswith("- "):
        items = re.split(r"\n- ", "\n".join(lines)[2:])
        return f"<ul>{''.join(f'<li>{_inline(item, lang)}</li>' for item in items)}</ul>"
    return f"<p>{_inline(' '.join(lines), lang)}</p>"


def _row(line: str, lang: Language) -> str:
    return f"<tr>{''.join(f'<td>{_inline(cell.strip(), lang)}</td>' for cell in line.strip('|').split('|'))}</tr>"


def _inline(text: str, lang: Language) -> str:
    made, end = "", 0
    for found in _INLINE.finditer(text):
        made += html.escape(text[end : found.start()]) + _marked(found, lang)
        end = found.end()
    return made + html.escape(text[end:])


def _marked(found: re.Match[str], lang: Language) -> str:
    if found["code"] is not None:
        return f"<code>{html.escape(found['code'])}</code>"
    if found["text"] is not None:
        return _link(found["text"], found["to"], lang)
    kind = "strong" if found["bold"] is not None else "em"
    return f"<{kind}>{_inline(found['bold'] or found['soft'], lang)}</{kind}>"


def _link(text: str, to: str, lang: Language) -> str:
    shown = _inline(text, lang)
    if to.startswith("https://"):
        return f'<a href="{html.escape(to)}" rel="noopener noreferrer">{shown}</a>'
    code = to.partition("#")[2] if to.startswith(("#", *FILES.values())) else ""
    return f'<a href="{code}.{lang}">{shown}</a>' if code in sections(lang) else f"<em>{shown}</em>"
