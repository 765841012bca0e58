"""What is pure imports no Azure package and reads no clock and no environment; the clock has one home."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = [
    path
    for folder in ("connector", "activities", "orchestrations", "triggers")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
OUTSIDE = {"clock", "services", "settings", "patience"}
"""What reaches outside: the clock, who builds the clients, what reads the environment, and who waits for an answer."""
PURE = [
    path
    for path in PRODUCT
    if path.is_relative_to(ROOT / "connector")
    and not (path.is_relative_to(ROOT / "connector/clients") or path.stem in OUTSIDE)
]
AZURE = {"azure", "msgraph", "kiota_abstractions", "kiota_http", "httpx", "aiohttp", "imaplib", "socket", "ssl"}
CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time", "time_ns", "monotonic_ns"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.Module) -> set[str]:
    """Return what a module imports when it runs; what is for the type checker only is not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def reads_clock(tree: ast.Module) -> set[str]:
    """Return how a module asks the machine for the time, whatever it calls the module that it asks."""
    found = {one for one in imports(tree) if one.split(".")[0] == "time"}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in CLOCKS
            and ast.unparse(node.value).endswith(("datetime", "date", "time"))
        ):
            found.add(ast.unparse(node))
    return found


def reads_environment(tree: ast.Module) -> set[str]:
    return {one for one in imports(tree) if one.split(".")[0] in {"os", "platform"}}


@pytest.mark.parametrize("path", PURE, ids=name)
def test_what_is_pure_knows_no_azure_no_clock_and_no_environment(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    known = imports(tree)
    assert not {one for one in known if one.split(".")[0] in AZURE}
    assert not {one for one in known if one.startswith("connector.clients")}
    assert not {one for one in known if one.split(".")[:2] == ["connector", "clock"]}
    assert not reads_clock(tree)
    assert not reads_environment(tree)


def test_the_clock_has_one_home() -> None:
    asking = {name(path) for path in PRODUCT if reads_clock(ast.parse(path.read_text("utf-8")))}
    assert asking == {"connector/clock.py"}


def test_the_environment_is_read_with_the_settings_and_where_azure_s_own_library_reads_it() -> None:
    reading = {name(path) for path in PRODUCT if reads_environment(ast.parse(path.read_text("utf-8")))}
    # settings.py leaves it to pydantic-settings; the report names the version of Python.
    assert reading == {"connector/clients/identity.py", "triggers/report.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.monotonic()",
        "from time import time",
        "import datetime as dt\ndt.datetime.now()",
        "from datetime import datetime\nmake = datetime.now",
        "from datetime import date\ndate.today()",
    ],
)
def test_each_way_to_ask_for_the_time_is_seen(source: str) -> None:
    assert reads_clock(ast.parse(source))
