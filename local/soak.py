"""``soak``: set-ups and removals that are disturbed. Each must end, and leave, as a calm one does.

A set-up ends ready, with the values; a removal with nothing of ours left.

Five ways of disturbing: a tenant that misbehaves, by many seeds; every activity delivered twice; the app's process
killed before and after each write, started anew and asked again; a host that loses most starts,
which only the hourly timer finds; and a member of the tenant who plants an application of our name, or co-owns ours, at
a random moment: then the end is that he gets nothing from us.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import httpx
from rich.console import Console
from rich.table import Table

from connector.plans.application import unique_name
from local.client import RESTING, ApiClient
from local.end_state import add_foreign, differences, end_state, foreign
from local.intruder import Intruder
from local.process import AppProcess
from local.tenant import PresetName, Tenant

NAME = "soak"
_CLOCK = 120.0
_PATIENCE = 60.0
"""Real seconds for which a run that says it needs a person is watched: a transient refusal heals by itself."""
_INTRUDED = 5.0
"""As long for one into which somebody has intruded: nothing heals it."""
_HANGS = 600.0
_GLANCE = 0.002
"""Seconds between two looks at the folder of the documents."""
_DOCUMENTS = 24
"""More than a removal writes; which is killed after the last one is not killed."""
_READS, _VAULT_BUSY = 20, 502
"""A vault that throttles is asked again, as its answer says."""
When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class End:
    """How one run ended, and the world it left behind."""

    state: str
    world: dict[str, Any]
    writes: int
    calls: int
    seconds: float
    intruded: list[str] | None = None
    """What an intruder has reached; None where there was none."""

    def faults(self, calm: End) -> list[str]:
        """Return what is not as after a calm run; with an intruder, what he has reached."""
        if self.intruded is not None:
            return self.intruded
        wrong = [] if self.state == calm.state else [f"state: {self.state}"]
        return wrong + differences(self.world, calm.world)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is done to one run. ``at`` counts the writes from 1; 0 is none."""

    preset: PresetName = "calm"
    seed: int = 1
    mailboxes: int = 3
    redeliver: bool = False
    at: int = 0
    when: When = "after"
    intruder: int = 0
    """The seed of a member who plants or co-owns at some moment; 0 is none."""
    lose: int = 0
    """The seed by which the host loses starts; 0 is none."""
    document: int = 0
    """After which write of the connection's own document the app is killed; 0 is none."""
    removal: bool = False
    """Whether it is a removal, of what was set up before without being disturbed."""

    def __str__(self) -> str:
        """Return it in words."""
        return f"a removal: {self._said()}" if self.removal else self._said()

    def _said(self) -> str:
        if self.document:
            return f"killed after document {self.document}"
        if self.at:
            return f"killed {self.when} write {self.at}"
        if self.intruder:
            return f"{self.preset}, an intruder by seed {self.intruder}"
        if self.lose:
            return f"{self.preset}, starts lost by seed {self.lose}"
        return f"{self.preset}, seed {self.seed}{', all delivered twice' if self.redeliver else ''}"


async def run(disturbance: Disturbance) -> End:
    """Set one connection up, disturbed, and look at what is there afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with (
            asyncio.timeout(_HANGS),
            Tenant(disturbance.preset, disturbance.seed, _CLOCK, disturbance.mailboxes) as tenant,
        ):
            add_foreign(tenant)
            beside = foreign(tenant.world, NAME)
            app = AppProcess(
                tenant.endpoints, Path(folder), clock=_CLOCK, redeliver=disturbance.redeliver, lose=disturbance.lose
            )
            writes = _count_writes(tenant, disturbance, app.kill) if not disturbance.removal else int
            intruder = Intruder(tenant, unique_name(NAME), disturbance.intruder) if disturbance.intruder else None
            if intruder is not None:
                tenant.stops = intruder.watch(tenant.stops)
            patience = _PATIENCE if intruder is None else _INTRUDED
            async with app:
                if disturbance.removal:
                    await _set_up(app, tenant, patience)
                    writes = _count_writes(tenant, disturbance, app.kill)
                work = _remove if disturbance.removal else _set_up
                watch = asyncio.create_task(_kill_at_document(Path(folder), disturbance.document, app.kill))
                state = await work(app, tenant, patience)
                watch.cancel()
                if state is None:
                    await app.start()
                    state = await work(app, tenant, patience)
            told = await asyncio.to_thread(_told, Path(folder))
            world = {**end_state(tenant.world, NAME), "foreign as before": foreign(tenant.world, NAME) == beside}
            world["secrets in the store or the log"] = sum(secret in told for secret in tenant.issued)
            calls, seconds = sum(tenant.calls.values()), time.monotonic() - began
            intruded = await intruder.faults(state or "killed again") if intruder is not None else None
            return End(state or "killed again", world, writes(), calls, seconds, intruded)


def _told(folder: Path) -> str:
    """Return all that the app has written, its log included."""
    return "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())


def _count_writes(tenant: Tenant, disturbance: Disturbance, kill: Callable[[], None]) -> Callable[[], int]:
    """Kill at the write that the disturbance names; return how many writes there were."""
    numbers = count(1)
    reached = 0

    def stops(when: When) -> bool:
        nonlocal reached
        if when == "before":
            reached = next(numbers)
        if (reached, when) != (disturbance.at, disturbance.when):
            return False
        kill()
        return True

    tenant.stops = stops
    return lambda: reached


async def _kill_at_document(folder: Path, number: int, kill: Callable[[], None]) -> None:
    """Kill a moment after so many writes of the connection's document, each of which leaves a version behind."""
    versions = folder / ".versions" / "connections" / f"{NAME}.json.d"
    before, seen = _names(versions), set[str]()
    while number:
        seen |= _names(versions) - before  # the oldest go
        if len(seen) >= number:
            kill()
            return
        await asyncio.sleep(_GLANCE)


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()


async def _set_up(app: AppProcess, tenant: Tenant, patience: float) -> str | None:
    """Ask for the connection and for its values; None where the app died meanwhile."""
    async with ApiClient(app) as client:
        try:
            connection = await client.set_up({"name": NAME, "mailboxes": tenant.addresses}, patience=patience)
            while connection["state"] == "interrupted":
                await client.post("/admin/functions/recover_runs", json={}, headers={"x-functions-key": app.master_key})
                connection = await client.until(NAME, lambda seen: seen["state"] in RESTING)
            answer = await client.get(f"/api/connections/{NAME}/parameters")
            for _ in range(_READS):
                if answer.status_code != _VAULT_BUSY:
                    break
                await asyncio.sleep(0.2)
                answer = await client.get(f"/api/connections/{NAME}/parameters")
        except httpx.TransportError:
            return None
    values = answer.json()
    live = {entry.value for one in tenant.world.applications.values() for entry in one.credentials}
    if connection["state"] == "ready" and not (values.get("verified") and values.get("clientSecret") in live):
        return "ready without the values"
    return str(connection["state"])


async def _remove(app: AppProcess, tenant: Tenant, patience: float) -> str | None:
    """Take the connection back; None where the app died meanwhile."""
    async with ApiClient(app) as client:
        try:
            sent = {"allowRemoval": len(tenant.addresses)}
            (await client.delete(f"/api/connections/{NAME}", params=sent)).raise_for_status()
            async with asyncio.timeout(patience):
                connection = await client.until(NAME, lambda seen: seen["state"] in RESTING)
            while connection["state"] == "interrupted":
                await client.post("/admin/functions/recover_runs", json={}, headers={"x-functions-key": app.master_key})
                connection = await client.until(NAME, lambda seen: seen["state"] in RESTING)
        except httpx.TransportError:
            return None
        except TimeoutError:
            return "it does not come to rest"
    return str(connection["state"])


async def every_stop(mailboxes: int, moments: tuple[When, ...], *, removal: bool = False) -> list[Disturbance]:
    """Return a kill at each write of a calm set-up, or of a calm removal."""
    calm = Disturbance(mailboxes=mailboxes, removal=removal)
    writes = (await run(calm)).writes
    return [replace(calm, at=at, when=when) for at in range(1, writes + 1) for when in moments]


def intruded(seed: int) -> tuple[PresetName, ...]:
    """Return into which tenants the intruder of a seed goes: a calm one, and every fourth into a hostile one too."""
    return ("calm", "hostile") if seed % 4 == 0 else ("calm",)


async def ends(disturbances: list[Disturbance], at_once: int) -> list[End]:
    """Run all, a few at the same time; they mostly wait."""
    gate = asyncio.Semaphore(at_once)

    async def one(disturbance: Disturbance) -> End:
        async with gate:
            return await run(disturbance)

    tasks: list[Awaitable[End]] = [one(disturbance) for disturbance in disturbances]
    return await asyncio.gather(*tasks)


async def soak(arguments: argparse.Namespace) -> int:
    """Run every disturbance; return 0 when all have ended like a calm run."""
    mailboxes = arguments.mailboxes
    calm = await run(Disturbance(mailboxes=mailboxes))
    seeds = range(1, arguments.seeds + 1)
    disturbances = [
        *(Disturbance(arguments.preset, seed, mailboxes) for seed in seeds),
        *(Disturbance(arguments.preset, seed, mailboxes, redeliver=True) for seed in seeds[:3]),
        Disturbance(mailboxes=mailboxes, redeliver=True),
        *(Disturbance(preset, mailboxes=mailboxes, intruder=seed) for seed in seeds for preset in intruded(seed)),
        *(Disturbance(mailboxes=mailboxes, lose=seed) for seed in seeds),
        *(Disturbance(arguments.preset, seed, mailboxes, lose=seed) for seed in seeds[:3]),
        *await every_stop(mailboxes, ("before", "after")),
    ]
    back = Disturbance(mailboxes=mailboxes, removal=True)
    removals = [
        *(replace(back, preset=arguments.preset, seed=seed) for seed in seeds),
        replace(back, redeliver=True),
        *(replace(back, lose=seed) for seed in seeds),
        *await every_stop(mailboxes, ("before", "after"), removal=True),
        *(replace(back, document=number) for number in range(1, _DOCUMENTS + 1)),
    ]
    gone, disturbances = await run(back), [*disturbances, *removals]
    table = Table("disturbance", "state", "as after a calm run", "writes", "remote calls", "seconds")
    wrong = 0
    for disturbance, end in zip(disturbances, await ends(disturbances, arguments.at_once), strict=True):
        faults = end.faults(gone if disturbance.removal else calm)
        wrong += bool(faults)
        told = "yes" if not faults else "; ".join(faults)
        figures = (str(end.writes), str(end.calls), f"{end.seconds:.0f}")
        table.add_row(str(disturbance), end.state, told, *figures, style="red" if faults else None)
    console = Console()
    console.print(table)
    console.print(f"{len(disturbances)} runs, {wrong} of them did not end like a calm one.")
    return 1 if wrong else 0
