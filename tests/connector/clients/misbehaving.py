"""Servers that misbehave on purpose, over TLS, byte by byte; and what it takes to see that a client bears them."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import trustme
from azure.core.credentials import AccessToken, AccessTokenInfo

from connector.clients.wire import TalkBounds
from local.tenant.server import shut

SECONDS, OCTETS, PAGES = 0.25, 64 * 1024, 5
"""What a client is given that nothing but the end of its patience brings to an end."""
PATIENT = 15.0
"""Seconds for whatever ends by itself: on a busy machine a handshake alone may take one."""
_TALK = TalkBounds(connect_seconds=PATIENT, talk_seconds=PATIENT, logout_seconds=0.1, octets=OCTETS)
_HASTY = replace(_TALK, talk_seconds=1.0)


def talk_bounds(kind: str) -> TalkBounds:
    """Return the bounds of a login at a server of this kind: one that is silent, or drips, uses up all of them."""
    return _HASTY if "silent" in kind or "by drops" in kind else _TALK


_PATIENCE = 20.0
"""Seconds within which a client has to be through; a client that is not bounded waits for ever."""
_MOST_SENT = 8 * 1024 * 1024
"""What a server may get rid of before it notices that nobody reads: the sockets' buffers, and a little."""
_MOST_MEMORY = 64 * 1024
"""Kilobytes by which the process may grow."""

Talk = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The client, as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.sent = 0

    async def say(self, said: bytes | str) -> None:
        part = said.encode() if isinstance(said, str) else said
        self.writer.write(part)
        self.sent += len(part)
        await self.writer.drain()
        await asyncio.sleep(0)
        if self.writer.is_closing() or self.reader.at_eof():
            raise ConnectionResetError

    async def drip(self, said: bytes) -> None:
        while True:
            for byte in said:
                await self.say(bytes([byte]))
                await asyncio.sleep(0.02)

    async def flood(self, said: bytes) -> None:
        part = said * (65536 // len(said))
        while True:
            await self.say(part)

    async def asked(self) -> tuple[str, bytes]:
        """Return the head of the next request, and its body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length")]
        return head, await self.reader.readexactly(int(lengths[0] if lengths else 0))

    async def request(self) -> str:
        """Return the head of the next request, its body read over."""
        return (await self.asked())[0]


@dataclass
class Place:
    """Where a server is, and what it has sent."""

    port: int
    ca: str
    peers: list[Peer]
    seconds: float = PATIENT
    """What its clients are given for one request."""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def sent(self) -> int:
        return sum(peer.sent for peer in self.peers)


@dataclass(frozen=True)
class Authority:
    """Who vouches for the servers, made once: keys cost time."""

    ca: str
    context: ssl.SSLContext

    @classmethod
    def make(cls, folder: Path) -> Authority:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return cls(str(folder / "ca.pem"), context)


@asynccontextmanager
async def serving(
    authority: Authority, talk: Talk, *, tls: bool = True, seconds: float = PATIENT
) -> AsyncIterator[Place]:
    """Let ``talk`` have every connection."""
    peers: list[Peer] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        peers.append(Peer(reader, writer))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            await talk(peers[-1])
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=authority.context if tls else None)
    try:
        yield Place(server.sockets[0].getsockname()[1], authority.ca, peers, seconds)
    finally:
        await shut(server)  # closing each would wait until somebody has read what is still to be sent
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def bounded(place: Place, *, counted: bool = True) -> Iterator[None]:
    """See that what is done within takes seconds and megabytes, and not for ever and all there is."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    yield
    assert time.monotonic() - began < _PATIENCE
    assert place.sent < _MOST_SENT or not counted
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MOST_MEMORY


class Tokens:
    """A credential whose tokens are always at hand."""

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)

    async def get_token_info(self, *_: str, **__: object) -> AccessTokenInfo:
        return AccessTokenInfo("token", int(time.time()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


def ok(*headers: str, status: str = "200 OK") -> str:
    return "\r\n".join(
        (
            f"HTTP/1.1 {status}",
            "Content-Type: application/json",
            "Content-Range: bytes 0-899/900",
            "ETag: x",
            *headers,
            "",
            "",
        )
    )


def answers(head: str, body: bytes = b"", *, then: Callable[[Peer], Awaitable[None]] | None = None) -> Talk:
    """Return a server that answers every request so."""

    async def talk(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(head.encode() + body)
            if then is not None:
                await then(peer)
                return

    return talk


async def _for_ever(_: Peer) -> None:
    await asyncio.sleep(60)


async def _hangs_up(_: Peer) -> None: ...


async def _silent(peer: Peer) -> None:
    await peer.request()
    await asyncio.sleep(60)


async def _deaf(_: Peer) -> None:
    await asyncio.sleep(60)


async def _gone(peer: Peer) -> None:
    peer.writer.transport.abort()


async def _drips_head(peer: Peer) -> None:
    await peer.request()
    await peer.drip(ok("X-Long: " + "a" * 4000).encode())


async def _one_header(peer: Peer) -> None:
    await peer.request()
    await peer.say("HTTP/1.1 200 OK\r\nX-Long: ")
    await peer.flood(b"a")


async def _many_headers(peer: Peer) -> None:
    await peer.request()
    await peer.say("HTTP/1.1 200 OK\r\n")
    await peer.flood(b"X-Many: a\r\n")


async def _always_continues(peer: Peer) -> None:
    await peer.request()
    while True:
        await peer.say("HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.01)


def sized(body: bytes, *headers: str, status: str = "200 OK") -> Talk:
    return answers(ok(f"Content-Length: {len(body)}", *headers, status=status), body)


_CHUNKED, _ENDLESS = "Transfer-Encoding: chunked", b'[{"value":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},'


def _bomb(megabytes: int = 200) -> bytes:
    """Return zeros, packed part by part: whole they would be the most memory that this process ever takes."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join(packing.compress(bytes(1024 * 1024)) for _ in range(megabytes)) + packing.flush()


_BOMB = _bomb()

HTTP: dict[str, Talk] = {
    "no answer": _silent,
    "no reading": _deaf,
    "hangs up at once": _gone,
    "head by drops": _drips_head,
    "one header without end": _one_header,
    "headers without end": _many_headers,
    "100 without end": _always_continues,
    "body by drops": answers(ok(_CHUNKED), then=lambda peer: peer.drip(b"1\r\na\r\n")),
    "body without end": answers(ok(), then=lambda peer: peer.flood(_ENDLESS)),
    "chunks without end": answers(ok(_CHUNKED), then=lambda peer: peer.flood(b"34\r\n" + _ENDLESS + b"\r\n")),
    "length of a terabyte": answers(ok("Content-Length: 1000000000000"), then=lambda peer: peer.flood(_ENDLESS)),
    "chunk of a terabyte": answers(ok(_CHUNKED), b"e8d4a51000\r\n", then=lambda peer: peer.flood(_ENDLESS)),
    "chunk extension without end": answers(ok(_CHUNKED), b"1;", then=lambda peer: peer.flood(b"a")),
    "trailers without end": answers(ok(_CHUNKED), b"0\r\n", then=lambda peer: peer.flood(b"X-Many: a\r\n")),
    "shorter than it says": answers(ok("Content-Length: 900"), b"{", then=_for_ever),
    "breaks off": answers(ok("Content-Length: 900"), b"{", then=_hangs_up),
    "unpacks to 200 MB": sized(_BOMB, "Content-Encoding: gzip"),
    "calls itself gzip": sized(bytes(5000), "Content-Encoding: gzip"),
    "packed in another way": sized(b"abc", "Content-Encoding: br, zstd"),
    "no HTTP": answers("* OK IMAP4rev1\r\n", then=_for_ever),
    "status in words": answers("HTTP/1.1 fine\r\n\r\n", then=_for_ever),
    "500 without end": answers(ok(status="500 No"), then=lambda peer: peer.flood(_ENDLESS)),
    "refusal without end": answers(ok(status="403 No"), then=lambda peer: peer.flood(_ENDLESS)),
    "a day, please": sized(b"{}", "Retry-After: 86400", status="503 Later"),
    "a day in milliseconds": sized(b"{}", "x-ms-retry-after-ms: 86400000", status="503 Later"),
    "moved to itself": sized(b"", "Location: /", status="302 Found"),
}
"""Each breaks the rules, or uses them, in one way; none may keep a client longer, or feed it more, than it allows."""
THROWN_AWAY = frozenset({"chunk extension without end"})
"""What aiohttp's parser throws away as it comes: it costs the time that there is, and no memory."""
