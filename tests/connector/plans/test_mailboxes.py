"""Step 7: the wanted list in chunks, whose access it is, and what is wrong with an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    UnexpectedAnswerError,
)
from connector.model import Chunk, MailboxRecord
from connector.observed import Mailbox, Recipient
from connector.plans.mailboxes import (
    Observed,
    again,
    arrange,
    failure,
    finding,
    holder,
    imap_finding,
    plan,
    was_refused,
)
from connector.plans.plan import Action
from connector.steps import MailboxState

ADDRESSES = st.lists(st.integers(0, 60).map(lambda n: f"m{n}@b.de"), unique=True, max_size=40)


def names(chunks: list[Chunk]) -> list[str]:
    return [entry.requested for chunk in chunks for entry in chunk.mailboxes if entry.wanted]


@given(ADDRESSES, ADDRESSES, st.integers(1, 7), st.data())
def test_arranging_keeps_exactly_what_is_wanted_and_what_must_be_taken_back(
    before: list[str], after: list[str], size: int, data: st.DataObject
) -> None:
    chunks = arrange([], before, size)
    for chunk in chunks:
        for entry in chunk.mailboxes:
            entry.access = data.draw(st.sampled_from(["given", "giving", "foreign", None]))
    places = {entry.requested: (chunk.number, entry.access) for chunk in chunks for entry in chunk.mailboxes}
    again_arranged = arrange(chunks, after, size)
    assert sorted(names(again_arranged)) == sorted(after)
    assert [chunk.number for chunk in again_arranged] == list(range(len(again_arranged)))
    assert all(len(chunk.mailboxes) <= size for chunk in again_arranged)
    for chunk in again_arranged:
        for entry in chunk.mailboxes:
            if entry.requested in places:
                assert places[entry.requested] == (chunk.number, entry.access)
            assert entry.wanted or entry.access in {"given", "giving"}
    leaving = {name for name, (_, access) in places.items() if access in {"given", "giving"}} - set(after)
    left = {entry.requested for chunk in again_arranged for entry in chunk.mailboxes if not entry.wanted}
    assert left == leaving


def test_an_alias_that_becomes_the_user_principal_name_is_the_same_mailbox() -> None:
    entry = MailboxRecord(requested="alias@b.de", address="Upn@b.de", access="given")
    (chunk,) = arrange([Chunk(number=0, mailboxes=[entry])], ["upn@b.de"], 5)
    (kept,) = chunk.mailboxes
    assert (kept.requested, kept.wanted, kept.access) == ("upn@b.de", True, "given")


def test_proving_again_keeps_what_step_7_found_until_it_looks_again() -> None:
    off = finding("imap-disabled", "a@b.de")
    settled = MailboxRecord(requested="a@b.de", settled_in="old", proven_in="old", state=MailboxState.OPEN, finding=off)
    unknown = MailboxRecord(requested="c@b.de")
    (chunk,) = again([Chunk(number=0, mailboxes=[settled, unknown])])
    first, second = chunk.mailboxes
    assert (first.settled_in, first.proven_in, first.state, first.finding) == (None, None, MailboxState.WAITING, off)
    assert (second.settled_in, second.state) == (None, MailboxState.PENDING)


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
    observed = Observed(Mailbox("a@b.de", "a@b.de", "UserMailbox"), imap_enabled=imap, access=access)
    assert [change.action for change in plan(observed, enable_imap=enable)] == actions
    assert (imap_finding(observed) is None) is imap


@pytest.mark.parametrize(
    ("before", "access", "after"),
    [
        (None, False, "giving"),
        (None, True, "foreign"),
        ("giving", True, "giving"),
        ("given", True, "given"),
        ("given", False, "giving"),
        ("foreign", True, "foreign"),
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
        (ForbiddenError("exchange", "status-403", ""), True),
        (ForbiddenError("exchange", "RecipientTaskException", ""), True),
        (RefusedError("exchange", "outside-write-scope", ""), True),
        (NotFoundError("exchange", "not-found", ""), True),
        (ForbiddenError("exchange", "status-200", ""), False),
        (ForbiddenError("exchange", "status-302", ""), False),
        (ForbiddenError("exchange", "status-500", ""), False),
        (ForbiddenError("exchange", "status-0", ""), False),
        (ReplicationError("exchange", "x", ""), False),
        (UnexpectedAnswerError("exchange", "500", ""), False),
    ],
)
def test_a_write_was_refused_only_where_that_is_certain(error: ServiceError, certain: bool) -> None:
    assert was_refused(error) is certain


def test_proving_once_more_only_looks_at_what_was_settled_however_often() -> None:
    settled = MailboxRecord(requested="a@b.de", settled_in="op")
    open_ = MailboxRecord(requested="c@d.de")
    once = again([Chunk(number=0, mailboxes=[settled, open_])])
    twice = again(once)
    assert [[entry.check for entry in chunk.mailboxes] for chunk in (*once, *twice)] == [[True, False], [True, False]]
    (anew,) = arrange(twice, ["a@b.de", "c@d.de"], 50)
    assert [entry.check for entry in anew.mailboxes] == [False, False]
