"""Which secret is which: by the vault's tags, and by what the document says of a confirmation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.credential import Rotation, RotationState, SecretRecord
from connector.observed import CredentialVersion
from connector.plans.succession import is_offered, ours, told

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def version(key: str, state: str | None, age: int, **tags: str) -> CredentialVersion:
    values = {"keyId": key, **({"state": state} if state else {}), **tags}
    created = NOW - timedelta(days=age)
    return CredentialVersion(uri="u", version=f"v-{key}", enabled=True, created=created, expires=NOW, tags=values)


def record(key: str) -> SecretRecord:
    return SecretRecord(uri="u", version=f"v-{key}", key_id=key, expires_on=NOW)


def story(text: str) -> list[CredentialVersion]:
    """Return versions, the newest first, from ``a:current b:next``, which is written the oldest first."""
    parts = [one.partition(":") for one in text.split()]
    return [version(key, state or None, age) for age, (key, _, state) in enumerate(reversed(parts))]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a", "a - -"),
        ("a b", "b - -"),
        ("a:next", "- a -"),
        ("a:new", "- a -"),
        ("a:current", "a - -"),
        ("a:current b:next", "a b -"),
        ("a b:next", "a b -"),
        ("a:retiring b:current", "b - a"),
        ("a:retiring b:next", "b - a"),
        ("a:retired b:current", "b - -"),
        ("a:retired b:current c:next", "b c -"),
        ("a:current b:given-up", "a - -"),
        ("a:next b:current", "b - -"),
        ("a:retired", "- - -"),
        ("a:current b:current", "b - -"),
    ],
)
def test_the_tags_tell_which_is_which(written: str, expected: str) -> None:
    seen = told(story(written), None, None)
    assert " ".join(one.key_id or "" if one else "-" for one in (seen.current, seen.next, seen.retiring)) == expected


def test_a_confirmation_is_in_the_document_before_it_is_in_the_tags() -> None:
    rotation = Rotation(id="r", begun=NOW, state=RotationState.RETIRING, old=record("a"), confirmed_on=NOW)
    for written in ("a:current b:next", "a:retiring b:next", "a:current b:current", "a:retiring b:current"):
        seen = told(story(written), record("b"), rotation)
        assert seen.current is not None
        assert seen.retiring is not None
        assert (seen.current.key_id, seen.next, seen.retiring.key_id) == ("b", None, "a"), written
    assert told(story("a:retired b:current"), record("b"), rotation).retiring is None
    for written in ("a:current b:next c:next", "a:retiring b:next c:next", "a:retiring b:current c:next"):
        seen = told(story(written), record("b"), rotation)
        assert [one and one.key_id for one in (seen.current, seen.next, seen.retiring)] == ["b", "c", "a"], written


def test_nobody_was_told_of_a_secret_that_is_still_being_proven() -> None:
    assert not is_offered(version("a", "next", 0, rotation="r"))
    assert is_offered(version("a", "next", 0, rotation="r", offered="2026-11-23T12:00:00+00:00"))
    assert is_offered(version("a", "next", 0))


def test_ours_is_what_the_vault_or_an_intent_knows() -> None:
    assert ours(story("a b"), (), (record("c"), None)) == {"a", "b", "c"}
