"""Documents that somebody has taken away: a list must not become a shorter one by their repair."""

from __future__ import annotations

from pathlib import Path

from local.client import RESTING
from tests.triggers.served import problem, running


async def test_the_end_of_a_list_that_is_gone_with_the_document_comes_back_or_is_asked_for(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=2, CONNECTOR_MAILBOX_CHUNK="1") as one:
        whole = {"name": "hq", "mailboxes": one.tenant.addresses}
        await one.set_up(whole)
        (one.store / "connections/hq.json").write_bytes(b"{")
        (one.store / "connections/hq/mailboxes-0001.json").unlink()
        async with one.nothing_happens():
            problem(await one.client.post("/api/connections/hq/repair?from=anew"), 409, "repair-list-needed")
        assert (await one.client.post("/api/connections/hq/repair?from=version")).status_code == 202
        seen = await one.until(lambda seen: seen["state"] in RESTING)
        assert (seen["state"], seen["mailboxes"]["total"]) == ("ready", 2)
