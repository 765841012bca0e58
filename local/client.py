"""The API as a caller sees it: what the demo, the bench and the flow tests share."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx

RESTING = frozenset({"ready", "failed", "cancelled", "interrupted", "unreadable", "removed"})
"""States that end by themselves no more; ``action-required`` may, since the run goes on looking."""

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""It trusts nobody: the app at hand is asked without TLS, and to read the world's authorities takes 20 ms a client."""


class Address(Protocol):
    """Where an app answers, and the key that opens all of it."""

    @property
    def url(self) -> str:
        """The base address."""

    @property
    def key(self) -> str:
        """A host key."""


async def a_moment() -> None:
    """Wait before it is worth reading again."""
    await asyncio.sleep(0.05)


class ApiClient(httpx.AsyncClient):
    """A client of one running app, with its host key."""

    def __init__(self, host: Address, language: str = "en") -> None:
        super().__init__(
            base_url=host.url,
            headers={"x-functions-key": host.key, "Accept-Language": language},
            timeout=60,
            verify=_NOBODY,
        )
        self.pause: Callable[[], Awaitable[None]] = a_moment
        """What happens between two readings."""

    async def until(
        self,
        name: str,
        done: Callable[[dict[str, Any]], bool],
        seen: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Read the connection until ``done`` says so, showing each reading to ``seen``; return the last one."""
        while True:
            answer = await self.get(f"/api/connections/{name}")
            answer.raise_for_status()
            connection: dict[str, Any] = answer.json()
            seen(connection)
            if done(connection):
                return connection
            await self.pause()

    async def set_up(
        self,
        body: dict[str, Any],
        seen: Callable[[dict[str, Any]], None] = lambda _: None,
        *,
        patience: float = 0.0,
    ) -> dict[str, Any]:
        """Ask for a connection and wait until it rests; one that needs a person is watched for ``patience`` seconds."""
        answer = await self.post("/api/connections", json=body)
        answer.raise_for_status()
        stuck: float | None = None

        def done(connection: dict[str, Any]) -> bool:
            nonlocal stuck
            if connection["state"] != "action-required":
                stuck = None
                return connection["state"] in RESTING
            stuck = stuck or time.monotonic()
            return time.monotonic() - stuck >= patience

        return await self.until(body["name"], done, seen)
