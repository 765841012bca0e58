"""Who asked for what: in the log always, in the history of the connection, and in nobody's way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from connector.caller import Caller
from connector.history import Asked, Entry
from connector.services import services
from tests.triggers.served import GOOD, NAME, PATH, Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
HISTORY = f"{PATH}/history"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def used(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A connection on which every kind of request has been made, each once, and some refused."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=3) as one:
        addresses = one.tenant.addresses
        await one.set_up({"name": NAME, "mailboxes": addresses})
        smaller = {"name": NAME, "mailboxes": [addresses[0], "new@contoso.example"], "secret": {"lifetimeDays": 90}}
        await one.client.post("/api/connections?dryRun=true", json=smaller)
        await one.client.post("/api/connections", json=smaller)  # two of three would go
        await one.client.get(f"{PATH}/parameters")
        await one.client.get(f"{PATH}/parameters?secret=reference")
        await one.client.get(f"{PATH}/parameters?secret=no")
        await one.client.post(f"{PATH}/cancel")
        await one.client.post(f"{PATH}/verify?x=y")
        await one.client.post(f"{PATH}/verify")
        yield one


async def test_each_request_is_there_newest_first_with_who_and_how_many(used: Served) -> None:
    shown = (await used.client.get(HISTORY)).json()
    assert shown["next"] is None
    assert [(one["action"], one["outcome"], one["code"]) for one in shown["items"]] == [
        ("verify", "accepted", None),
        ("verify", "refused", "unknown-query"),
        ("cancel", "accepted", None),
        ("parameters", "refused", "query-invalid"),
        ("parameters-reference", "accepted", None),
        ("parameters", "accepted", None),
        ("set-up", "refused", "removal-not-allowed"),
        ("dry-run", "accepted", None),
        ("set-up", "accepted", None),
    ]
    changed = [[one[key] for key in ("revision", "mailboxes", "added", "removed")] for one in shown["items"]]
    assert changed[-3:] == [[1, 2, 1, 2], [1, 2, 1, 2], [1, 3, 3, 0]]
    assert [one["lifetimeDays"] for one in shown["items"]][-3:] == [90, 90, None]
    digits = hashlib.sha256(used.host.key.encode()).hexdigest()[:8]
    for one in shown["items"]:
        assert {key: one["caller"][key] for key in ("kind", "key", "address")} == {
            "kind": "key",
            "key": digits,
            "address": "127.0.0.1",
        }
    version = (await used.client.get(PATH)).json()["secret"]["uri"].rpartition("/")[2]
    assert shown["items"][5]["version"] == version


async def test_no_address_of_a_mailbox_no_key_and_no_secret_is_kept(used: Served) -> None:
    kept = (used.store / "history" / f"{NAME}.json").read_text()
    assert "@" not in kept
    assert [one for one in (*used.tenant.issued, used.host.key) if one in kept] == []


async def test_the_pages_fit_together(used: Served) -> None:
    whole = (await used.client.get(HISTORY)).json()["items"]
    items, after = [], ""
    while True:
        page = (await used.client.get(f"{HISTORY}?top=4{after}")).json()
        items += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert items == whole


@pytest.mark.parametrize("after", ["x", "-1", "1" * 16, "٣"])
async def test_a_page_that_no_page_named_is_refused(used: Served, after: str) -> None:
    problem(await used.client.get(HISTORY, params={"after": after}), 422, "query-invalid")


@pytest.mark.parametrize("name", ["unknown", "no_name", "x" * 300])
async def test_of_an_unknown_name_nothing_is_kept_but_the_line_is_there(
    used: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    problem(await used.client.get(f"/api/connections/{name}/history"), 404, "unknown-connection")
    assert (await used.client.get(f"/api/connections/{name}/parameters")).status_code == 404
    (line,) = _lines(caplog)
    assert (line["action"], line["outcome"], line["code"]) == ("parameters", "refused", "unknown-connection")
    assert line.get("connection") == (name if name == "unknown" else None)
    assert {path.name for path in (used.store / "history").iterdir()} <= {f"{NAME}.json", "new.json"}


async def test_a_dry_run_of_a_new_name_is_kept_until_it_is_set_up(used: Served) -> None:
    await used.client.post("/api/connections?dryRun=true", json=GOOD)
    (one,) = (await used.client.get(f"/api/connections/{GOOD['name']}/history")).json()["items"]
    assert (one["action"], one["revision"], one["added"]) == ("dry-run", None, 1)


async def test_a_request_that_nobody_can_read_leaves_a_line(used: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    await used.client.post("/api/connections", content=b"{", headers={"Content-Type": "application/json"})
    (line,) = _lines(caplog)
    assert (line["outcome"], line["code"]) == ("refused", "not-json")
    assert line["caller"].startswith("key ")


async def test_where_the_history_cannot_be_written_work_goes_on_and_the_secret_stays(
    used: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    document = used.store / "history" / f"{NAME}.json"
    kept = document.rename(document.with_suffix(".kept"))
    document.mkdir()  # the store answers, but takes no history
    try:
        assert (await used.client.post(f"{PATH}/verify")).status_code == 202
        assert (await used.client.get(f"{PATH}/parameters?secret=reference")).status_code == 200
        assert "parameters-read" in caplog.text
        assert "history-failed" in caplog.text
        caplog.clear()
        refused = await used.client.get(f"{PATH}/parameters")
    finally:
        document.rmdir()
        kept.rename(document)
    problem(refused, 502, "service-failed")
    assert [secret for secret in used.tenant.issued if secret in refused.text + caplog.text] == []
    assert [line["outcome"] for line in _lines(caplog)] == ["failed"]
    assert "history-failed" in caplog.text
    assert "parameters-read" not in caplog.text


async def test_after_its_days_an_entry_goes_and_so_does_a_dry_run_after_a_week(used: Served) -> None:
    old = Entry(at=datetime(2026, 1, 1, tzinfo=UTC), action=Asked.VERIFY, caller=Caller(function="x"))
    await services().histories.add("old", old)
    await used.client.post("/api/connections?dryRun=true", json={**GOOD, "name": "young"})
    for _ in range(200):
        if (await used.client.get(f"{PATH}/plan")).status_code != 202:
            break
        await asyncio.sleep(0.05)
    planned = await services().plans.load(NAME)
    assert planned is not None
    planned.started = datetime(2026, 1, 1, tzinfo=UTC)
    await services().plans.save(planned)
    assert await used.run_timer("clear_documents") == 202
    assert (await used.client.get("/api/connections/old/history")).json()["items"] == []
    assert [path for path in used.documents() if f"plans/{NAME}" in path] == []
    assert [path for path in used.documents() if "plans/young" in path]


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found = [json.loads(record.getMessage()) for record in caplog.records if record.name == "connector"]
    return [line for line in found if line["event"] == "request"]
