"""What grant.sh grants, in which order, and that a second run changes nothing."""

from __future__ import annotations

import re

import pytest

from tests.infra.shell import APP, EXCHANGE_APP, GRAPH_ROLES, GRAPH_SP, HERE, IDENTITY, IDS, Shell, principal

PROFILES = {
    "minimal": ["Application.ReadWrite.OwnedBy"],
    "careful": ["Application.ReadWrite.OwnedBy", "Exchange.ManageAsApp", "Policy.Read.All"],
    "automatic": [
        "AppRoleAssignment.ReadWrite.All",
        "Application.Read.All",
        "Application.ReadWrite.OwnedBy",
        "Exchange Administrator",
        "Exchange.ManageAsApp",
        "Policy.Read.All",
    ],
}


def grant(shell: Shell, profile: str, *more: str) -> None:
    ended = shell.run("grant.sh", *HERE, "--profile", profile, "--yes", *more)
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_first_run_grants_what_the_profile_says_and_the_second_changes_nothing(shell: Shell, profile: str) -> None:
    grant(shell, profile)
    assert shell.rights == PROFILES[profile]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shell.granted or "")
    assert len(shell.writes) == len(PROFILES[profile]) + 1
    assert shell.writes[-1] == "functionapp config appsettings set"
    world = shell.tenant
    grant(shell, profile)
    assert shell.writes == []
    assert shell.tenant == world


def test_without_a_profile_and_without_an_answer_it_is_careful_and_nothing_is_changed(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE)
    assert ended.code == 1
    assert "--yes" in ended.err
    assert (shell.writes, shell.records) == ([], [])
    assert "Profile   careful" in ended.out


@pytest.mark.parametrize(
    ("answers", "profile"), [("\ny\n", "careful"), ("2\ny\nyes\n", "automatic"), ("3\nj\n", "minimal")]
)
def test_a_person_chooses_the_profile_and_says_yes(shell: Shell, answers: str, profile: str) -> None:
    ended = shell.run("grant.sh", *HERE, answers=answers)
    assert ended.code == 0, ended.err
    assert shell.rights == PROFILES[profile]


@pytest.mark.parametrize("answers", ["1\nn\n", "2\ny\nn\n", "2\ny\n", "4\n", "1\n"])
def test_without_a_yes_to_every_question_nothing_is_changed(shell: Shell, answers: str) -> None:
    before = shell.tenant
    assert shell.run("grant.sh", *HERE, answers=answers).code in {1, 2}
    assert (shell.tenant, shell.writes) == (before, [])


def test_every_right_is_shown_with_its_reason_before_the_question(shell: Shell) -> None:
    before, question, _ = shell.run("grant.sh", *HERE, "--profile", "automatic", answers="y\ny\n").out.partition(
        "Grant this?"
    )
    assert question
    for right in PROFILES["automatic"]:
        assert re.search(rf"\+ {re.escape(right)}\n {{6}}\w", before), right


def test_automatic_says_what_it_equals_and_asks_again(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE, "--profile", "automatic", answers="y\ny\n")
    assert "equal Global Administrator, and PIM reports the role as assigned outside of it" in ended.out


def test_what_if_shows_and_writes_nothing(shell: Shell) -> None:
    before = shell.tenant
    ended = shell.run("grant.sh", *HERE, "--profile", "automatic", "--what-if")
    assert (ended.code, ended.err) == (0, "")
    assert "+ AppRoleAssignment.ReadWrite.All" in ended.out
    assert (shell.tenant, shell.writes) == (before, [])
    assert list((shell.folder / "home").iterdir()) == []


def test_a_right_that_is_there_is_not_granted_again(shell: Shell) -> None:
    grant(shell, "minimal")
    assert len(shell.writes) == 2
    grant(shell, "careful")
    assert shell.rights == PROFILES["careful"]
    assert len(shell.writes) == 3


def test_a_newer_right_moves_the_time_since_tokens_from_before_lack_it(shell: Shell) -> None:
    grant(shell, "minimal")
    shell.world["apps"][APP]["settings"]["CONNECTOR_GRANTED"] = "2026-11-24T02:00:00Z"
    grant(shell, "careful")
    assert (shell.granted or "") > "2026-11-24T03:00:00Z"


def test_the_time_is_moved_too_when_an_earlier_run_broke_off_before_it(shell: Shell) -> None:
    grant(shell, "careful")
    shell.world["apps"][APP]["settings"]["CONNECTOR_GRANTED"] = "2026-11-24T02:00:00Z"
    grant(shell, "careful")
    assert shell.writes == ["functionapp config appsettings set"]


def test_the_time_is_not_before_entras_when_the_clock_here_is_behind(shell: Shell) -> None:
    shell.world["clock"] = "2999-01-01T00:00:00.9999999Z"
    grant(shell, "minimal")
    assert shell.granted == "2999-01-01T00:00:00Z"
    grant(shell, "minimal")
    assert shell.writes == []


def test_other_settings_and_other_rights_stay(shell: Shell) -> None:
    settings = dict(shell.world["apps"][APP]["settings"])
    role = {"resourceId": GRAPH_SP, "appRoleId": GRAPH_ROLES["User.Read.All"]}
    foreign = {"id": "theirs", "principalId": IDENTITY, **role, "createdDateTime": "2020"}
    shell.world["appRoleAssignments"].append(foreign)
    shell.run("grant.sh", *HERE, "--yes")
    assert foreign in shell.world["appRoleAssignments"]
    assert {**settings, "CONNECTOR_GRANTED": shell.granted} == shell.world["apps"][APP]["settings"]


def test_a_tenant_that_lacks_exchange_onlines_api_gets_it(shell: Shell) -> None:
    shell.world["not_here_yet"] = [shell.world["servicePrincipals"].pop()]
    grant(shell, "careful")
    assert shell.rights == PROFILES["careful"]
    assert [one["appId"] for one in shell.world["servicePrincipals"]].count(EXCHANGE_APP) == 1
    grant(shell, "careful")
    assert shell.writes == []


def test_it_waits_until_entra_knows_the_new_identity_and_shows_what_was_written(shell: Shell) -> None:
    shell.world["trouble"] = {"unknown_for": 3, "lag": 2}
    grant(shell, "careful")
    assert shell.rights == PROFILES["careful"]
    assert (shell.folder / "sleeps").read_text().split() == ["5"] * 5


def test_it_ends_when_entra_never_shows_what_was_written(shell: Shell) -> None:
    shell.world["trouble"] = {"lag": 1000}
    ended = shell.run("grant.sh", *HERE, "--yes")
    assert ended.code == 1
    assert "cannot be read back yet: Exchange.ManageAsApp" in ended.err
    assert shell.granted is None


def test_a_role_under_an_unknown_id_stops_everything(shell: Shell) -> None:
    shell.world["servicePrincipals"][2]["appRoles"][0]["id"] = "dc890d15-9560-4a4c-9b7f-a736ec74ec40"
    ended = shell.run("grant.sh", *HERE, "--yes")
    assert ended.code == 1
    assert "Exchange.ManageAsApp under another id" in ended.err
    assert shell.writes == []


def test_only_a_managed_identity_is_given_rights(shell: Shell) -> None:
    other = "99999999-9999-4999-8999-999999999999"
    shell.world["servicePrincipals"].append(principal(other, IDS[3], "Application", "something else"))
    ended = shell.run("grant.sh", "--identity", other, "--tenant", IDS[3], "--yes")
    assert ended.code == 1
    assert "is not a managed identity" in ended.err
    assert shell.writes == []


def test_of_several_identities_the_app_s_own_is_taken(shell: Shell) -> None:
    other = {
        "principalId": "99999999-9999-4999-8999-999999999999",
        "clientId": "88888888-8888-4888-8888-888888888888",
        "tenantId": IDS[3],
    }
    shell.world["identities"] = {"/other": other, **shell.world["identities"]}
    shell.world["apps"][APP]["identities"].insert(0, "/other")
    grant(shell, "minimal")
    assert shell.rights == PROFILES["minimal"]


def test_the_record_says_who_which_rights_before_and_after(shell: Shell) -> None:
    grant(shell, "minimal")
    grant(shell, "careful")
    facts = [line.split("\t") for line in shell.records[-1].read_text("utf-8").splitlines()]
    values = {fact[0]: fact[1:] for fact in facts}
    assert values["who"] == ["admin@contoso.example"]
    assert values["identity"] == [IDENTITY]
    assert values["before"] == ["Application.ReadWrite.OwnedBy"]
    assert values["after"] == ["Application.ReadWrite.OwnedBy, Policy.Read.All, Exchange.ManageAsApp"]
    assert [fact[2] for fact in facts if fact[0] == "granted"] == ["Policy.Read.All", "Exchange.ManageAsApp"]
    assert re.match(r"20\d\d-", shell.records[-1].name)


def test_no_secret_and_no_setting_of_the_app_is_shown_or_recorded(shell: Shell) -> None:
    shell.world["apps"][APP]["settings"]["SOMEBODYS_SECRET"] = "hunter2"
    ended = shell.run("grant.sh", *HERE, "--yes")
    assert "hunter2" not in ended.out + ended.err + shell.records[-1].read_text("utf-8")
