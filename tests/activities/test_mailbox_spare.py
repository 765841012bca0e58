"""Access that is not needed any more, where a role in Exchange permits the sending, and that does not go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.mailbox_chunk import ChunkRun
from activities.mailbox_removal import TakingBack
from activities.run import Run
from connector.errors import ForbiddenError, NotFoundError
from connector.finding import Finding
from connector.mailbox import Chunk, MailboxRecord
from connector.microsoft import Protocol
from connector.objects import RoleSeen
from connector.operation import StepRecord
from connector.orders import Order, Part
from connector.plans import exchange_roles
from connector.steps import StepName
from tests.activities.test_activities import NOW, PRINCIPAL, Clients, Exchange, connection

ROLE = "Application SMTP.SendAsApp"
ALONE = Finding.of(StepName.CONSENT, "sending-by-role", ROLE, "info", **{exchange_roles.ALONE: "SMTP.SendAsApp"})


async def spared(
    exchange: Exchange, folder: Path, *, hours: int = 3, last: bool = True
) -> tuple[MailboxRecord, list[str]]:
    """Deliver step 7 for one mailbox to which there is access; return what is kept of it, and what is said."""
    clients: Any = Clients(exchange, folder)
    wanted = connection("a@x.de")
    wanted.wanted.protocols, wanted.assigned = [Protocol.SMTP], [Protocol.SMTP]
    wanted.steps[StepName.CONSENT] = StepRecord(findings=[ALONE])
    wanted.roles_seen = {Protocol.SMTP: RoleSeen(since=NOW - timedelta(hours=hours), alone=True)}
    exchange.given, exchange.imap = {"a@x.de"}, {"a@x.de"}
    chunk = Chunk(number=0, mailboxes=[MailboxRecord(requested="a@x.de", address="a@x.de", access="given")])
    run = Run(clients, Order("hq", 1, now=NOW, part=Part(last=last)), wanted)
    work = ChunkRun(run, chunk, PRINCIPAL)
    await work.settled()
    work.note(wanted)
    await clients.documents.save_chunk("hq", work.chunk)
    back = TakingBack(Run(clients, Order("hq", 1, now=NOW), wanted), PRINCIPAL)
    await back.settled()
    return work.chunk.mailboxes[0], [one.code for one in back.result().findings]


async def test_it_is_taken_back_and_nothing_is_said(tmp_path: Path) -> None:
    exchange = Exchange()
    entry, said = await spared(exchange, tmp_path)
    assert (exchange.given, entry.access, entry.settled_in, said) == (set(), None, "op", [])


async def test_it_stays_unsaid_as_long_as_a_token_may_ask_for_it(tmp_path: Path) -> None:
    exchange = Exchange()
    entry, said = await spared(exchange, tmp_path, hours=1)
    assert (exchange.given, entry.access, entry.settled_in, said) == ({"a@x.de"}, "given", "op", [])


@pytest.mark.parametrize("refused", [None, ForbiddenError("exchange", "", ""), NotFoundError("exchange", "", "")])
async def test_what_does_not_go_is_said_by_what_it_is_and_holds_nothing_up(
    tmp_path: Path, refused: ForbiddenError | NotFoundError | None
) -> None:
    exchange = Exchange(revoke_a=refused) if refused is not None else Exchange()
    exchange.silent = {"revoke"}
    entry, said = await spared(exchange, tmp_path)
    assert (entry.access, entry.settled_in, entry.finding, said) == ("given", "op", None, ["access-spare"])


@pytest.mark.parametrize("refused", ["revoke", "revoke_a"])
async def test_what_may_not_be_taken_back_is_said_at_once_also_where_all_of_the_request_is_refused(
    tmp_path: Path, refused: str
) -> None:
    exchange = Exchange(**{refused: ForbiddenError("exchange", "403", "")})
    entry, said = await spared(exchange, tmp_path, last=False)
    assert (exchange.given, entry.access, entry.settled_in, said) == ({"a@x.de"}, "given", "op", ["access-spare"])
