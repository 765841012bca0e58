"""What the record of sign-ins makes of a rotation: confirmed by itself, or the old secret stays for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.next_proof import STAGE, Observed
from connector.credential import Rotation, RotationState, SecretRecord
from connector.evidence import Heard, LastUses, Unknown, heed, next_used, old_used
from connector.model import Connection
from connector.operation import Operation
from connector.rotation import LATE, retires
from connector.standing import standing
from connector.steps import ConnectionState, OperationKind
from tests.connector.test_standing import NOW, connection

OLD, NEW = "12345678-0000-4000-8000-000000000001", "87654321-0000-4000-8000-000000000002"
DAY = timedelta(days=1)
LATER = NOW + 3 * DAY


def record(key: str, ends: timedelta = timedelta(days=40)) -> SecretRecord:
    return SecretRecord(uri="https://v/secrets/hq/v", version=key[:8], key_id=key, expires_on=NOW + ends)


def offering(**more: Any) -> Connection:
    one = connection(timedelta(days=40))
    one.secret = record(OLD)
    fields: dict[str, Any] = {"state": RotationState.OFFERED, "next": record(NEW), "offered_on": NOW, **more}
    one.rotation = Rotation(id="r", begun=NOW, **fields)
    return one


def retiring(old_ends: timedelta = timedelta(days=40), **more: Any) -> Connection:
    one = connection(timedelta(days=200))
    one.secret = record(NEW)
    fields = {"state": RotationState.RETIRING, "old": record(OLD, old_ends), "confirmed_on": NOW, **more}
    one.rotation = Rotation(id="r", begun=NOW, offered_on=NOW, **fields)
    return one


def abandoning() -> Connection:
    one = offering()
    one.operation = Operation(id="op", kind=OperationKind.ABANDON, started=NOW)
    return one


def midnight(days: int) -> datetime:
    return datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) + days * DAY


def test_a_use_of_the_offered_secret_confirms_it_and_says_since_when() -> None:
    one = offering()
    assert heed(one, LastUses({NEW: midnight(2)}), LATER)
    assert one.rotation is not None
    assert one.secret is not None
    assert (one.secret.key_id, one.secret.used_since) == (NEW, midnight(2))
    assert (one.rotation.state, one.rotation.confirmed_on) == (RotationState.RETIRING, LATER)
    assert one.rotation.old == record(OLD)


@pytest.mark.parametrize(
    ("one", "uses"),
    [
        (offering(), LastUses({NEW: midnight(1)})),  # may be our own proof
        (offering(), LastUses({OLD: midnight(2)})),
        (offering(), LastUses()),
        (offering(), LastUses(unknown=Unknown.NO_LICENCE)),
        (offering(alone=True), LastUses({NEW: midnight(2)})),  # what is ours uses it as well
        (offering(gone=True), LastUses({NEW: midnight(2)})),
        (offering(offered_on=None), LastUses({NEW: midnight(2)})),
        (abandoning(), LastUses({NEW: midnight(2)})),
        (offering(state=RotationState.PREPARING), LastUses({NEW: midnight(2)})),
        (connection(timedelta(days=40)), LastUses({NEW: midnight(2)})),
    ],
)
def test_nothing_else_confirms(one: Connection, uses: LastUses) -> None:
    before = one.model_copy(deep=True)
    assert not heed(one, uses, LATER)
    assert one == before
    assert next_used(one, uses, LATER) is None


@pytest.mark.parametrize(
    ("uses", "goes_after"),
    [
        ({}, 1),  # it holds nothing: there are such tenants, and nobody waits for it
        ({OLD: midnight(0)}, 4),  # a use after the confirmation is not to be seen yet
        ({OLD: midnight(0), NEW: midnight(1)}, 4),  # dates are midnights, and nobody says which
        ({OLD: midnight(0), NEW: midnight(2)}, 1),  # it reaches beyond, and shows none
        ({OLD: midnight(0), NEW: midnight(9)}, 4),  # no use is later than now
    ],
)
def test_a_person_s_word_is_not_acted_upon_before_the_record_could_speak_against_it(
    uses: dict[str, datetime], goes_after: int
) -> None:
    one = retiring()
    heed(one, LastUses(uses), NOW + DAY)
    assert [retires(one, NOW + days * DAY) for days in (1, 3, 4)] == [goes_after <= days for days in (1, 3, 4)]
    heed(one, LastUses(unknown=Unknown.UNREADABLE), NOW + 2 * DAY)  # what it has told stays told
    assert retires(one, NOW + 2 * DAY) is (goes_after == 1)


def test_what_the_record_has_confirmed_itself_waits_for_no_other_word() -> None:
    one = offering()
    assert heed(one, LastUses({NEW: midnight(2), OLD: midnight(2)}), LATER) is Heard.CONFIRMED
    assert heed(one, LastUses({NEW: midnight(2), OLD: midnight(2)}), LATER) is None
    assert retires(one, LATER + DAY)


@pytest.mark.parametrize(
    ("used", "now", "goes"),
    [
        (None, NOW + DAY, True),
        (midnight(1), NOW + DAY, False),
        (midnight(1), NOW + 3 * DAY, False),
        (midnight(1), midnight(1) + LATE, True),  # nobody since
        (midnight(4), NOW + 5 * DAY, False),  # somebody still
    ],
)
def test_the_old_secret_stays_while_somebody_uses_it(used: datetime | None, now: datetime, goes: bool) -> None:
    one = retiring()
    heed(one, LastUses({OLD: used} if used is not None else {}), now)
    assert retires(one, now) is goes
    told = standing(one, ConnectionState.READY, now)
    assert [finding.code for finding in told.findings] == ([] if goes else ["old-secret-still-used"])
    assert told.state is ConnectionState.READY


def test_an_old_secret_that_has_ended_goes_whoever_used_it() -> None:
    one = retiring(old_ends=2 * DAY, old_used_on=midnight(2))
    assert retires(one, LATER)


def test_the_same_use_is_noted_once() -> None:
    one, uses = retiring(), LastUses({OLD: midnight(2)})
    assert [heed(one, uses, LATER) for _ in range(2)] == [Heard.OLD_STILL_USED, None]
    assert heed(one, LastUses({OLD: midnight(3)}), LATER)


def test_our_own_use_of_the_confirmed_secret_proves_nothing() -> None:
    one = retiring()
    assert not heed(one, LastUses({NEW: midnight(3)}), LATER)
    assert old_used(offering(), LastUses({OLD: midnight(3)}), LATER) is None


def test_it_is_offered_from_the_last_login_of_ours_on_and_not_from_the_last_token() -> None:
    one = offering(state=RotationState.PREPARING, offered_on=None, accepted_on=NOW)
    STAGE.record(Observed(0, last=False, now=LATER), one)
    assert one.rotation is not None
    assert (one.rotation.state, one.rotation.offered_on) == (RotationState.OFFERED, LATER)


def test_what_is_ours_had_to_use_the_new_secret_later() -> None:
    one = offering(ours_on=NOW + 2 * DAY)
    assert next_used(one, LastUses({NEW: midnight(3)}), NOW + 5 * DAY) is None
    assert next_used(one, LastUses({NEW: midnight(4)}), NOW + 5 * DAY) == midnight(4)
