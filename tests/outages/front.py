"""What stands before the tenant's services: a way through, on which something else may answer for one of them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.tenant import Tenant
from tests.connector.clients.misbehaving import Authority, Peer, Talk, serving

HOST = "127.0.0.1"
_PLAIN = "identity"
_PART = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, for whoever changes the answer."""

    address: str
    """The whole of it."""
    headers: str
    body: bytes


Change = Callable[[Any, Request], Any]
"""The answer's document in; another out, or bytes as they are to be sent."""


class Front:
    """A port for each service. ``kind`` answers for ``service`` on connections that are made while it is set."""

    def __init__(self, tenant: Tenant, authority: Authority) -> None:
        self._tenant, self._authority = tenant, authority
        self._ports: dict[str, int] = {}
        self._open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.endpoints: dict[str, Any] = {}
        self.service = ""
        self.kind: Talk | Rewriting | None = None
        self.most = 0
        """How many bytes one connection has carried to the client at most while something misbehaved, as they travel:
        what the sockets hold, some megabytes, is more than the client has taken in."""

    def turn(self, service: str, kind: Talk | Rewriting | None) -> None:
        """Let ``kind`` answer for a service from now on, None: the service itself. What is open is broken off."""
        self.service, self.kind = service, kind
        for pair in self._open:
            for writer in pair:
                writer.transport.abort()

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[Front]:
        """Listen, and let the tenant call itself by these addresses."""
        endpoints = self._tenant.endpoints
        trusted = folder / "trusted.pem"
        _join((endpoints["caBundle"], self._authority.ca), trusted)
        self._ports = {name: _port(endpoints[name]) for name in ("graph", "exchange", "vault", "authority", "imap")}
        self._ports |= {"identity": _port(endpoints["identityEndpoint"])}
        self._ports["token"] = self._ports.pop("authority")
        async with AsyncExitStack() as stack:
            self._bad = {
                tls: (await stack.enter_async_context(serving(self._authority, self._talk, tls=tls))).port
                for tls in (True, False)
            }
            ports = {name: await self._listen(stack, name) for name in self._ports}
            bases = {name: f"https://{HOST}:{port}" for name, port in ports.items()}
            bases |= {"imap": f"{HOST}:{ports['imap']}", "identity": f"http://{HOST}:{ports['identity']}"}
            self._tenant._simulation.bases = {**bases, "authority": bases["token"]}
            self.endpoints = {**endpoints, **self._tenant._simulation.bases, "caBundle": str(trusted)}
            self.endpoints["identityEndpoint"] = bases["identity"] + urlsplit(endpoints["identityEndpoint"]).path
            yield self

    async def _listen(self, stack: AsyncExitStack, name: str) -> int:
        server = await asyncio.start_server(lambda reader, writer: self._pass(name, reader, writer), HOST, 0)
        stack.callback(server.close)
        stack.push_async_callback(self._stop)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        bad = self.kind is not None and name == self.service
        port = self._bad[name != _PLAIN] if bad else self._ports[name]
        with suppress(OSError, asyncio.CancelledError):
            theirs, back = await asyncio.open_connection(HOST if not bad else "localhost", port)
            pair = writer, back
            self._open.add(pair)
            try:
                await asyncio.gather(self._carry(reader, back), self._carry(theirs, writer, counted=bad))
            finally:
                self._open.discard(pair)
                back.transport.abort()
        writer.transport.abort()
        self._tasks.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool = False
    ) -> None:
        carried = 0
        while part := await reader.read(_PART):
            carried += len(part) * counted
            self.most = max(self.most, carried)
            writer.write(part)
            await writer.drain()
        writer.close()

    async def _talk(self, peer: Peer) -> None:
        if isinstance(self.kind, Rewriting):
            await self._rewrite(peer, self.kind)
        elif self.kind is not None:
            await self.kind(peer)

    async def _rewrite(self, peer: Peer, kind: Rewriting) -> None:
        """Have the service answer, and pass on what is made of its answer."""
        trust = None if self.service == _PLAIN else ssl.create_default_context(cafile=self.endpoints["caBundle"])
        while True:
            head, body = await peer.asked()
            reader, writer = await asyncio.open_connection(HOST, self._ports[self.service], ssl=trust)
            writer.write(head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode() + body)
            answer = await reader.read()
            writer.close()
            base = self._tenant._simulation.bases[self.service]
            await peer.say(kind.made(answer, Request(base + head.split(" ")[1], head, body)))
            if kind.breaks:
                return


@dataclass(frozen=True, slots=True)
class Rewriting:
    """An answer of the service, of which something else is made; what asks for a token is left as it is."""

    change: Change
    breaks: bool = False
    """Whether the connection breaks in the middle."""

    def made(self, answer: bytes, request: Request) -> bytes:
        """Return the answer to send."""
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        if not body.startswith((b"{", b"[")) or status.split(" ")[1] not in {"200", "201"}:
            return _answer(status, headers, body)
        changed = self.change(json.loads(body), request)
        whole = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        if self.breaks:
            return _answer(status, headers, whole)[: -len(whole) // 2]
        return _answer(status, headers, whole)


def _answer(status: str, headers: list[str], body: bytes) -> bytes:
    kept = [one for one in headers if not one.lower().startswith(("content-length:", "connection:", "transfer-"))]
    return "\r\n".join([status, *kept, f"Content-Length: {len(body)}", "", ""]).encode() + body


def _join(files: Iterable[str], into: Path) -> None:
    into.write_text("".join(Path(one).read_text() for one in files))


def _port(address: str) -> int:
    found = urlsplit(address if "//" in address else f"//{address}").port
    assert found is not None
    return found
