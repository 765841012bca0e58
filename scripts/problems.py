"""``python -m scripts.problems``: write the tables of ``docs/reference/problems.md`` and ``.de.md``."""

from __future__ import annotations

import ast
from pathlib import Path

from connector import errors
from connector.errors import ConnectorError, FieldError, GrantMissingError, RequestError, ServiceError, SettingsError
from connector.messages import LANGUAGES, Language, catalogue
from triggers.answers import meaning

ROOT = Path(__file__).parents[1]
PAGES: dict[Language, str] = {"en": "docs/reference/problems.md", "de": "docs/reference/problems.de.md"}
_HEADS: dict[Language, str] = {
    "en": "| status | `code` | what it is | the way out |",
    "de": "| Status | `code` | was es ist | der Ausweg |",
}
_SOURCES = ("connector", "triggers")
_REQUESTS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, RequestError)
}


def statuses() -> dict[str, int]:
    """Return the HTTP status of each problem: that of the error which the sources raise under its code.

    What has no error of its own there is a field's: those codes come from the validation of a body.
    """
    known: list[ConnectorError] = [SettingsError({}), GrantMissingError(), ServiceError("graph", "-", "-")]
    found = {"document-unreadable": 409, "right-missing": 502, "vault-firewall": 502} | {
        meaning(error)[1]: meaning(error)[0] for error in known
    }
    for path in (path for folder in _SOURCES for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            kind = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            code = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if kind in _REQUESTS and isinstance(code, ast.Constant) and isinstance(code.value, str):
                found[code.value] = meaning(_REQUESTS[kind](code.value))[0]
    return {code: found.get(code) or meaning(FieldError(code))[0] for code in catalogue("en", "problem")}


def table(lang: Language) -> str:
    """Return the table of one language, by status and then in the order of the messages."""
    of = statuses()
    rows = [
        f"| {of[code]} | `{code}` | {_cell(str(texts['title']))} | {_cell(str(texts['hint']))} |"
        for code, texts in ((code, catalogue(lang, "problem", code)) for code in sorted(of, key=lambda one: of[one]))
    ]
    return "\n".join((_HEADS[lang], "|---|---|---|---|", *rows, ""))


def page(lang: Language) -> str:
    """Return a page as it should be: what stands before its table, and the table."""
    before, _, _ = (ROOT / PAGES[lang]).read_text("utf-8").partition(_HEADS[lang])
    return before + table(lang)


def _cell(words: str) -> str:
    """Return a text as Markdown shows it unchanged; what is filled in is named in angle brackets."""
    plain = words.replace("{{", "\0").replace("}}", "\1").replace("<", "&lt;").replace("|", "\\|")
    named = plain.replace("{", "&lt;").replace("}", ">")
    return named.replace("\0", "{").replace("\1", "}").replace("*", "\\*")


if __name__ == "__main__":
    for one in LANGUAGES:
        (ROOT / PAGES[one]).write_text(page(one), "utf-8")
