"""Which secret is which: by the vault's tags, and by what the document says of a confirmation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.credential import Rotation, RotationState, SecretRecord
from connector.observed import CredentialVersion
from connector.plans.succession import is_offered, ours, recognized, told

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


RETIRES = Rotation(id="r", begun=NOW, state=RotationState.RETIRING, old=record("a"), confirmed_on=NOW)
OFFERS = Rotation(id="r", begun=NOW, state=RotationState.OFFERED, next=record("b"), offered_on=NOW)
PREPARES = Rotation(id="r", begun=NOW, next=record("b"))


@pytest.mark.parametrize("tag", ["keyId", "state", "all of them"])
@pytest.mark.parametrize(
    ("written", "secret", "rotation", "expected"),
    [
        ("a:current", "a", None, "a - -"),
        ("a:current b:next", "a", PREPARES, "a b -"),
        ("a:current b:next", "a", OFFERS, "a b -"),
        ("a:current b:next", "b", RETIRES, "b - a"),
        ("a:retiring b:current", "b", RETIRES, "b - a"),
    ],
)
def test_what_somebody_has_taken_from_the_tags_the_document_knows(
    written: str, secret: str, rotation: Rotation | None, expected: str, tag: str
) -> None:
    every = story(written)
    assert recognized(every, record(secret), rotation) == tuple(every)
    for lost in ([0], [-1], range(len(every))):
        left = list(every)
        for nth in lost:
            kept = {key: value for key, value in every[nth].tags.items() if tag not in {key, "all of them"}}
            left[nth] = replace(every[nth], tags=kept)
        seen = told(recognized(left, record(secret), rotation), record(secret), rotation)
        found = " ".join(one.key_id or "" if one else "-" for one in (seen.current, seen.next, seen.retiring))
        assert found == expected, (lost, left)


@pytest.mark.parametrize("rotation", [PREPARES, OFFERS])
def test_nobody_has_a_secret_without_tags_that_was_still_being_proven(rotation: Rotation) -> None:
    (found,) = recognized([replace(version("b", None, 0), tags={})], None, rotation)
    assert is_offered(found) is (rotation is OFFERS)


def test_of_what_the_document_does_not_know_the_tags_alone_tell() -> None:
    foreign = replace(version("c", None, 0), tags={"theirs": "1"})
    assert recognized([foreign, *story("a")], record("a"), None) == (foreign, *story("a"))


def test_nobody_was_told_of_a_secret_that_is_still_being_proven() -> None:
    assert not is_offered(version("a", "next", 0, rotation="r"))
    assert is_offered(version("a", "next", 0, rotation="r", offered="2026-11-23T12:00:00+00:00"))
    assert is_offered(version("a", "next", 0))


def test_ours_is_what_the_vault_or_an_intent_knows() -> None:
    assert ours(story("a b"), (), (record("c"), None)) == {"a", "b", "c"}
