"""Lines for a person to run: each value as one literal argument of the shell, whatever it holds. Pure.

``web/quoting.js`` does the same for what the page writes itself; a test holds the two equal.
"""

from __future__ import annotations

import re

_POWERSHELL_QUOTES = re.compile("['\N{LEFT SINGLE QUOTATION MARK}-\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}]")
"""The five characters that PowerShell takes for a single quotation mark, each for any other (about_Quoting_Rules; the
language specification, 2.3.5.2 *single-quote-character*; ``CharTraits.IsSingleQuote`` of its tokenizer)."""
_BASH_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
"""What bash reads as it stands; the set of Python's ``shlex.quote``."""


def powershell(text: str) -> str:
    """Return a text as a string in single quotation marks, in which only they mean anything: they are doubled."""
    return f"'{_POWERSHELL_QUOTES.sub(lambda found: found[0] * 2, text)}'"


def bash(text: str) -> str:
    """Return a text as one word: as it stands where nothing in it means anything, else in single quotation marks."""
    if _BASH_PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"
