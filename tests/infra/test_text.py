"""What others have written is shown by its letters only, and quoted so that it stays one word."""

from __future__ import annotations

import json
import shlex
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.infra.shell import INFRA

HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
MARKS = "\n\r\t\x00\x1b\x7f\x85\x9b\xad\u200b\u200d\u200e\u202e\u2028\u2029\u2066\ufeff\U000e0041\U000e007f"
BLANK = "\u034f\u115f\u1160\u2800\u3164\ufe0f\uffa0\U000e0100"
texts = st.text(st.one_of(st.sampled_from(MARKS.replace("\x00", "") + "'\"‘’\\$`"), st.characters(codec="utf-8")))
texts = texts.filter(lambda text: "\x00" not in text)


def each(function: str, values: list[str], *, locale: str = "C.UTF-8") -> list[str]:
    """Return what the function of text.sh prints of each value, all in one bash."""
    script = f"""source "{INFRA}/grant/text.sh"
        while IFS= read -r -d '' value; do {function}; printf '\\0'; done"""
    done = subprocess.run(  # noqa: S603 - our own script
        ["/usr/bin/env", "bash", "-c", script],
        input=b"".join(value.encode("utf-8", "surrogateescape") + b"\0" for value in values),
        capture_output=True,
        check=True,
        env={"LC_ALL": locale, "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    assert done.stderr == b""
    return done.stdout.decode("utf-8").split("\0")[:-1]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_what_cannot_be_seen_stands_there_by_its_number(locale: str) -> None:
    (shown,) = each('shown "$value" 100', ["a\tb\nü\x1b[31m\u202e\u009b😀\udcff“x”\U000e0041"], locale=locale)
    assert shown == r"a\u{9}b\u{a}ü\u{1b}[31m\u{202e}\u{9b}😀\x{ff}“x”\u{e0041}"


def test_of_all_of_unicode_only_what_can_be_seen_is_shown() -> None:
    points = [*range(1, 0xD800), 0xD7FF, *range(0xE000, 0xE010), *range(0xF900, 0x10000)]
    points += [*range(0x11080, 0x110D0), *range(0x13430, 0x13460), *range(0x1BCA0, 0x1BCA4), *range(0x1D170, 0x1D180)]
    points += [*range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF]
    (shown,) = each('shown "$value" 9999999', ["".join(f"{chr(point)}" for point in points)])
    kept = {chr(point) for point in points} & {*shown}
    assert {sign for sign in kept if unicodedata.category(sign) in HIDDEN or sign in BLANK} == set()
    hidden = {chr(point) for point in points if unicodedata.category(chr(point))[0] in "LNPSZ"} - kept
    assert {sign for sign in hidden if unicodedata.category(sign) not in {"Zl", "Zp"}} <= {*"\ufffc" + BLANK, *BLANK}


def test_a_long_text_is_cut() -> None:
    assert each('shown "$value" 10', ["é" * 11, "x" * 11, "é" * 10]) == ["é" * 10 + "…", "x" * 10 + "…", "é" * 10]


@settings(max_examples=6, deadline=None)
@given(st.lists(texts, max_size=40))
def test_whatever_a_text_holds_nothing_of_it_acts_on_the_terminal(values: list[str]) -> None:
    packed = [json.dumps([value]) for value in values]
    for shown in each('shown "$value"', values) + each('unpacked "$value"', packed):
        assert all(unicodedata.category(sign) not in HIDDEN for sign in shown)
    exact = each('exact "$value" || printf "%s" "-refused-"', packed)
    for value, found in zip(values, exact, strict=True):
        assert found == value or found.endswith("-refused-")
    for value, found in zip(values, each('shown "$value" 9999', values), strict=True):
        assert found == value or "\\u{" in found


def test_only_what_is_all_there_is_exact() -> None:
    packed = ['["ü\'\\"\\\\\\u00fc"]', "[null]", '["a\\nb"]', '["\\u202e"]', '[""]', "", "None", '["\\ud83d\\ude00"]']
    found = each('exact "$value" && printf "%s" "|" || printf "%s" "-"', packed)
    assert found[0] == "ü'\"\\ü|"
    assert [one[-1] for one in found] == ["|", "-", "-", "-", "|", "-", "-", "|"]
    assert found[-1] == "😀|"


QUOTED = [
    "rg(prod)",
    "it's",
    "$x",
    "a b",
    "’‘‚‛",
    "ü",
    "",
    "~",
    "-x",
    "a=b",
    '"',
    "`id`",
    "\\",
    "a'\\''b",
    "!x",
    "*",
    "&",
]


@settings(max_examples=6, deadline=None)
@given(st.lists(texts, min_size=1, max_size=40))
def test_a_word_for_bash_stays_one_word_in_bash_and_in_python(words: list[str]) -> None:
    words = [*QUOTED, *words]
    quoted = [line.removeprefix(" ") for line in each('quoted_words "$value"', words)]
    assert [shlex.split(word) for word in quoted] == [[word] for word in words]
    back = each('eval "word=$value"; printf "%s" "$word"', quoted)
    assert back == words


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_text_for_powershell_has_every_quote_doubled_and_nothing_else_changed(locale: str) -> None:
    (found,) = each('powershell "$value"', ["a'b’c‘d‚e‛f–“g”&$h`i"], locale=locale)
    assert found == "'a''b’’c‘‘d‚‚e‛‛f–“g”&$h`i'"


@pytest.mark.parametrize(
    "value", ["x", "", "22222222-2222-4000-8000-22222222222", "22222222-2222-4000-8000-222222222222\n"]
)
def test_only_a_guid_is_an_id(value: str) -> None:
    take = 'FAILED=1; fail() { printf "refused"; exit; }; (take_id id "$value"; printf "%s" "$id")'
    assert each(take, [value]) == ["refused"]
    assert each(take, ["ABCDEFAB-2222-4000-8000-222222222222"]) == ["abcdefab-2222-4000-8000-222222222222"]
