"""Who has asked, as it is kept: what versions before have kept as one text is read, and nobody's address is kept."""

from __future__ import annotations

import pytest

from connector.caller import RENEWS, WATCHES, By, Caller, asker
from connector.operation import Operation

OID = "11111111-2222-4333-8444-555555555555"
STARTED = "2026-11-27T12:00:00Z"


def kept(by: object) -> By | None:
    return Operation.model_validate({"id": "op", "kind": "set-up", "started": STARTED, "by": by}).by


@pytest.mark.parametrize(
    ("earlier", "by"),
    [
        ("key 01234567", By(kind="key", key="01234567")),
        ("key -", By(kind="key")),
        (f"program {OID}", By(kind="program", id=OID)),
        (f"person {OID} Otto Normal", By(kind="person", id=OID, name="Otto Normal")),
        (f"person {OID}", By(kind="person", id=OID)),
        (f"person {OID} key 01234567", By(kind="person", id=OID, name="key 01234567")),
        ("somebody", None),
        (None, None),
    ],
)
def test_what_a_version_before_has_kept_as_a_text_is_read(earlier: str | None, by: By | None) -> None:
    assert kept(earlier) == by


@pytest.mark.parametrize(
    "by", [Caller(kind="person", function="x", id=OID, name="Otto", address="203.0.113.9").by, RENEWS]
)
def test_what_is_kept_is_read_as_it_was_and_holds_no_address(by: By) -> None:
    document = by.model_dump(by_alias=True, exclude_defaults=True)
    assert kept(document) == by
    assert "address" not in document


def test_a_line_names_a_person_by_id_and_name_a_key_by_its_digits_and_function_and_a_timer_as_one() -> None:
    person = By(kind="person", function="create_connection", id=OID, name="Otto")
    assert asker(person) == {"by": f"person {OID}", "byName": "Otto", "byFunction": "create_connection"}
    key = By(function="create_connection", key="01234567")
    assert asker(key) == {"by": "key 01234567", "byName": None, "byFunction": "create_connection"}
    assert asker(WATCHES) == {"by": "timer", "byName": None, "byFunction": "watch_secrets"}
    assert asker(None) == {"by": None, "byName": None, "byFunction": None}
