"""The right to read sign-ins: of no profile, granted where it is asked for, and taken back with the others."""

from __future__ import annotations

import pytest

from tests.infra.shell import GRAPH_ROLES, GRAPH_SP, HERE, IDENTITY, IDS, Shell

READ = "AuditLog.Read.All"
WITH = ("--with", "sign-in-evidence")
HELD = {
    "id": "by-somebody-else",
    "principalId": IDENTITY,
    "resourceId": GRAPH_SP,
    "appRoleId": GRAPH_ROLES[READ],
    "createdDateTime": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize("profile", ["minimal", "careful", "automatic"])
def test_it_is_granted_to_any_profile_and_taken_back_with_it(shell: Shell, profile: str) -> None:
    before = shell.tenant
    ended = shell.run("grant.sh", *HERE, "--profile", profile, *WITH, "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert READ in shell.rights
    assert "the sign-ins of everybody in the tenant" in ended.out
    assert shell.run("grant.sh", *HERE, "--profile", profile, *WITH, "--yes").code == 0
    assert shell.writes == []
    assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 0
    assert shell.tenant == before


def test_it_comes_later_to_what_is_there_and_is_not_named_where_it_is_not_wanted(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE, "--profile", "minimal", "--yes")
    assert (READ in shell.rights, READ in ended.out) == (False, False)
    ended = shell.run("grant.sh", *HERE, "--profile", "minimal", *WITH, "--yes")
    assert (ended.code, READ in shell.rights) == (0, True)


def test_one_that_somebody_else_granted_stays(shell: Shell) -> None:
    shell.world["appRoleAssignments"].append(HELD)
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--profile", "minimal", "--yes")
    ended = shell.run("grant.sh", *HERE, "--revoke", "--yes")
    assert shell.tenant == before
    assert f"{READ} stays" in ended.out


def test_the_next_person_gets_the_same_command(shell: Shell) -> None:
    ended = shell.run("grant.sh", *IDS, "--part", "entra", *WITH, "--yes")
    assert "--profile careful --with sign-in-evidence" in ended.out


@pytest.mark.parametrize(
    "more", [("--with", "everything"), ("--with",), ("--revoke", *WITH), ("--consent", "hq", *WITH)]
)
def test_anything_else_is_refused_before_anything_is_asked(shell: Shell, more: tuple[str, ...]) -> None:
    ended = shell.run("grant.sh", *HERE, *more)
    assert (ended.code, shell.writes) == (2, [])
    assert "--with" in ended.err
