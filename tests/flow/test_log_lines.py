"""What reaches the log of a whole set-up, as on the Functions host: its worker hears the root logger from INFO on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, json, logging, sys, tempfile
from pathlib import Path

lines = []

class Worker(logging.Handler):
    def emit(self, record):
        lines.append((record.name, record.levelno, record.getMessage() + str(record.exc_info or "")))

logging.getLogger().addHandler(Worker())
logging.getLogger().setLevel(logging.INFO)
import function_app
from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant

async def run():
    async with Tenant(preset="normal", seed=3, clock=600, mailboxes=2) as tenant:
        with tempfile.TemporaryDirectory() as store:
            async with serving(settings(tenant.endpoints, Path(store)), clock=600) as host, ApiClient(host) as client:
                shown = await client.set_up({"name": "hq", "mailboxes": tenant.addresses})
                await client.get("/api/connections/hq/parameters")
        hidden = [*tenant.issued, host.key, *host.function_keys.values()]
        return shown["state"], hidden

state, hidden = asyncio.run(run())
loggers = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
loud = sorted(one.name for one in loggers if 0 < one.level < 30)
logging.getLogger("a.library.to.come").info("a line")
logging.getLogger("connector").info("ours")
text = "\\n".join(line for *_, line in lines)
told = [one for one in hidden if one in text]
print(json.dumps({"state": state, "lines": lines, "told": told, "loud": loud}))
"""


@pytest.fixture(scope="module")
def heard() -> dict[str, Any]:
    """Return what was heard of a set-up in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_no_library_writes_a_line_below_a_warning(heard: dict[str, Any]) -> None:
    assert heard["state"] == "ready"
    assert {name for name, level, _ in heard["lines"] if level < 30} == {"connector"}
    assert "ours" in [line for *_, line in heard["lines"]]
    events = [json.loads(line)["event"] for name, _, line in heard["lines"] if name == "connector" and line != "ours"]
    assert {"operation", "step", "parameters-read"} <= set(events)


def test_no_library_has_a_level_of_its_own_that_would_go_round_the_rule(heard: dict[str, Any]) -> None:
    assert [name for name in heard["loud"] if not name.startswith("uvicorn")] == ["connector"]


def test_no_line_holds_a_secret_or_a_key(heard: dict[str, Any]) -> None:
    assert heard["told"] == []
