"""What a look at the secrets leaves in the document, whatever others have written or taken away meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.credential import CredentialRecord, Rotation, RotationState
from connector.model import Connection
from connector.observed import Credential, CredentialVersion
from connector.operation import Operation
from connector.plans.secret import plan
from connector.plans.secret_observed import Observed
from connector.plans.settled import labels, settle
from connector.plans.succession import record_of
from connector.rotation import confirmed, handed_out
from connector.steps import OperationKind
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def version(key: str, age: int, state: str) -> CredentialVersion:
    return CredentialVersion(
        uri=f"https://v/secrets/hq/{key}",
        version=key,
        enabled=True,
        created=NOW - timedelta(days=age),
        expires=NOW + timedelta(days=90),
        tags={"keyId": key, "state": state},
    )


OLD, NEW = version("old", 100, "current"), version("new", 2, "next")


def record(one: CredentialVersion) -> CredentialRecord:
    kept = record_of(one)
    assert kept is not None
    return kept


def offering() -> Connection:
    rotation = Rotation(id="r", begun=NOW, state=RotationState.OFFERED, offered_on=NOW, next=record(NEW))
    return Connection(
        name="hq",
        wanted=Wanted(revision=3, display_name="UTM", mailboxes=["a@b.de"]),
        operation=Operation(id="op", kind=OperationKind.SET_UP, started=NOW, begun=True),
        since=NOW,
        last_change=NOW,
        secret=record(OLD),
        rotation=rotation,
        secret_accepted=True,
    )


def seen(one: Connection, *versions: CredentialVersion, listed: str, **more: Any) -> Observed:
    credentials = tuple(Credential(key_id=key, kind="secret", display_name="", ends=None) for key in listed.split())
    values: dict[str, Any] = {"intents": (), "proof": "accepted", "now": NOW, "subject": "hq", **more}
    return Observed(
        versions=versions, credentials=credentials, secret=one.secret, rotation=one.rotation, accepted=True, **values
    )


def keys(one: Connection) -> tuple[str | None, str | None, str | None]:
    rotation, given = one.rotation, handed_out(one, NOW)
    old = rotation.old.key_id if rotation is not None and rotation.old is not None else None
    return (one.secret.key_id if one.secret else None, old, given.key_id if given else None)


def test_a_confirmation_that_comes_while_a_run_looks_is_not_undone() -> None:
    one = offering()
    looked = seen(one, NEW, OLD, listed="old new")
    confirmed(one, NOW, None)
    settle(one, looked)
    assert keys(one) == ("new", "old", "new")
    settle(one, seen(one, NEW, OLD, listed="old new"))
    assert keys(one) == ("new", "old", "new")


def again(one: CredentialVersion, state: str, earlier: timedelta) -> CredentialVersion:
    """Return the same value as it was written before: the answer to that write was lost."""
    tags = {**one.tags, "state": state}
    return replace(
        one, version=f"{one.version}-before", uri=f"{one.uri}-before", tags=tags, created=one.created - earlier
    )


@pytest.mark.parametrize("seconds", [0, 3])
def test_a_value_that_was_written_twice_takes_no_credential_away(seconds: int) -> None:
    one = offering()
    twice = (NEW, again(NEW, "next", timedelta(seconds=seconds)), OLD)
    looked = seen(one, *twice, listed="old new")
    settle(one, looked)
    confirmed(one, NOW, None)
    retire = {"kind": OperationKind.RETIRE}
    assert [change.subject for change in plan(seen(one, *twice, listed="old new", **retire), one.goal).changes] == [
        "old"
    ]
    gone = (
        replace(NEW, tags={"keyId": "new", "state": "current"}),
        twice[1],
        replace(OLD, enabled=False, tags={"keyId": "old", "state": "retired"}),
    )
    looked = seen(one, *gone, listed="new", **retire)
    assert plan(looked, one.goal).changes == ()
    settle(one, looked)
    assert (keys(one), one.rotation) == (("new", None, "new"), None)
    settle(one, seen(one, *gone, listed="new"))
    assert (keys(one), one.rotation) == (("new", None, "new"), None)


def test_what_was_offered_before_the_confirmed_one_is_not_left_where_no_old_one_retires() -> None:
    one = offering()
    one.secret, third = None, version("third", 1, "next")
    settle(one, seen(one, third, replace(NEW, enabled=False), listed="new third", proof=None, next_proof="accepted"))
    confirmed(one, NOW, None)
    assert (keys(one), one.rotation) == (("third", None, "third"), None)
    after = (replace(third, tags={"keyId": "third", "state": "current"}), replace(NEW, enabled=False))
    changes = plan(seen(one, *after, listed="new third"), one.wanted).changes
    assert [change.subject for change in changes] == ["new"]
    assert plan(seen(one, *after, listed="third"), one.wanted).changes == ()
    assert plan(seen(one, *after, listed="new third", only_looks=True), one.wanted).changes == ()


def test_what_is_offered_in_the_place_of_a_lost_one_stays_offered_since_then() -> None:
    one = offering()
    confirmed(one, NOW, None)
    third = version("third", 1, "next")
    settle(one, seen(one, third, NEW, OLD, listed="old third", proof="refused", next_proof="accepted"))
    assert keys(one) == ("new", None, "third")
    assert one.rotation is not None
    retiring = replace(OLD, tags={"keyId": "old", "state": "retiring"})
    current = replace(NEW, tags={"keyId": "new", "state": "current"})
    for more in ({"next_proof": None}, {"next_proof": "refused"}, {"proof": "accepted"}):
        before = one.model_copy(deep=True)
        settle(one, seen(one, third, current, retiring, listed="old new third", **more))
        assert one.rotation is not None
        assert (one.rotation.state, one.rotation.offered_on) == (RotationState.OFFERED, NOW), more
        one = before


@pytest.mark.parametrize("looks", [False, True])
def test_what_is_handed_out_since_the_old_one_is_gone_says_so_in_the_vault_before_the_document_does(
    *, looks: bool
) -> None:
    made = replace(NEW, tags={**NEW.tags, "rotation": "r"})
    kind = OperationKind.VERIFY if looks else OperationKind.SET_UP
    for present in (RotationState.PREPARING, None):
        one = offering()
        assert one.rotation is not None
        one.rotation = one.rotation.model_copy(update={"state": present}) if present is not None else None
        works = seen(one, made, OLD, listed="old new", kind=kind, only_looks=looks)
        assert labels(works) == []
        looked = seen(one, made, OLD, listed="new", next_proof="accepted", kind=kind, only_looks=looks)
        assert [(version.version, tags["offered"]) for version, tags in labels(looked)] == [("new", NOW.isoformat())]
        settle(one, looked)
        assert one.rotation is not None
        assert (one.rotation.state, one.rotation.alone) == (RotationState.OFFERED, True)
        # The store is lost, and the old one works again: nobody takes away what somebody may have entered.
        told = replace(made, tags={**made.tags, "offered": NOW.isoformat()})
        one.secret, one.rotation, one.secret_accepted = None, None, False
        back = seen(one, told, OLD, listed="old new")
        assert plan(back, one.goal).changes == ()
        settle(one, back)
        assert keys(one) == ("old", None, "new")


def test_what_somebody_has_stopped_stays_so_when_another_version_is_found() -> None:
    one = offering()
    assert one.rotation is not None
    stopped = {"state": RotationState.PREPARING, "offered_on": None, "stopped": True}
    one.rotation = one.rotation.model_copy(update=stopped)
    later = version("later", 1, "next")
    settle(one, seen(one, later, OLD, listed="old later"))
    assert one.rotation is not None
    assert one.rotation.next is not None
    assert (one.rotation.next.version, one.rotation.stopped) == ("later", True)
