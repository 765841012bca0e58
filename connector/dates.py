"""Dates in texts: ``{end:day}`` and ``{since:moment}`` are written as a language writes them, in UTC.

Where a text is shown to somebody whose zone is known, ``Time`` says what of it to write anew.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast

from pydantic import Field

from connector.document import Document

if TYPE_CHECKING:
    from connector.messages import Language

Form = Literal["day", "moment"]
FORMS = ("day", "moment")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


TIMES = "The moments in the texts beside it."
"""What a view says of them."""


class Time(Document):
    """A date in a text beside it."""

    shown: str = Field(description="As it stands in the text, in UTC.")
    at: datetime
    form: Form = Field(description="Whether the text names the day alone, or the time of day too.")


def value(when: datetime) -> str:
    """Return what a finding keeps of a moment: ISO 8601, to the minute."""
    return when.astimezone(UTC).isoformat(timespec="minutes")


def written(language: Language, kept: object, form: Form) -> str:
    """Return a moment or a day in words, with the zone where there is a time of day; what is neither, as it is."""
    when = _read(kept)
    if when is None:
        return str(kept)
    day = f"{when:%d.%m.%Y}" if language == "de" else f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    if form == "day" or _is_day(kept):
        return day
    return f"{day}, {when:%H:%M}{' Uhr' if language == 'de' else ''} (UTC)"


def time(language: Language, kept: object, form: str) -> Time | None:
    """Return what a text shows of a value; None of what is no moment: a day is the same day everywhere."""
    when = _read(kept)
    if form not in FORMS or when is None or _is_day(kept):
        return None
    known = cast("Form", form)
    return Time(shown=written(language, kept, known), at=when, form=known)


def _read(kept: object) -> datetime | None:
    """Return the moment, in UTC; older versions of this app have kept it without the zone."""
    if not isinstance(kept, datetime):
        try:
            kept = datetime.fromisoformat(str(kept))
        except ValueError:
            return None
    return kept.replace(tzinfo=UTC) if kept.tzinfo is None else kept.astimezone(UTC)


def _is_day(kept: object) -> bool:
    return not isinstance(kept, datetime) and len(str(kept)) <= len("2026-11-27")
