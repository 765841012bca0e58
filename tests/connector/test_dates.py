"""Dates in texts: as each language writes them, in UTC where nobody knows the zone; kept as machines read them."""

from __future__ import annotations

import ast
import string
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from connector.dates import FORMS, Form, value, written
from connector.errors import UnavailableError
from connector.finding import Finding
from connector.messages import LANGUAGES, Language, text, times
from connector.objects import Ids
from connector.outage import delays
from connector.remedy import Context
from connector.steps import StepName
from tests.connector.test_messages import told
from triggers.findings import finding_view

WHEN = datetime(2026, 11, 27, 17, 30, 12, tzinfo=UTC)
NOWHERE = Context("", "", Ids(), (), None)
# fmt: off
WRITTEN: list[tuple[object, Form, str, str]] = [
    (WHEN, "moment", "27.11.2026, 17:30 Uhr (UTC)", "27 Nov 2026, 17:30 (UTC)"),
    (WHEN, "day", "27.11.2026", "27 Nov 2026"),
    (WHEN.astimezone(timezone(timedelta(hours=9))), "day", "27.11.2026", "27 Nov 2026"),
    ("2026-11-27T17:30+00:00", "moment", "27.11.2026, 17:30 Uhr (UTC)", "27 Nov 2026, 17:30 (UTC)"),
    ("2026-11-27T23:30:00.1234567Z", "day", "27.11.2026", "27 Nov 2026"),
    ("2026-11-27 17:30", "moment", "27.11.2026, 17:30 Uhr (UTC)", "27 Nov 2026, 17:30 (UTC)"),  # as 0.1 kept it
    ("2026-03-01", "day", "01.03.2026", "1 Mar 2026"),
    ("2026-03-01", "moment", "01.03.2026", "1 Mar 2026"),  # nobody has kept the time of day
    ("?", "day", "?", "?"),
    ("-", "moment", "-", "-"),
    (7, "day", "7", "7"),
]
# fmt: on


@pytest.mark.parametrize(("kept", "form", "german", "english"), WRITTEN)
def test_a_date_is_written_as_the_language_writes_it(kept: object, form: Form, german: str, english: str) -> None:
    assert (written("de", kept, form), written("en", kept, form)) == (german, english)


def test_a_name_that_looks_like_a_date_stays_what_it_is() -> None:
    values = {"subject": "2026-11-27", "end": value(WHEN), "days": 3}
    said = text("de", "finding", "secret-expiring", "message", values=values)
    assert "27.11.2026" in said
    assert "2026-11-27" in text("de", "finding", "address-is-group", "message", values={**values, "kind": "x"})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_beside_a_text_stand_the_moments_it_names_to_be_written_anew_elsewhere(lang: Language) -> None:
    (found,) = delays(StepName.CONSENT, UnavailableError("graph", "503", "busy"), WHEN - timedelta(hours=1), WHEN)
    shown = finding_view(found, lang, NOWHERE)
    (one,) = shown.times
    assert one.shown in shown.message
    assert (one.at, one.form) == (datetime(2026, 11, 27, 16, 30, tzinfo=UTC), "moment")
    day = Finding.of(StepName.SECRET, "renewal-forbidden", "k", "warning", on="2026-11-27", last="2027-01-01")
    assert finding_view(day, lang, NOWHERE).times == [], "a day is the same day everywhere"
    assert times(lang, "finding", "no-such-code", "message", values={}) == []


DATED = {"end", "until", "since", "on", "last", "made", "version"}
"""Placeholders for dates; the page fills its own."""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_date_of_a_text_of_the_api_says_its_form(lang: Language) -> None:
    bare = {
        key
        for key, words in told(lang).items()
        if "." in key and not key.startswith(("page.", "deliveryState."))
        for _, name, form, _ in string.Formatter().parse(words)
        if (name in DATED) != (form in FORMS)
    }
    assert bare == set()


MACHINES = {
    "connector/dates.py": "what writes them",
    "connector/history.py": "names of documents",
    "connector/clients/store.py": "names of versions",
    "triggers/answers.py": "a setting's value, as it is typed",
    "connector/look.py": "days that a finding keeps",
}
"""Who else writes a date by hand; and for what machine."""


def test_nobody_else_writes_a_date_for_people() -> None:
    folders = ("connector", "activities", "orchestrations", "triggers")
    files = [path for folder in folders for path in Path(folder).rglob("*.py")]
    writing = {
        str(path)
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "%Y" in node.value
    }
    assert writing == {*MACHINES}
