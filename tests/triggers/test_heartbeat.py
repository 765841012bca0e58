"""The daily sign of life of an app that has nothing to do, or cannot do it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.triggers.served import running

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("cloud", "lines"),
    [("custom", [{"event": "heartbeat", "connections": 0}]), ("usgov", [])],
    ids=["without a connection", "with wrong settings"],
)
async def test_a_sign_of_life_says_that_the_app_has_looked(
    cloud: str, lines: list[dict[str, object]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    async with running(tmp_path, CONNECTOR_CLOUD=cloud) as app:
        await app.run_timer("watch_secrets")
    assert [json.loads(one.getMessage()) for one in caplog.records if one.name == "connector"] == lines
