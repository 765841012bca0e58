"""Whose the application of a connection is: what the scripts refuse, show, and do only by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.shell import APP, CLIENT, HERE, IDENTITY, IDS, Shell, application, enterprise

APPLICATION, APP_ID, CLIENT_SP, SOMEBODY, MAKER = (
    f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "abcde"
)
CONSENT = (*HERE, "--consent", "hq")
ADOPT = (*IDS, "--adopt", "hq")
SECRET = {"keyId": SOMEBODY, "displayName": "theirs", "endDateTime": "2027-01-01T00:00:00Z"}
TRUST = {"id": SOMEBODY, "name": "ci", "issuer": "https://token.example", "subject": "repo:x"}
OURS = {
    "id": SOMEBODY,
    "name": "utm-mail-connect",
    "issuer": f"https://login.microsoftonline.com/{IDS[3]}/v2.0",
    "subject": IDENTITY,
}
CERTIFICATE = f"utm-mail-connect next {APP_ID}"
Change = Callable[[dict[str, Any], dict[str, Any]], None]


@pytest.fixture
def hq(shell: Shell) -> Shell:
    """Return a world in which the app has made the application of the connection "hq", with its own secret."""
    secret = {"keyId": APP_ID, "displayName": "utm-mail-connect 1f", "endDateTime": "2027-01-01T00:00:00Z"}
    shell.world["applications"].append(application(APPLICATION, APP_ID, "hq", passwordCredentials=[secret]))
    shell.world["servicePrincipals"].append(enterprise(CLIENT_SP, APP_ID, "hq"))
    keeps(shell, secret={"keyId": APP_ID})
    return shell


def keeps(shell: Shell, **kept: Any) -> None:
    """Have the app keep the keys of the connection as its own."""
    shell.world["apps"][APP]["connections"] = {"hq": {"ids": {}, "mailboxes": [], **kept}}


def both(hq: Shell) -> tuple[dict[str, Any], dict[str, Any]]:
    return hq.world["applications"][0], hq.world["servicePrincipals"][-1]


FOREIGN: dict[str, tuple[Change, str]] = {
    "application-made-by-another": (lambda app, _: app.update(createdByAppId=MAKER), f"Application: made by {MAKER}"),
    "enterprise-application-made-by-another": (
        lambda _, principal: principal.update(createdByAppId=MAKER),
        f"Enterprise application: made by {MAKER}",
    ),
    "maker-unknown": (lambda app, _: app.update(createdByAppId=None), "Application: Entra does not say who made it"),
    "owner-of-the-application": (
        lambda app, _: app["owners"].append(SOMEBODY),
        f"Application: owned by {SOMEBODY}",
    ),
    "owner-of-the-enterprise-application": (
        lambda _, principal: principal["owners"].append(SOMEBODY),
        f"Enterprise application: owned by {SOMEBODY}",
    ),
    "secret-of-the-application": (
        lambda app, _: app["passwordCredentials"].append(SECRET),
        f"Application: Secret      {SOMEBODY} theirs",
    ),
    "secret-with-our-name-that-the-app-does-not-know": (
        lambda app, _: app["passwordCredentials"].append({**SECRET, "displayName": "utm-mail-connect 1f"}),
        f"Application: Secret      {SOMEBODY} utm-mail-connect 1f",
    ),
    "certificate-with-our-name-that-the-app-does-not-know": (
        lambda app, _: app["keyCredentials"].append({**SECRET, "displayName": CERTIFICATE}),
        f"Application: Certificate {SOMEBODY} {CERTIFICATE}",
    ),
    "secret-with-our-name-on-the-enterprise-application": (
        lambda _, principal: principal["passwordCredentials"].append({**SECRET, "displayName": "utm-mail-connect 1"}),
        f"Enterprise application: Secret      {SOMEBODY} utm-mail-connect 1",
    ),
    "certificate-of-the-application": (
        lambda app, _: app["keyCredentials"].append({**SECRET, "displayName": "utm-mail-connect 1"}),
        f"Application: Certificate {SOMEBODY} utm-mail-connect 1",
    ),
    "certificate-of-the-enterprise-application": (
        lambda _, principal: principal["keyCredentials"].append({**SECRET, "displayName": None}),
        f"Enterprise application: Certificate {SOMEBODY}",
    ),
    "certificate-with-our-name-on-the-enterprise-application": (
        lambda _, principal: principal["keyCredentials"].append({**SECRET, "displayName": CERTIFICATE}),
        f"Enterprise application: Certificate {SOMEBODY} {CERTIFICATE}",
    ),
    "federated-of-another-issuer": (
        lambda app, _: app.update(federated=[{**OURS, "issuer": f"https://login.example/{IDS[3]}/v2.0"}]),
        f"Application: Federated   {SOMEBODY} utm-mail-connect https://login.example/",
    ),
    "federated-of-another-subject": (
        lambda app, _: app.update(federated=[{**OURS, "subject": MAKER}]),
        f"Application: Federated   {SOMEBODY} utm-mail-connect https://login.microsoftonline.com/",
    ),
    "federated": (
        lambda app, _: app.update(federated=[TRUST]),
        f"Application: Federated   {SOMEBODY} ci https://token.example repo:x",
    ),
}


@pytest.mark.parametrize(("change", "reason"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_ours_alone_gets_no_consent_and_the_reason_is_said(hq: Shell, change: Change, reason: str) -> None:
    change(*both(hq))
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert (ended.code, hq.writes) == (1, [])
    (line,) = [line for line in ended.err.splitlines() if line.startswith("  ✘")]
    assert line.removeprefix("  ✘ ").startswith(reason)
    assert "--application-id" in ended.err


def test_what_a_set_up_with_a_certificate_makes_is_ours(hq: Shell) -> None:
    app, _ = both(hq)
    app.update(federated=[OURS], keyCredentials=[{**SECRET, "displayName": CERTIFICATE}])
    keeps(hq, secret={"keyId": APP_ID}, rotation={"keyId": SOMEBODY.upper(), "oldKeyId": None})
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("kept", [{"rotation": {"keyId": APP_ID}}, {"rotation": {"keyId": MAKER, "oldKeyId": APP_ID}}])
def test_the_next_key_and_the_one_before_are_ours_too(hq: Shell, kept: dict[str, Any]) -> None:
    keeps(hq, secret={"keyId": MAKER}, **kept)
    assert hq.run("grant.sh", *CONSENT, "--yes").code == 0


@pytest.mark.parametrize("why", ["not named", "not reached", "not allowed", "not known there"])
def test_where_the_app_cannot_be_asked_a_name_proves_nothing_and_what_to_do_is_said(hq: Shell, why: str) -> None:
    words = {"not named": (*IDS, "--consent", "hq"), "not allowed": (*IDS, *CONSENT)}.get(why, CONSENT)
    if why == "not reached":
        hq.world["trouble"] = {"app_unreachable": True}
    if why == "not allowed":
        hq.world["account"]["roles"] = ["Cloud Application Administrator", "Reader"]
    if why == "not known there":
        hq.world["apps"][APP]["connections"] = {}
    ended = hq.run("grant.sh", *words, "--yes")
    assert (ended.code, hq.writes) == (1, [])
    assert f"Secret      {APP_ID} utm-mail-connect 1f" in ended.err
    assert "give --resource-group and --app" in ended.err
    assert hq.run("grant.sh", *words, "--application-id", APP_ID, "--yes").code == 0


def test_a_person_who_names_it_by_its_id_consents_to_what_is_not_ours(hq: Shell) -> None:
    for one in both(hq):
        one.update(createdByAppId=MAKER, owners=[SOMEBODY])
    ended = hq.run("grant.sh", *CONSENT, "--application-id", MAKER, "--yes")
    assert (ended.code, hq.writes) == (1, [])
    assert f"names {MAKER}, but the application of this connection is {APP_ID}" in ended.err
    assert hq.run("grant.sh", *CONSENT, "--application-id", APP_ID, answers="n\n").code == 1
    assert hq.writes == []
    ended = hq.run("grant.sh", *CONSENT, "--application-id", APP_ID.upper(), answers="y\n")
    assert ended.code == 0
    assert f"Application: made by {MAKER}" in ended.err
    assert len(hq.world["appRoleAssignments"]) == 1


@pytest.mark.parametrize("kind", ["applications", "servicePrincipals"])
def test_owners_that_cannot_be_read_stop_even_that(hq: Shell, kind: str) -> None:
    hq.world["trouble"] = {"owners_unreadable": kind}
    ended = hq.run("grant.sh", *CONSENT, "--application-id", APP_ID, "--yes")
    assert (ended.code, hq.writes) == (3, [])


def test_an_owner_on_the_last_page_is_seen(hq: Shell) -> None:
    hq.world["trouble"] = {"page": 2}
    hq.world["applications"][0]["owners"] = [IDENTITY] * 4 + [SOMEBODY]
    ended = hq.run("grant.sh", *CONSENT, "--yes")
    assert (ended.code, hq.writes) == (1, [])
    assert SOMEBODY in ended.err


def test_ids_in_capital_letters_are_the_same_ids(hq: Shell) -> None:
    for one in both(hq):
        one.update(createdByAppId=CLIENT.upper(), owners=[IDENTITY.upper()], appId=APP_ID)
    capitals = ("--identity", IDENTITY.upper(), "--tenant", IDS[3].upper())
    ended = hq.run("grant.sh", *HERE, *capitals, "--consent", "hq", "--yes")
    assert (ended.code, ended.err) == (0, "")


def test_all_of_it_is_shown_before_the_question(hq: Shell) -> None:
    app, principal = both(hq)
    app.update(createdByAppId=MAKER, owners=[SOMEBODY], federated=[TRUST], keyCredentials=[SECRET])
    principal.update(createdByAppId=MAKER, owners=[MAKER], passwordCredentials=[SECRET])
    hq.world["people"] = {SOMEBODY: {"displayName": "Eve", "userPrincipalName": "eve@contoso.example"}}
    ended = hq.run("grant.sh", *ADOPT, answers="n\n")
    shown, question, _ = ended.out.partition('Make the app own "UTM Mail-Connector hq"')
    assert question
    for words in (
        f"Application           {APP_ID}, made 2026-11-01T00:00:00Z by {MAKER} (not known in this tenant)",
        f"    Owner       {SOMEBODY}  user Eve eve@contoso.example",
        f"    Secret       {APP_ID}  until 2027-01-01T00:00:00Z  utm-mail-connect 1f",
        f"    Certificate  {SOMEBODY}",
        f"    Federated    {SOMEBODY}  until -  ci https://token.example repo:x",
        f"Enterprise application {CLIENT_SP}, made by {MAKER}",
        f"    Owner       {MAKER}  user an owner",
        f"    Secret       {SOMEBODY}  until 2027-01-01T00:00:00Z  theirs",
    ):
        assert words in shown


def test_an_unattended_adoption_needs_the_id(hq: Shell) -> None:
    hq.world["applications"][0].update(createdByAppId=MAKER, owners=[])
    ended = hq.run("grant.sh", *ADOPT, "--yes")
    assert (ended.code, hq.writes) == (2, [])
    assert "needs --application-id" in ended.err
    assert hq.run("grant.sh", *ADOPT, "--yes", "--application-id", APP_ID).code == 0
    assert hq.world["applications"][0]["owners"] == [IDENTITY]


def test_an_adoption_of_the_application_alone_is_completed_and_only_that_is_taken_back(hq: Shell) -> None:
    hq.world["servicePrincipals"][-1]["owners"] = []
    before = hq.tenant
    assert hq.run("grant.sh", *ADOPT, answers="y\n").code == 0
    assert [write.partition("v1.0/")[2] for write in hq.writes] == [f"servicePrincipals/{CLIENT_SP}/owners/$ref"]
    assert hq.run("grant.sh", *ADOPT, "--revoke", "--yes").code == 0
    assert hq.tenant == before


def test_after_an_adoption_the_consent_still_needs_the_id(hq: Shell) -> None:
    for one in both(hq):
        one.update(createdByAppId=MAKER, owners=[])
    assert hq.run("grant.sh", *ADOPT, answers="y\n").code == 0
    assert hq.run("grant.sh", *CONSENT, "--yes").code == 1
    assert hq.run("grant.sh", *CONSENT, "--yes", "--application-id", APP_ID).code == 0


def test_the_option_belongs_to_consent_and_adoption_only(hq: Shell) -> None:
    assert hq.run("grant.sh", *HERE, "--application-id", APP_ID, "--yes").code == 2
    assert hq.world["calls"] == []
