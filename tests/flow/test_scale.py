"""Many mailboxes, and many connections: what it costs grows with their number and no faster, and nobody starves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.flow.app import NAME, App, running
from tests.triggers.served import problem


def _stored(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def cost(folder: Path, mailboxes: int) -> dict[str, float]:
    """Set up so many mailboxes; return what it took."""
    async with running(folder, mailboxes=mailboxes, clock=20) as app:
        connection = await app.set_up()
        assert connection["mailboxes"]["counts"] == {"open": mailboxes}
        events, size = app.host.history_sizes()[f"connection-{NAME}-1"]
        status = app.host.durable.instances[f"connection-{NAME}-1"].custom_status
        return {
            "exchange": app.tenant.calls["exchange"],
            "events": events,
            "bytes": size,
            "stored": await asyncio.to_thread(_stored, folder),
            "status": len(json.dumps(status)),
        }


@pytest.mark.no_cover
async def test_what_a_set_up_costs_is_linear_in_its_mailboxes(tmp_path: Path) -> None:
    few, many = await cost(tmp_path / "few", 100), await cost(tmp_path / "many", 300)
    for figure in ("exchange", "events", "bytes", "stored"):
        assert many[figure] <= 3.3 * few[figure]
    assert many["exchange"] <= 30 + 0.55 * 300
    assert many["status"] < 500


async def test_a_calm_set_up_asks_graph_once_at_each_look(tmp_path: Path) -> None:
    """Each read in a request of its own, it was 69 requests of Graph, 25 of the vault and 11 of Exchange."""
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        calls, looks = app.tenant.calls, [one for one in app.tenant.requests if one.path == "/v1.0/$batch"]
        assert calls["graph"] <= 28
        assert calls["graph"] + calls["vault"] + calls["exchange"] <= 0.8 * (69 + 25 + 11)
        # Which credentials are ours is asked of the vault only where there is one, and at each look from then on.
        versions = [one for one in app.tenant.requests if one.service == "vault" and one.path.endswith("/versions")]
        assert 8 <= len(versions) <= 11
        assert calls["vault"] <= 20
        assert len(looks) >= 10  # it is still looked at before each write that gives anything, and after it


async def test_two_connections_at_once_take_turns_at_exchange(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=120) as app:
        addresses = app.tenant.addresses
        await asyncio.gather(ask(app, "one", addresses[:60]), ask(app, "two", addresses[60:]))
        asked = [one.about for one in app.tenant.requests if one.names[:1] == ("Get-MailboxPermission",)]
        first_guids = [app.tenant.world.mailboxes[address].guid for address in addresses[:60]]
        turns = [any(guid in about for guid in first_guids) for about in asked]
        first = turns[: len(turns) // 2]
        assert len(first) // 4 <= sum(first) <= len(first) * 3 // 4


async def ask(app: App, name: str, mailboxes: list[str]) -> None:
    await app.client.post("/api/connections", json={"name": name, "mailboxes": mailboxes})
    connection = await app.client.until(name, lambda seen: seen["state"] == "ready")
    assert connection["mailboxes"]["counts"] == {"open": 60}


@pytest.mark.parametrize("state", ["open", "pending"])
async def test_a_page_of_mailboxes_is_a_page_whatever_is_asked_for(tmp_path: Path, state: str) -> None:
    async with running(tmp_path, mailboxes=120) as app:
        await app.set_up()
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            query = f"?state={state}&top=50" + (f"&after={after}" if after else "")
            page = (await app.client.get(f"/api/connections/{NAME}{query}")).json()["mailboxes"]
            seen += [item["requested"] for item in page["items"]]
            after = page["next"]
        assert seen == (app.tenant.addresses if state == "open" else [])
        answer = await app.client.get(f"/api/connections/{NAME}?after=gone@contoso.example")
        assert problem(answer, 409, "list-changed")["hint"]
