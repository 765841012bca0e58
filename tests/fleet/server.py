"""A small server that plays many deployments, and what else may stand under an address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

KEY = "the-key-of-read-status"


def status(number: int, overall: str = "ok", **more: Any) -> dict[str, Any]:
    """Return a status as a deployment answers it."""
    return {
        "schema": 1,
        "version": "0.2.0",
        "customer": f"Customer {number}",
        "tenant": None,
        "checkedAt": "2026-11-27T12:00:00Z",
        "overall": overall,
        "connections": 3,
        "byState": {"ready": 3},
        "needing": [],
        "more": 0,
        "nextEnd": None,
        "coverage": {"complete": overall != "unknown", "unread": {}},
        **more,
    }


def needing(name: str, days: int | None, *codes: str) -> dict[str, Any]:
    """Return a connection that needs somebody."""
    return {"name": name, "state": "action-required", "daysLeft": days, "findings": [*codes]}


class Played:
    """The deployments by their number, and who was asked at once."""

    def __init__(self) -> None:
        self.answers: dict[int, bytes | int | None] = {}
        """A body, a status, or None for one that never answers."""
        self.port = 0
        self.now = self.most = 0
        self.asked: list[str] = []

    def url(self, number: int) -> str:
        """Return where a deployment is."""
        return f"http://127.0.0.1:{self.port}/{number}"

    def put(self, number: int, document: dict[str, Any]) -> None:
        """Let a deployment answer so."""
        self.answers[number] = json.dumps(document).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            self.asked.append(path)
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02)
            self.now -= 1  # before it is answered: who has the answer asks the next one
            said = self.answers.get(int(path.split("/")[1]), 404)
            if f"x-functions-key: {KEY}" not in head:
                said = 401
            if said is None:
                await asyncio.sleep(60)
            code, body = (said, b"") if isinstance(said, int) else (200, said or b"")
            writer.write(f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode())
            writer.write(b"Location: http://127.0.0.1:1/\r\n\r\n" + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def played(number: int = 0) -> AsyncIterator[Played]:
    """Have a server with so many deployments that are well."""
    one = Played()
    for each in range(number):
        one.put(each, status(each))
    server = await asyncio.start_server(one.answer, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
