"""Which secret takes the place of which: from the document, or from the vault's tags where the store is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.credential import SecretRecord
from connector.observed import SecretVersion
from connector.plans.secret import succession

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def version(key_id: str | None, state: str | None = None) -> SecretVersion:
    tags = {name: value for name, value in (("keyId", key_id), ("state", state)) if value is not None}
    return SecretVersion(uri="u", version=f"v-{key_id}", enabled=True, created=NOW, expires=NOW, tags=tags)


def record(key_id: str, **more: object) -> SecretRecord:
    return SecretRecord.model_validate(
        {"uri": "u", "version": f"v-{key_id}", "key_id": key_id, "expires_on": NOW, **more}
    )


@pytest.mark.parametrize(
    ("before", "versions", "replaces"),
    [
        (None, [version("a", "new")], None),
        (None, [version("b", "new"), version("a", "new")], None),
        (None, [version("b", "new"), version("a", "current")], "a"),
        (None, [version("b", "next"), version("a", "current")], "a"),
        (None, [version("c", "new"), version("b", "new"), version("a")], "a"),
        (None, [version("c", "new"), version("b", "next"), version("a", "current")], "b"),
        (None, [version("b", "current"), version("a", "current")], None),
        (None, [version("b", "new"), version(None)], None),
        (None, [version("b"), version("a")], None),
        (record("a"), [version("b", "new"), version("a", "current")], "a"),
        (record("a"), [version("a")], None),
        (record("b", replaces="a"), [version("c", "new"), version("b", "next")], "b"),
    ],
)
def test_what_is_replaced(before: SecretRecord | None, versions: list[SecretVersion], replaces: str | None) -> None:
    found = succession(before, tuple(versions))
    assert found is not None
    assert (found.key_id, found.replaces, found.confirmed_on) == (versions[0].key_id, replaces, None)


@pytest.mark.parametrize("confirmed", [None, NOW])
def test_the_same_value_under_another_version_is_no_new_one(confirmed: datetime | None) -> None:
    before = record("b", version="earlier", replaces="a", confirmed_on=confirmed)
    found = succession(before, (version("b", "next"),))
    assert found is not None
    assert (found.version, found.replaces, found.confirmed_on) == ("v-b", "a", confirmed)
