"""Each fuzz target, for a bounded number of inputs; ``python -m tests.fuzz`` goes on for longer."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.quoting import powershell as quoted
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import TARGETS

INPUTS = 3_000
QUOTES = "'\u2018\u2019\u201a\u201b"
"""What PowerShell takes for a single quotation mark (about_Quoting_Rules)."""


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_in_a_value_or_one_of_our_errors_comes_out(name: str) -> None:
    target, shapes = TARGETS[name]
    for data in islice(mutated(shapes, seed=1), INPUTS):
        target(data)


@given(st.data())
def test_any_bytes_at_all_are_taken_or_refused(data: st.DataObject) -> None:
    target, _ = TARGETS[data.draw(st.sampled_from(sorted(TARGETS)))]
    target(data.draw(st.binary(max_size=400)))


def read(line: str) -> tuple[str, str]:
    """Read one single-quoted string as PowerShell does; return it and what follows."""
    assert line[0] in QUOTES
    text, place = "", 1
    while place < len(line):
        if line[place] in QUOTES:
            if line[place + 1 : place + 2] == "" or line[place + 1] not in QUOTES:
                return text, line[place + 1 :]
            place += 1
        text += line[place]
        place += 1
    raise AssertionError("the string does not end")


@given(st.text(st.one_of(st.characters(), st.sampled_from(QUOTES + '`$;"')), max_size=40))
def test_nothing_breaks_out_of_a_powershell_string(text: str) -> None:
    assert read(quoted(text) + " -Confirm") == (text, " -Confirm")
