"""``python -m local.bench``: what the product costs, as ratios in one run (machines are noisy) and as counts.

The tenant is calm and answers with named latencies. Budgets are shown beside what was measured; nothing fails here,
since a busy machine is no defect.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from connector.services import Services, services
from connector.settings import load
from local import bare
from local.bench_deployment import measure_deployment
from local.bench_imports import import_ratio
from local.bench_page import measure_page
from local.client import RESTING, ApiClient
from local.environment import serving, settings
from local.process import AppProcess
from local.tenant import Tenant

LATENCIES = {"graph": 0.15, "exchange": 0.5, "vault": 0.05, "token": 0.1, "imap": 0.3}
"""Seconds that each answer takes."""
MAILBOXES = (1, 3, 100)
"""Measured with these latencies, and beside the bare script."""
MANY = (1_000, 5_000)
"""Measured without latencies: counts, sizes, memory."""
Script = Callable[[Services, str, list[str]], Awaitable[int]]
FLOORS: dict[str, Script] = {"bare": bare.set_up, "article": bare.article}
"""What the set-up is compared with: its own remote calls with nothing around them, and the article's alone."""
_CLOCK = 60.0
_PATIENCE = 0.5
NAME = "bench"
_READS = 20


async def measure(mailboxes: int, *, with_bare: bool) -> dict[str, Any]:
    """Set one connection up, and once more by each bare script; return seconds, counts and sizes."""
    result: dict[str, Any] = {"mailboxes": mailboxes}
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with Tenant(preset="calm", mailboxes=mailboxes, latencies=LATENCIES) as tenant:
            environment = settings(tenant.endpoints, Path(folder))
            async with serving(environment) as host, ApiClient(host) as client:
                began = time.perf_counter()
                connection = await client.set_up({"name": NAME, "mailboxes": tenant.addresses})
                result["seconds"] = time.perf_counter() - began
                result["state"] = connection["state"]
                result["calls"] = dict(sorted(tenant.calls.items()))
                sizes = host.history_sizes()[f"connection-{NAME}-1"]
                result["historyEvents"], result["historyBytes"] = sizes
                result["statusBytes"] = len(json.dumps(host.durable.instances[f"connection-{NAME}-1"].custom_status))
                result["memoryMb"] = _resident_mb()
                result["parameters"] = await _reads(client, tenant)
        if with_bare:
            for floor, script in FLOORS.items():
                result[floor] = await _floor(script, mailboxes, Path(folder))
            result["ratio"] = result["seconds"] / result["bare"]["seconds"]
            result["ratioToArticle"] = result["seconds"] / result["article"]["seconds"]
    return result


async def measure_many(mailboxes: int) -> dict[str, Any]:
    """Set many mailboxes up, the app in a process of its own; return counts, sizes and its memory at its highest."""
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as name:
        folder = Path(name)
        async with Tenant(preset="calm", mailboxes=mailboxes, clock=_CLOCK) as tenant:
            async with AppProcess(tenant.endpoints, folder, clock=_CLOCK) as app, ApiClient(app) as client:
                began, highest = time.perf_counter(), 0.0
                body = {"name": NAME, "mailboxes": tenant.addresses}
                (await client.post("/api/connections", json=body)).raise_for_status()
                while True:
                    await asyncio.sleep(_PATIENCE)
                    highest = max(highest, app.resident_mb())
                    connection = (await client.get(f"/api/connections/{NAME}", params={"top": 1})).json()
                    if connection["state"] in RESTING:
                        break
                seconds = time.perf_counter() - began
                page = time.perf_counter()
                (await client.get(f"/api/connections/{NAME}")).raise_for_status()
                page = time.perf_counter() - page
            stored = await asyncio.to_thread(_stored, folder)
            return {
                "mailboxes": mailboxes,
                "state": connection["state"],
                "open": connection["mailboxes"]["counts"].get("open", 0),
                "seconds": seconds,
                "pageMilliseconds": page * 1000,
                "calls": dict(sorted(tenant.calls.items())),
                "storedBytes": stored,
                "memoryMb": highest,
            }


def _stored(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.json"))


async def _reads(client: ApiClient, tenant: Tenant) -> dict[str, Any]:
    """Read the parameters some times: vault calls of each, and the median beyond that of the bare vault call.

    The simulated vault runs in this process too, so its own work is taken off by measuring the same call alone.
    """
    clients = services()
    found = (await client.get(f"/api/connections/{NAME}/parameters")).json()
    name, version = found["secret"]["uri"].split("/")[-2:]
    before, times, vault = tenant.calls["vault"], [], []
    for _ in range(_READS):
        began = time.perf_counter()
        (await client.get(f"/api/connections/{NAME}/parameters")).raise_for_status()
        times.append(time.perf_counter() - began)
    calls = (tenant.calls["vault"] - before) / _READS
    for _ in range(_READS):
        began = time.perf_counter()
        await clients.vault.read(name, version)
        vault.append(time.perf_counter() - began)
    return {"vaultCalls": calls, "ownMilliseconds": (statistics.median(times) - statistics.median(vault)) * 1000}


async def _floor(script: Script, mailboxes: int, folder: Path) -> dict[str, Any]:
    """Run a bare script against a fresh tenant, with the same clients."""
    async with Tenant(preset="calm", mailboxes=mailboxes, latencies=LATENCIES) as tenant:
        before = dict(os.environ)
        os.environ.update(settings(tenant.endpoints, folder))
        services = Services(load())
        try:
            began = time.perf_counter()
            opened = await script(services, NAME, tenant.addresses)
            seconds = time.perf_counter() - began
        finally:
            await services.close()
            os.environ.clear()
            os.environ.update(before)
        return {"seconds": seconds, "opened": opened, "calls": dict(sorted(tenant.calls.items()))}


def _resident_mb() -> float:
    """Return the resident memory of this process (the app, the host and the simulated tenant together)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def show(
    imports: dict[str, float],
    runs: list[dict[str, Any]],
    many: list[dict[str, Any]],
    deployment: dict[str, Any],
    page: dict[str, Any] | None,
) -> Table:
    """Return the results beside their budgets."""
    table = Table("measured", "what", "value", "budget")
    table.add_row("import", "app / libraries", f"{imports['ratio']:.2f}", "≤ 1.20")
    table.add_row("import", "app / libraries, pydantic's models loaded", f"{imports['ratioWithModels']:.2f}", "≤ 1.20")
    for run in runs:
        count = run["mailboxes"]
        name = f"{count} mailbox{'es' if count > 1 else ''}"
        table.add_section()
        if "ratio" in run:
            seconds = f"{run['seconds']:.1f} s / {run['bare']['seconds']:.1f} s = {run['ratio']:.2f}"
            table.add_row(name, "set-up / bare script", seconds, "≤ 1.50" if count == 3 else "")  # noqa: PLR2004
            seconds = f"{run['seconds']:.1f} s / {run['article']['seconds']:.1f} s = {run['ratioToArticle']:.2f}"
            table.add_row(name, "set-up / the article's calls, nothing read back", seconds, "")
        table.add_row(name, "Exchange requests", str(run["calls"]["exchange"]), f"≤ {30 + 0.55 * count:.0f}")
        calls = ", ".join(f"{service} {number}" for service, number in run["calls"].items())
        table.add_row(name, "remote calls", calls, "")
        for floor, whose in (("bare", "the bare script"), ("article", "the article")):
            if floor in run:
                calls = ", ".join(f"{service} {number}" for service, number in run[floor]["calls"].items())
                table.add_row(name, f"remote calls of {whose}", calls, "")
        history = f"{run['historyEvents']} events, {run['historyBytes'] / 1000:.0f} kB"
        table.add_row(name, "history of one generation", history, "")
        table.add_row(name, "custom status", f"{run['statusBytes']} bytes", "< 8000")
        table.add_row(name, "memory, host and tenant included", f"{run['memoryMb']:.0f} MB", "")
        table.add_row(name, "vault calls per reading", f"{run['parameters']['vaultCalls']:.2f}", "1")
        table.add_row(name, "own time per reading", f"{run['parameters']['ownMilliseconds']:.1f} ms", "< 10 ms")
    for run in many:
        count = run["mailboxes"]
        name = f"{count} mailboxes"
        table.add_section()
        table.add_row(name, "state, open", f"{run['state']}, {run['open']}", "")
        table.add_row(name, "Exchange requests", str(run["calls"]["exchange"]), f"≤ {30 + 0.55 * count:.0f}")
        per_mailbox = run["seconds"] / count / (many[0]["seconds"] / many[0]["mailboxes"])
        table.add_row(name, f"time for each mailbox / that with {many[0]['mailboxes']}", f"{per_mailbox:.2f}", "linear")
        table.add_row(name, "documents in the store", f"{run['storedBytes'] / 1000:.0f} kB", "")
        table.add_row(name, "memory of the app's process, at most", f"{run['memoryMb']:.0f} MB", "≤ 200 MB")
        table.add_row(name, "a page of 100 mailboxes", f"{run['pageMilliseconds']:.0f} ms", "")
    _show_deployment(table, deployment)
    if page is not None:
        table.add_section()
        size = f"{page['bytesSent'] / 1000:.1f} kB sent, {page['bytes'] / 1000:.1f} kB unpacked"
        table.add_row("page", f"{page['files']} files, one language", size, "< 100 kB")
        table.add_row("page", "sent at a second visit", f"{page['bytesSentAgain'] / 1000:.0f} kB", "")
        usable = f"{page['usableMilliseconds']:.0f} ms, again {page['usableAgainMilliseconds']:.0f} ms"
        table.add_row("page", "navigation to usable", usable, "")
        table.add_row("page", "navigation to usable / to the end of the document", f"{page['ratio']:.1f}", "")
    return table


def _show_deployment(table: Table, deployment: dict[str, Any]) -> None:
    name, milliseconds = f"{deployment['connections']} connections", deployment["milliseconds"]
    table.add_section()
    for what, route in (("status", "GET /api/status"), ("list", "GET /api/connections")):
        table.add_row(name, route, f"{milliseconds[what]:.0f} ms", "< 1000 ms")
        against = f"{milliseconds[what]:.0f} ms / {milliseconds['bare']:.0f} ms = {deployment['ratio'][what]:.1f}"
        table.add_row(name, f"{route} / reading their documents alone", against, "")
    table.add_row(name, "memory of the app's process", f"{deployment['memoryMb']:.0f} MB", "≤ 200 MB")


async def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the results as JSON there")
    parser.add_argument("--mailboxes", type=int, nargs="*", default=MAILBOXES)
    parser.add_argument("--many", type=int, nargs="*", default=MANY)
    arguments = parser.parse_args()
    imports = import_ratio()
    runs = [await measure(count, with_bare=True) for count in arguments.mailboxes]
    many = [await measure_many(count) for count in arguments.many]
    deployment = await measure_deployment()
    page = await measure_page()
    Console(width=120).print(show(imports, runs, many, deployment, page))
    if arguments.out is not None:
        found = {"import": imports, "runs": runs, "many": many, "deployment": deployment, "page": page}
        document = json.dumps(found, indent=2)
        await asyncio.to_thread(arguments.out.write_text, document + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
