"""The query as it was sent: each parameter once, as it is spelt, with a value where it needs one; or refused."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import FieldError
from connector.query import parse

KNOWN, FLAGS = ("secret", "allowRemoval", "after"), ("dryRun",)
READ: list[tuple[str, dict[str, str]]] = [
    ("", {}),
    ("?", {}),
    ("?&&", {}),
    ("?dryRun", {"dryRun": ""}),
    ("?dryRun=", {"dryRun": ""}),
    ("?&dryRun=true&", {"dryRun": "true"}),
    ("?%64ryRun=%74rue", {"dryRun": "true"}),
    ("?after=a%26b%3Dc", {"after": "a&b=c"}),
    ("?after=a=b", {"after": "a=b"}),
    ("?after=a+b%2Bc", {"after": "a b+c"}),
    ("?after=%C3%A4", {"after": "ä"}),
    ("?after=%2541", {"after": "%41"}),
    ("?secret=reference;dryRun=true", {"secret": "reference;dryRun=true"}),
    ("?secret=reference#dryRun", {"secret": "reference#dryRun"}),
    ("?after=a?b", {"after": "a?b"}),
    ("?code=KEY&dryRun&CODE=&code&c%6fde=%FF", {"dryRun": ""}),
]
REFUSED: list[tuple[str, str, str]] = [
    ("?secret", "query-empty", "secret"),
    ("?secret=", "query-empty", "secret"),
    ("?secret=reference&secret=value", "query-doubled", "secret"),
    ("?secret=reference&secret=reference", "query-doubled", "secret"),
    ("?secret=reference&secret=", "query-doubled", "secret"),
    ("?dryRun&%64ryRun=false", "query-doubled", "dryRun"),
    ("?dryRun=true&dryrun=false", "unknown-query", "dryrun"),
    ("?DRYRUN", "unknown-query", "DRYRUN"),
    ("?dryRun;secret=reference", "unknown-query", "dryRun;secret"),
    ("?#dryRun", "unknown-query", "#dryRun"),
    ("?+dryRun", "unknown-query", " dryRun"),
    ("?dryRun%00=true", "unknown-query", "dryRun\0"),
    ("?%2564ryRun", "unknown-query", "%64ryRun"),
    ("?=true", "unknown-query", ""),
    ("?codes=1", "unknown-query", "codes"),
    ("?after=%FF", "query-encoding", "after"),
    ("?after=%ED%A0%80", "query-encoding", "after"),
    ("?after=%4", "query-encoding", "after"),
    ("?%FF=1", "query-encoding", "%FF"),
]


@pytest.mark.parametrize(("sent", "found"), READ)
def test_a_query_is_read_as_it_was_sent(sent: str, found: dict[str, str]) -> None:
    assert parse(f"http://app.example/api/connections{sent}", KNOWN, FLAGS) == found


@pytest.mark.parametrize(("sent", "code", "field"), REFUSED)
def test_what_is_not_clear_is_refused(sent: str, code: str, field: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse(f"http://app.example/api/connections{sent}", KNOWN, FLAGS)
    assert (refused.value.code, refused.value.values["field"]) == (code, field)


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ("DRYRUN", "dryRun, secret, allowRemoval, after"),
        ("dry_run", "dryRun, secret, allowRemoval, after"),
        ("ALLOWREMOVAL=1", "allowRemoval, secret, after, dryRun"),
        ("secrets=reference", "secret, allowRemoval, after, dryRun"),
        ("zzz", "secret, allowRemoval, after, dryRun"),
    ],
)
def test_the_right_spelling_is_said(sent: str, known: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse(f"http://app.example/?{sent}", KNOWN, FLAGS)
    assert refused.value.values["known"] == known


_TOKENS = st.sampled_from(
    ["dryRun", "secret", "after", "code", "true", "=", "&", ";", "%64", "%", "#", "?", "+", ",", "%FF"]
)


@given(st.lists(_TOKENS).map("".join))
def test_whatever_is_sent_nothing_of_it_is_passed_over(sent: str) -> None:
    """Every part but the key comes back as a parameter, or the whole of it is refused."""
    try:
        found = parse(f"http://app.example/?{sent}", KNOWN, FLAGS)
    except FieldError:
        return
    parts = [part for part in sent.split("&") if part and part.partition("=")[0] != "code"]
    assert len(found) == len(parts)


@given(st.dictionaries(st.sampled_from([*KNOWN, *FLAGS]), st.text(st.characters(codec="utf-8"), min_size=1)))
def test_what_is_encoded_well_is_read_back(parameters: dict[str, str]) -> None:
    assert parse(f"http://app.example/?{urlencode(parameters)}", KNOWN, FLAGS) == parameters
