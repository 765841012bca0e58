"""What a request's body may be, and what is said of everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.body import MAX_BODY, Sent
from connector.errors import BodyError, FieldError
from connector.request import parse
from connector.wanted import is_name

GOOD: dict[str, Any] = {"name": "utm-headquarters", "mailboxes": ["Invoices@contoso.com", "support@contoso.com"]}


def read(document: Any, content_type: str = "application/json") -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(Sent(body, content_type))


def test_only_name_and_mailboxes_are_required() -> None:
    wanted = read(GOOD).wanted(1)
    assert wanted.display_name == "UTM Mail-Connector utm-headquarters"
    assert wanted.mailboxes == ["invoices@contoso.com", "support@contoso.com"]
    assert (wanted.lifetime_days, wanted.enable_imap) == (None, False)


def test_two_requests_that_mean_the_same_are_equal() -> None:
    spelled_out = {**GOOD, "displayName": "UTM Mail-Connector utm-headquarters", "secret": {}}
    assert read(spelled_out, "application/json; charset=utf-8").wanted(3) == read(GOOD).wanted(3)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"mailboxs": []}, "unknown-field-near", "mailboxs"),
        ({"zzz": 1}, "unknown-field", "zzz"),
        ({"display_name": "x"}, "unknown-field-near", "display_name"),
        ({"secret": {"lifetime": 3}}, "unknown-field-near", "secret.lifetime"),
        ({"name": "UTM"}, "name-invalid", "name"),
        ({"name": "utm\n"}, "hidden-character", "name"),
        ({"name": "a--b"}, "name-invalid", "name"),
        ({"name": "a" * 41}, "name-invalid", "name"),
        ({"name": 7}, "field-type", "name"),
        ({"mailboxes": []}, "list-length", "mailboxes"),
        ({"mailboxes": [f"a{n}@b.de" for n in range(5_001)]}, "list-length", "mailboxes"),
        ({"mailboxes": "a@b.de"}, "field-type", "mailboxes"),
        ({"mailboxes": [1]}, "field-type", "mailboxes.0"),
        ({"mailboxes": ["a@b.de", "A@B.de"]}, "duplicate-mailbox", "mailboxes"),
        ({"mailboxes": ["no address"]}, "not-an-address", "mailboxes"),
        ({"mailboxes": ["a@b.de\n"]}, "not-an-address", "mailboxes"),
        ({"mailboxes": ["müller@contoso.com"]}, "not-an-address", "mailboxes"),
        ({"mailboxes": ["a@localhost"]}, "not-an-address", "mailboxes"),
        ({"mailboxes": ["a" * 250 + "@b.de"]}, "not-an-address", "mailboxes"),
        ({"secret": {"lifetimeDays": 0}}, "field-range", "secret.lifetimeDays"),
        ({"secret": {"lifetimeDays": 731}}, "field-range", "secret.lifetimeDays"),
        ({"secret": {"lifetimeDays": "180"}}, "field-type", "secret.lifetimeDays"),
        ({"secret": {"lifetimeDays": 1.5}}, "field-type", "secret.lifetimeDays"),
        ({"secret": {"lifetimeDays": True}}, "field-type", "secret.lifetimeDays"),
        ({"secret": []}, "field-type", "secret"),
        ({"enableImap": "yes"}, "field-type", "enableImap"),
        ({"displayName": ""}, "field-text", "displayName"),
        ({"displayName": "a\nb"}, "hidden-character", "displayName"),
        ({"accept": []}, "accept-apart", "accept"),
        ({"Accept": ["foreign-owner:eve"]}, "accept-apart", "Accept"),
        ({"secret": {"accept": []}}, "unknown-field", "secret.accept"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(FieldError) as caught:
        read({**GOOD, **change})
    assert (caught.value.code, caught.value.values["field"]) == (code, field)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert read({**GOOD, "secret": {"lifetimeDays": 90.0}}).wanted(1).lifetime_days == 90


def test_a_missing_field_is_named() -> None:
    with pytest.raises(FieldError) as caught:
        read({"name": "a"})
    assert (caught.value.code, caught.value.values["field"]) == ("field-missing", "mailboxes")


def test_did_you_mean() -> None:
    with pytest.raises(FieldError) as caught:
        read({**GOOD, "enableIMAP": True})
    assert caught.value.values["near"] == "enableImap"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b" " * (MAX_BODY + 1), "application/json", "body-too-large"),
        (json.dumps(GOOD).encode(), "text/plain", "media-type"),
        (json.dumps(GOOD).encode(), "", "media-type"),
        (b'{"name": "\xff"}', "application/json", "not-utf8"),
        (b"{", "application/json", "not-json"),
        (b"[" * 200_000, "application/json", "not-json"),
        (b'{"name": NaN}', "application/json", "not-json"),
    ],
)
def test_a_body_that_cannot_be_read(body: bytes, content_type: str, code: str) -> None:
    with pytest.raises(BodyError) as caught:
        read(body, content_type)
    assert caught.value.code == code


def test_a_body_that_is_no_object() -> None:
    with pytest.raises(FieldError) as caught:
        read([GOOD])
    assert caught.value.values["field"] == "body"


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_any_bytes_are_refused_in_our_words(body: bytes | str) -> None:
    with pytest.raises((BodyError, FieldError)):
        read(body if isinstance(body, bytes) else body.encode())


@given(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True))
def test_every_name_of_the_pattern_is_accepted(name: str) -> None:
    assert is_name(name)
    assert read({**GOOD, "name": name}).name == name


MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_at_the_start_is_read_over() -> None:
    assert read(MARK + json.dumps(GOOD).encode()) == read(GOOD)
    with pytest.raises(BodyError) as refused:
        read(MARK + b'{"name": "\xff"}')
    assert (refused.value.code, refused.value.values["position"]) == ("not-utf8", 13)
    for twice in (MARK + MARK + b"{}", b" " + MARK + b"{}", b"{}" + MARK):
        with pytest.raises(BodyError, match="not-json"):
            read(twice)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [json.dumps(GOOD), "{}", "[1]", "7"])
def test_utf_16_and_32_are_named(encoding: str, text: str) -> None:
    with pytest.raises(BodyError) as refused:
        read(text.encode(encoding))
    assert refused.value.code == "body-utf16"


def test_two_forms_of_a_domain_are_one_mailbox() -> None:
    both = [{**GOOD, "mailboxes": [address]} for address in ("Info@M\u00fcller.de", "\ufeffinfo@xn--mller-kva.de")]
    assert read(both[0]).wanted(1) == read(both[1]).wanted(1)
    assert read(both[0]).wanted(1).mailboxes == ["info@xn--mller-kva.de"]
    with pytest.raises(FieldError) as refused:
        read({**GOOD, "mailboxes": ["info@m\u00fcller.de", "a@b.de", "info@xn--mller-kva.de"]})
    assert refused.value.code == "duplicate-mailbox"
    assert refused.value.values["value"] == "info@m\u00fcller.de, info@xn--mller-kva.de"


def test_a_hint_names_all_fields_and_the_nearest_one() -> None:
    for change, near in (({"mailboxs": []}, "mailboxes"), ({"display_name": "x"}, "displayName")):
        with pytest.raises(FieldError) as refused:
            read({**GOOD, **change})
        assert refused.value.values["near"] == near
        assert refused.value.values["known"] == (
            "name, mailboxes, displayName, secret, protocols, enableImap, enablePop, enableSmtp, "
            "roleBasedSending, sendAs"
        )
