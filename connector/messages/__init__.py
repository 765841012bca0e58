"""Texts for people, German and English, by key. The same files serve the API, the terminal and the page."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast

from connector.dates import FORMS, Form, Time, time, written
from connector.visible import visible

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")


@cache
def catalogue(language: Language, *group: str) -> Mapping[str, object]:
    """Return the texts of a language, or of a group: groups and texts by key, with ``{placeholders}``.

    Raises:
        KeyError: there is no such group.
    """
    path = Path(__file__).parent / f"{language}.json"
    found: object = catalogue(language, *group[:-1])[group[-1]] if group else json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise KeyError(*group)
    return found


def text(language: Language, *keys: str, values: Mapping[str, object] | None = None) -> str:
    """Return the text under ``keys``, its placeholders filled; characters in the values that are not seen written out.

    Raises:
        KeyError: there is no such text, or a placeholder has no value.
    """
    seen = {name: visible(value) if isinstance(value, str) else value for name, value in (values or {}).items()}
    return _Filling(language).vformat(str(catalogue(language, *keys[:-1])[keys[-1]]), (), seen)


def times(language: Language, *keys: str, values: Mapping[str, object]) -> list[Time]:
    """Return the moments that ``text`` writes for the same keys and values; none where there is no such text."""
    try:
        known = str(catalogue(language, *keys[:-1])[keys[-1]])
    except KeyError:
        return []
    parts = [(name, form) for _, name, form, _ in string.Formatter().parse(known) if name and form]
    found = (time(language, values.get(name), form) for name, form in parts)
    return list({one.shown: one for one in found if one is not None}.values())


class _Filling(string.Formatter):
    """Fills placeholders; of dates the form stands behind the colon."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec in FORMS:
            return written(self._language, value, cast("Form", format_spec))
        return str(super().format_field(value, format_spec))


def preferred(accept_language: str | None) -> Language:
    """Return the language of an ``Accept-Language`` header (RFC 9110, 12.5.4); English where it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.partition(";")
        name = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if name in LANGUAGES and weight > best[0]:
            best = (weight, "de" if name == "de" else "en")
    return best[1]


def _weight(parameter: str) -> float:
    key, _, value = parameter.strip().partition("=")
    if key.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
