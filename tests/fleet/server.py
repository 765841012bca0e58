"""A small server that plays many deployments, and what else may stand under an address."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from local.tenant.server import shut

KEY = "the-key-of-read-status"
TENANT, APPLICATION = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def jwt(*roles: str) -> str:
    """Return what looks like a token with these roles; nobody here checks a signature."""
    payload = base64.urlsafe_b64encode(json.dumps({"aud": APPLICATION, "roles": roles}).encode()).rstrip(b"=")
    return f"e30.{payload.decode()}.c2ln"


READER = jwt("Reader")


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
        self.keys_off: set[int] = set()
        """Those where only who has signed in comes in."""
        self.challenge = (TENANT, APPLICATION)
        """In which tenant and by which application one does."""
        self.tokens: list[str] = []
        """What was sent to it."""

    def url(self, number: int) -> str:
        """Return where a deployment is."""
        return f"http://127.0.0.1:{self.port}/{number}"

    def put(self, number: int, document: dict[str, Any]) -> None:
        """Let a deployment answer so."""
        self.answers[number] = json.dumps(document).encode()

    def _let_in(self, path: str, head: str) -> bytes | int | None:
        number = int(path.split("/")[1])
        if "/entra/" in path:
            sent = [line.partition("Bearer ")[2] for line in head.splitlines() if "Bearer " in line]
            self.tokens += sent
            return self.answers.get(number, 404) if sent == [READER] else 401
        if f"x-functions-key: {KEY}" not in head:
            return 401
        return 403 if number in self.keys_off else self.answers.get(number, 404)

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
            said = self._let_in(path, head)
            if said is None:
                await asyncio.sleep(60)
            code, body = (said, b"") if isinstance(said, int) else (200, said or b"")
            writer.write(f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode())
            writer.write(b"Location: http://127.0.0.1:1/\r\n")
            if code == 401 and "/entra/" in path:
                where = f"https://login.example/{self.challenge[0]}/oauth2/v2.0/authorize"
                named = f'Bearer authorization_uri="{where}", client_id="{self.challenge[1]}"'
                writer.write(f"WWW-Authenticate: {named}\r\n".encode())
            writer.write(b"\r\n" + body)
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
        await shut(server)
