"""Ours is what we made, and what nobody else owns or has a credential of; name, tag and our entry prove nothing."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.finding import ACCEPTABLE
from connector.microsoft import SINGLE_TENANT, Protocol
from connector.objects import Made, Making
from connector.observed import Application, Credential, EnterpriseApplication, Owner
from connector.plans.application import TAG, required_roles
from connector.plans.ownership import STOPPING, Identity, Registration, belongs, judge, stopping
from connector.steps import StepName

US = Identity("0000000A-0000-0000-0000-00000000000a", "0000000B-0000-0000-0000-00000000000b")
WE = Owner("0000000b-0000-0000-0000-00000000000b", "servicePrincipal")
OTHER = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
EVE = Owner("0000000e-0000-0000-0000-00000000000e", "user")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
APPLICATION = Application(
    object_id="00000001-0000-0000-0000-000000000001",
    application_id="00000002-0000-0000-0000-000000000002",
    display_name="UTM",
    sign_in_audience=SINGLE_TENANT,
    tags=frozenset({TAG, "another"}),
    required_roles=frozenset(required_roles([Protocol.IMAP])),
    owners=frozenset({WE}),
    credentials=(Credential("k1", "secret", "ours", None),),
    created=NOW - timedelta(days=1),
    maker=US.client_id.lower(),
    notes="utm-mail-connect note",
    locked=True,
)
PRINCIPAL = EnterpriseApplication(
    id="00000003-0000-0000-0000-000000000003",
    application_id=APPLICATION.application_id,
    owners=frozenset({WE}),
    maker=US.client_id.lower(),
    notes="utm-mail-connect note",
)
MAKING = Making(id="note", started=NOW - timedelta(days=1), step=StepName.APPLICATION)


def seen(application: Application | None = APPLICATION, **more: Any) -> Registration:
    values = {"enterprise": PRINCIPAL if application is not None else None, "key_ids": {"k1"}, **more}
    return Registration(application=application, identity=US, now=NOW, **values)


def application(**more: Any) -> Registration:
    return seen(dataclasses.replace(APPLICATION, **more))


def principal(**more: Any) -> Registration:
    return seen(enterprise=dataclasses.replace(PRINCIPAL, **more))


def credential(key_id: str = "k2", kind: Any = "secret", name: str | None = None) -> tuple[Credential, ...]:
    return (Credential(key_id, kind, name, None),)


YOUNG = NOW - timedelta(minutes=29)
FOREIGN = [
    (application(maker=OTHER), ["foreign-application"]),
    (application(maker=OTHER, owners=frozenset({WE, EVE})), ["foreign-application", "foreign-owner"]),
    (application(maker=None), ["maker-unknown"]),
    (application(owners=frozenset({WE, EVE})), ["foreign-owner"]),
    (application(owners=frozenset({EVE})), ["foreign-owner", "owner-missing"]),
    (application(owners=frozenset({EVE}), created=YOUNG), ["foreign-owner", "owner-missing"]),
    (application(owners=frozenset()), ["owner-missing"]),
    (application(owners=None), ["owners-not-readable"]),
    (application(credentials=credential()), ["foreign-credential"]),
    (application(credentials=credential("k1", "certificate")), ["foreign-credential"]),
    (application(credentials=credential("k1", "federated")), ["foreign-credential"]),
    (principal(maker=OTHER), ["foreign-enterprise-application"]),
    (principal(maker=None), ["maker-unknown"]),
    (principal(owners=frozenset({WE, EVE})), ["foreign-enterprise-owner"]),
    (principal(owners=frozenset()), ["owner-missing"]),
    (principal(owners=None), ["owners-not-readable"]),
    (principal(credentials=credential("k1")), ["foreign-enterprise-credential"]),
    (principal(credentials=credential("k1", "certificate")), ["foreign-enterprise-credential"]),
]


def test_what_we_made_and_nobody_shares_is_ours_whatever_the_case_of_its_ids() -> None:
    assert judge(seen(), StepName.APPLICATION) == judge(seen(None), StepName.APPLICATION)
    assert belongs(seen())
    upper = application(maker=US.client_id.upper(), owners=frozenset({Owner(WE.id.upper())}))
    assert judge(upper, StepName.APPLICATION).findings == ()


@pytest.mark.parametrize(("registration", "codes"), FOREIGN)
@pytest.mark.parametrize("step", [StepName.APPLICATION, StepName.MAILBOXES, StepName.VERIFICATION])
def test_each_way_of_not_being_ours_stops_every_step(
    registration: Registration, codes: list[str], step: StepName
) -> None:
    plan = stopping(registration, step)
    assert plan.blocked
    assert [finding.code for finding in plan.findings] == codes
    assert set(codes) <= STOPPING
    assert {finding.step for finding in plan.findings} == {step}
    assert {finding.values["applicationId"] for finding in plan.findings} == {APPLICATION.application_id}


@pytest.mark.parametrize(("registration", "codes"), FOREIGN)
def test_what_was_accepted_stops_nothing_and_is_still_told(registration: Registration, codes: list[str]) -> None:
    """What cannot be read, or keeps our own writes from succeeding, nobody can accept."""
    ids = {finding.id for finding in judge(registration, StepName.APPLICATION).findings}
    accepted = {one for one in ids if one.partition(":")[0] in ACCEPTABLE}
    plan = judge(dataclasses.replace(registration, accepted=accepted), StepName.APPLICATION)
    assert plan.blocked == (not set(codes) <= ACCEPTABLE)
    assert [finding.severity for finding in plan.findings if finding.id in accepted] == ["info"] * len(accepted)
    assert {
        finding.code
        for finding in stopping(dataclasses.replace(registration, accepted=accepted), StepName.CONSENT).findings
    } == set(codes) - ACCEPTABLE


def test_the_owner_of_what_was_just_made_is_waited_for() -> None:
    made = [Made(object_id=PRINCIPAL.id, on=YOUNG)]
    for young in (
        application(owners=frozenset(), created=YOUNG),
        seen(enterprise=dataclasses.replace(PRINCIPAL, owners=frozenset()), made=made),
    ):
        plan = judge(young, StepName.APPLICATION)
        assert (plan.wait, plan.findings) == ("owner-unknown", ())


@pytest.mark.parametrize(
    ("more", "ours"),
    [
        ({"made": [Made(object_id=APPLICATION.object_id.upper(), on=NOW)]}, True),
        ({"made": [Made(object_id=PRINCIPAL.id, on=NOW)]}, False),
        ({"makings": [MAKING]}, True),
        ({"makings": [MAKING.model_copy(update={"id": "another"})]}, False),
        ({"makings": [MAKING.model_copy(update={"step": StepName.ENTERPRISE_APPLICATION})]}, False),
        ({"makings": [MAKING.model_copy(update={"started": NOW})]}, False),  # older than our attempt to make it
    ],
)
def test_where_entra_says_nothing_our_own_record_counts(more: dict[str, Any], *, ours: bool) -> None:
    registration = dataclasses.replace(application(maker=None), **more)
    assert belongs(registration) is ours
    assert (
        belongs(dataclasses.replace(registration, application=dataclasses.replace(APPLICATION, maker=OTHER))) is False
    )


def test_a_name_that_only_our_intents_know_counts_until_step_five_has_removed_what_carries_it() -> None:
    interrupted = dataclasses.replace(application(credentials=credential(name="intent")), unfinished={"intent"})
    told = {step: stopping(interrupted, step).blocked for step in StepName}
    assert told[StepName.CONSENT] is told[StepName.SECRET] is False
    assert told[StepName.EXCHANGE] is told[StepName.MAILBOXES] is told[StepName.VERIFICATION] is True


def test_a_finding_says_who_made_it_and_shows_no_letter_that_deceives() -> None:
    planted = application(maker=OTHER, display_name="UTM\u202e\x1b[2J\n")
    (finding,) = judge(planted, StepName.APPLICATION).findings
    assert finding.values["maker"] == f"Azure CLI, {OTHER}"
    assert finding.values["made"] == "2026-11-23"
    assert str(finding.values["name"]).isprintable()
