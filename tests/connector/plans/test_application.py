"""Step 2 makes and corrects the application; whose it is, ``test_ownership`` shows."""

from __future__ import annotations

import dataclasses

import pytest

from connector.observed import Application
from connector.plans.application import Observed, plan, unique_name
from connector.plans.plan import Action
from connector.wanted import Wanted
from tests.connector.plans.test_ownership import APPLICATION, OTHER, seen

WANTED = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"])


def observed(application: Application | None, deleted: Application | None = None, *accepted: str) -> Observed:
    return Observed(seen(application, accepted=accepted), deleted)


def test_it_is_made_where_there_is_none() -> None:
    (change,) = plan(observed(None), WANTED).changes
    assert (change.action, change.reason) == (Action.CREATE_APPLICATION, "application-missing")


def test_nothing_is_done_to_one_that_is_as_wanted() -> None:
    assert plan(observed(APPLICATION), WANTED) == plan(observed(APPLICATION), WANTED).__class__()


@pytest.mark.parametrize(
    "difference",
    [
        {"display_name": "other"},
        {"sign_in_audience": "AzureADMultipleOrgs"},
        {"tags": frozenset({"another"})},
        {"required_roles": frozenset()},
        {"locked": False},
    ],
)
def test_a_difference_is_corrected(difference: dict[str, object]) -> None:
    different = dataclasses.replace(APPLICATION, **difference)  # type: ignore[arg-type]
    (change,) = plan(observed(different), WANTED).changes
    assert change.action is Action.UPDATE_APPLICATION


def test_one_that_is_not_ours_is_not_corrected() -> None:
    foreign = dataclasses.replace(APPLICATION, maker=OTHER, display_name="differs")
    result = plan(observed(foreign), WANTED)
    assert (result.blocked, result.changes) == (True, ())
    accepted = plan(observed(foreign, None, result.findings[0].id), WANTED)
    assert [change.action for change in accepted.changes] == [Action.UPDATE_APPLICATION]
    assert [finding.severity for finding in accepted.findings] == ["info"]


def test_a_deleted_application_is_not_made_anew_before_that_is_accepted() -> None:
    """Restoring it keeps the values that the UTM has; a new one would not."""
    (finding,) = plan(observed(None, APPLICATION), WANTED).findings
    assert finding.id == f"application-deleted:{APPLICATION.application_id}"
    assert finding.values["applicationId"] == APPLICATION.application_id
    accepted = plan(observed(None, APPLICATION, finding.id), WANTED)
    assert [change.action for change in accepted.changes] == [Action.CREATE_APPLICATION]


def test_the_unique_name_carries_the_connection() -> None:
    assert unique_name("hq") == "utm-mail-connect-hq"
