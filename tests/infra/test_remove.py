"""remove.sh takes everything away in the right order, asks by name, and says what stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.infra import shell as worlds
from tests.infra.shell import APP, CLIENT, GROUP, HERE, IDENTITY, TENANT, Shell, enterprise

KEYS, APP_IDS, PRINCIPALS = (
    [f"{kind}{digit * 7}-{digit * 4}-4000-8000-{digit * 12}" for digit in "abcdef"] for kind in "678"
)


def application(number: int, name: str, owner: str = IDENTITY, maker: str | None = CLIENT) -> dict[str, Any]:
    more = {"uniqueName": name, "owners": [owner], "createdByAppId": maker}
    return worlds.application(KEYS[number], APP_IDS[number], name, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a world with two connections, and applications that are not ours; the rights are granted once for all."""
    shell = Shell(tmp_path_factory.mktemp("granted"))
    shell.world["applications"] = [
        application(0, "utm-mail-connect-hq"),
        application(1, "utm-mail-connect-branch"),
        application(2, "something-else"),
        application(3, "utm-mail-connect-foreign", owner=KEYS[5]),
    ]
    for number in range(4):
        shell.world["servicePrincipals"].append(enterprise(PRINCIPALS[number], APP_IDS[number], "x"))
    boxes = [f"box{number}@contoso.example" for number in range(5)]
    shell.world["apps"][APP]["connections"] = {
        "branch": {"ids": {}, "mailboxes": ["o'neil@contoso.example"]},
        "foreign": {"ids": {}, "mailboxes": []},
        "hq": {"ids": {}, "mailboxes": boxes},
    }
    assert shell.run("grant.sh", *HERE, "--yes").code == 0
    return shell.world


@pytest.fixture
def used(shell: Shell, world: dict[str, Any]) -> Shell:
    """Return a shell of one's own in that world."""
    shell.world = copy.deepcopy(world)
    return shell


def test_everything_of_ours_goes_in_the_right_order(used: Shell) -> None:
    ended = used.run("remove.sh", *HERE, answers=f"{GROUP}\n")
    assert (ended.code, ended.err) == (0, "")
    assert [one["uniqueName"] for one in used.world["applications"]] == ["something-else", "utm-mail-connect-foreign"]
    assert (used.rights, used.world["groups"]) == ([], {})
    kinds = [write.replace("https://graph.microsoft.com/v1.0/", "").partition("/")[0] for write in used.writes]
    assert kinds == [
        *["DELETE https:"] * 3,
        "functionapp config appsettings delete",
        *["DELETE servicePrincipals"] * 3,
        "role assignment delete",
        "role definition delete",
        "group delete",
    ]
    assert used.world["vaultRoles"] == {}


def test_who_may_not_remove_the_role_on_the_vault_is_told_and_the_rest_goes(used: Shell) -> None:
    used.world["account"]["roles"] = ["Contributor", "Privileged Role Administrator", "Cloud Application Administrator"]
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, ended.err, used.world["groups"]) == (0, "", {})
    assert f'The role "UTM Mail Connect {APP}" stays: it takes Owner' in ended.out
    assert list(used.world["vaultRoles"]) == [f"UTM Mail Connect {APP}"]


def test_no_other_role_of_the_tenant_is_removed(used: Shell) -> None:
    used.world["vaultRoles"] = {f"UTM Mail Connect {APP[:-1]}": [], "UTM Mail Connect": []}
    before = dict(used.world["vaultRoles"])
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, used.world["vaultRoles"], used.world["groups"]) == (0, before, {})
    assert "4. The role of its own that the identity has on the vault: –" in ended.out


def test_what_the_identity_only_owns_stays(used: Shell) -> None:
    used.world["applications"] += [
        application(4, "utm-mail-connect-planted", maker=KEYS[5]),
        application(5, "utm-mail-connect-old", maker=None),
    ]
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, ended.err) == (0, "")
    left = [one["uniqueName"] for one in used.world["applications"]]
    assert left[2:] == ["utm-mail-connect-planted", "utm-mail-connect-old"]
    assert f"utm-mail-connect-planted ({KEYS[4]}) stays: the identity owns it, but did not make it" in ended.out


@pytest.mark.parametrize(("object_id", "left"), [(KEYS[5], 2), (KEYS[4], 3)])
def test_where_entra_names_no_maker_the_apps_own_list_decides(used: Shell, object_id: str, left: int) -> None:
    used.world["applications"].append(application(5, "utm-mail-connect-old", maker=None))
    used.world["apps"][APP]["connections"]["old"] = {"ids": {"objectId": object_id}, "mailboxes": []}
    assert used.run("remove.sh", *HERE, "--yes").code == 0
    assert len(used.world["applications"]) == left


def test_what_was_adopted_goes_too(used: Shell) -> None:
    used.world["applications"].append(application(5, "utm-mail-connect-old", owner=KEYS[0], maker=KEYS[1]))
    adopt = ("--adopt", "old", "--application-id", APP_IDS[5], "--yes")
    assert used.run("grant.sh", *HERE, *adopt).code == 0
    assert used.run("remove.sh", *HERE, "--yes").code == 0
    assert len(used.world["applications"]) == 2


def test_it_says_what_stays_how_long_and_why(used: Shell) -> None:
    out = used.run("remove.sh", *HERE, "--what-if").out
    for words in ("30 days under", "90 days, since purge protection", "recoverVault or nameSuffix"):
        assert words in out


def test_what_if_shows_all_of_it_and_removes_nothing(used: Shell) -> None:
    before = used.tenant
    ended = used.run("remove.sh", *HERE, "--what-if")
    assert (ended.code, used.tenant, used.writes) == (0, before, [])
    for words in (
        "utm-mail-connect-hq",
        "utm-mail-connect-branch",
        f"{APP}  Microsoft.KeyVault/vaults",
        "Remove-RoleGroup",
    ):
        assert words in ended.out
    assert f"something-else ({KEYS[2]}) stays" in ended.out
    assert 'The application of the connection "foreign" stays' in ended.out


@pytest.mark.parametrize("answers", ["", "y\n", "yes\n", f"{GROUP}x\n"])
def test_only_the_name_of_the_group_is_an_answer(used: Shell, answers: str) -> None:
    before = used.tenant
    assert used.run("remove.sh", *HERE, answers=answers).code == 1
    assert (used.tenant, used.writes) == (before, [])


def test_exchanges_lines_name_every_mailbox_and_are_written(used: Shell) -> None:
    ended = used.run("remove.sh", *HERE, "--yes")
    script = (used.folder / "home" / "utm-mail-connect" / "exchange-remove-all.ps1").read_text("utf-8-sig")
    assert script in ended.out
    for number in range(5):
        line = f"Remove-MailboxPermission -Identity 'box{number}@contoso.example' -User '{PRINCIPALS[0]}'"
        assert f"{line} -AccessRights FullAccess -Confirm:$false\n" in script
    assert f"-Identity 'o''neil@contoso.example' -User '{PRINCIPALS[1]}'" in script
    assert script.count("    Remove-ServicePrincipal -Identity '8") == 2
    assert "Remove-RoleGroup" in script


def test_where_the_app_does_not_answer_every_mailbox_is_looked_at(used: Shell) -> None:
    used.world["trouble"] = {"app_unreachable": True}
    ended = used.run("remove.sh", *HERE, "--yes", "--exchange-done")
    assert ended.code == 0
    assert "Get-Mailbox -ResultSize Unlimited" in ended.out
    assert used.world["groups"] == {}


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("k", range(1, 8))
def test_a_removal_that_breaks_off_is_finished_by_the_next(used: Shell, k: int, after_effect: bool) -> None:
    used.world["trouble"] = {"fail_at": k, "after_effect": after_effect}
    assert used.run("remove.sh", *HERE, "--yes").code == 1
    used.world["trouble"] = {}
    assert used.run("remove.sh", *HERE, "--yes").code == 0
    assert len(used.world["applications"]) == 2
    assert (used.rights, used.world["groups"]) == ([], {})


@pytest.mark.parametrize("trouble", [{"app_unreachable": True}, {"app_stuck": "hq"}])
def test_no_application_goes_before_exchange(used: Shell, trouble: dict[str, Any]) -> None:
    used.world["trouble"] = trouble
    ended = used.run("remove.sh", *HERE, "--yes")
    assert ended.code == 1
    assert "--exchange-done" in ended.err
    assert "utm-mail-connect-hq" in {one["uniqueName"] for one in used.world["applications"]}
    assert used.world["groups"] != {}
    assert not [write for write in used.writes if "DELETE https://graph" in write]
    ended = used.run("remove.sh", *HERE, answers=f"{GROUP}\nn\n")
    assert (ended.code, used.world["groups"] != {}) == (1, True)
    ended = used.run("remove.sh", *HERE, answers=f"{GROUP}\ny\n")
    assert (ended.code, ended.err, used.world["groups"]) == (0, "", {})
    assert len(used.world["applications"]) == 2


def test_who_may_not_delete_what_the_app_has_left_is_told(used: Shell) -> None:
    used.world["trouble"] = {"app_unreachable": True}
    used.world["account"]["roles"] = ["Owner", "Privileged Role Administrator"]
    ended = used.run("remove.sh", *HERE, "--yes", "--exchange-done")
    assert ended.code == 3
    assert "Cloud Application Administrator" in ended.err


def test_a_group_from_which_the_app_is_gone_already_is_removed(used: Shell) -> None:
    used.world["groups"][GROUP] = [["Microsoft.KeyVault/vaults", APP]]
    assert used.run("remove.sh", *HERE, "--yes").code == 0
    assert used.writes == ["role assignment delete", "role definition delete", "group delete"]


def test_a_second_removal_finds_nothing(used: Shell) -> None:
    used.run("remove.sh", *HERE, "--yes")
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, used.writes) == (0, [])
    assert "nothing is left to remove" in ended.out


def test_what_is_not_of_our_deployment_stops_an_unattended_run(used: Shell) -> None:
    before = used.tenant
    used.world["groups"][GROUP].append(["Microsoft.Sql/servers", "erp"])
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, used.writes) == (1, [])
    assert "erp" in ended.out
    ended = used.run("remove.sh", *HERE, answers=f"{GROUP}\n")
    assert ended.code == 0
    assert "This is not of our deployment" in ended.out
    assert before["groups"] != used.tenant["groups"] == {}


def test_what_azure_adds_beside_application_insights_is_not_foreign(used: Shell) -> None:
    used.world["groups"][GROUP].append(["microsoft.insights/actiongroups", "Application Insights Smart Detection"])
    assert used.run("remove.sh", *HERE, "--yes").code == 0


def test_another_tenant_is_refused(used: Shell) -> None:
    used.world["account"]["tenantId"] = KEYS[0]
    ended = used.run("remove.sh", *HERE, "--yes")
    assert (ended.code, used.writes) == (4, [])
    assert TENANT in ended.err


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        (["Owner", "Cloud Application Administrator"], "Privileged Role Administrator"),
        (
            ["Website Contributor", "Privileged Role Administrator", "Cloud Application Administrator"],
            "role Contributor",
        ),
    ],
)
def test_a_missing_right_names_the_role_and_the_next_run_finishes(used: Shell, roles: list[str], named: str) -> None:
    everything = used.world["account"]["roles"]
    used.world["account"]["roles"] = roles
    ended = used.run("remove.sh", *HERE, "--yes")
    assert ended.code == 3
    assert named in ended.err
    used.world["account"]["roles"] = everything
    assert used.run("remove.sh", *HERE, "--yes").code == 0
    assert used.world["groups"] == {}


def test_no_key_of_the_app_is_shown(used: Shell) -> None:
    ended = used.run("remove.sh", *HERE, "--yes")
    assert "key-of-" not in ended.out + ended.err
