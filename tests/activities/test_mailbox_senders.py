"""Rights to send, where Exchange answers about something else, or says less than it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.mailbox_removal import TakingBack
from activities.mailbox_senders import Sending
from activities.results import Result, record
from activities.run import Run
from connector.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnexpectedAnswerError,
)
from connector.mailbox import Chunk, MailboxRecord, SenderRecord
from connector.microsoft import Protocol
from connector.observed import Mailbox, Recipient
from connector.orders import Order, Part
from connector.steps import SETTLED, OperationKind, StepName, StepState
from tests.activities.test_activities import NOW, PRINCIPAL, Clients, Exchange, connection
from tests.activities.test_mailbox_removal import another

OWN, INFO = "own-guid", "info-guid"
GIVEN = SenderRecord(mailbox=OWN, sender=INFO, mailbox_name="own@x.de", sender_name="info@x.de", given="given")


class Senders(Exchange):
    """Exchange with one right, a recipient that may hide its guid, and a mailbox that may be answered wrongly first."""

    def __init__(self, recipient: Recipient, *wrong: ServiceError) -> None:
        super().__init__()
        self.recipient, self.wrong, self.rights = recipient, [*wrong], {INFO}

    async def mailboxes(self, _: str, names: list[str]) -> list[Any]:
        own = Mailbox("own@x.de", "own@x.de", "UserMailbox", guid=OWN, names=frozenset({"own@x.de", OWN}))
        return [self.wrong.pop() if self.wrong else own for _ in names]

    async def recipients(self, _: str, names: list[str]) -> list[Any]:
        return [self.recipient for _ in names]

    async def sends_as(self, _: str, pairs: list[Any]) -> list[Any]:
        return [bool(self.rights) for _ in pairs]

    async def grant_send_as(self, _: str, pairs: list[Any]) -> list[Any]:
        raise AssertionError(pairs)

    async def revoke_send_as(self, _: str, pairs: list[Any]) -> list[Any]:
        self.rights -= {sender for sender, _ in pairs}
        return [None for _ in pairs]


async def sent(
    exchange: Senders,
    folder: Path,
    *,
    removed: bool = False,
    guid: str | None = OWN,
    by_hand: bool = False,
    clients: Any = None,
) -> tuple[Sending, list[SenderRecord]]:
    """Deliver the part of step 7 that is about rights; return what it kept of them."""
    clients = clients or Clients(exchange, folder)
    wanted = connection("own@x.de")
    wanted.wanted.protocols, wanted.wanted.send_as = [Protocol.SMTP], ["info@x.de"]
    wanted.operation.kind = OperationKind.REMOVE if removed else OperationKind.SET_UP
    wanted.operation.by_hand = by_hand
    wanted.senders = [GIVEN]
    entry = MailboxRecord(requested="own@x.de", address="own@x.de", guid=guid, resolved_in="op", wanted=not removed)
    await clients.documents.save_chunk("hq", Chunk(number=0, mailboxes=[entry]))
    await clients.documents.save(wanted, None)
    work = Sending(Run(clients, Order("hq", 1, now=NOW, part=Part(sending=True)), wanted), PRINCIPAL)
    await work.settled()
    return work, work.run.connection.senders


async def test_a_sender_without_a_guid_is_not_read_and_its_right_stays(tmp_path: Path) -> None:
    exchange = Senders(Recipient("info@x.de", "SharedMailbox"))
    work, kept = await sent(exchange, tmp_path)
    assert (exchange.rights, [one.sender for one in kept]) == ({INFO}, [INFO])
    assert [one.code for one in work.result().findings] == ["send-as-unread"]


async def test_a_mailbox_whose_guid_nobody_has_seen_is_no_other_one_to_which_rights_are_given(tmp_path: Path) -> None:
    exchange = Senders(Recipient("info@x.de", "SharedMailbox", guid=INFO))
    work, kept = await sent(exchange, tmp_path, guid=None)
    assert (exchange.rights, kept, work.result().findings) == ({INFO}, [GIVEN], ())


@pytest.mark.parametrize("code", ["another-object", "no-object"])
async def test_a_right_is_not_gone_because_exchange_answers_about_another_mailbox(tmp_path: Path, code: str) -> None:
    exchange = Senders(Recipient("info@x.de", "SharedMailbox", guid=INFO), NotFoundError("exchange", code, ""))
    await sent(exchange, tmp_path, removed=True)
    assert exchange.rights == set()


async def test_where_nobody_knows_the_mailbox_nothing_is_said_to_be_gone(tmp_path: Path) -> None:
    exchange = Senders(
        Recipient("info@x.de", "SharedMailbox", guid=INFO), UnexpectedAnswerError("exchange", "property-missing", "")
    )
    work, kept = await sent(exchange, tmp_path, removed=True)
    assert ([one.sender for one in kept], [one.code for one in work.result().findings]) == ([INFO], ["send-as-left"])


@pytest.mark.parametrize("call", ["sends_as", "revoke_send_as"])
@pytest.mark.parametrize("refused", [ForbiddenError("exchange", "403", ""), RefusedError("exchange", "400", "")])
async def test_a_right_that_may_not_be_taken_back_is_left_to_a_person_also_where_all_of_the_request_is_refused(
    tmp_path: Path, call: str, refused: ServiceError
) -> None:
    exchange = Refusing(call, refused)
    sending, kept = await sent(exchange, tmp_path, removed=True)
    first = sending.result()
    assert (kept, [one.code for one in first.findings]) != ([], [])
    last = await ended(sending, first)
    assert ([one.code for one in last.findings], last.outcome.state) == (["send-as-left"], StepState.ACTION_REQUIRED)


async def test_what_a_person_says_to_have_taken_back_stays_said_to_the_end(tmp_path: Path) -> None:
    exchange = Refusing("sends_as", ForbiddenError("exchange", "403", ""))
    sending, _ = await sent(exchange, tmp_path, removed=True, by_hand=True)
    last = await ended(sending, sending.result())
    assert ([one.code for one in last.findings], last.outcome.state) == (["taken-back-by-hand"], StepState.UNCHANGED)


@pytest.mark.parametrize("error", [ForbiddenError("exchange", "403", ""), ThrottledError("exchange", "429", "")])
@pytest.mark.parametrize("by_hand", [True, False])
async def test_what_is_left_is_still_said_where_the_last_part_comes_to_nothing(
    tmp_path: Path, error: ServiceError, *, by_hand: bool
) -> None:
    exchange = Refusing("revoke_send_as", ForbiddenError("exchange", "403", ""))
    sending, _ = await sent(exchange, tmp_path, removed=True, by_hand=by_hand)
    last = await ended(sending, sending.result(), error)
    assert "send-as-left" in [one.code for one in last.findings]
    assert last.outcome.state not in SETTLED


class Refusing(Senders):
    """Exchange that refuses one kind of request."""

    def __init__(self, call: str, error: ServiceError) -> None:
        super().__init__(Recipient("info@x.de", "SharedMailbox", guid=INFO))
        self._error = error
        setattr(self, call, self._refuse)

    async def _refuse(self, *_: object) -> list[Any]:
        raise self._error


async def ended(sending: Sending, first: Result, error: ServiceError | None = None) -> Result:
    """Store what the part about rights came to, and deliver the last one; ``error`` is what that meets."""
    run = sending.run
    await record(run, StepName.MAILBOXES, first)
    chunk = Chunk(number=0, mailboxes=[MailboxRecord(requested="own@x.de", address="own@x.de", wanted=False)])
    await run.services.documents.save_chunk("hq", chunk)
    order = Order("hq", 1, now=NOW, part=Part(taking_back=True))
    found = await run.services.documents.load("hq")
    assert found is not None
    work = TakingBack(Run(run.services, order, found.connection), PRINCIPAL)
    return await (work.settled() if error is None else work.failed(error))


async def test_of_two_connections_that_let_go_of_a_right_at_the_same_moment_one_takes_it_back(tmp_path: Path) -> None:
    exchange = Senders(Recipient("info@x.de", "SharedMailbox", guid=INFO))
    clients: Any = Clients(exchange, tmp_path)
    await another(clients, tmp_path, "own@x.de", send_as=["info@x.de"])
    work, kept = await sent(exchange, tmp_path, removed=True, clients=clients)
    assert (exchange.rights, [one.taken_on is not None for one in kept]) == (set(), [True])
    assert (await clients.left_there.load(), work.result().findings) == ({}, ())
