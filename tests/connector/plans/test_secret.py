"""Step 5 makes a secret only when none is usable, and removes orphans only by their intent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.credential import Intent
from connector.finding import Finding
from connector.microsoft import REPLICATION_TIME
from connector.observed import Credential, CredentialVersion
from connector.plans.plan import Action
from connector.plans.secret import plan
from connector.plans.secret_names import lifetime, secret_name
from connector.plans.secret_observed import Observed, credential_name, orphans
from connector.steps import StepName
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WANTED = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"])
LONG_AGO, JUST_NOW = NOW - timedelta(days=10), NOW - timedelta(minutes=1)


def version(key_id: str | None = "k1", **more: Any) -> CredentialVersion:
    values: dict[str, Any] = {
        "uri": "https://vault/secrets/s/v",
        "version": "v",
        "enabled": True,
        "created": LONG_AGO,
        "expires": NOW + timedelta(days=90),
        "tags": {"keyId": key_id} if key_id else {},
    }
    return CredentialVersion(**{**values, **more})


def credential(key_id: str, name: str = "") -> Credential:
    return Credential(key_id=key_id, kind="secret", display_name=name, ends=None)


def observed(**more: Any) -> Observed:
    values: dict[str, Any] = {
        "versions": (version(),),
        "credentials": (credential("k1"),),
        "intents": (),
        "proof": "accepted",
        "now": NOW,
        "subject": "name",
    }
    return Observed(**{**values, **more})


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (observed(versions=()), "secret-missing"),
        (observed(versions=(version(enabled=False), version("k0"))), "secret-disabled"),
        (observed(versions=(version(expires=NOW),)), "secret-expired"),
        (observed(versions=(version(None),)), "secret-missing"),
        (observed(credentials=()), "secret-gone"),
        (observed(proof="refused"), "secret-refused"),
        (observed(proof="expired"), "secret-expired"),
        (observed(versions=(version(created=JUST_NOW),), proof="expired"), "secret-expired"),
    ],
)
def test_a_new_secret_has_a_reason(seen: Observed, reason: str) -> None:
    (change,) = plan(seen, WANTED).changes
    assert (change.action, change.reason, change.subject) == (Action.ADD_SECRET, reason, "name")


def test_a_usable_secret_is_left_alone() -> None:
    result = plan(observed(), WANTED)
    assert (result.changes, result.wait, result.findings) == ((), None, ())


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (observed(versions=(version(created=JUST_NOW),), proof="refused"), "secret-not-known-yet"),
        (observed(versions=(version(created=JUST_NOW),), proof="application-unknown"), "secret-not-known-yet"),
        (observed(versions=(version(created=JUST_NOW),), credentials=()), "secret-not-listed-yet"),
    ],
)
def test_a_fresh_secret_is_given_time(seen: Observed, reason: str) -> None:
    result = plan(seen, WANTED)
    assert (result.changes, result.wait) == ((), reason)


def test_a_refusal_after_the_time_for_replication_is_meant() -> None:
    old = version(created=NOW - REPLICATION_TIME)
    assert plan(observed(versions=(old,), proof="refused"), WANTED).changes


def test_only_credentials_of_unfinished_intents_that_no_version_carries_are_orphans() -> None:
    intents = (
        Intent(id="crashed", started=LONG_AGO),
        Intent(id="stored", started=LONG_AGO),
        Intent(id="complete", started=LONG_AGO, key_id="k4"),
    )
    credentials = (
        credential("k2", credential_name("crashed")),
        credential("k1", credential_name("stored")),
        credential("k4", credential_name("complete")),
        credential("k5", "made by a person"),
        Credential("k6", "certificate", credential_name("crashed"), None),
    )
    seen = observed(intents=intents, credentials=credentials)
    assert [orphan.key_id for orphan in orphans(seen)] == ["k2"]
    assert [(change.action, change.subject) for change in plan(seen, WANTED).changes] == [(Action.REMOVE_ORPHAN, "k2")]


def test_orphans_go_before_a_new_secret_comes() -> None:
    seen = observed(
        versions=(), credentials=(credential("k2", credential_name("i")),), intents=(Intent(id="i", started=LONG_AGO),)
    )
    assert [change.action for change in plan(seen, WANTED).changes] == [Action.REMOVE_ORPHAN, Action.ADD_SECRET]


@pytest.mark.parametrize(
    ("wish", "default", "longest", "days", "less"),
    [
        (None, 180, None, 180, 0),
        (90, 180, None, 90, 0),
        (730, 180, 180, 180, 1),
        (None, 180, 90, 90, 1),
        (90, 180, 90, 90, 1),
        (30, 180, 90, 30, 0),
        (1, 180, 1, 1, 1),
        (30, 180, 0, 30, 0),
    ],
)
def test_the_lifetime_is_the_wish_clamped_to_the_policy_and_an_hour_less_than_all_of_it(
    wish: int | None, default: int, longest: int | None, days: int, less: int
) -> None:
    assert lifetime(wish, default, longest) == timedelta(days=days, hours=-less)


@given(st.none() | st.integers(1, 730), st.integers(1, 730), st.none() | st.integers(1, 5_000))
def test_a_lifetime_never_exceeds_any_limit(wish: int | None, default: int, longest: int | None) -> None:
    lives = lifetime(wish, default, longest)
    assert timedelta(hours=23) <= lives <= timedelta(days=min(730, longest or 730, wish or default))


def test_the_longest_name_fits_into_the_vault() -> None:
    assert len(secret_name("a" * 40, "0" * 36)) <= 127


OPEN = Intent(id="i", started=NOW - timedelta(minutes=4))
HELD = Finding(code="vault-right-missing", step=StepName.SECRET)


@pytest.mark.parametrize(
    ("seen", "actions", "wait", "findings"),
    [
        (observed(versions=(), intents=(OPEN,)), [], "secret-in-the-making", []),
        (observed(versions=(), intents=(OPEN.model_copy(update={"given_up": True}),)), [Action.ADD_SECRET], None, []),
        (observed(versions=(), intents=(OPEN,), now=NOW + timedelta(minutes=1)), [Action.ADD_SECRET], None, []),
        (observed(intents=(OPEN,)), [], None, []),
        (observed(versions=(), held=HELD), [], None, ["vault-right-missing"]),
        (observed(held=HELD), [], None, []),
        (observed(versions=(), deleted=True, held=HELD), [Action.RECOVER_SECRET], None, []),
        (observed(recovered=True), [], None, ["secret-recovered"]),
        (observed(recovered=True, proof="refused"), [Action.ADD_SECRET], None, []),
    ],
)
def test_a_secret_is_made_by_one_delivery_and_only_where_the_vault_takes_it(
    seen: Observed, actions: list[Action], wait: str | None, findings: list[str]
) -> None:
    result = plan(seen, WANTED)
    assert [change.action for change in result.changes] == actions
    assert (result.wait, [finding.code for finding in result.findings]) == (wait, findings)


def test_what_another_delivery_is_just_making_is_no_orphan() -> None:
    making = observed(versions=(), credentials=(credential("k2", credential_name("i")),), intents=(OPEN,))
    assert orphans(making) == ()
    left = observed(
        versions=(), credentials=making.credentials, intents=(OPEN,), held=HELD, now=NOW + timedelta(hours=1)
    )
    assert [change.action for change in plan(left, WANTED).changes] == [Action.REMOVE_ORPHAN]
