"""A role in Exchange in the place of a consent: when it counts, what it takes the place of, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.clients.exchange_objects import role_assigned, role_reaches
from connector.errors import UnexpectedAnswerError
from connector.microsoft import PROTOCOLS, Protocol
from connector.observed import Resource, RoleAssignment
from connector.plans.consent import Observed, judged, plan
from connector.plans.exchange_roles import ExchangeRole
from connector.plans.plan import Action
from connector.wanted import Wanted

SMTP = PROTOCOLS[Protocol.SMTP]
WANTED = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"], protocols=[Protocol.SMTP])
EXCHANGE = Resource("exchange", {one.role: one.role_id for one in PROTOCOLS.values()})
CONSENT = RoleAssignment("assignment", "exchange", SMTP.role_id)
GIVE, TAKE = Action.ASSIGN_ROLE, Action.WITHDRAW_ROLE
OUT = ("a@b.de",)
NOT, SEEN, HIDDEN = ({"assigned": False}, {"assigned": True}, {"assigned": None})

YOUNG = {"spreads_until": datetime(2026, 11, 5, tzinfo=UTC)}
WAITS = {"sending-role-spreads", "consent-mixed"}
MIXED = {"sending-role-missing", "consent-mixed"}

CASES: list[tuple[dict[str, Any], bool, Action | None, set[str], bool]] = [
    # what is seen, whether the consent is ours, what is changed, what is said, whether that it is there is kept
    (NOT, True, GIVE, set(), False),
    (HIDDEN, True, GIVE, set(), False),
    (SEEN, True, None, {"sending-by-role"}, True),
    ({**SEEN, "boundless": True}, True, None, {"sending-by-role", "sending-role-boundless"}, True),
    ({**NOT, "wished": True}, True, None, {"sending-role-missing"}, False),
    ({**HIDDEN, "wished": True}, True, None, {"sending-role-unread"}, False),
    ({**NOT, "before": True}, True, None, {"sending-role-missing"}, True),
    ({**HIDDEN, "before": True}, True, None, {"sending-role-unread"}, True),
    ({**SEEN, "held": True}, True, TAKE, {"sending-by-role"}, True),
    ({**SEEN, "held": True}, False, None, {"sending-by-role", "consent-mixed"}, True),
    ({**SEEN, "held": True, "outside": OUT}, True, None, {"mailbox-outside-role"}, False),
    ({**SEEN, "held": True, **YOUNG}, True, None, {"sending-role-spreads"}, False),
    ({**SEEN, "held": True, **YOUNG}, False, None, {"sending-role-spreads"}, False),
    ({**SEEN, "held": True, **YOUNG, "wished": True}, True, None, {"sending-by-role", *WAITS}, True),
    ({**SEEN, "held": True, **YOUNG, "before": True}, True, None, {"sending-by-role", *WAITS}, True),
    ({**SEEN, **YOUNG}, True, None, {"sending-by-role"}, True),
    ({**NOT, "held": True}, True, None, set(), False),
    ({**SEEN, "held": True, "unknown": True}, True, None, set(), False),
    ({**SEEN, "held": True, "unknown": True, "wished": True}, True, None, {"sending-by-role", "consent-mixed"}, True),
    ({**NOT, "held": True, "before": True}, False, None, set(), False),
    ({**NOT, "held": True, "before": True, "fading": True}, False, None, MIXED, True),
    ({**NOT, "held": True, "wished": True}, True, None, MIXED, False),
    ({**HIDDEN, "held": True, "wished": True}, True, None, {"sending-role-unread", "consent-mixed"}, False),
    ({**HIDDEN, "held": True, "before": True}, True, None, {"sending-role-unread", "consent-mixed"}, True),
]


@pytest.mark.parametrize(("seen", "ours", "change", "said", "lasts"), CASES)
def test_what_permits_more_is_never_given_because_less_is_seen(
    seen: dict[str, Any], ours: bool, change: Action | None, said: set[str], lasts: bool
) -> None:
    role = ExchangeRole(Protocol.SMTP, **seen)
    held = (CONSENT,) if role.held else ()
    observed = Observed(None, "sp", EXCHANGE, held, (SMTP.role,) if ours else (), by_role=(role,))
    result = plan(observed, WANTED)
    assert [one.action for one in result.changes] == ([change] if change else [])
    assert ({one.code for one in result.findings}, role.lasts) == (said, lasts)


def test_a_role_that_is_missing_stops_no_other_change() -> None:
    wanted = WANTED.model_copy(update={"protocols": [Protocol.IMAP, Protocol.SMTP]})
    role = ExchangeRole(Protocol.SMTP, assigned=False, wished=True)
    first = plan(Observed(None, "sp", EXCHANGE, (), by_role=(role,)), wanted)
    assert ([one.action for one in first.changes], first.blocked) == ([GIVE], False)
    given = RoleAssignment("imap", "exchange", PROTOCOLS[Protocol.IMAP].role_id)
    assert plan(Observed(None, "sp", EXCHANGE, (given,), by_role=(role,)), wanted).blocked


def row(**more: object) -> dict[str, object]:
    line = {"RoleName": "Application SMTP.SendAsApp", "GrantedPermissions": "SMTP.SendAsApp", "InScope": True}
    return {**line, "AllowedResourceScope": "UTM", "ScopeType": "CustomRecipientScope", **more}


OTHER = row(RoleName="Application Mail.Read", GrantedPermissions="Mail.Read")
OWN = row(RoleName="Our relay", GrantedPermissions=["SMTP.SendAsApp"])


@pytest.mark.parametrize(
    ("found", "assigned", "reaches"),
    [
        ([], False, False),
        ([row()], True, True),
        ([row(InScope="True")], True, True),
        ([row(InScope=False)], True, False),
        ([row(InScope="False"), row(InScope=True)], True, True),
        ([row(InScope="Not Run")], True, None),
        ([row(InScope=None)], True, None),
        ([OTHER], False, False),
        ([OTHER, row(InScope=False)], True, False),
        ([OWN], True, True),
        ([row(RoleName="application smtp.sendasapp", GrantedPermissions=None)], True, True),
        ([{"InScope": True}], None, None),
    ],
)
def test_what_exchange_says_of_a_role_and_what_it_does_not_say(
    found: list[dict[str, object]], assigned: bool | None, reaches: bool | None
) -> None:
    for read, said in ((role_assigned, assigned), (role_reaches, reaches)):
        if said is None:
            with pytest.raises(UnexpectedAnswerError):
                read(found, SMTP)
        else:
            assert read(found, SMTP) is said


NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "begun", "created", "ours"),
    [
        (True, [], NOON, True),  # as a version before has kept it
        (False, [], NOON, False),
        (False, [0], NOON, True),
        (False, [-40, -2], NOON, True),  # the answer was lost, or the clocks differ
        (False, [-10], NOON, False),  # somebody has given it after ours came to nothing
        (True, [-600], NOON, False),  # somebody has withdrawn ours and given his
        (True, [-600, 1], NOON, True),
        (False, [-10], None, True),
    ],
)
def test_ours_is_what_entra_dates_as_one_of_our_writes(
    known: bool, begun: list[int], created: datetime | None, ours: bool
) -> None:
    held = (replace(CONSENT, created=created),)
    observed = Observed(None, "sp", EXCHANGE, held, (SMTP.role,) if known else ())
    times = {SMTP.role: [NOON + timedelta(minutes=one) for one in begun]} if begun else {}
    assert judged(observed, times).given == ((SMTP.role,) if ours else ())
