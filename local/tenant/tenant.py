"""The tenant as a whole, in a thread and an event loop of its own: nothing that blocks elsewhere stalls it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

from local.tenant.administrator import Administrator
from local.tenant.chance import Chance
from local.tenant.clock import Clock
from local.tenant.founding import found
from local.tenant.kept import Kept, read, write
from local.tenant.managed_identity import PATH, ManagedIdentityEndpoint
from local.tenant.member import Member
from local.tenant.misbehaviour import PRESETS, Misbehaviour, Preset, PresetName
from local.tenant.people import People
from local.tenant.record import VIOLATIONS, Record, Request
from local.tenant.replication import Replication
from local.tenant.server import Away, Servers, Stops
from local.tenant.simulation import Simulation
from local.tenant.tokens import Tokens
from local.tenant.world import World

_KEPT_EVERY = 2.0
"""Seconds: so much is lost of a tenant whose process is killed."""


class Tenant:
    """A simulated Microsoft 365 tenant with a Key Vault.

    Args:
        preset: how much it misbehaves.
        seed: makes a run repeatable.
        clock: how many times faster than real its own delays run; at 0 time stands still but for ``advance``.
        mailboxes: how many mailboxes it has at first.
        latencies: real seconds that each answer takes, by service; for mail protocols once per sign-in.
        folder: where the tenant is kept; one that is there already goes on, whatever ``seed`` and ``mailboxes`` say.

    Raises:
        UnreadableTenantError: what the folder keeps cannot be read.
    """

    def __init__(
        self,
        preset: PresetName = "normal",
        seed: int = 1,
        clock: float = 1.0,
        mailboxes: int = 3,
        latencies: Mapping[str, float] | None = None,
        folder: Path | None = None,
    ) -> None:
        kept = None if folder is None else read(folder)
        chance, ticking = (Chance(seed), Clock(clock)) if kept is None else (kept.chance(), kept.clock(clock))
        self.world: World = found(chance, mailboxes) if kept is None else kept.world
        self.addresses = list(self.world.mailboxes) if kept is None else kept.addresses
        """The user principal names of its healthy mailboxes."""
        self._simulation = Simulation(
            world=self.world,
            clock=ticking,
            chance=chance,
            misbehaviour=Misbehaviour(PRESETS[preset], chance, ticking),
            replication=Replication(ticking),
            tokens=Tokens(self.world, ticking),
            people=People(chance, self.world.tenant_id, self.world.domain),
        )
        self.administrator = Administrator(self._simulation)
        self.member = Member(self._simulation)
        """Somebody without any role, as every employee has an account."""
        self._record = Record()
        self.away: Away = lambda _: False
        """Asked for each request, in the tenant's thread: whether its service (``graph``, ``imap`` …) has an outage."""
        self.stops: Stops = lambda _: False
        """Asked before and after each write, in the tenant's thread; True when the client has been stopped there."""
        self._header = secrets.token_hex(16)
        self._identity = ManagedIdentityEndpoint(self._simulation, self._header)
        self.latencies = dict(latencies or {})
        """As given; read for each answer."""
        self._endpoints: dict[str, Any] = {}
        self._thread: threading.Thread | None = None
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._ended: Future[None] = Future()
        self._folder = Path()
        self.goes_on = kept is not None
        """Whether it was there before."""
        self._kept_in = folder
        self._ports = {} if kept is None else kept.ports

    @property
    def endpoints(self) -> dict[str, Any]:
        """Return where everything is, in the shape of the endpoints file."""
        return dict(self._endpoints)

    @property
    def people(self) -> People:
        """Return who may sign in to the app, and by which registration."""
        return self._simulation.people

    @property
    def issuer(self) -> str:
        """Return who issues tokens of version 2.0 here."""
        return f"{self._endpoints['authority']}/{self.world.tenant_id}/v2.0"

    def token(self, *roles: str, **changes: Any) -> str:
        """Return the access token of the person who has exactly these roles; ``changes`` are to its claims."""
        people = self.people
        token = people.signed(people.claims(people.with_roles(*roles), self.issuer, **changes))
        self._simulation.tokens.issued.add(token)
        return token

    @property
    def calls(self) -> Counter[str]:
        """Return the number of requests by service; a batch is one, of mail protocols each command."""
        return self._record.calls

    @property
    def requests(self) -> list[Request]:
        """Return the requests so far, oldest first."""
        return self._record.requests

    def writes(self) -> list[Request]:
        """Return the requests that asked for a change, whether it was made or refused."""
        return [request for request in self.requests if request.is_write]

    def violations(self) -> list[Request]:
        """Return the commands by which mail would have been sent, fetched or deleted: nobody here may give one."""
        return [request for request in self.requests if request.method in VIOLATIONS]

    def forget_requests(self) -> None:
        """Empty the record, to look only at what follows."""
        self._record.clear()

    @property
    def issued(self) -> set[str]:
        """Return every client secret, token and SASL string that must not be found anywhere else."""
        return set(self._simulation.tokens.issued)

    def advance(self, seconds: float) -> None:
        """Let tenant seconds pass at once: what travels arrives, what is refused is free again."""
        self._simulation.clock.advance(seconds)

    def begin(self) -> datetime:
        """Let time begin now, before anybody has asked for anything; return the tenant's date and time."""
        return self._simulation.clock.begin()

    def misbehave(self, preset: Preset) -> Preset:
        """Misbehave in this way from now on; return the way before."""
        misbehaviour = self._simulation.misbehaviour
        before, misbehaviour.preset = misbehaviour.preset, preset
        return before

    def now(self) -> datetime:
        """Return the tenant's date and time."""
        return self._simulation.clock.date()

    def forget_tokens(self) -> None:
        """Let the platform forget the managed identity's tokens, as it does after 24 hours."""
        self._identity.forget()

    async def start(self) -> None:
        """Listen on free ports of loopback."""
        started: Future[dict[str, str]] = Future()
        self._ended = Future()
        self._folder = Path(tempfile.mkdtemp(prefix="tenant-"))
        self._thread = threading.Thread(target=self._run, args=(started,), name="tenant", daemon=True)
        self._thread.start()
        addresses = await asyncio.wrap_future(started)
        world = self.world
        self._endpoints = {
            "tenantId": world.tenant_id,
            "authority": addresses["token"],
            "graph": addresses["graph"],
            "exchange": addresses["exchange"],
            "vault": addresses["vault"],
            "imap": addresses["imap"],
            "pop": addresses["pop"],
            "smtp": addresses["smtp"],
            "identityEndpoint": addresses["identity"] + PATH,
            "identityHeader": self._header,
            "signIn": self.people.client_id,
            "caBundle": str(self._bundle),
            "managedIdentity": {"clientId": world.identity.client_id, "objectId": world.identity.object_id},
        }

    async def stop(self) -> None:
        """Close everything and end the thread."""
        if self._thread is None or self._stop is None:
            return
        loop, stop = self._stop
        loop.call_soon_threadsafe(stop.set)
        await asyncio.wrap_future(self._ended)
        self._thread.join()
        self._thread = self._stop = None
        shutil.rmtree(self._folder)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _bundle(self) -> Path:
        return self._folder / "ca.pem"

    def _run(self, started: Future[dict[str, str]]) -> None:
        try:
            asyncio.run(self._serve(started))
        except Exception as error:  # noqa: BLE001 - whoever waits for the start or the end of this thread gets it
            (self._ended if started.done() else started).set_exception(error)
        if not self._ended.done():
            self._ended.set_result(None)

    async def _serve(self, started: Future[dict[str, str]]) -> None:
        servers = Servers(self._simulation, self._record, self._identity, self.latencies)
        servers.stops = lambda when: self.stops(when)  # noqa: PLW0108 - another may be set later
        servers.away = lambda service: self.away(service)  # noqa: PLW0108 - as above
        stop = asyncio.Event()
        self._stop = (asyncio.get_running_loop(), stop)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self._bundle))
        addresses = await servers.start(authority, self._ports)
        self._ports = servers.ports
        self._simulation.bases = {**addresses, "authority": addresses["token"]}
        started.set_result(addresses)
        keeping = asyncio.create_task(self._keep_on())
        await stop.wait()
        keeping.cancel()
        await servers.stop()
        self._keep()

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(_KEPT_EVERY)
            self._keep()

    def _keep(self) -> None:
        if self._kept_in is None:
            return
        clock, chance = self._simulation.clock, self._simulation.chance
        asked = list(chance.asked.items())
        kept = Kept(self.world, clock.began, clock.now(), chance.seed, asked, self.addresses, self._ports)
        write(self._kept_in, kept)
