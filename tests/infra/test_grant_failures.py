"""A run that breaks off is finished by the next; a missing right and a wrong tenant are named."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.infra.shell import EXCHANGE_SP, GRAPH_SP, HERE, IDS, TENANT, Shell

WRITES = {"minimal": 2, "careful": 4, "automatic": 7}
EVERY = os.environ.get("EVERY_WRITE") == "1"
BROKEN_OFF = [(p, k, late) for p, count in WRITES.items() for k in range(1, count + 1) for late in (False, True)]
"""Each write of each profile, refused or its answer lost. The largest profile makes those of the others too: but for
``EVERY_WRITE=1`` of ``make soak`` the others break off at their first and at their last one."""
OTHER_TENANT = "77777777-7777-4777-8777-777777777777"


def alike(world: dict[str, Any]) -> dict[str, Any]:
    """Return the world without what two equal grants differ in: ids, order, and the time."""
    world["appRoleAssignments"] = sorted(one["appRoleId"] for one in world["appRoleAssignments"])
    world["directoryRoles"] = [one["roleDefinitionId"] for one in world["directoryRoles"]]
    for app in world["apps"].values():
        app["settings"] = sorted(app["settings"])
    return world


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Return, by the profile, what a grant comes to that does not break off."""

    @cache
    def granted(profile: str) -> dict[str, Any]:
        shell = Shell(tmp_path_factory.mktemp("whole"))
        assert shell.run("grant.sh", *HERE, "--profile", profile, "--yes").code == 0
        return alike(shell.tenant)

    return granted


@pytest.mark.parametrize(
    ("profile", "k", "after_effect"),
    [one for one in BROKEN_OFF if EVERY or one[0] == "automatic" or one[1:] in ((1, False), (WRITES[one[0]], True))],
)
def test_a_run_that_breaks_off_at_any_write_is_finished_by_the_next_and_can_be_taken_back(
    shell: Shell, whole: Callable[[str], dict[str, Any]], profile: str, k: int, after_effect: bool
) -> None:
    arguments = (*HERE, "--profile", profile, "--yes")
    before = shell.tenant
    shell.world["trouble"] = {"fail_at": k, "after_effect": after_effect}
    broken = shell.run("grant.sh", *arguments)
    assert broken.code == 1
    assert "run the same command again" in broken.err
    assert shell.granted is None or (k, after_effect) == (WRITES[profile], True)
    shell.world["trouble"] = {}
    assert shell.run("grant.sh", *arguments).code == 0
    assert alike(shell.tenant) == whole(profile)
    assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 0
    assert shell.tenant == before


@pytest.mark.parametrize(
    ("profile", "roles", "named"),
    [
        ("careful", ["Owner"], "Privileged Role Administrator"),
        ("careful", ["Owner", "Cloud Application Administrator"], "Privileged Role Administrator"),
        ("automatic", ["Owner"], "Privileged Role Administrator"),
        ("careful", ["Privileged Role Administrator", "Reader"], "Website Contributor"),
        ("careful", ["Privileged Role Administrator"], "Website Contributor"),
    ],
)
def test_a_missing_right_names_the_role_and_says_activate_pim_first(
    shell: Shell, profile: str, roles: list[str], named: str
) -> None:
    shell.world["account"]["roles"] = roles
    ended = shell.run("grant.sh", *HERE, "--profile", profile, "--yes")
    assert ended.code == 3
    assert named in ended.err
    assert f"activate PIM first, then sign in again (az login --tenant {TENANT})" in ended.err
    assert shell.granted is None


def test_who_may_not_add_exchange_onlines_api_is_told_the_role_for_that(shell: Shell) -> None:
    shell.world["not_here_yet"] = [shell.world["servicePrincipals"].pop()]
    shell.world["account"]["roles"] = ["Privileged Role Administrator", "Owner"]
    ended = shell.run("grant.sh", *HERE, "--yes")
    assert ended.code == 3
    assert "Cloud Application Administrator" in ended.err
    assert shell.rights == []


def test_for_exchanges_permission_alone_the_lesser_role_is_enough(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, "--yes")
    shell.world["appRoleAssignments"] = [
        one for one in shell.world["appRoleAssignments"] if one["resourceId"] == GRAPH_SP
    ]
    shell.world["account"]["roles"] = ["Cloud Application Administrator", "Owner"]
    assert shell.run("grant.sh", *HERE, "--yes").code == 0
    assert EXCHANGE_SP in {one["resourceId"] for one in shell.world["appRoleAssignments"]}


@pytest.mark.parametrize("how", ["ids", "app"])
@pytest.mark.parametrize("more", [(), ("--revoke",), ("--consent", "hq"), ("--adopt", "hq"), ("--part", "exchange")])
def test_another_tenant_is_refused_before_anything_is_asked_of_it(
    shell: Shell, how: str, more: tuple[str, ...]
) -> None:
    shell.world["account"]["tenantId"] = OTHER_TENANT
    ended = shell.run("grant.sh", *(IDS if how == "ids" else HERE), *more, "--yes")
    assert ended.code == 4
    assert OTHER_TENANT in ended.err
    assert f"az login --tenant {TENANT} --allow-no-subscriptions" in ended.err
    assert [call["words"] for call in shell.world["calls"] if call["words"] == "rest"] == []


def test_who_is_not_signed_in_is_told_so(shell: Shell) -> None:
    shell.world["account"]["tenantId"] = None
    ended = shell.run("grant.sh", *IDS, "--yes")
    assert ended.code == 1
    assert "Nobody is signed in: az login" in ended.err


def test_a_sign_in_that_conditional_access_ended_is_explained(shell: Shell) -> None:
    error = "AADSTS53003: Access has been blocked by Conditional Access policies."
    shell.world["trouble"] = {"fail_at": 1, "error": error}
    ended = shell.run("grant.sh", *HERE, "--yes")
    assert ended.code == 1
    assert f"az login --tenant {TENANT}" in ended.err
    assert "WSL or Git Bash" in ended.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--resource-group"),
        (("--resource-group", "rg"), "--app"),
        (("--identity", IDS[1]), "--tenant"),
        ((*IDS, "--profile", "generous"), "generous"),
        ((*IDS, "--profile"), "--profile"),
        ((*IDS, "--prfile", "careful"), "--prfile"),
        (("--identity", "x'; rm", "--tenant", TENANT), "--identity"),
        ((*IDS, "--part", "azure"), "--resource-group"),
        ((*HERE, "--part", "azure", "--granted", "now"), "--granted"),
        ((*HERE, "--part", "azure", "--granted", "2999-01-01T00:00:00Z"), "--granted"),
        ((*IDS, "--consent", "HQ!"), "--consent"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_called(shell: Shell, arguments: tuple[str, ...], named: str) -> None:
    ended = shell.run("grant.sh", *arguments)
    assert ended.code == 2
    assert named in ended.err
    assert shell.world["calls"] == []
