"""One run of the real app while a service misbehaves on purpose, in the harness of the outages."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.clients.bounds import Bounds
from connector.clients.limits import Limits
from connector.clients.wire import TalkBounds
from connector.services import services
from connector.steps import OperationKind, StepName
from local.tenant import Tenant
from tests.connector.clients.misbehaving import Authority
from tests.outages.front import Front
from tests.outages.kinds import KINDS_OF
from tests.outages.run import End, Outage, Played, installed

STEPS = {
    "graph": (StepName.APPLICATION, StepName.SECRET),
    "exchange": (StepName.EXCHANGE, StepName.MAILBOXES),
    "vault": (StepName.SECRET,),
    "token": (StepName.SECRET,),
    "identity": (StepName.PREREQUISITES,),
    "imap": (StepName.VERIFICATION,),
}
"""Where each service is asked for the first time, and where it is asked to write what matters most."""
_BRIEF = Bounds(0.3, 1024 * 1024, 5, repeats=0)
BRIEF = Limits(_BRIEF, _BRIEF, _BRIEF, _BRIEF, _BRIEF, _BRIEF, TalkBounds(0.3, 0.3, 0.1, 256 * 1024))
"""A hundredth of what the clients wait for, and a quarter of what they take in."""


@dataclass(frozen=True, slots=True)
class Borne:
    """How a run has borne a service."""

    end: End
    sent: int
    """How many bytes the service has got rid of at most on one connection."""
    grown: int
    """By how many megabytes the process has grown at its greatest."""
    leaked: frozenset[str]
    """Which documents hold a secret or a token."""


class Misbehaving(Played):
    """One connection with its run, and the service that misbehaves."""

    def __init__(self, tenant: Tenant, folder: Path, front: Front, limits: Limits) -> None:
        super().__init__(tenant, folder)
        self._front, self._limits = front, limits
        self._turned: Outage | None = None

    async def restart(self) -> None:
        """As a new process; its clients have these limits."""
        await super().restart()
        services().__dict__["limits"] = self._limits
        self._turn()

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        self._turn()
        return await super().activity(name, value)

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        self._turn()

    def _turn(self) -> None:
        now = self.befalls()
        if now is not self._turned:
            self._turned = now
            self._front.turn(now.service if now else "", KINDS_OF[now.service][now.manner] if now else None)

    async def bear(self, outage: Outage) -> Borne:
        """Play a run to its end, and look at what it has cost."""
        self._front.most = 0
        before = peak()
        end = await self.run(outage)
        return Borne(end, self._front.most, (peak() - before) // 1024, frozenset(self._leaks()))

    def _leaks(self) -> list[str]:
        issued = [one.encode() for one in self.tenant.issued if one]
        files = [path for path in self.folder.rglob("*.json") if any(one in path.read_bytes() for one in issued)]
        return [path.name for path in files]


def peak() -> int:
    """Return the kilobytes that this process has taken at most, on Linux since this was last asked."""
    try:
        status = Path("/proc/self/status").read_text()
        found = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return found


@asynccontextmanager
async def misbehaving(
    folder: Path, authority: Authority, limits: Limits = BRIEF, mailboxes: int = 1
) -> AsyncIterator[Misbehaving]:
    """Have a tenant behind a front, and an app."""
    async with (
        Tenant(preset="calm", clock=0, mailboxes=mailboxes) as tenant,
        Front(tenant, authority).opened(folder) as front,
        installed(front.endpoints, folder / "store"),
    ):
        yield Misbehaving(tenant, folder / "store", front, limits)


async def borne(
    service: str, manner: str, step: StepName, minutes: float, authority: Authority, limits: Limits = BRIEF
) -> list[Borne]:
    """Return how a set-up, and then a verification of what it has set up, bear a service."""
    kinds = OperationKind.SET_UP, OperationKind.VERIFY
    with tempfile.TemporaryDirectory() as folder:
        async with misbehaving(Path(folder), authority, limits, mailboxes=2) as one:
            return [await one.bear(Outage(service, step, minutes, kind, manner=manner)) for kind in kinds]
