"""One connection that is ready, looked at by the real activities, in no time."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from connector.checks import Check
from connector.clients.limits import Limits
from connector.services import services
from connector.steps import ConnectionState, StepName
from local.tenant import PresetName, Tenant
from local.tenant.world import Application, Mailbox
from tests.outages.run import NAME, Outage, Played, installed

CALM = Outage("graph", StepName.VERIFICATION, 0)
"""None: it begins and ends at one moment."""


class Looked(Played):
    """A connection, and the looks at it."""

    looks = 0

    async def set_up(self) -> None:
        """Set it up, as somebody does who waits until it is ready."""
        end = await self.run(CALM)
        assert end.state is ConnectionState.READY, end

    async def look(self) -> Check:
        """Look at it as the timer has it done, and return what is known then."""
        await self.restart()
        services().__dict__["limits"] = Limits(exchange=replace(Limits().exchange, pace=0.0))
        self.looks += 1
        run, now = f"look-{self.looks}", self.current_utc_datetime
        await services().checks.update(NAME, lambda one: one.model_copy(update={"run": run, "started": now}))
        self.input = {"name": NAME, "check": run}
        await self.play("check")
        return await services().checks.load(NAME)

    @property
    def application(self) -> Application:
        """Return the connection's application."""
        (one,) = [one for one in self.tenant.world.applications.values() if one.unique_name]
        return one

    @property
    def mailbox(self) -> Mailbox:
        """Return its first mailbox."""
        return self.tenant.world.mailboxes[self.tenant.addresses[0]]

    def keep(self) -> dict[str, Any]:
        """Return the world as it is."""
        world = self.tenant.world
        return copy.deepcopy({one.name: getattr(world, one.name) for one in dataclasses.fields(world)})

    def bring_back(self, kept: dict[str, Any]) -> None:
        """Let the world be as it was."""
        for name, value in copy.deepcopy(kept).items():
            setattr(self.tenant.world, name, value)


@asynccontextmanager
async def looked(
    folder: Path, preset: PresetName = "calm", *, seed: int = 1, mailboxes: int = 2
) -> AsyncIterator[Looked]:
    """Have a tenant with a connection that is ready."""
    async with (
        Tenant(preset=preset, seed=seed, clock=0, mailboxes=mailboxes) as tenant,
        installed(tenant.endpoints, folder),
    ):
        one = Looked(tenant, folder)
        await one.set_up()
        one.pass_time(86_400)
        yield one
