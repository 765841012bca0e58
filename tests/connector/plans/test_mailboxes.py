"""Step 7: the wanted list in chunks, whose access it is, and what is wrong with an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    UnexpectedAnswerError,
)
from connector.mailbox import MailboxRecord
from connector.microsoft import SPREAD, Protocol
from connector.observed import Recipient
from connector.plans.mailboxes import (
    SeenMailbox,
    failure,
    holder,
    off_finding,
    plan,
    spreading,
    was_refused,
)
from connector.plans.plan import Action
from connector.plans.senders import Pair
from connector.wanted import Wanted


class Together:
    """Mailboxes that are looked at together."""

    pairs: tuple[Pair, ...] = ()

    def __init__(self, *mailboxes: SeenMailbox) -> None:
        self.mailboxes = mailboxes


@pytest.mark.parametrize(
    ("imap", "access", "enable", "actions"),
    [
        (True, True, True, []),
        (True, False, False, [Action.GRANT_ACCESS]),
        (False, True, False, []),
        (False, True, True, [Action.ENABLE_IMAP]),
        (False, False, True, [Action.ENABLE_IMAP, Action.GRANT_ACCESS]),
    ],
)
def test_the_changes_of_one_mailbox(imap: bool, access: bool, enable: bool, actions: list[Action]) -> None:
    seen = SeenMailbox("a@b.de", access, {} if imap else {Protocol.IMAP: "imap-disabled"})
    wanted = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"], enable_imap=enable)
    assert [change.action for change in plan(Together(seen, seen), wanted).changes] == actions
    assert (off_finding(seen) is None) is imap


@pytest.mark.parametrize(("access", "actions"), [(True, [Action.REVOKE_ACCESS]), (False, [])])
def test_what_is_not_wanted_loses_its_access_and_nothing_else(access: bool, actions: list[Action]) -> None:
    seen = SeenMailbox("a@b.de", access, {Protocol.IMAP: "imap-disabled"}, wanted=False)
    wanted = Wanted(revision=1, display_name="UTM", mailboxes=[], enable_imap=True)
    assert [change.action for change in plan(Together(seen), wanted).changes] == actions


@pytest.mark.parametrize(
    ("before", "access", "after"),
    [
        (None, False, "giving"),
        (None, True, "given"),
        ("giving", True, "giving"),
        ("given", True, "given"),
        ("given", False, "giving"),
        ("foreign", True, "given"),
        ("foreign", False, "giving"),
    ],
)
def test_whose_access_it_is(before: str | None, access: bool, after: str) -> None:
    entry = MailboxRecord.model_validate({"requested": "a@b.de", "access": before})
    assert holder(entry, access=access).access == after


@pytest.mark.parametrize(
    ("error", "recipient", "code"),
    [
        (NotFoundError("exchange", "x", ""), None, "mailbox-not-found"),
        (NotFoundError("exchange", "x", ""), NotFoundError("exchange", "x", ""), "mailbox-not-found"),
        (NotFoundError("exchange", "x", ""), Recipient("a@b.de", "MailUniversalSecurityGroup"), "address-is-group"),
        (NotFoundError("exchange", "x", ""), Recipient("a@b.de", "MailUser"), "address-is-elsewhere"),
        (NotFoundError("exchange", "x", ""), Recipient("a@b.de", "PublicFolder"), "address-is-no-mailbox"),
        (RefusedError("exchange", "ambiguous", ""), None, "address-ambiguous"),
        (RefusedError("exchange", "outside-write-scope", ""), None, "mailbox-outside-scope"),
        (ForbiddenError("exchange", "403", ""), None, "access-missing"),
        (ReplicationError("exchange", "x", ""), None, "access-missing"),
        (UnexpectedAnswerError("exchange", "500", ""), None, "mailbox-failed"),
    ],
)
def test_what_is_wrong_with_an_address(
    error: ServiceError, recipient: Recipient | ServiceError | None, code: str
) -> None:
    assert failure("a@b.de", error, recipient).code == code


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (ForbiddenError("exchange", "", "", status=403), True),
        (ForbiddenError("exchange", "RecipientTaskException", ""), True),
        (RefusedError("exchange", "outside-write-scope", ""), True),
        (NotFoundError("exchange", "not-found", ""), True),
        (ForbiddenError("exchange", "", "", status=200), False),
        (ForbiddenError("exchange", "", "", status=302), False),
        (ForbiddenError("exchange", "", "", status=500), False),
        (ForbiddenError("exchange", "", "", status=0), False),
        (ReplicationError("exchange", "x", ""), False),
        (UnexpectedAnswerError("exchange", "500", ""), False),
    ],
)
def test_a_write_was_refused_only_where_that_is_certain(error: ServiceError, certain: bool) -> None:
    assert was_refused(error) is certain


@pytest.mark.parametrize(
    ("address", "code"), [("info+x@b.de", "plus-address-not-found"), ("info@b.de", "mailbox-not-found")]
)
def test_of_a_plus_address_it_is_said_why_there_is_none(address: str, code: str) -> None:
    missing = NotFoundError("exchange", "x", "")
    assert failure(address, missing, missing).code == code
    group = Recipient("g", "MailUniversalDistributionGroup")
    assert failure(address, missing, group).code == "address-is-group"


@pytest.mark.parametrize("early", [0.0, 0.088, 1.0])
def test_whoever_has_waited_for_a_write_to_spread_by_a_timer_waits_for_it_no_more(early: float) -> None:
    written = datetime(2026, 11, 28, tzinfo=UTC)
    asked = written + timedelta(seconds=30)
    seconds = spreading(written, asked)
    assert seconds == (SPREAD - timedelta(seconds=30)).total_seconds()
    assert spreading(written, asked + timedelta(seconds=seconds - early)) == 0.0
