"""Every way in which a service misbehaves, as a table: what a run costs meanwhile, what is told, and how it ends."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connector.clients.limits import Limits
from connector.steps import ConnectionState, StepName
from tests.connector.clients.misbehaving import Authority
from tests.outages.front import Rewriting
from tests.outages.kinds import KINDS_OF
from tests.outages.misbehaviour import STEPS, Borne, borne

_MINUTES = 12
"""Longer than a service may be silent before a person is told (``connector.outage.LONG``)."""
_HEADS = (
    "does",
    "longest activity, s",
    "on one connection, kB",
    "grown, MB",
    "told in a set-up",
    "told in a verification",
    "ends",
)


def wrong(one: Borne) -> str:
    """Return what is wrong with how a run has borne a service; nothing where it is as it should be."""
    end = one.end
    found = {
        f"ends {end.state}": end.state is not ConnectionState.READY,
        "failed": ConnectionState.FAILED in end.states,
        f"{end.credentials} secrets": end.credentials != 1,
        f"told in {sorted(one.leaked)}": bool(one.leaked),
        "nobody was told": end.minutes > _MINUTES and not end.codes and not end.reasons,
    }
    return ", ".join(text for text, holds in found.items() if holds)


def _told(one: Borne) -> str:
    states = one.end.states & {ConnectionState.ACTION_REQUIRED, ConnectionState.WAITING, ConnectionState.FAILED}
    return " ".join(
        [
            *sorted(states),
            *(f"<{name}>" for name in sorted(one.end.waited_for)),
            *(f"({reason})" for reason in sorted(one.end.reasons)),
            *sorted(one.end.codes),
        ]
    )


def _row(every: Sequence[Borne]) -> list[str]:
    longest, sent = max(one.end.longest for one in every), max(one.sent for one in every)
    ends = [f"{one.end.state} {one.end.minutes:.0f}" + (f" ! {wrong(one)}" if wrong(one) else "") for one in every]
    return [
        f"{longest:.1f}",
        f"{sent / 1000:.0f}",
        str(max(one.grown for one in every)),
        *map(_told, every),
        ", ".join(ends),
    ]


async def tried(
    services: Sequence[str], manners: Sequence[str] | None, limits: Limits, console: Console
) -> list[Borne]:
    """Print the tables; return the runs with which something is wrong."""
    found: list[Borne] = []
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority.make(Path(folder))
        await borne("graph", "empty, 200", StepName.APPLICATION, 0, authority, limits)  # the SDKs are imported by now
        for service, step in ((one, step) for one in services for step in STEPS.get(one, ())):
            kinds = [
                kind
                for kind, how in KINDS_OF[service].items()
                if (not manners or any(word in kind for word in manners))
                # What comes after the first step brings nothing new but where a write is made, and then misreported.
                and (step is STEPS[service][0] or isinstance(how, Rewriting))
            ]
            found += await _table(service, step, kinds, authority, limits, console)
    console.print(f"{sum(map(bool, map(wrong, found)))} of {len(found)} runs with something wrong.")
    return [one for one in found if wrong(one)]


async def _table(
    service: str, step: StepName, kinds: Sequence[str], authority: Authority, limits: Limits, console: Console
) -> list[Borne]:
    table, found = Table(*_HEADS, title=f"{service}, {_MINUTES} minutes from {step} on"), list[Borne]()
    for kind in kinds:
        every = await borne(service, kind, step, _MINUTES, authority, limits)
        found += every
        table.add_row(kind, *(row := _row(every)))
        # It takes long: whoever watches sees each as it comes.
        console.print(service, step, kind, *row, sep=" | ", markup=False, soft_wrap=True)
    console.print(table, markup=False)
    return found
