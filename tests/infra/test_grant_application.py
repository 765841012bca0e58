"""For one connection: consent by a person, and taking over what an earlier identity made."""

from __future__ import annotations

import pytest

from connector.microsoft import PROTOCOLS, ROLE_IDS, Protocol
from tests.infra.shell import APP, EXCHANGE_ROLES, EXCHANGE_SP, HERE, IDENTITY, IDS, Shell, application, enterprise

APPLICATION, APP_ID, CLIENT_SP, EARLIER, MAKER = (
    f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "abcde"
)
CONSENT = (*HERE, "--consent", "hq")
ADOPT = (*IDS, "--adopt", "hq")


@pytest.fixture
def hq(shell: Shell) -> Shell:
    """Return a world in which the app has made the application of the connection "hq"."""
    secret = {"keyId": EARLIER, "displayName": "utm-mail-connect x", "endDateTime": "2027"}
    shell.world["applications"].append(application(APPLICATION, APP_ID, "hq", passwordCredentials=[secret]))
    shell.world["servicePrincipals"].append(enterprise(CLIENT_SP, APP_ID, "hq"))
    kept = {"ids": {}, "mailboxes": [], "secret": {"keyId": EARLIER}}
    shell.world["apps"][APP]["connections"] = {"hq": kept}
    return shell


def made_by_an_earlier_identity(hq: Shell, *owners: str) -> None:
    for one in (hq.world["applications"][0], hq.world["servicePrincipals"][-1]):
        one.update(createdByAppId=MAKER, owners=list(owners))


def test_a_person_consents_and_a_second_time_changes_nothing(hq: Shell) -> None:
    ended = hq.run("grant.sh", *CONSENT, answers="y\n")
    assert (ended.code, ended.err) == (0, "")
    (given,) = hq.world["appRoleAssignments"]
    assert (given["principalId"], given["resourceId"]) == (CLIENT_SP, EXCHANGE_SP)
    assert given["appRoleId"] == EXCHANGE_ROLES["IMAP.AccessAsApp"]
    assert hq.run("grant.sh", *CONSENT).code == 0
    assert hq.writes == []


def test_each_protocol_has_a_consent_of_its_own_by_the_ids_of_the_app(hq: Shell) -> None:
    before = hq.tenant
    ended = hq.run("grant.sh", *CONSENT, "--protocols", "pop,smtp", answers="y\n")
    assert (ended.code, ended.err) == (0, "")
    given = {one["appRoleId"] for one in hq.world["appRoleAssignments"]}
    assert given == {PROTOCOLS[protocol].role_id for protocol in (Protocol.POP, Protocol.SMTP)}
    assert ("SMTP.SendAsApp" in ended.out, "IMAP.AccessAsApp" in ended.out) == (True, False)
    assert hq.run("grant.sh", *CONSENT, "--protocols", "pop,smtp,imap", "--yes").code == 0
    assert {one["appRoleId"] for one in hq.world["appRoleAssignments"]} == {*ROLE_IDS}
    assert hq.run("grant.sh", *CONSENT, "--protocols", "imap,pop,smtp", "--revoke", "--yes").code == 0
    assert hq.tenant == before


def test_a_protocol_that_is_none_and_one_without_a_connection_are_refused(hq: Shell) -> None:
    assert hq.run("grant.sh", *CONSENT, "--protocols", "imap,telnet").code == 2
    assert hq.run("grant.sh", *IDS, "--protocols", "smtp").code == 2
    assert hq.writes == []


def test_the_consent_is_found_by_the_names_of_the_app_too(hq: Shell) -> None:
    assert hq.run("grant.sh", *HERE, "--consent", "hq", "--yes").code == 0
    assert len(hq.world["appRoleAssignments"]) == 1


def test_it_says_what_the_consent_permits_and_asks(hq: Shell) -> None:
    ended = hq.run("grant.sh", *CONSENT, answers="n\n")
    assert ended.code == 1
    assert f"{APP_ID}, made 2026-11-01T00:00:00Z by the identity id-mail" in ended.out
    assert "IMAP.AccessAsApp" in ended.out
    assert hq.writes == []


def test_the_role_for_consenting_is_named(hq: Shell) -> None:
    hq.world["account"]["roles"] = ["Owner"]
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert ended.code == 3
    assert "Cloud Application Administrator" in ended.err
    assert "Privileged" not in ended.err


def test_no_such_connection_and_no_enterprise_application_are_told_apart(hq: Shell) -> None:
    ended = hq.run("grant.sh", *IDS, "--consent", "branch", "--yes")
    assert (ended.code, "utm-mail-connect-branch" in ended.err) == (1, True)
    hq.world["servicePrincipals"].pop()
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert (ended.code, "no enterprise application" in ended.err) == (1, True)


def test_imap_under_an_unknown_id_is_not_consented_to(hq: Shell) -> None:
    hq.world["servicePrincipals"][2]["appRoles"][1]["id"] = "dc890d15-9560-4a4c-9b7f-a736ec74ec40"
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert "IMAP.AccessAsApp under another id" in ended.err
    assert hq.writes == []


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_lost_answer_is_made_good_and_the_consent_can_be_taken_back(hq: Shell, after_effect: bool) -> None:
    before = hq.tenant
    hq.world["trouble"] = {"fail_at": 1, "after_effect": after_effect}
    assert hq.run("grant.sh", *CONSENT, "--yes").code == 1
    hq.world["trouble"] = {}
    assert hq.run("grant.sh", *CONSENT, "--yes").code == 0
    assert len(hq.world["appRoleAssignments"]) == 1
    assert hq.run("grant.sh", *CONSENT, "--revoke", "--yes").code == 0
    assert hq.tenant == before


def test_a_consent_that_somebody_else_gave_is_not_taken_back(hq: Shell) -> None:
    given = {"id": "theirs", "principalId": CLIENT_SP, "resourceId": EXCHANGE_SP}
    hq.world["appRoleAssignments"].append({**given, "appRoleId": EXCHANGE_ROLES["IMAP.AccessAsApp"]})
    ended = hq.run("grant.sh", *CONSENT, "--revoke", "--yes")
    assert (ended.code, hq.writes) == (1, [])
    assert "was not given by this script" in ended.err


@pytest.mark.parametrize("owners", [[], [EARLIER]], ids=["identity-deleted", "identity-there"])
def test_an_application_of_an_earlier_identity_is_adopted(hq: Shell, owners: list[str]) -> None:
    made_by_an_earlier_identity(hq, *owners)
    before = hq.tenant
    ended = hq.run("grant.sh", *ADOPT, answers="y\n")
    assert (ended.code, ended.err) == (0, "")
    for one in (hq.world["applications"][0], hq.world["servicePrincipals"][-1]):
        assert one["owners"] == [*owners, IDENTITY]
    for shown in (APP_ID, CLIENT_SP, MAKER, EARLIER, "2026-11-01", *owners):
        assert shown in ended.out
    assert "POST /api/connections/hq/accept" in ended.out
    assert hq.run("grant.sh", *ADOPT, "--yes").code == 0
    assert hq.writes == []
    assert hq.run("grant.sh", *ADOPT, "--revoke", "--yes").code == 0
    assert hq.tenant == before


def test_an_application_that_only_has_our_name_is_not_adopted(hq: Shell) -> None:
    hq.world["applications"][0].update(owners=[EARLIER], tags=['"utm-mail-connect"'])
    ended = hq.run("grant.sh", *ADOPT, "--yes")
    assert (ended.code, hq.writes) == (1, [])
    assert "not our tag" in ended.err


def test_the_role_for_adopting_is_named_and_without_a_yes_nothing_happens(hq: Shell) -> None:
    hq.world["applications"][0]["owners"] = [EARLIER]
    assert hq.run("grant.sh", *ADOPT, answers="\n").code == 1
    assert hq.writes == []
    hq.world["account"]["roles"] = []
    ended = hq.run("grant.sh", *ADOPT, answers="y\n")
    assert (ended.code, "Cloud Application Administrator" in ended.err) == (3, True)


def test_an_ownership_that_was_not_adopted_by_this_script_stays(hq: Shell) -> None:
    ended = hq.run("grant.sh", *ADOPT, "--revoke", "--yes")
    assert (ended.code, hq.writes) == (1, [])


@pytest.mark.parametrize("arguments", [CONSENT, ADOPT])
def test_what_if_writes_nothing(hq: Shell, arguments: tuple[str, ...]) -> None:
    if arguments is ADOPT:
        hq.world["applications"][0]["owners"] = []
    assert hq.run("grant.sh", *arguments, "--what-if").code == 0
    assert (hq.writes, list((hq.folder / "home").iterdir())) == ([], [])
