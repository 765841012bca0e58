"""The daily timers, run by hand."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.clients.store import FolderStore
from connector.credential import Rotation, RotationState
from connector.documents import Documents
from connector.model import Connection
from tests.triggers.served import NAME, PATH, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _let_end_in(hq: Served, days: float) -> None:
    def note(connection: Connection) -> None:
        assert connection.secret is not None
        ends = datetime.now(UTC) + timedelta(days=days)
        connection.secret = connection.secret.model_copy(update={"expires_on": ends})

    await Documents(FolderStore(hq.store)).update(NAME, note)


async def test_the_end_of_a_secret_is_told_once_for_each_threshold(
    hq: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    told = []
    for days in (90.5, 59.5, 45.5, 30.5, 30.4, 29.5, 13.5, 6.5, 2.5, 1.5, 0.5, 0.1, -1.5):
        await _let_end_in(hq, days)
        for _ in range(2):
            assert await hq.run_timer("watch_secrets") == 202
        told.append([line["days"] for line in _expiries(caplog)])
        caplog.clear()
    assert told == [[], [59], [], [30], [], [], [13], [6], [2], [1], [0], [], []]


async def test_the_end_of_an_offered_secret_without_an_old_one_is_told_as_well(
    hq: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    documents = Documents(FolderStore(hq.store))
    found = await documents.load(NAME)
    assert found is not None

    def offered(connection: Connection) -> None:
        assert connection.secret is not None
        ends = datetime.now(UTC) + timedelta(days=6.5)
        new = connection.secret.model_copy(update={"expires_on": ends, "warned_days": []})
        connection.secret, state = None, RotationState.OFFERED
        connection.rotation = Rotation(id="r", state=state, begun=datetime.now(UTC), next=new, alone=True)

    await documents.update(NAME, offered)
    for _ in range(2):
        await hq.run_timer("watch_secrets")
    assert [line["days"] for line in _expiries(caplog)] == [6]
    before = found.connection

    def back(connection: Connection) -> None:
        connection.secret, connection.rotation = before.secret, before.rotation

    await documents.update(NAME, back)


async def _let_end_in_a_week_untold(hq: Served) -> None:
    """Let the secret end in six days and a half, as if nobody had been told of any day before."""

    def unwarned(connection: Connection) -> None:
        assert connection.secret is not None
        connection.secret = connection.secret.model_copy(update={"warned_days": []})

    await Documents(FolderStore(hq.store)).update(NAME, unwarned)
    await _let_end_in(hq, 6.5)


async def test_the_line_says_whose_secret_it_is_and_holds_no_value(
    hq: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    await _let_end_in_a_week_untold(hq)
    ends = await Documents(FolderStore(hq.store)).load(NAME)
    assert ends is not None
    assert ends.connection.secret is not None
    await hq.run_timer("watch_secrets")
    expires = ends.connection.secret.expires_on.date().isoformat()
    said = {"connection": NAME, "days": 6, "expires": expires, "label": "Contoso"}
    assert _expiries(caplog) == [{"event": "secret-expiry", **said, "by": "timer", "byFunction": "watch_secrets"}]
    assert not [one for one in hq.tenant.issued if one in caplog.text]


async def test_young_history_is_kept_and_so_are_the_connections(hq: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    async with hq.nothing_happens():
        assert await hq.run_timer("purge_history") == 202
    (line,) = [json.loads(one.getMessage()) for one in caplog.records if "history-purged" in one.getMessage()]
    assert line == {"event": "history-purged", "count": 0}
    assert (await hq.client.get(PATH)).json()["steps"][-1]["state"] == "done"


async def test_the_daily_look_ends_with_a_sign_of_life(hq: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    await hq.run_timer("watch_secrets")
    assert _lines(caplog)[-1] == {"event": "heartbeat", "connections": 1, "label": "Contoso"}


def _expiries(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [line for line in _lines(caplog) if line["event"] == "secret-expiry"]


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == "connector"]


async def test_a_document_about_which_the_store_gives_no_answer_keeps_no_other_from_being_told(
    hq: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    await _let_end_in_a_week_untold(hq)
    away = hq.store / "connections/a.json"  # comes first; a folder cannot be read as a file
    away.mkdir()
    try:
        await hq.run_timer("watch_secrets")
    finally:
        away.rmdir()
    assert [line["connection"] for line in _expiries(caplog)] == [NAME]
    unseen = {"event": "expiry-not-seen", "connection": "a", "code": "IsADirectoryError"}
    assert unseen in _lines(caplog)
    assert "heartbeat" not in {line["event"] for line in _lines(caplog)}
