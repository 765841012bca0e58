"""``year``: a connection through a year of simulated days, and the days on which its UTM would have got no mail.

The app, its timers and its services are the real ones on a clock that skips from day to day; so is what the UTM does:
each day it signs in with the values that somebody has typed in, and opens a mailbox. Mail stops on a day on which that
does not work, whatever the app says.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connector.model import Connection
from connector.services import services
from connector.steps import ConnectionState
from local.client import ApiClient
from local.environment import serving, settings
from local.host import FunctionsHost
from local.tenant import Tenant
from local.year.happenings import SHORT, Deed, Happenings, calm, rough
from local.year.operator import NAME, Operator
from local.year.utm import Utm

_DAY = timedelta(days=1).total_seconds()
_CLOCK = 60.0
_HANGS = 180.0
"""Real seconds for which a run is waited for."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A day without mail."""

    day: int
    why: str


class Year:
    """One connection, its tenant, its UTM and who looks after it."""

    def __init__(
        self, host: FunctionsHost, client: ApiClient, tenant: Tenant, happenings: Happenings, tell: Callable[..., None]
    ) -> None:
        self._host, self._client, self._tenant, self._happenings = host, client, tenant, happenings
        self.utm = Utm(tenant.endpoints)
        self._tell = tell
        self._last: Deed | None = None
        self._operator = Operator(client, self.utm, tenant, happenings, self._rest, tell)
        self.stopped: list[Stopped] = []

    async def run(self, days: int, step: int = 1) -> list[Stopped]:
        """Let so many days pass, looking each ``step`` days; return those on which no mail came."""
        await self._operator.begin()
        for day in range(step, days + 1, step):
            await self._pass(day, step)
        return self.stopped

    async def _pass(self, day: int, step: int) -> None:
        self._host.clock.skip(step * _DAY)
        self._tenant.advance(step * _DAY)
        for when in range(day - step + 1, day + 1):
            if when in self._happenings.deeds:
                self._do(when, self._happenings.deeds[when])
        for timer in self._host.timers:
            await self._client.post(
                f"/admin/functions/{timer}", json={}, headers={"x-functions-key": self._host.master_key}
            )
            await self._rest()
        refused = await self.utm.fetch(self._tenant.addresses[0])
        if refused is not None:
            self.stopped.append(Stopped(day, await self._reason(refused)))
        await self._operator.works(day, stops=refused is not None)

    def _do(self, day: int, deed: Deed) -> None:
        administrator, world = self._tenant.administrator, self._tenant.world
        application = next((one for one in world.applications.values() if one.unique_name), None)
        if deed is Deed.SHORTEN:
            administrator.limit_secrets(SHORT)
        elif application is None:
            return
        elif deed is Deed.DELETE_APPLICATION:
            administrator.delete_application(application.app_id)
        elif deed is Deed.TAKE_ACCESS:
            administrator.remove_mailbox_permission(self._tenant.addresses[0], application.app_id)
        else:
            held = self.utm.values.key_id if self.utm.values is not None else ""
            application.credentials[:] = [one for one in application.credentials if one.key_id != held]
        self._last = deed
        self._tell(day, deed.value)

    async def _reason(self, refused: str) -> str:
        """Return why the UTM got nothing, as far as the tenant and the app tell."""
        values = self.utm.values
        if values is None or values.ends > self._host.clock.now():
            return f"{refused}: {self._last}" if self._last is not None else refused
        told = f"{refused}: the secret that the UTM has came to its end"
        rotation = (await self._client.get(f"/api/connections/{NAME}")).json()["rotation"]
        if rotation is None or rotation["state"] != "offered":
            return told
        return f"{told}, and the one that is offered since {rotation['offeredOn'][:10]} was not entered"

    async def _rest(self) -> None:
        """Wait until nobody works on the connection, or it waits for a person."""
        async with asyncio.timeout(_HANGS):
            while True:
                found = await services().documents.load(NAME)
                if found is None or rests(found.connection):
                    return
                await asyncio.sleep(0.02)


def rests(connection: Connection) -> bool:
    """Return whether nobody works on it, or a person is waited for; what is being ended takes no request yet."""
    operation = connection.operation
    stuck = connection.state is ConnectionState.ACTION_REQUIRED and not (operation.apart or operation.cancelled)
    return operation.ended is not None or stuck


@asynccontextmanager
async def year(happenings: Happenings, tell: Callable[..., None], *, mailboxes: int = 1) -> AsyncIterator[Year]:
    """Begin a year: an app, a tenant and a UTM of their own."""
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with (
            Tenant("calm", clock=_CLOCK, mailboxes=mailboxes) as tenant,
            serving(settings(tenant.endpoints, Path(folder)), clock=_CLOCK) as host,
            ApiClient(host) as client,
        ):
            yield Year(host, client, tenant, happenings, tell)


async def command(arguments: argparse.Namespace) -> int:
    """Let a year pass and print what has happened; return 1 where mail has stopped in a calm one."""
    console = Console(highlight=False)
    happenings = calm() if arguments.calm else rough(arguments.seed)

    def tell(day: int, what: str) -> None:
        console.print(f"day {day:3}  {what}")

    async with year(happenings, tell, mailboxes=arguments.mailboxes) as one:
        stopped = await one.run(arguments.days)
    console.print(_table(stopped))
    console.print(f"Mail would have stopped on {len(stopped)} of {arguments.days} days.")
    return 1 if stopped and arguments.calm else 0


def _table(stopped: list[Stopped]) -> Table:
    table = Table("days", "why no mail came")
    for days, why in spans(stopped):
        table.add_row(days, why)
    return table


def spans(stopped: list[Stopped]) -> list[tuple[str, str]]:
    """Return the days that follow one another for one reason as one: from when to when, and why."""
    found = []
    for (_, why), some in groupby(enumerate(stopped), key=lambda one: (one[1].day - one[0], one[1].why)):
        days = [one.day for _, one in some]
        found.append((f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}", why))
    return found
