"""5,000 mailboxes: the list is filtered and drawn in parts, and stays quick to work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect

from connector.mailbox import Chunk, ChunkSummary, MailboxRecord
from connector.model import Connection
from connector.operation import Operation
from connector.services import services
from connector.steps import ConnectionState, MailboxState, OperationKind
from connector.wanted import Wanted
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running

MANY = 5_000
SIZE = 50
SHUT = 4_321


async def test_a_list_of_5000_mailboxes_is_found_through(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await stored()
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#mailbox-count")).to_have_text("5.000 Postfächer von 5.000")
            rows = page.locator(".mailboxes > li")
            await expect(rows).to_have_count(100)
            await page.get_by_role("button", name="Weitere zeigen").click()
            await expect(rows).to_have_count(200)
            await page.locator("#mailbox-state").select_option("action-required")
            await expect(rows).to_have_count(1)
            await expect(rows).to_contain_text(address(SHUT))
            await page.locator("#mailbox-state").select_option("")
            await page.locator("#mailbox-text").fill("box-123")
            await expect(page.locator("#mailbox-count")).to_have_text("11 Postfächer von 5.000")
            await visitor.go(f"c/{NAME}/change")
            await expect(page.locator("#mailboxes-read")).to_contain_text("5.000 Postfächer erkannt.")
            await expect(page.locator("#mailboxes-read")).to_contain_text("0 neu, 0 entfallen")
            await visitor.go(f"c/{NAME}/sheet")
            await expect(page.locator(".paper tbody .address")).to_have_count(MANY)


def address(number: int) -> str:
    return f"box-{number}@contoso.example"


async def stored() -> None:
    """Write the documents that a set-up of so many leaves behind; making one takes minutes."""
    now = datetime.now(UTC)
    addresses = [address(number) for number in range(MANY)]
    operation = Operation(id="1", kind=OperationKind.SET_UP, started=now, begun=True, ended=now)
    connection = Connection(
        name=NAME,
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=addresses),
        operation=operation,
        state=ConnectionState.ACTION_REQUIRED,
        since=now,
        last_change=now,
    )
    documents = services().documents
    for number in range(MANY // SIZE):
        part = range(number * SIZE, (number + 1) * SIZE)
        chunk = Chunk(number=number, mailboxes=[record(one, now) for one in part])
        connection.chunks.append(ChunkSummary(counts=chunk.counts()))
        await documents.save_chunk(NAME, chunk)
    await documents.save(connection, None)


def record(number: int, now: datetime) -> MailboxRecord:
    state = MailboxState.ACTION_REQUIRED if number == SHUT else MailboxState.OPEN
    return MailboxRecord(requested=address(number), address=address(number), state=state, proven_on=now)
