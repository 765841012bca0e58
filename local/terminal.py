"""What a terminal can show, which language its person reads, and what a number on the command line may be."""

from __future__ import annotations

import argparse
import codecs
import locale
import math
import os
import sys
import unicodedata
from io import TextIOWrapper
from pathlib import Path

from connector.errors import ConnectorError
from connector.messages import Language, text

FASTEST = 1_000_000.0
"""How many times as fast time may run: twelve days pass in a second."""
_PLAIN = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "„": '"', "“": '"', "”": '"',
        "’": "'", "–": "-", "—": "-", "…": "...", "›": ">", "‹": "<", "·": "-", "✔": "+", "✘": "x", "→": "->",
    }
)  # fmt: skip
"""What stands for a character in a terminal that does not have it."""


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanted = error.object[error.start : error.end].translate(_PLAIN)
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode("ascii")
    return plain or "?", error.end


def write_plainly() -> None:
    """Let standard output and errors write what they have no character for with other ones, instead of failing."""
    codecs.register_error("plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="plainly")


def locale_language() -> Language:
    """Return the language of the terminal's locale; where no variable tells it, of the system's (Windows)."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), None)
    if named is None:
        named = locale.getlocale()[0] or ""
    return "de" if named.lower().startswith(("de", "german")) else "en"


def says(key: str, /, **values: object) -> str:
    """Return one of the terminal's texts in its person's language."""
    return text(locale_language(), "terminal", key, values=values)


def factor(value: str) -> float:
    """Read how much faster time passes.

    Raises:
        argparse.ArgumentTypeError: it is no number, or none that time can run at.
    """
    number = _number(value)
    if not 0 < number <= FASTEST:
        raise argparse.ArgumentTypeError(says("factor", value=value, most=f"{FASTEST:.0f}"))
    return number


def port(value: str) -> int:
    """Read a TCP port; 0 stands for any that is free.

    Raises:
        argparse.ArgumentTypeError: there is no such port.
    """
    return _whole(value, 0, 65_535)


def count(value: str) -> int:
    """Read how many; at most as many as a connection may have mailboxes.

    Raises:
        argparse.ArgumentTypeError: it is none of these numbers.
    """
    return _whole(value, 1, 5_000)


def folder(value: str) -> Path:
    """Read where something is kept.

    Raises:
        argparse.ArgumentTypeError: there is no name, which would mean the folder that one happens to be in.
    """
    if not value.strip():
        raise argparse.ArgumentTypeError(says("folder"))
    return Path(value)


def explained(error: ConnectorError) -> str:
    """Return what the API would call an error, with what it is about."""
    from triggers.answers import meaning  # noqa: PLC0415 - only who fails needs the product

    _, code, _ = meaning(error)
    return ": ".join(filter(None, [text(locale_language(), "problem", code, "title"), str(error)]))


def _whole(value: str, least: int, most: int) -> int:
    number = _number(value)
    if not number.is_integer() or not least <= number <= most:
        raise argparse.ArgumentTypeError(says("whole", value=value, least=least, most=most))
    return int(number)


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
