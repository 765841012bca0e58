"""A member of the tenant plants applications of our name; the administrator's scripts do nothing for him.

Any member may register an application, choose its ``uniqueName`` and display name, make our identity its owner, rename
himself where the directory lets him, and keep a secret on the service principal.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.shell import CLIENT, GROUP, HERE, IDENTITY, Shell, application, enterprise

PLANTED, PLANTED_APP, PLANTED_SP, MEMBER, CLI, VICTIM, VICTIM_APP = (
    f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "6789abc"
)
BACK_DOOR = {"keyId": MEMBER, "displayName": "utm-mail-connect 1", "endDateTime": "2028-01-01T00:00:00Z"}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a tenant with a deployment, in which a member plants "utm-mail-connect-hq" and co-owns it with us."""
    shell = Shell(tmp_path)
    made = {"createdByAppId": CLI, "owners": [MEMBER, IDENTITY]}
    shell.world["applications"].append(application(PLANTED, PLANTED_APP, "hq", **made))
    shell.world["servicePrincipals"].append(enterprise(PLANTED_SP, PLANTED_APP, "hq", **made))
    return shell


@pytest.mark.parametrize(
    "name",
    [
        f"Eve\n{IDENTITY}\tid-mail",
        f"Eve\napplication\t{IDENTITY}\t#microsoft.graph.user",
        "\x1b[2K\x1b[1AEve",
        "\u202eevE",
    ],
    ids=["line", "row", "escape", "right-to-left"],
)
def test_an_owners_name_makes_no_application_ours(shell: Shell, name: str) -> None:
    shell.world["people"] = {MEMBER: {"displayName": name}}
    for one in (shell.world["applications"][0], shell.world["servicePrincipals"][-1]):
        one.update(createdByAppId=CLIENT, owners=[MEMBER])
    ended = shell.run("grant.sh", *HERE, "--consent", "hq", "--yes")
    assert (ended.code, shell.writes) == (1, [])
    assert f"owned by {MEMBER}" in ended.err
    assert set(ended.out + ended.err) & set("\t\r\x1b\u202e") == set()
    assert f"\n{IDENTITY}" not in ended.out


@pytest.mark.parametrize("gone", [True, False], ids=["took-himself-off", "still-an-owner"])
def test_a_planted_application_gets_no_consent_and_its_secret_opens_nothing(shell: Shell, gone: bool) -> None:
    shell.world["servicePrincipals"][-1]["passwordCredentials"] = [BACK_DOOR]
    for one in (shell.world["applications"][0], shell.world["servicePrincipals"][-1]):
        one["owners"] = [IDENTITY] if gone else [IDENTITY, MEMBER]
    ended = shell.run("grant.sh", *HERE, "--consent", "hq", "--yes")
    assert (ended.code, shell.writes) == (1, [])
    assert f"made by {CLI}, not by the identity ({CLIENT})" in ended.err
    # What his secret would sign in with: a token without any role.
    assert [one for one in shell.world["appRoleAssignments"] if one["principalId"] == PLANTED_SP] == []


def test_a_secret_on_the_service_principal_stops_the_consent_even_where_we_made_both(shell: Shell) -> None:
    for one in (shell.world["applications"][0], shell.world["servicePrincipals"][-1]):
        one.update(createdByAppId=CLIENT, owners=[IDENTITY])
    shell.world["servicePrincipals"][-1]["passwordCredentials"] = [BACK_DOOR]
    ended = shell.run("grant.sh", *HERE, "--consent", "hq", "--yes")
    assert (ended.code, shell.writes) == (1, [])
    assert f"Enterprise application: Secret      {MEMBER}" in ended.err


@pytest.mark.parametrize(
    "unique_name",
    [
        f"utm-mail-connect-x\n{VICTIM}\tutm-mail-connect-y",
        f"utm-mail-connect-x\n{VICTIM}\t{CLIENT}\thq",
        "utm-mail-connect-hq\u202e",
        "utm-mail-connect-hq",
    ],
)
def test_a_unique_name_makes_remove_delete_nothing_that_is_not_ours(shell: Shell, unique_name: str) -> None:
    shell.world["applications"][0]["uniqueName"] = unique_name
    shell.world["applications"].append(application(VICTIM, VICTIM_APP, "", uniqueName="payroll", owners=[MEMBER]))
    ended = shell.run("remove.sh", *HERE, answers=f"{GROUP}\n")
    assert (ended.code, ended.err) == (0, "")
    assert [one["id"] for one in shell.world["applications"]] == [PLANTED, VICTIM]
    assert not [write for write in shell.writes if "applications/" in write]
    assert f"({PLANTED}) stays" in ended.out
