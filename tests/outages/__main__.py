"""``python -m tests.outages``: every service away at every step for 5, 31, 60 and 300 minutes, as a table.

With ``--misbehave``: every service answering wrongly in every way (``kinds``).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connector.clients.limits import Limits
from connector.steps import ConnectionState, OperationKind, StepName
from tests.outages.misbehaviour import BRIEF
from tests.outages.misbehaviour_table import tried
from tests.outages.run import MINUTES, SERVICES, End, Outage, played

_KINDS = (OperationKind.SET_UP, OperationKind.VERIFY)
_WRITES = {
    StepName.APPLICATION: 1,
    StepName.ENTERPRISE_APPLICATION: 1,
    StepName.CONSENT: 1,
    StepName.SECRET: 4,
    StepName.EXCHANGE: 1,
    StepName.MAILBOXES: 1,
}
"""How many writes a step makes, after each of which an outage may begin; the secret's are the vault's probe too."""


async def _ends(service: str, step: StepName, minutes: float, write: int = 0) -> list[End]:
    """Return how a set-up ends that has the outage, and then a verification that has another one."""
    kinds = _KINDS if write == 0 else _KINDS[:1]  # a verification makes no write
    with tempfile.TemporaryDirectory() as folder:
        async with played(Path(folder)) as one:
            return [await one.run(Outage(service, step, minutes, kind, write)) for kind in kinds]


def _wrong(end: End) -> bool:
    return end.state is not ConnectionState.READY or ConnectionState.FAILED in end.states or end.credentials != 1


def _shown(end: End) -> str:
    return f"{end.state} {end.minutes:.0f}{' !' * _wrong(end)}"


async def _at_each_step(services: list[str], minutes: list[float], console: Console) -> list[End]:
    table, every = Table("away", "from", *(f"{kind}, {length:g}" for length in minutes for kind in _KINDS)), list[End]()
    for service in services:
        for step in StepName:
            ends = [end for length in minutes for end in await _ends(service, step, length)]
            table.add_row(service, step, *map(_shown, ends))
            every += ends
    console.print("How a run ends, and after how many minutes, when a service is away from a step on.", table)
    return every


async def _after_each_write(services: list[str], minutes: float, console: Console) -> list[End]:
    table, every = Table("away for " + f"{minutes:g}", *services), list[End]()
    for step, writes in _WRITES.items():
        for write in range(1, writes + 1):
            ends = [end for service in services for end in await _ends(service, step, minutes, write)]
            table.add_row(f"{step}, write {write}", *map(_shown, ends))
            every += ends
    console.print("And of a set-up, when it is away from just after a write on.", table)
    return every


async def _all(services: list[str], minutes: list[float], console: Console) -> int:
    ends = await _at_each_step(services, minutes, console)
    ends += await _after_each_write(services, 31, console)
    wrong = [end for end in ends if _wrong(end)]
    for end in wrong:
        console.print(f"! {end.outage}: {end.state}, {end.credentials} secrets, {sorted(end.codes)}")
    failed = sum(ConnectionState.FAILED in {end.state, *end.states} for end in ends)
    console.print(
        f"{len(ends)} runs: {failed} failed, {len(wrong)} not ready with one secret; "
        f"at most {max(end.events for end in ends)} activities and timers in one history."
    )
    return len(wrong)


def main() -> int:
    """Return 0 when every run has ended ready."""
    parser = argparse.ArgumentParser(prog="python -m tests.outages", description=__doc__)
    parser.add_argument("--services", nargs="*", choices=SERVICES, default=list(SERVICES))
    parser.add_argument("--minutes", nargs="*", type=float, default=list(MINUTES))
    parser.add_argument("--misbehave", action="store_true", help="the services answer, and wrongly, in every way")
    parser.add_argument("--manners", nargs="*", help="with --misbehave: only those that hold one of these words")
    parser.add_argument("--own-bounds", action="store_true", help="with --misbehave: in the clients' own bounds")
    arguments = parser.parse_args()
    logging.disable()
    if arguments.misbehave:
        limits = Limits() if arguments.own_bounds else BRIEF
        return 1 if asyncio.run(tried(arguments.services, arguments.manners, limits, Console(width=200))) else 0
    return 1 if asyncio.run(_all(arguments.services, arguments.minutes, Console(width=200))) else 0


if __name__ == "__main__":
    raise SystemExit(main())
