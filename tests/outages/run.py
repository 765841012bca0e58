"""One run of the real app against the tenant over TLS, without a host: hours of an outage pass in no time.

The orchestration is played by hand, each activity is called as the host does it, and one clock goes on with the timers.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from connector.admission import admit
from connector.caller import Caller
from connector.case import Kind, Request, Start
from connector.clients.store import FolderStore, Store
from connector.errors import UnavailableError
from connector.lost import Live
from connector.mailbox import Chunk
from connector.model import Connection
from connector.services import close_services, services
from connector.steps import ConnectionState, OperationKind, StepName
from connector.wanted import Wanted
from function_app import app
from local.environment import settings
from local.host.functions import Functions
from local.tenant import Tenant
from tests.walks.durable import Durable

NAME = "hq"
SERVICES = ("graph", "exchange", "vault", "identity", "token", "imap", "store")
MINUTES = (5, 31, 60, 300)
_ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Outage:
    """A service that does not answer for a time, from the moment at which a step begins, or has made a write."""

    service: str
    step: StepName
    minutes: float
    kind: OperationKind = OperationKind.SET_UP
    write: int = 0
    """After which write of the step it begins; 0 where the step finds it."""
    manner: str = ""
    """How the service misbehaves instead (``kinds``); empty where it says that it is not available."""

    @property
    def begins(self) -> str:
        """Return from when on, in words."""
        return f"{self.step}, write {self.write}" if self.write else str(self.step)

    def __str__(self) -> str:
        """Return it in words."""
        does = f"misbehaves ({self.manner})" if self.manner else "is away"
        return f"{self.kind}: {self.service} {does} for {self.minutes:g} minutes from {self.begins}"


@dataclass(frozen=True, slots=True)
class End:
    """How a run has ended."""

    outage: Outage
    state: ConnectionState
    minutes: float
    """How long it took, in the app's time."""
    codes: frozenset[str]
    """The findings that it had at any moment."""
    waited_for: frozenset[str]
    """The services of which it was said that they do not answer."""
    reasons: frozenset[str]
    """Why it was said to wait."""
    states: frozenset[ConnectionState]
    """The states that were written meanwhile."""
    events: int
    """The most activities and timers of one generation: what its history is made of."""
    credentials: int
    """How many client secrets the application has in the end."""
    longest: float
    """The seconds, real ones, of the longest activity."""


class Switched:
    """A store with an outage: nothing is read and nothing is written."""

    def __init__(self, store: Store, played: Played) -> None:
        self._store, self._played = store, played

    async def close(self) -> None:
        """Let go of what is open, which needs no answer."""

    def __getattr__(self, name: str) -> Any:
        """Return the store's own method, where it answers."""

        async def refuse(*_: object) -> None:
            raise UnavailableError("store", "unavailable", "an outage")

        return refuse if self._played.away("store") else getattr(self._store, name)


class Played(Durable):
    """One connection with its run, and the outage that befalls it."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        super().__init__()
        self.tenant = tenant
        self.folder = folder
        self._functions = Functions(app)
        self._outage: Outage | None = None
        self._until: datetime | None = None
        self._events = self._most = 0
        self._longest = 0.0
        self._codes: set[str] = set()
        self._waited: set[str] = set()
        self._reasons: set[str] = set()
        self._states: set[ConnectionState] = set()
        self._writes = 0
        self._in_step = False
        tenant.away = self.away
        tenant.stops = self._written

    def away(self, service: str) -> bool:
        """Return whether a service says now that it is not available."""
        outage = self.befalls()
        return outage is not None and not outage.manner and service == outage.service

    def befalls(self) -> Outage | None:
        """Return the outage, while it lasts."""
        lasts = self._until is not None and self.current_utc_datetime < self._until
        return self._outage if lasts else None

    def _written(self, when: Literal["before", "after"]) -> bool:
        """Begin the outage after the write after which it is to begin; nobody is stopped."""
        if when == "after" and self._in_step and self._outage is not None:
            self._writes += 1
            if self._writes == self._outage.write:
                self._begin(self._outage)
        return False

    def _begin(self, outage: Outage) -> None:
        self._until = self.current_utc_datetime + timedelta(minutes=outage.minutes)

    async def restart(self) -> None:
        """Forget clients and their tokens, as a new process does: the identity is asked at each step then."""
        await close_services()
        self.tenant.forget_tokens()
        services().__dict__["store"] = Switched(FolderStore(self.folder), self)

    async def run(self, outage: Outage, rounds: int = _ROUNDS) -> End:
        """Ask for what the outage is to befall, and play it to its end, or for some rounds."""
        await self.restart()
        self._outage, self._until, self._most, self._writes, self._longest = None, None, 0, 0, 0.0
        for kept in (self._codes, self._waited, self._reasons, self._states):
            kept.clear()
        began = self.current_utc_datetime
        connection = await self._ask(outage.kind)
        self._outage = outage
        self.input = {"name": NAME, "revision": connection.wanted.revision, "attempt": connection.operation.attempt}
        for _ in range(rounds):
            self.continued, self._events = None, 0
            await self.play("connection")
            if self.continued is None:
                break
            self.input = self.continued
        self._outage = None
        found = await self.connection()
        took = (self.current_utc_datetime - began).total_seconds() / 60
        told = frozenset(self._codes), frozenset(self._waited), frozenset(self._reasons), frozenset(self._states)
        ours = [one for one in self.tenant.world.applications.values() if one.unique_name]
        credentials = sum(len(one.credentials) for one in ours)
        return End(outage, found.state, took, *told, self._most, credentials, self._longest)

    async def _ask(self, kind: OperationKind) -> Connection:
        now, documents = self.current_utc_datetime, services().documents
        found = await documents.load(NAME)
        wanted = Wanted(revision=1, display_name="UTM", mailboxes=self.tenant.addresses)
        if kind is OperationKind.VERIFY:
            request, function = Request(Kind.VERIFY, NAME, str(uuid4())), "verify_connection"
        elif kind is OperationKind.REMOVE:
            request, function = Request(Kind.REMOVE, NAME, str(uuid4())), "remove_connection"
        else:
            request, function = Request(Kind.SET_UP, NAME, str(uuid4()), wanted), "create_connection"
        present = found.connection if found is not None else None
        begun = admit(request, Caller(function=function), present, Live(), now)
        assert isinstance(begun, Start)
        await documents.save(begun.connection, found.etag if found is not None else None)
        return begun.connection

    async def connection(self) -> Connection:
        """Return the connection as the store has it, with or without an outage."""
        return Connection.model_validate_json((self.folder / "connections" / f"{NAME}.json").read_bytes())

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        self._in_step = self._outage is not None and self._until is None and name == self._outage.step.replace("-", "_")
        if self._in_step and self._outage is not None and not self._outage.write:
            self._begin(self._outage)
            await self.restart()
        self._count()
        self.pass_time(1.0)
        began = time.monotonic()
        result: dict[str, Any] = json.loads(await self._functions.act(name, json.dumps(value)))
        self._longest = max(self._longest, time.monotonic() - began)
        if self._outage is None:
            return result
        found = await self.connection()
        self._codes |= {finding.code for finding in found.findings()} | self._of_mailboxes()
        self._states.add(found.state)
        return result

    def _of_mailboxes(self) -> set[str]:
        chunks = (self.folder / "connections" / NAME).glob("mailboxes-*.json")
        entries = [entry for one in chunks for entry in Chunk.model_validate_json(one.read_bytes()).mailboxes]
        return {entry.finding.code for entry in entries if entry.finding is not None}

    def create_timer(self, fire_at: datetime) -> Any:
        self._count()
        return super().create_timer(fire_at)

    def _count(self) -> None:
        self._events += 1
        self._most = max(self._most, self._events)

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        self.tenant.advance(seconds)

    def set_custom_status(self, status: dict[str, Any]) -> None:
        self._waited |= {status["service"]} if status.get("service") else set()
        self._reasons |= {status["reason"]} if status.get("reason") else set()


@asynccontextmanager
async def installed(endpoints: dict[str, Any], folder: Path) -> AsyncIterator[None]:
    """Have an app whose clients are the real ones, and find everything at these addresses."""
    environment = settings(endpoints, folder)
    kept = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        await close_services()
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@asynccontextmanager
async def played(folder: Path, mailboxes: int = 1) -> AsyncIterator[Played]:
    """Have a tenant, and an app."""
    async with Tenant(preset="calm", clock=0, mailboxes=mailboxes) as tenant, installed(tenant.endpoints, folder):
        yield Played(tenant, folder)
