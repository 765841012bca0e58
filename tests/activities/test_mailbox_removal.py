"""What is no longer wanted is taken back, and gone is what is read to be gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.mailbox_removal import TakingBack
from activities.removal import removed
from activities.run import Run
from connector.clients.store import FolderStore
from connector.documents import Documents
from connector.errors import ForbiddenError, NotFoundError, ReplicationError, ThrottledError
from connector.finding import Finding
from connector.left_there import Left, LeftThere
from connector.mailbox import Chunk, MailboxRecord
from connector.microsoft import Protocol
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import Order, Part
from connector.plans.mailbox_list import summary
from connector.steps import OperationKind, StepName, StepState
from tests.activities.test_activities import NOW, PRINCIPAL, Clients, Exchange, chunk, connection, settle


async def taken_back(
    exchange: Exchange, folder: Path, chunk: Chunk, now: datetime = NOW, kind: OperationKind = OperationKind.SET_UP
) -> tuple[TakingBack, Chunk]:
    clients: Any = Clients(exchange, folder)
    wanted = connection("c@x.de")
    wanted.operation.kind = kind
    await clients.documents.save_chunk("hq", chunk)
    work = TakingBack(Run(clients, Order("hq", 1, now=now), wanted), PRINCIPAL)
    await work.settled()
    return work, await clients.documents.chunk("hq", 0)


async def test_access_is_taken_back_whoever_gave_it(tmp_path: Path) -> None:
    ours = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given")
    failing = MailboxRecord(requested="b@x.de", address="b@x.de", wanted=False, access="given")
    unseen = MailboxRecord(requested="d@x.de", address="d@x.de", wanted=False)
    exchange = Exchange(revoke_b=ForbiddenError("exchange", "403", ""))
    exchange.given = {"a@x.de", "b@x.de", "d@x.de"}
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[ours, failing, unseen]))
    assert exchange.given == {"b@x.de"}
    assert [entry.requested for entry in left.mailboxes] == [entry.requested for entry in work.for_person] == ["b@x.de"]
    assert (work.changes, work.chunks[0], summary(left, "op").leaving) == (2, summary(left, "op"), ["b@x.de"])


async def test_a_removal_that_did_nothing_is_waited_for_and_then_left_to_a_person(tmp_path: Path) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given")
    exchange = Exchange()
    exchange.given, exchange.silent = {"a@x.de"}, {"revoke"}
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]))
    assert (isinstance(work.wait, ReplicationError), work.for_person) == (True, [])
    late, left = await taken_back(exchange, tmp_path, left, NOW + timedelta(minutes=30))
    assert (late.wait, [entry.requested for entry in late.for_person]) == (None, ["a@x.de"])
    exchange.silent = set()
    assert (await taken_back(exchange, tmp_path, left))[1].mailboxes == []


MISSING = Finding(code="access-missing", step=StepName.MAILBOXES)
LATE = Finding(code="mailbox-delayed", severity="warning", step=StepName.MAILBOXES)
UNTOLD = Finding(code="exchange-by-hand", step=StepName.MAILBOXES)


@pytest.mark.parametrize(
    ("found", "step", "consent", "minutes", "state"),
    [
        (None, None, StepState.DONE, 1, StepState.WAITING),  # what would have looked was throttled
        (LATE, None, StepState.DONE, 1, StepState.WAITING),
        (MISSING, None, StepState.DONE, 1, StepState.ACTION_REQUIRED),
        (None, UNTOLD, StepState.DONE, 1, StepState.ACTION_REQUIRED),
        (None, None, StepState.ACTION_REQUIRED, 1, StepState.ACTION_REQUIRED),  # nothing goes on without that person
        (None, None, StepState.DONE, 61, StepState.ACTION_REQUIRED),
    ],
)
async def test_a_mailbox_that_the_app_has_yet_to_look_at_is_nobodys_task(
    tmp_path: Path, found: Finding | None, step: Finding | None, consent: StepState, minutes: int, state: StepState
) -> None:
    clients: Any = Clients(Exchange(), tmp_path)
    wanted = connection("a@x.de", "b@x.de")
    wanted.steps[StepName.CONSENT] = StepRecord(state=consent)
    wanted.steps[StepName.MAILBOXES] = StepRecord(state=StepState.WAITING, findings=[step] if step else [])
    settled = MailboxRecord(requested="a@x.de", settled_in="op", resolved_in="op")
    await clients.documents.save_chunk(
        "hq", Chunk(number=0, mailboxes=[settled, MailboxRecord(requested="b@x.de", finding=found)])
    )
    order = Order("hq", 1, now=NOW + timedelta(minutes=minutes), part=Part(taking_back=True, last=True))
    work = TakingBack(Run(clients, order, wanted), PRINCIPAL)
    await work.settled()
    assert work.result().outcome.state == state


async def test_nothing_is_taken_back_while_nobody_knows_what_a_wanted_name_means(tmp_path: Path) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given")
    unread = MailboxRecord(requested="info@x.de")
    exchange = Exchange()
    exchange.given = {"a@x.de"}
    work, _ = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving, unread]))
    assert (work.meant.unknown, exchange.given) == (True, {"a@x.de"})


@pytest.mark.parametrize("stays", [True, False])
async def test_that_the_entry_does_not_exist_is_believed_only_when_it_is_read(tmp_path: Path, *, stays: bool) -> None:
    """ "… because the ACE doesn't exist on the object" also comes while access stays."""
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given")
    exchange = Exchange(revoke_a=NotFoundError("exchange", "not-found", "because the ACE doesn't exist on the object"))
    exchange.given = {"a@x.de"} if stays else set()
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]))
    assert (len(left.mailboxes), work.wait is not None, work.for_person) == (int(stays), stays, [])


async def test_a_server_that_does_not_know_of_access_given_a_moment_ago_proves_nothing(tmp_path: Path) -> None:
    young = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given", given_on=NOW)
    exchange = Exchange()
    exchange.silent, exchange.given, exchange.visible = {"revoke"}, {"a@x.de"}, False
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[young]), NOW + timedelta(seconds=30))
    assert isinstance(work.wait, ReplicationError)
    assert work.wait.seconds == pytest.approx(90, abs=2)
    assert len(left.mailboxes) == 1
    exchange.visible, exchange.silent = True, set()
    _, left = await taken_back(exchange, tmp_path, left, NOW + timedelta(minutes=3))
    assert (left.mailboxes, exchange.given) == ([], set())


async def test_access_that_is_shown_a_moment_after_it_was_taken_back_is_given_again(tmp_path: Path) -> None:
    """What a server still shows may be what is gone: it is given again, and believed when all know of it."""
    exchange, wanted = Exchange(), connection("a@x.de")
    exchange.imap, exchange.given = {"a@x.de"}, {"a@x.de"}
    wanted.taken_back_on = NOW - timedelta(seconds=30)
    work = await settle(exchange, tmp_path, chunk("a@x.de"), wanted)
    assert isinstance(work.wait, ReplicationError)
    assert (work.chunk.mailboxes[0].access, work.chunk.mailboxes[0].settled_in) == ("giving", None)
    wanted.taken_back_on = NOW - timedelta(minutes=3)
    assert (await settle(exchange, tmp_path, work.chunk, wanted)).chunk.mailboxes[0].settled_in == "op"


@pytest.mark.parametrize("held", [True, False])
async def test_what_cannot_be_read_at_present_is_waited_for_and_not_for_a_person(tmp_path: Path, *, held: bool) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given" if held else None)
    exchange = Exchange(access_a=ThrottledError("exchange", "throttled", ""))
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]))
    assert (isinstance(work.wait, ThrottledError), work.for_person, len(left.mailboxes)) == (True, [], 1)


async def test_a_verification_only_looks_at_what_a_name_meant_before(tmp_path: Path) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given", settled_in="set-up")
    exchange, verify = Exchange(), OperationKind.VERIFY
    exchange.given = {"a@x.de"}
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]), kind=verify)
    assert (exchange.given, work.changes) == ({"a@x.de"}, 0)
    assert [entry.requested for entry in work.for_person] == ["a@x.de"]
    exchange.given = set()
    assert (await taken_back(exchange, tmp_path, left, kind=verify))[1].mailboxes == []


async def test_the_address_of_a_mailbox_that_is_gone_is_not_taken_for_it(tmp_path: Path) -> None:
    """Another mailbox may have it now, and open."""
    entry = MailboxRecord(requested="info@x.de", address="a@x.de", guid="g1", access="given")
    exchange = Exchange()
    exchange.unknown = {"info@x.de", "g1"}
    work = await settle(exchange, tmp_path, Chunk(number=0, mailboxes=[entry]), connection("info@x.de"))
    (told,) = work.chunk.mailboxes
    assert (told.address, told.resolved_in, told.finding and told.finding.code) == (None, "op", "mailbox-not-found")


@pytest.mark.parametrize("had", [True, False])
async def test_a_mailbox_to_which_there_was_no_access_is_not_said_to_have_lost_it(tmp_path: Path, *, had: bool) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False)
    leaving.enabled(Protocol.SMTP)  # what is switched back is no access either
    exchange = Exchange(access_a=ThrottledError("exchange", "throttled", ""))
    exchange.given, exchange.imap = {"a@x.de"} if had else set(), {"a@x.de"}
    removing = OperationKind.REMOVE
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]), kind=removing)
    assert isinstance(work.wait, ThrottledError)
    exchange.failing.clear()
    work, left = await taken_back(exchange, tmp_path, left, kind=removing)
    assert (exchange.given, exchange.imap) == (set(), set())
    assert removed(work.run.connection, [left], work.run).mailboxes == (["a@x.de"] if had else [])


class Late(LeftThere):
    """What is left there, written just after the other connection has let go, and has seen that nothing was left."""

    def __init__(self, documents: Documents, other: Connection, folder: Path) -> None:
        super().__init__(FolderStore(folder))
        self._documents, self._other = documents, other

    async def add(self, items: Iterable[Left]) -> None:
        self._other.operation.kind = OperationKind.REMOVE
        await self._documents.update(self._other.name, lambda one: setattr(one, "operation", self._other.operation))
        await super().add(items)


async def another(clients: Any, folder: Path, *mailboxes: str, send_as: list[str] | None = None) -> None:
    """Store another connection that sends, and lets go just when something is left to it."""
    other = connection(*mailboxes)
    other.name, other.wanted.protocols, other.wanted.send_as = "other", [Protocol.SMTP], send_as or []
    await clients.documents.save(other, None)
    clients.left_there = Late(clients.documents, other, folder)


async def test_of_two_connections_that_let_go_at_the_same_moment_one_switches_back(tmp_path: Path) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False)
    leaving.enabled(Protocol.SMTP)
    exchange = Exchange()
    exchange.imap = {"a@x.de"}
    clients: Any = Clients(exchange, tmp_path)
    await another(clients, tmp_path, "a@x.de")
    await clients.documents.save_chunk("hq", Chunk(number=0, mailboxes=[leaving]))
    work = TakingBack(Run(clients, Order("hq", 1, now=NOW), connection("c@x.de")), PRINCIPAL)
    await work.settled()
    assert (exchange.imap, await clients.left_there.load(), work.result().findings) == (set(), {}, ())


@pytest.mark.parametrize("refused", ["switch_back", "switch_back_a", "switches", "switches_a"])
async def test_a_protocol_that_may_not_be_switched_back_is_said_and_access_goes_all_the_same(
    tmp_path: Path, refused: str
) -> None:
    leaving = MailboxRecord(requested="a@x.de", address="a@x.de", wanted=False, access="given")
    leaving.enabled(Protocol.SMTP)
    exchange = Exchange(**{refused: ForbiddenError("exchange", "403", "")})
    exchange.given, exchange.imap = {"a@x.de"}, {"a@x.de"}
    work, left = await taken_back(exchange, tmp_path, Chunk(number=0, mailboxes=[leaving]), kind=OperationKind.REMOVE)
    assert (exchange.given, work.for_person, [one.taken_on is None for one in left.mailboxes]) == (set(), [], [False])
    assert [(one.code, one.subject) for one in work.result().findings] == [("switch-stays", "SMTP")]
