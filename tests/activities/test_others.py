"""What other connections use, however many there are."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from activities.others import Others
from activities.run import Run
from connector.clients.store import FolderStore
from connector.documents import Documents, path_of
from connector.mailbox import Chunk, MailboxRecord
from connector.orders import Order
from connector.steps import ConnectionState
from connector.together import AT_ONCE
from tests.activities.test_activities import NOW, Clients, Exchange, connection


class Counting(FolderStore):
    """A store that takes its time, and counts how many ask it at the same moment."""

    asking = most = 0

    async def get(self, path: str) -> tuple[bytes, str] | None:
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0.002)
        self.asking -= 1
        return await super().get(path)


async def test_they_are_read_many_at_the_same_time_and_told_in_their_order(tmp_path: Path) -> None:
    clients: Any = Clients(Exchange(), tmp_path)
    names = [f"c{number:02}" for number in range(40)]
    for name in names:
        one = connection("a@x.de").model_copy(update={"name": name})
        one.state = ConnectionState.REMOVED if name == "c03" else one.state
        await clients.documents.save(one, None)
        await clients.documents.save_chunk(name, Chunk(number=0, mailboxes=[MailboxRecord(requested="a@x.de")]))
    (tmp_path / path_of("c04")).write_bytes(b"{")
    store = Counting(tmp_path)
    clients.documents = Documents(store)
    known = await Others(Run(clients, Order("c00", 1, now=NOW), connection())).known()
    assert [one.name for one in known] == [name for name in names if name not in {"c00", "c03"}]
    assert [one.name for one in known if not one.uses({"a@x.de"})] == []
    assert [one.name for one in known if one.uses({"b@x.de"})] == ["c04"]
    assert AT_ONCE // 2 < store.most <= AT_ONCE
