"""The wanted list in chunks: where its names stand, what leaves it, and which mailboxes it comes to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mailbox import Chunk, MailboxRecord
from connector.operation import Operation
from connector.plans.mailbox_list import again, arrange, handed_over, removals
from connector.plans.mailboxes import finding
from connector.steps import MailboxState, OperationKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
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
            assert entry.wanted or entry.access
    leaving = {name for name, (_, access) in places.items() if access} - set(after)
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
    assert (first.settled_in, first.proven_in, first.state, first.finding) == ("old", None, MailboxState.WAITING, off)
    assert (second.settled_in, second.state) == (None, MailboxState.PENDING)


def test_proving_once_more_only_looks_at_what_was_settled_however_often() -> None:
    settled = MailboxRecord(requested="a@b.de", settled_in="op")
    open_ = MailboxRecord(requested="c@d.de")
    once = again([Chunk(number=0, mailboxes=[settled, open_])])
    twice = again(once)
    looks = Operation(id="verify", kind=OperationKind.VERIFY, started=NOW)
    for chunk in (*once, *twice):
        assert [looks.only_looks(entry.settled_in) for entry in chunk.mailboxes] == [True, False]
    (anew,) = arrange(twice, ["a@b.de", "c@d.de"], 50)
    assert [entry.settled_in for entry in anew.mailboxes] == [None, None]


def entry(requested: str, guid: str | None = None, **more: object) -> MailboxRecord:
    return MailboxRecord.model_validate(
        {"requested": requested, "address": "anna@b.de" if guid == "g1" else requested, "guid": guid, **more}
    )


ANNA = entry("anna@b.de", "g1", access="given")
INFO = entry("info@b.de", "g1", access="given")
BERTA = entry("berta@b.de", "g2", access="given")


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (["anna@b.de", "info@b.de", "berta@b.de"], (0, 2)),
        (["anna@b.de", "berta@b.de"], (0, 2)),
        (["info@b.de", "berta@b.de"], (0, 2)),
        (["berta@b.de"], (1, 2)),
        (["anna@b.de"], (1, 2)),
        ([], (2, 2)),
    ],
)
def test_removals_count_mailboxes_and_not_names(wanted: list[str], left: tuple[int, int]) -> None:
    chunks = [Chunk(number=0, mailboxes=[ANNA, BERTA]), Chunk(number=1, mailboxes=[INFO])]
    assert removals(chunks, wanted) == left


def test_a_name_that_is_left_out_takes_nothing_along_while_another_of_the_mailbox_stays() -> None:
    chunks = [Chunk(number=0, mailboxes=[ANNA]), Chunk(number=1, mailboxes=[INFO, BERTA])]
    arranged = arrange(chunks, ["anna@b.de"], 2)
    assert [[(one.requested, one.wanted) for one in chunk.mailboxes] for chunk in arranged] == [
        [("anna@b.de", True)], [("berta@b.de", False)],
    ]  # fmt: skip


def test_what_was_left_behind_is_not_taken_for_the_mailbox_that_has_its_name_now() -> None:
    """``info@`` has moved from g1 to g2; what is left of g1 goes by its address, which is on the list as well."""
    left = entry("anna@b.de", "g1", wanted=False, access="given")
    now = entry("info@b.de", "g2", access="given")
    other = entry("anna@b.de", "g3", access="given")
    (chunk,) = arrange([Chunk(number=0, mailboxes=[left, now, other])], ["info@b.de", "anna@b.de"], 5)
    assert [(one.guid, one.wanted) for one in chunk.mailboxes] == [("g1", False), ("g2", True), ("g3", True)]
    (chunk,) = arrange([Chunk(number=0, mailboxes=[left, now])], ["info@b.de", "anna@b.de"], 5)
    assert [(one.guid, one.wanted) for one in chunk.mailboxes] == [("g1", True), ("g2", True)]


@pytest.mark.parametrize(
    ("seen", "stays"),
    [({}, False), ({"address": "a@b.de"}, True), ({"guid": "g"}, True), ({"access": "giving"}, True),
     ({"provenOn": "2026-11-26T12:00:00Z"}, True)],
)  # fmt: skip
def test_what_anybody_has_seen_stays_until_it_has_been_looked_at(seen: dict[str, str], stays: bool) -> None:
    record = MailboxRecord.model_validate({"requested": "a@b.de", **seen})
    (chunk,) = arrange([Chunk(number=0, mailboxes=[record])], [], 5)
    assert [one.wanted for one in chunk.mailboxes] == [False] * stays


def test_each_mailbox_is_handed_over_once_and_is_proven_by_either_name() -> None:
    proven = {"provenOn": "2026-11-26T12:00:00Z", "state": "open"}
    lost = {**proven, "state": "action-required"}
    entries = [entry("info@b.de", "g1"), entry("anna@b.de", "g1", **proven), entry("berta@b.de", "g2"),
               entry("carl@b.de", **lost), entry("gone@b.de", "g4", wanted=False)]  # fmt: skip
    assert handed_over(entries) == {"anna@b.de": True, "berta@b.de": False, "carl@b.de": False}
