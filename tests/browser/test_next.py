"""What is next at a connection, as a table; and the order of the overview."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.messages import catalogue
from tests.browser.visitor import window
from tests.triggers.served import running

NO_WAY = {"link": None, "command": None}
PORTAL = {"code": "consent-missing", "action": {**NO_WAY, "link": "https://entra.microsoft.com"}}
LINES = {"code": "exchange-by-hand", "action": {**NO_WAY, "command": "New-ServicePrincipal"}}
EXPIRED = {"code": "secret-expired", "action": NO_WAY}
OFFERED = {"code": "utm-needs-new-secret", "action": NO_WAY}
MISSPELT = {"code": "mailbox-not-found", "action": NO_WAY}


def seen(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "rotation": None, "operation": "set-up", "secret": {"keyId": "k"}, **more}


TABLE: list[tuple[dict[str, Any], list[Any], list[Any], str | None]] = [
    (seen("ready"), [], [], "hand-over"),
    (seen("ready", secret=None), [], [], "verify"),
    (seen("ready", rotation={"state": "offered"}), [], [], "renewal"),
    (seen("ready", rotation={"state": "retiring"}), [], [], "hand-over"),
    (seen("ready"), [EXPIRED], [], "again"),
    (seen("running"), [], [], None),
    (seen("waiting"), [PORTAL], [], None),
    (seen("action-required"), [PORTAL], [MISSPELT], "portal"),
    (seen("action-required"), [LINES], [MISSPELT], "verify"),
    (seen("action-required"), [OFFERED], [], "renewal"),
    (seen("action-required"), [], [MISSPELT], "change"),
    (seen("action-required"), [], [MISSPELT, LINES], "verify"),
    (seen("action-required"), [], [], "verify"),
    (seen("action-required", operation="remove"), [LINES], [], "remove"),
    (seen("action-required", operation="remove"), [PORTAL], [], "portal"),
    (seen("failed"), [], [], "again"),
    (seen("cancelled"), [PORTAL], [], "again"),
    (seen("cancelled", operation="remove"), [], [], "remove"),
    (seen("interrupted"), [], [], "again"),
    (seen("removed"), [], [], "new"),
    (seen("unreadable"), [LINES], [], "repair"),
]
ASK = """async table => {
  const { next } = await import('/assets/next.js');
  return table.map(([seen, urgent, examples]) => next(seen, urgent, examples));
}"""


async def test_what_is_next_follows_from_the_state_and_from_what_is_in_the_way(tmp_path: Path) -> None:
    async with running(tmp_path) as app, window() as opened:
        page = await opened.new_page()
        await page.goto(app.host.url)
        told = await page.evaluate(ASK, [[seen, urgent, examples] for seen, urgent, examples, _ in TABLE])
        anew = await page.evaluate("async () => (await (await fetch('/assets/next.js')).text())")
    assert told == [expected for _, _, _, expected in TABLE]
    codes = [word for word in anew.partition("ANEW = [")[2].partition("]")[0].split("'") if "-" in word]
    assert [code for code in codes if code not in catalogue("en", "finding")] == []
    assert codes


def listed(name: str, state: str = "ready", ends: str | None = "2027-05-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "expiresOn": ends, "rotation": None, "health": None, "findings": [], **more}


async def test_what_needs_somebody_comes_first_then_what_ends_first(tmp_path: Path) -> None:
    order = [
        listed("stuck", "action-required", "2027-04-01T00:00:00Z"),
        listed("drifted", health="drifted"),
        listed("failed", "failed", None),
        listed("told", ends="2027-01-01T00:00:00Z", findings=["secret-expiring"]),
        listed("offered", rotation="offered"),
        listed("works", "running", None),
        listed("soon", ends="2027-02-01T00:00:00Z"),
        listed("a-later", ends="2027-06-01T00:00:00Z"),
        listed("b-later", ends="2027-06-01T00:00:00Z"),
    ]
    script = "async list => list.toSorted((await import('/assets/views/overview.js')).byNeed).map(({ name }) => name)"
    async with running(tmp_path) as app, window() as opened:
        page = await opened.new_page()
        await page.goto(app.host.url)
        told = await page.evaluate(script, order[::-1])
    assert told == [one["name"] for one in order]
