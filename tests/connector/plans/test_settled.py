"""What a look at the secrets leaves in the document, whatever others have written or taken away meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connector.credential import Rotation, RotationState, SecretRecord
from connector.model import Connection, Operation, Wanted
from connector.observed import Credential, SecretVersion
from connector.plans.secret import Observed
from connector.plans.settled import settle
from connector.plans.succession import record_of
from connector.rotation import confirmed, handed_out
from connector.steps import OperationKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def version(key: str, age: int, state: str) -> SecretVersion:
    return SecretVersion(
        uri=f"https://v/secrets/hq/{key}",
        version=key,
        enabled=True,
        created=NOW - timedelta(days=age),
        expires=NOW + timedelta(days=90),
        tags={"keyId": key, "state": state},
    )


OLD, NEW = version("old", 100, "current"), version("new", 2, "next")


def record(one: SecretVersion) -> SecretRecord:
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


def seen(one: Connection, *versions: SecretVersion, listed: str, **more: Any) -> Observed:
    credentials = tuple(Credential(key_id=key, kind="secret", display_name="", ends=None) for key in listed.split())
    values: dict[str, Any] = {"intents": (), "proof": "accepted", "now": NOW, "subject": "hq", **more}
    return Observed(
        versions=versions, credentials=credentials, secret=one.secret, rotation=one.rotation, accepted=True, **values
    )


def keys(one: Connection) -> tuple[str | None, str | None, str | None]:
    rotation, given = one.rotation, handed_out(one)
    old = rotation.old.key_id if rotation is not None and rotation.old is not None else None
    return (one.secret.key_id if one.secret else None, old, given.key_id if given else None)


def test_a_confirmation_that_comes_while_a_run_looks_is_not_undone() -> None:
    one = offering()
    looked = seen(one, NEW, OLD, listed="old new")
    confirmed(one, NOW)
    settle(one, looked)
    assert keys(one) == ("new", "old", "new")
    settle(one, seen(one, NEW, OLD, listed="old new"))
    assert keys(one) == ("new", "old", "new")
