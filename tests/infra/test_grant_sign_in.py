"""People are let in by the grant script: the registration, who has which role, and all of it taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.shell import APP, HERE, IDS, Shell

SIGN_IN = ("--part", "sign-in")
PERSON = {
    "id": "77777777-7777-4000-8000-777777777777",
    "userPrincipalName": "ada_provider.example#EXT#@contoso.example",
    "displayName": "Ada Lovelace",
}
ROLES = ["Reader", "Operator", "SecretReader", "Approver"]


def setting(shell: Shell) -> str | None:
    value: str | None = shell.world["apps"][APP]["settings"].get("CONNECTOR_SIGN_IN")
    return value


def held(shell: Shell, principal: str) -> list[str]:
    (registration,) = shell.world["applications"]
    names = {role["id"]: role["value"] for role in registration["appRoles"]}
    mine = [one for one in shell.world["appRoleAssignments"] if one["principalId"] == principal]
    return sorted(names[one["appRoleId"]] for one in mine)


def without_emptied(tenant: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tenant.items() if key != "consents" or value}


def test_it_registers_consents_assigns_and_sets_once_and_takes_all_of_it_back(shell: Shell) -> None:
    before = shell.tenant
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert (ended.code, ended.err) == (0, "")
    (made,) = shell.world["applications"]
    assert made["signInAudience"] == "AzureADMyOrg"
    assert made["spa"]["redirectUris"] == [f"https://{APP}.azurewebsites.net/"]
    assert made["api"]["requestedAccessTokenVersion"] == 2
    assert [scope["value"] for scope in made["api"]["oauth2PermissionScopes"]] == ["access"]
    assert [role["value"] for role in made["appRoles"]] == ROLES
    assert all(role["allowedMemberTypes"] == ["User", "Application"] for role in made["appRoles"])
    assert made["optionalClaims"] == {"accessToken": [{"name": "idtyp"}]}
    assert made["identifierUris"] == [f"api://{made['appId']}"]
    enterprise = next(one for one in shell.world["servicePrincipals"] if one["appId"] == made["appId"])
    assert enterprise["appRoleAssignmentRequired"] is True
    assert sorted(one["scope"] for one in shell.world["consents"]) == ["access", "openid profile offline_access"]
    assert {one["consentType"] for one in shell.world["consents"]} == {"AllPrincipals"}
    assert held(shell, "99999999-9999-4000-8000-999999999999") == ["Operator", "SecretReader"]
    assert setting(shell) == made["appId"]
    again = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert (again.code, shell.writes) == (0, [])
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--revoke", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert without_emptied(shell.tenant) == before


def test_what_if_shows_every_step_and_makes_none(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--what-if")
    assert (ended.code, shell.writes) == (0, [])
    assert ended.out.count("  + ") == 7


def test_without_the_part_nobody_is_let_in_and_revoke_takes_it_back_with_the_rest(shell: Shell) -> None:
    before = shell.tenant
    shell.run("grant.sh", *HERE, "--profile", "minimal", "--yes")
    assert setting(shell) is None
    assert shell.run("grant.sh", *HERE, *SIGN_IN, "--yes").code == 0
    assert shell.run("grant.sh", *HERE, "--revoke", "--yes").code == 0
    assert without_emptied(shell.tenant) == before


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("write", range(1, 9))
def test_wherever_it_stops_the_next_run_goes_on(shell: Shell, write: int, after_effect: bool) -> None:
    shell.world["trouble"] = {"fail_at": write, "after_effect": after_effect}
    assert shell.run("grant.sh", *HERE, *SIGN_IN, "--yes").code != 0
    shell.world["trouble"] = {}
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert (ended.code, ended.err) == (0, "")
    (made,) = shell.world["applications"]
    assert made["identifierUris"] == [f"api://{made['appId']}"]
    assert len(shell.world["consents"]) == 2
    assert held(shell, "99999999-9999-4000-8000-999999999999") == ["Operator", "SecretReader"]


def lost_answer(shell: Shell) -> dict[str, Any]:
    """Make the registration and lose the answer: nothing on this machine knows of it."""
    shell.world["trouble"] = {"fail_at": 1, "after_effect": True}
    assert shell.run("grant.sh", *HERE, *SIGN_IN, "--yes").code != 0
    shell.world["trouble"] = {}
    (made,) = shell.world["applications"]
    assert (setting(shell), made["identifierUris"]) == (None, [])
    found: dict[str, Any] = made
    return found


def test_a_registration_whose_answer_was_lost_is_found_again_and_taken_back_as_ours(shell: Shell) -> None:
    before = shell.tenant
    made = lost_answer(shell)
    for record in shell.records:
        record.unlink()  # another machine
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert (ended.code, ended.err, setting(shell)) == (0, "", made["appId"])
    assert len(shell.world["applications"]) == 1
    assert shell.run("grant.sh", *HERE, *SIGN_IN, "--revoke", "--yes").code == 0
    assert without_emptied(shell.tenant) == before


def planted(**changes: Any) -> Any:
    return pytest.param(changes, id=next(iter(changes)))


@pytest.mark.parametrize(
    "changes",
    [
        planted(owners=["99999999-9999-4000-8000-999999999999", PERSON["id"]]),
        planted(owners=[PERSON["id"]]),
        planted(passwordCredentials=[{"keyId": PERSON["id"]}]),
        planted(keyCredentials=[{"keyId": PERSON["id"]}]),
        planted(federated=[{"id": PERSON["id"]}]),
        planted(spa={"redirectUris": [f"https://{APP}.azurewebsites.net/", "https://evil.example/"]}),
        planted(web={"redirectUris": ["https://evil.example/"]}),
        planted(publicClient={"redirectUris": ["https://evil.example/"]}),
        planted(appRoles=[]),
        planted(enterprise=True),
    ],
)
@pytest.mark.parametrize("record", [True, False])
def test_what_somebody_else_has_put_under_its_unique_name_is_not_taken_for_it(
    shell: Shell, changes: dict[str, Any], record: bool
) -> None:
    made, changes = lost_answer(shell), dict(changes)
    if not record:
        for one in shell.records:
            one.unlink()
    if changes.pop("enterprise", False):
        owned = {"owners": [PERSON["id"]], "appRoleAssignmentRequired": False}
        shell.world["servicePrincipals"] += [{**owned, "id": PERSON["id"], "appId": made["appId"]}]
    made.update(changes)
    before = shell.tenant
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert (ended.code, shell.writes) == (1, [])
    assert made["appId"] in ended.err
    assert "Nothing was changed" in ended.err
    assert shell.tenant == before
    assert shell.run("grant.sh", *HERE, *SIGN_IN, "--revoke", "--yes").code == 0, "it is in nobody's way"
    assert shell.tenant == before


@pytest.mark.parametrize("first", [True, False])
def test_where_an_earlier_version_has_left_two_both_are_named_and_none_is_taken_away(shell: Shell, first: bool) -> None:
    twins: list[dict[str, Any]] = [
        {"id": f"00000000-0000-4000-9500-{n:012}", "appId": f"00000000-0000-4000-9600-{n:012}", "owners": [],
         "displayName": f"UTM Mail Connect ({APP})"}
        for n in (1, 2)
    ]  # fmt: skip
    shell.world["applications"] += twins
    if first:
        ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
        assert len(shell.world["applications"]) == 3
    else:
        shell.world["apps"][APP]["settings"]["CONNECTOR_SIGN_IN"] = twins[0]["appId"]
        ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--what-if")
    assert (ended.code, ended.err) == (0, "")
    assert twins[1]["appId"] in ended.out
    assert (f"name: {twins[0]['appId']}" in ended.out) is first
    assert [one for one in twins if one not in shell.world["applications"]] == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("who", [PERSON["id"], PERSON["userPrincipalName"]])
def test_a_person_gets_a_role_and_loses_it(shell: Shell, who: str, role: str) -> None:
    shell.world["accounts"] = [PERSON]
    shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    ended = shell.run("grant.sh", *HERE, "--assign", who, role, answers="y\n")
    assert (ended.code, ended.err) == (0, "")
    assert "Ada Lovelace" in ended.out
    assert held(shell, PERSON["id"]) == [role]
    assert shell.run("grant.sh", *HERE, "--assign", who, role, "--yes").code == 0
    assert shell.writes == []
    assert shell.run("grant.sh", *HERE, "--assign", who, role, "--revoke", "--yes").code == 0
    assert held(shell, PERSON["id"]) == []


def test_who_may_not_change_the_settings_hands_the_line_over(shell: Shell) -> None:
    shell.world["account"]["roles"] = ["Cloud Application Administrator", "Reader"]
    ended = shell.run("grant.sh", *HERE, *IDS, *SIGN_IN, "--yes")
    (made,) = shell.world["applications"]
    assert (ended.code, ended.err, setting(shell)) == (0, "", None)
    assert f"CONNECTOR_SIGN_IN={made['appId']}" in ended.out


def test_who_lacks_the_directory_role_is_told_which(shell: Shell) -> None:
    shell.world["account"]["roles"] = ["Owner"]
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    assert ended.code == 3
    assert "Cloud Application Administrator" in ended.err
    assert setting(shell) is None


def test_a_registration_of_somebody_else_stays(shell: Shell) -> None:
    shell.run("grant.sh", *HERE, *SIGN_IN, "--yes")
    for record in shell.records:
        record.unlink()
    before = shell.tenant
    ended = shell.run("grant.sh", *HERE, *SIGN_IN, "--revoke", "--yes")
    assert ended.code == 0
    assert "stays" in ended.out
    assert shell.tenant == before


@pytest.mark.parametrize(
    "words",
    [("--assign", "ada@contoso.example"), ("--assign", "ada@contoso.example", "Owner"), ("--assign", "a b", "Reader"),
     ("--assign", "x/../y@contoso.example", "Reader"), ("--assign", "a'b@contoso.example", "Reader"),
     ("--part", "signin")],
)  # fmt: skip
def test_what_is_no_person_or_role_is_refused_before_anything_is_asked(shell: Shell, words: tuple[str, ...]) -> None:
    ended = shell.run("grant.sh", *HERE, *words, "--yes")
    assert (ended.code, shell.world["calls"]) == (2, [])


@pytest.mark.parametrize("words", [SIGN_IN, ("--assign", "ada@contoso.example", "Reader")])
def test_the_app_has_to_be_named(shell: Shell, words: tuple[str, ...]) -> None:
    ended = shell.run("grant.sh", *IDS, *words, "--yes")
    assert (ended.code, shell.world["calls"]) == (2, [])
    assert "--app" in ended.err


def test_before_the_registration_nobody_is_assigned(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE, "--assign", PERSON["id"], "Reader", "--yes")
    assert (ended.code, shell.writes) == (1, [])
    assert "--part sign-in" in ended.err
