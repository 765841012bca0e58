"""Step 2 decides by ownership: the name and the tag only explain."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from connector.model import Wanted
from connector.observed import Application, Credential
from connector.plans.application import AUDIENCE, REQUIRED_ROLES, TAG, Observed, plan, unique_name
from connector.plans.plan import Action

US = "00000000-0000-0000-0000-0000000000aa"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
WANTED = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"])
OURS = Application(
    object_id="object",
    application_id="app",
    display_name="UTM",
    sign_in_audience=AUDIENCE,
    tags=frozenset({TAG, "another"}),
    required_roles=frozenset(REQUIRED_ROLES),
    owners=frozenset({US}),
)


def observed(application: Application | None, **more: object) -> Observed:
    return dataclasses.replace(Observed(application, US, ours=set(), intents=set(), deleted=None, now=NOW), **more)  # type: ignore[arg-type]


def credential(key_id: str, kind: str = "secret", name: str | None = None) -> Credential:
    return Credential(key_id=key_id, kind=kind, display_name=name, ends=None)  # type: ignore[arg-type]


def test_it_is_made_where_there_is_none() -> None:
    (change,) = plan(observed(None), WANTED).changes
    assert (change.action, change.reason) == (Action.CREATE_APPLICATION, "application-missing")


def test_nothing_is_done_to_one_that_is_as_wanted() -> None:
    assert plan(observed(OURS), WANTED) == plan(observed(OURS), WANTED).__class__()


@pytest.mark.parametrize(
    "difference",
    [
        {"display_name": "other"},
        {"sign_in_audience": "AzureADMultipleOrgs"},
        {"tags": frozenset({"another"})},
        {"required_roles": frozenset()},
    ],
)
def test_a_difference_is_corrected(difference: dict[str, object]) -> None:
    different = dataclasses.replace(OURS, **difference)  # type: ignore[arg-type]
    (change,) = plan(observed(different), WANTED).changes
    assert change.action is Action.UPDATE_APPLICATION


def test_a_foreign_application_is_refused_whatever_its_tag_says() -> None:
    result = plan(observed(dataclasses.replace(OURS, owners=frozenset({"somebody"}))), WANTED)
    assert result.blocked
    assert [finding.code for finding in result.findings] == ["foreign-application"]


def test_no_owner_at_all_is_waited_for() -> None:
    result = plan(observed(dataclasses.replace(OURS, owners=frozenset())), WANTED)
    assert (result.wait, result.changes, result.findings) == ("owner-unknown", (), ())


def test_what_nobody_owns_after_half_an_hour_is_foreign() -> None:
    """The owner is replicated within minutes; an application without any was made by somebody else."""
    ownerless = dataclasses.replace(OURS, owners=frozenset(), created=NOW - timedelta(minutes=31))
    (finding,) = plan(observed(ownerless), WANTED).findings
    assert finding.code == "foreign-application"


def test_a_deleted_application_is_not_made_anew_before_that_is_accepted() -> None:
    """Restoring it keeps the values that the UTM has; a new one would not."""
    (finding,) = plan(observed(None, deleted=OURS), WANTED).findings
    assert finding.id == "application-deleted:app"
    assert finding.values["applicationId"] == OURS.application_id
    accepted = plan(observed(None, deleted=OURS), WANTED, {finding.id})
    assert [change.action for change in accepted.changes] == [Action.CREATE_APPLICATION]


def test_another_owner_stops_until_it_is_accepted() -> None:
    shared = dataclasses.replace(OURS, owners=frozenset({US, "eve"}), display_name="differs")
    result = plan(observed(shared), WANTED)
    assert result.blocked
    assert not result.changes
    (finding,) = result.findings
    assert finding.values["applicationId"] == OURS.application_id
    accepted = plan(observed(shared), WANTED, {finding.id})
    assert not accepted.blocked
    assert [found.severity for found in accepted.findings] == ["info"]
    assert [change.action for change in accepted.changes] == [Action.UPDATE_APPLICATION]


@pytest.mark.parametrize("kind", ["secret", "certificate", "federated"])
def test_a_credential_that_we_did_not_make_stops(kind: str) -> None:
    result = plan(observed(dataclasses.replace(OURS, credentials=(credential("k", kind),))), WANTED)
    assert [finding.id for finding in result.findings] == ["foreign-credential:k"]
    assert result.blocked


def test_credentials_of_the_vault_and_of_our_intents_are_ours() -> None:
    application = dataclasses.replace(OURS, credentials=(credential("k1"), credential("k2", name="intent")))
    assert not plan(observed(application, ours={"k1"}, intents={"intent"}), WANTED).findings


def test_a_certificate_is_never_ours_even_under_the_name_of_an_intent() -> None:
    application = dataclasses.replace(OURS, credentials=(credential("k", "certificate", "intent"),))
    assert plan(observed(application, ours={"k"}, intents={"intent"}), WANTED).blocked


def test_the_unique_name_carries_the_connection() -> None:
    assert unique_name("hq") == "utm-mail-connect-hq"
