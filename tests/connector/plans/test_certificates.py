"""Step 5 where the UTM has a certificate: which one is which, what can be said of it, and what the trust is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.credential import CertificateRecord, CredentialRecord, Rotation, RotationState, SecretRecord
from connector.microsoft import REPLICATION_TIME
from connector.model import Connection
from connector.observed import Credential
from connector.operation import Operation
from connector.plans.certificates import KnownCertificate, Trust, certificate_versions, wished, wrong_with
from connector.plans.plan import Action
from connector.plans.secret import plan
from connector.plans.secret_observed import WAITS, Observed
from connector.plans.settled import settle
from connector.plans.succession import told
from connector.rotation import retires
from connector.steps import OperationKind
from connector.wanted import Absent, Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WANTED, ABSENT = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"]), Absent(revision=1)
OURS = Trust(("issuer", "subject", "audience"), since=NOW - timedelta(days=9))
GOOD = KnownCertificate(ended=False, listed=True, young=False, trusted=True, trust_young=False, proof="accepted")


def record(key: str, *, made: bool = True, ends: float = 90) -> CertificateRecord:
    since = NOW - timedelta(days=9)
    end = NOW + timedelta(days=ends)
    made_on = since if made else None
    return CertificateRecord(
        key_id=key, der="", sha1=f"1{key}", sha256=f"2{key}", starts_on=since, expires_on=end, made_on=made_on
    )


def entry(key: str, thumbprint: str | None = None) -> Credential:
    shown = f"2{key}" if thumbprint is None else thumbprint
    return Credential(key, "certificate", "utm-mail-connect next r", None, thumbprint=shown)


FEDERATED = Credential("f", "federated", "utm-mail-connect", None, trusts=OURS.wanted)
SECRET = SecretRecord(uri="https://v/secrets/s/v", version="v", key_id="s", expires_on=NOW + timedelta(days=9))


def rotation(state: RotationState = RotationState.OFFERED, **more: Any) -> Rotation:
    return Rotation.model_validate({"id": "r", "state": state, "begun": NOW, "offered_on": NOW, **more})


def seen(secret: Any, open_: Rotation | None, *credentials: Credential, **more: Any) -> Observed:
    versions = certificate_versions(secret, open_, credentials, NOW)
    values: dict[str, Any] = {"trust": OURS, "proof": "accepted", "next_proof": "accepted", **more}
    return Observed(
        versions=versions, credentials=credentials, intents=(), now=NOW, secret=secret, rotation=open_, **values
    )


def changes(one: Observed, goal: Any = WANTED) -> list[tuple[Action, str]]:
    return [(change.action, change.subject) for change in plan(one, goal).changes]


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        ({}, None),
        ({"ended": True}, "certificate-expired"),
        ({"listed": False, "young": True}, "certificate-not-listed-yet"),
        ({"listed": False}, "certificate-gone"),
        ({"trusted": False}, "federation-missing"),
        ({"proof": None}, "federation-not-known-yet"),
        ({"proof": "refused", "trust_young": True}, "federation-not-known-yet"),
        ({"proof": "refused"}, "federation-refused"),
        ({"proof": "application-unknown"}, "application-unknown"),
    ],
)
def test_what_our_own_token_proves_is_never_said_of_the_certificate(look: dict[str, Any], reason: str | None) -> None:
    assert wrong_with(replace(GOOD, **look)) == reason


def test_which_one_is_which_the_document_says_and_whose_it_is_the_thumbprint() -> None:
    planted = entry("z")
    offered = certificate_versions(SECRET, rotation(next=record("b")), (entry("other id", "2b"), planted), NOW)
    assert [(one.key_id, one.tags["state"], "offered" in one.tags) for one in offered] == [("other id", "next", True)]
    assert certificate_versions(SECRET, rotation(next=record("b", made=False)), (planted,), NOW) == ()
    confirmed = rotation(RotationState.RETIRING, old=record("a"), confirmed_on=NOW)
    both = told(certificate_versions(record("b"), confirmed, (entry("a"), entry("b")), NOW), record("b"), confirmed)
    assert [one and one.key_id for one in (both.current, both.next, both.retiring)] == ["b", None, "a"]
    over = told(certificate_versions(record("b"), confirmed, (entry("b"),), NOW), record("b"), confirmed)
    assert [one and one.key_id for one in (over.current, over.retiring)] == ["b", None]


def test_one_that_has_ended_and_is_taken_away_is_over_as_soon_as_another_one_is_handed_out() -> None:
    """Else each hour it would be tried to take away what is gone, for as long as nobody enters the other one."""
    old, new = record("a", ends=-1), rotation(next=record("b"))
    assert changes(seen(old, new, entry("a"), entry("b"), FEDERATED, kind=OperationKind.RETIRE)) == [
        (Action.REMOVE_SECRET, "a")
    ]
    after = seen(old, new, entry("b"), FEDERATED, kind=OperationKind.RETIRE)
    assert changes(after) == []
    connection = Connection(
        name="hq", wanted=WANTED, operation=Operation(id="o", kind=OperationKind.RETIRE, started=NOW), since=NOW,
        last_change=NOW, secret=old, rotation=new,
    )  # fmt: skip
    assert retires(connection, NOW)
    settle(connection, after)
    assert not retires(connection, NOW)
    assert connection.rotation is not None
    assert (connection.rotation.state, connection.rotation.alone) == (RotationState.OFFERED, True)
    # Without another one it says that the UTM has a certificate, so that no secret is made in its place.
    assert certificate_versions(old, None, (), NOW)[0].tags["state"] == "current"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (seen(record("a"), None, entry("a"), FEDERATED), []),
        (seen(record("a"), None, entry("a")), [(Action.ADD_FEDERATED, "utm-mail-connect")]),
        (seen(record("a"), None, FEDERATED), [(Action.ADD_CERTIFICATE, "1a")]),
        (seen(record("a", ends=-1), None, entry("a"), FEDERATED), []),
        (
            seen(SECRET, rotation(RotationState.PREPARING, next=record("b", made=False)), kind=OperationKind.ROTATE),
            [(Action.ADD_CERTIFICATE, "1b"), (Action.ADD_FEDERATED, "utm-mail-connect")],
        ),
        (
            seen(record("a"), None, entry("a"), entry("lost"), FEDERATED, given={"2a", "2lost"}),
            [(Action.REMOVE_ORPHAN, "lost")],
        ),
        (
            seen(
                record("b"),
                rotation(RotationState.RETIRING, old=record("a"), confirmed_on=NOW),
                entry("a"),
                entry("b"),
                FEDERATED,
                kind=OperationKind.RETIRE,
            ),
            [(Action.REMOVE_SECRET, "a")],
        ),
        (seen(record("a"), None, entry("a"), only_looks=True, kind=OperationKind.VERIFY), [
            (Action.ADD_FEDERATED, "utm-mail-connect")
        ]),
    ],
)  # fmt: skip
def test_what_is_done(one: Observed, expected: list[tuple[Action, str]]) -> None:
    assert changes(one) == expected


def test_one_that_has_expired_is_for_a_person_and_is_not_put_back() -> None:
    assert [one.code for one in plan(seen(record("a", ends=-1), None, FEDERATED), WANTED).findings] == [
        "certificate-needed"
    ]


def test_a_removal_takes_what_was_given_and_the_trust_and_leaves_what_others_have_put_there() -> None:
    other = Credential("o", "federated", "utm-mail-connect", None, trusts=("issuer", "another", "audience"))
    one = seen(record("a"), None, entry("a"), entry("z"), entry("hidden", ""), FEDERATED, other, given={"2a"})
    assert changes(replace(one, versions=()), ABSENT) == [
        (Action.REMOVE_CREDENTIAL, "a"),
        (Action.REMOVE_CREDENTIAL, "f"),
    ]


def test_a_set_up_keeps_the_kind_and_a_rotation_says_which_is_to_come() -> None:
    preparing = rotation(RotationState.PREPARING)
    rows: list[tuple[CredentialRecord | None, Rotation | None, str | None]] = [
        (record("a"), None, "a"),
        (SECRET, None, None),
        (record("a"), preparing, None),
        (SECRET, rotation(RotationState.PREPARING, next=record("b")), "b"),
        (SECRET, rotation(next=record("b")), None),
        (None, rotation(next=record("b"), alone=True), "b"),
    ]
    for secret, open_, expected in rows:
        found = wished(secret, open_)
        assert (found.key_id if found else None) == expected


def test_a_new_trust_may_take_its_time() -> None:
    fresh = Trust(OURS.wanted, since=NOW - REPLICATION_TIME / 2)
    one = seen(record("a"), None, entry("a"), FEDERATED, trust=fresh, proof="refused")
    assert plan(one, WANTED).wait == "federation-not-known-yet"
    assert "federation-not-known-yet" in WAITS
    late = seen(record("a"), None, entry("a"), FEDERATED, proof="refused")
    assert [finding.code for finding in plan(late, WANTED).findings] == ["federation-refused"]
