"""``soak``: many seeds of a tenant that misbehaves; each must end like a calm one."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import PresetName, Tenant

NAME = "soak"
_CLOCK = 120.0
_PATIENCE = 60.0
"""Real seconds for which a run that says it needs a person is watched: a transient refusal heals by itself."""


@dataclass(frozen=True, slots=True)
class End:
    """How one run ended, and the world it left behind."""

    state: str
    open: int
    secrets: int
    applications: int
    waits: int
    calls: int


async def soak(arguments: argparse.Namespace) -> int:
    """Run every seed; return 0 when all have ended ready with one application and one live secret."""
    table = Table("preset", "seed", "state", "open", "applications", "secrets", "waits", "remote calls")
    bad = 0
    preset: PresetName = arguments.preset or "normal"
    for seed in range(1, arguments.seeds + 1):
        end = await run(preset, seed, arguments.mailboxes)
        well = (end.state, end.open, end.secrets, end.applications) == ("ready", arguments.mailboxes, 1, 1)
        bad += not well
        counts = (end.open, end.applications, end.secrets, end.waits, end.calls)
        table.add_row(preset, str(seed), end.state, *(str(count) for count in counts), style=None if well else "red")
    Console().print(table)
    return 1 if bad else 0


async def run(preset: PresetName, seed: int, mailboxes: int) -> End:
    """Set one connection up and look at what is there afterwards."""
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with Tenant(preset=preset, seed=seed, clock=_CLOCK, mailboxes=mailboxes) as tenant:
            async with (
                serving(settings(tenant.endpoints, Path(folder)), clock=_CLOCK) as host,
                ApiClient(host) as client,
            ):
                body = {"name": NAME, "mailboxes": tenant.addresses}
                connection = await client.set_up(body, patience=_PATIENCE)
            ours = [one for one in tenant.world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
            return End(
                state=connection["state"],
                open=connection["mailboxes"]["counts"].get("open", 0),
                secrets=sum(len(one.credentials) for one in ours),
                applications=len(ours),
                waits=sum(step["waits"] for step in connection["steps"]),
                calls=sum(tenant.calls.values()),
            )
