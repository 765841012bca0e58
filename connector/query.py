"""The query of a request, read from the address as it was sent: what is accepted, and what is said of everything else.

The host's own reading cannot be used. It drops a parameter without a value, joins one that is there twice by a comma,
and takes names that differ in case for one: ``?dryRun`` would not reach us at all, and the set-up would be carried out.
"""

from __future__ import annotations

import difflib
import re
from urllib.parse import unquote

from connector.errors import FieldError

KEY = "code"
"""The host's own parameter, in any case: a Functions key. It is passed over, and never looked at."""
_MAX_SHOWN = 100
"""Characters of a parameter's name that an answer repeats: it is the sender's, and may be as long as the address."""
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse(url: str, known: tuple[str, ...], flags: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the parameters by name, decoded once; a flag without a value is empty.

    Only ``&`` parts them (a semicolon belongs to the value) and ``+`` is a space, as ASP.NET reads them. Nothing is cut
    off at ``#``: it cannot be sent as a fragment, and what follows it would be ignored.

    Raises:
        FieldError: a parameter is unknown (who misspells one that restrains a request must not get it without
            restraint), there twice, without a value that it needs, or not UTF-8.
    """
    found: dict[str, str] = {}
    for part in url.partition("?")[2].split("&"):
        if not part:
            continue
        sent_name, _, sent_value = part.partition("=")
        name = _decoded(sent_name, sent_name)
        if name.lower() == KEY:
            continue
        _check_name(name, known, flags, found)
        value = _decoded(sent_value, name)
        if not value and name not in flags:
            raise FieldError("query-empty", field=name)
        found[name] = value
    return found


def _check_name(name: str, known: tuple[str, ...], flags: tuple[str, ...], found: dict[str, str]) -> None:
    """Refuse a name that is not known as it is written, or that has been there before."""
    every = (*known, *flags)
    if name not in every:
        shown = name[:_MAX_SHOWN]
        near = _near(shown, every)
        known_here = (*near, *(one for one in every if one not in near))
        raise FieldError("unknown-query", field=shown, known=", ".join(known_here) or "-")
    if name in found:
        raise FieldError("query-doubled", field=name)


def _near(name: str, known: tuple[str, ...]) -> list[str]:
    """Return the known name that is nearest, where one is near; capitals do not count."""
    by_lower = {one.lower(): one for one in known}
    return [by_lower[one] for one in difflib.get_close_matches(name.lower(), by_lower, n=1)]


def _decoded(sent: str, name: str) -> str:
    """Return what is meant by percent-encoded text."""
    unreadable = FieldError("query-encoding", field=name[:_MAX_SHOWN])
    if _BROKEN_ESCAPE.search(sent):
        raise unreadable
    try:
        return unquote(sent.replace("+", " "), errors="strict")
    except UnicodeDecodeError:
        raise unreadable from None
