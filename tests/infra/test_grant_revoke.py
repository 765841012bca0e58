"""grant.sh --revoke takes back exactly what grant.sh granted."""

from __future__ import annotations

import shutil

import pytest

from tests.infra.shell import APP, GRAPH_ROLES, GRAPH_SP, HERE, IDENTITY, IDS, Shell

PROFILES = ("minimal", "careful", "automatic")
POLICY = {
    "id": "by-somebody-else",
    "principalId": IDENTITY,
    "resourceId": GRAPH_SP,
    "appRoleId": GRAPH_ROLES["Policy.Read.All"],
    "createdDateTime": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_world_is_exactly_as_before(shell: Shell, profile: str) -> None:
    before = shell.tenant
    assert shell.run("grant.sh", *HERE, "--profile", profile, "--yes").code == 0
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert shell.tenant == before
    assert shell.writes[0] == "functionapp config appsettings delete"


def test_what_several_runs_granted_is_taken_back_together(shell: Shell) -> None:
    before = shell.tenant
    for profile in PROFILES:
        shell.run("grant.sh", *HERE, "--profile", profile, "--yes")
    assert len(shell.rights) == 6
    shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert shell.tenant == before


def test_granting_again_after_a_revoke_and_revoking_again_works(shell: Shell) -> None:
    before = shell.tenant
    for _ in range(2):
        assert shell.run("grant.sh", *HERE, "--yes").code == 0
        assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 0
        assert shell.tenant == before


def test_a_right_that_somebody_else_granted_stays(shell: Shell) -> None:
    shell.world["appRoleAssignments"].append(POLICY)
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--yes")
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert shell.tenant == before
    assert "Policy.Read.All stays" in ended.out


@pytest.mark.parametrize("value", ["", "2026-01-01T00:00:00Z"])
def test_the_setting_gets_the_value_that_it_had(shell: Shell, value: str) -> None:
    shell.world["apps"][APP]["settings"]["CONNECTOR_GRANTED"] = value
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--yes")
    assert shell.granted != value
    shell.run("grant.sh", *HERE, "--profile", "automatic", "--yes")
    shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert shell.tenant == before


def test_a_time_that_somebody_else_has_set_since_stays(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    shell.world["apps"][APP]["settings"]["CONNECTOR_GRANTED"] = "2026-11-24T02:02:02Z"
    shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert (shell.granted, shell.rights) == ("2026-11-24T02:02:02Z", [])


@pytest.mark.parametrize("k", range(1, 5))
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_revoke_that_breaks_off_is_finished_by_the_next(shell: Shell, k: int, after_effect: bool) -> None:
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--yes")
    shell.world["trouble"] = {"fail_at": k, "after_effect": after_effect}
    assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 1
    shell.world["trouble"] = {}
    assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 0
    assert shell.tenant == before


def test_a_second_revoke_changes_nothing(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    shell.run("grant.sh", *HERE, "--revoke", "--yes")
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert (ended.code, shell.writes) == (0, [])
    assert "Nothing to take back" in ended.out


def test_without_a_record_it_says_so_and_takes_the_rights_that_it_knows(shell: Shell) -> None:
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--profile", "automatic", "--yes")
    shutil.rmtree(shell.folder / "home" / "utm-mail-connect")
    ended = shell.run("grant.sh", *HERE, "--revoke", answers="y\n")
    assert "No record of a grant" in ended.out
    assert shell.tenant == before


@pytest.mark.parametrize("answers", ["", "n\n"])
def test_without_a_yes_nothing_is_taken_back(shell: Shell, answers: str) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    world = shell.tenant
    assert shell.run("grant.sh", *HERE, "--revoke", answers=answers).code == 1
    assert (shell.tenant, shell.writes) == (world, [])


def test_what_if_shows_what_would_be_taken_back(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    world, files = shell.tenant, sorted(shell.folder.rglob("*.*"))
    ended = shell.run("grant.sh", *HERE, "--revoke", "--what-if", "--yes")
    assert (ended.code, shell.tenant, shell.writes) == (0, world, [])
    assert "- Exchange.ManageAsApp" in ended.out
    assert sorted(shell.folder.rglob("*.*")) == files


def test_each_part_takes_back_its_own(shell: Shell) -> None:
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--yes")
    shell.run("grant.sh", *IDS, "--revoke", "--part", "entra", "--yes")
    assert (shell.rights, shell.granted is None) == ([], False)
    shell.run("grant.sh", *HERE, "--revoke", "--part", "azure", "--yes")
    assert shell.tenant == before


def test_a_missing_right_names_the_role(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--profile", "automatic", "--yes")
    shell.world["account"]["roles"] = ["Owner"]
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert ended.code == 3
    assert "Privileged Role Administrator" in ended.err


def test_exchanges_lines_that_take_the_role_group_back_are_shown_and_written(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    written = (shell.folder / "home" / "utm-mail-connect" / "exchange-remove.ps1").read_text("utf-8-sig")
    assert written in ended.out
    for line in ("Remove-RoleGroup -Identity $RoleGroup", "Remove-ManagementScope", "Remove-ServicePrincipal"):
        assert line in written
