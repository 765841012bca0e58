"""A receiver of webhooks, on this machine behind TLS, that answers as badly as it is told to.

The app sends to public addresses only. So a name stands for a public address here, and what connects to that address is
led to this machine: at the seam where ``httpcore`` takes the connection from us, behind the guard.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import httpcore
import trustme
from standardwebhooks import Webhook

from connector.clients.webhook import Webhooks
from local.tenant.server import shut

KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
"""The one of the standard's examples."""
PUBLIC = "93.184.215.14"
Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *headers: str, body: bytes = b"") -> Behaviour:
    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} -", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return answer


async def hang_up(_: asyncio.StreamWriter) -> None:
    """Say nothing and close."""


async def nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def slowly(writer: asyncio.StreamWriter) -> None:
    for octet in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def a_slow_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()
    await asyncio.sleep(60)


async def without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"400\r\n" + b"x" * 0x400 + b"\r\n")
        await writer.drain()


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes
    path: str

    def verified(self, key: str = KEY) -> object:
        """Return the body as a receiver reads it that uses the standard's library."""
        return Webhook(key).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Listens until the context ends; each request is answered by the next of ``answers``, then by the last."""

    answers: list[Behaviour] = field(default_factory=lambda: [status(204)])
    name: str = "hooks.example.com"
    got: list[Got] = field(default_factory=list)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(self.name).configure_cert(context)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await shut(self._server)
        for one in [*self._open]:
            one.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1)[0:1] + line.split(": ", 1)[1:] for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Got(headers, body, head[0].split()[1]))
            await (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def webhooks(self, resolve: Mapping[str, Sequence[str]] | None = None, seconds: float = 10) -> Webhooks:
        """Return the app's own sender, for which names stand for what is said and all ways lead here."""
        trust = ssl.create_default_context()
        self.authority.configure_trust(trust)
        self.way = Way(self.port)
        names = resolve if resolve is not None else {self.name: [PUBLIC]}

        async def resolved(host: str, port: int) -> Sequence[str]:
            assert port
            return names[host]

        return Webhooks(trust, resolved, self.way, seconds)


class Way(httpcore.AnyIOBackend):
    """Leads every connection to one port of this machine, or nowhere, and remembers where it was to go."""

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """See ``httpcore``."""
        self.asked.append(host)
        if self._port is None:
            raise httpcore.ConnectError
        return await super().connect_tcp("127.0.0.1", self._port)
