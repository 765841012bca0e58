"""A running app with a tenant of its own, as the flow tests need it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.client import ApiClient
from local.environment import leaping, serving, settings
from local.host import FunctionsHost
from local.tenant import PresetName, Tenant
from tests.triggers.served import HANGS, at_rest, only_declared

NAME = "utm-headquarters"
PORTAL = {"CONNECTOR_PORTAL": "https://portal.example"}


@dataclass
class App:
    """A running app, its tenant and its store."""

    host: FunctionsHost
    client: ApiClient
    tenant: Tenant
    store: Path
    answers: list[str]
    """Every response but those of ``parameters``."""

    async def set_up(self, **more: Any) -> dict[str, Any]:
        """Ask for the connection with all mailboxes and wait for it."""
        body = {"name": NAME, "mailboxes": self.tenant.addresses, **more}
        async with asyncio.timeout(HANGS):
            await self.client.set_up(body, self.seen)
            return await self.settled()

    async def remove(self, *, stuck: bool = False, **query: Any) -> dict[str, Any]:
        """Ask for a removal that may take all access, and wait until it is through; or until it needs somebody."""
        sent = {"allowRemoval": len(self.tenant.addresses), **query}
        answer = await self.client.delete(f"/api/connections/{NAME}", params=sent)
        answer.raise_for_status()
        ends = {"removed", "failed", "cancelled"} | ({"action-required"} if stuck else set())
        await self.until(lambda seen: seen["state"] in ends)
        return await self.settled()

    async def settled(self) -> dict[str, Any]:
        """Wait until nothing is worked on, and return the connection: a run ends a moment after it has said so."""
        await at_rest(self.host)
        return await self.until(lambda _: True)

    def seen(self, connection: dict[str, Any]) -> None:
        """Keep a reading for the search for secrets, and the last one to be looked at when a test hangs."""
        self.answers.append(str(connection))

    async def verify(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for a verification and wait for what is expected of it."""
        answer = await self.client.post(f"/api/connections/{NAME}/verify")
        answer.raise_for_status()
        return await self.until(done)

    async def accept(self, finding: dict[str, Any]) -> dict[str, Any]:
        """Accept a finding for the application that it is about."""
        body = {"id": finding["id"], "applicationId": finding["applicationId"]}
        answer = await self.client.post(f"/api/connections/{NAME}/accept", json=body)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    async def until(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for what is expected of the connection, without asking for anything, and until nothing is worked on."""
        async with asyncio.timeout(HANGS):
            shown = await self.client.until(NAME, done, self.seen)
        await at_rest(self.host)
        return shown

    def told(self) -> str:
        """Return what is kept, and what was answered to anything but the question for the parameters."""
        return "\n".join([self.host.dump(), *self._kept(), *self.answers])

    def _kept(self) -> Iterator[str]:
        """Yield what the store holds; the app may be at work, and clears versions away that are too many."""
        for path in self.store.rglob("*"):
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield path.read_text("utf-8")

    async def parameters(self) -> dict[str, Any]:
        """Read the parameters."""
        answer = await self.client.get(f"/api/connections/{NAME}/parameters")
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document


@asynccontextmanager
async def asking(host: FunctionsHost, tenant: Tenant) -> AsyncIterator[ApiClient]:
    """Ask the app with its host key; whoever waits for a state waits for no timer."""
    async with ApiClient(host) as client:
        client.pause = leaping(host, tenant)
        yield client


@asynccontextmanager
async def running(
    folder: Path,
    preset: PresetName = "calm",
    *,
    seed: int = 1,
    mailboxes: int = 2,
    redeliver: bool = False,
    latencies: Mapping[str, float] | None = None,
    clock: float = 60,
) -> AsyncIterator[App]:
    """Run the app against a tenant of its own; afterwards nothing that it kept or told may hold a secret.

    With ``clock=1`` time passes by leaps alone: what a slow machine takes does not count as minutes.
    """
    lines = Lines()
    async with (
        Tenant(preset=preset, seed=seed, clock=clock, mailboxes=mailboxes, latencies=latencies) as tenant,
        serving(settings(tenant.endpoints, folder) | PORTAL, clock=clock, redeliver=redeliver) as host,
        asking(host, tenant) as client,
    ):
        client.event_hooks["response"].append(only_declared)
        app = App(host, client, tenant, folder, [])
        with lines.listening():
            yield app
        assert told_of(tenant.issued, [app.told(), *lines.heard]) == []


def told_of(secrets: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Return the beginnings of those secrets that stand somewhere in the texts.

    Each word is searched once: a long run logs hundreds of megabytes, and is issued thousands of tokens.
    """
    known, words = [*secrets], "\n".join({word for text in texts for word in text.split()})
    assert [secret[:6] for secret in known if secret.split() != [secret]] == []  # it would stand in no word
    return [secret[:6] for secret in known if secret in words]


class Lines(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage() + str(record.exc_info or ""))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear all that the app logs, and the warnings of the libraries."""
        root, own = logging.getLogger(), logging.getLogger("connector")
        level = own.level
        root.addHandler(self)
        own.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.removeHandler(self)
            own.setLevel(level)


def states(connection: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in connection["steps"]}
