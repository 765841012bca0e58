"""``python -m scripts.routes``: write the tables of calls in ``README.md`` and ``README.de.md``."""

from __future__ import annotations

from pathlib import Path

import triggers  # noqa: F401 - whose import declares the routes
from connector.messages import LANGUAGES, Language, catalogue, text
from triggers.route import ROUTES, Role, Route

ROOT = Path(__file__).parents[1]
PAGES: dict[Language, str] = {"en": "README.md", "de": "README.de.md"}
_HEADS: dict[Language, str] = {"en": "| call | role | what it does |", "de": "| Aufruf | Rolle | was er tut |"}


def table(lang: Language) -> str:
    """Return the table of one language, in the order of the messages."""
    rows = [
        f"| `{one.method} {one.path}` | {needed(one)} | {text(lang, 'route', name)} |"
        for name, one in ((name, ROUTES[name]) for name in catalogue(lang, "route"))
    ]
    return "\n".join((_HEADS[lang], "|---|---|---|", *rows))


def needed(route: Route) -> str:
    """Return which roles a call takes; each of the others has Reader in it."""
    named = [role for role in route.every if role is not Role.READER] or route.every
    return " + ".join(named) or "–"


def page(lang: Language) -> str:
    """Return a README as it should be: all that is there, and the table in its place."""
    before, head, after = (ROOT / PAGES[lang]).read_text("utf-8").partition(_HEADS[lang])
    _, end, rest = after.partition("\n\n")
    return before + (table(lang) if head else "") + end + rest


if __name__ == "__main__":
    for one in LANGUAGES:
        (ROOT / PAGES[one]).write_text(page(one), "utf-8")
