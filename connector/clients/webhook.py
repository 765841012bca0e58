"""Send an event to an address that a person has named: once, in ten seconds, and to nobody inside.

No library's client is used whole: each would follow a redirect, ask a proxy, or resolve the name a second time.
``httpcore`` takes the connection from us: the name is resolved, every address is looked at, and it is connected to
one of these addresses, with the name in TLS and in ``Host``.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import httpcore

from connector.clients.retry_after import retry_after
from connector.clock import Budget
from connector.public_address import is_public
from connector.target import Address

SECONDS = 10.0
"""For all of it, from the name to the last byte that is read."""
OCTETS = 64 * 1024
"""So much of an answer is read; its status counts, whatever comes after."""
_TRIED = 2
"""Addresses of one name."""
_Option: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try."""

    status: int | None = None
    """None where there was no answer; ``code`` says why then."""
    code: str | None = None
    seconds: float = 0.0
    """How long it took."""
    retry_after: float | None = None
    """In how many seconds it asks to be tried again."""

    @property
    def taken(self) -> bool:
        """Return whether the event was taken: a redirect is a failure like all others (Standard Webhooks 1.0)."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - of HTTP


class RefusedAddressError(Exception):
    """The name leads to an address inside, or to none."""


class Webhooks:
    """Sends events. ``resolve`` and ``backend`` are how a name becomes addresses, and these connections."""

    def __init__(
        self,
        trust: ssl.SSLContext,
        resolve: Resolve | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._trust, self._seconds = trust, seconds
        self._resolve, self._backend = resolve or resolved, backend or httpcore.AnyIOBackend()

    async def post(self, address: Address, headers: Mapping[str, str], body: bytes) -> Tried:
        """Send a body and return what came of it, whatever that is; the answer's own body is nobody's concern."""
        budget = Budget(self._seconds)
        guarded = _Guarded(self._resolve, self._backend)
        try:
            async with asyncio.timeout(self._seconds):
                status, after = await self._exchange(guarded, address, headers, body)
        except Exception as error:  # noqa: BLE001 - whatever the other side does is an outcome
            return Tried(code=_why(error), seconds=self._seconds - budget.left)
        finally:
            await guarded.close()
        return Tried(status, seconds=self._seconds - budget.left, retry_after=retry_after(after))

    async def _exchange(
        self, guarded: _Guarded, address: Address, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None]:
        url = httpcore.URL(
            scheme=b"https", host=address.host.encode(), port=address.port, target=address.path.encode("ascii")
        )
        sent = {"Host": address.authority, **headers, "Content-Length": str(len(body)), "Connection": "close"}
        async with (
            httpcore.AsyncConnectionPool(ssl_context=self._trust, network_backend=guarded) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
        ):
            told = next((value for name, value in answer.headers if name.lower() == b"retry-after"), None)
            await _read(answer)
            return answer.status, told.decode("latin-1") if told is not None else None


async def _read(answer: httpcore.Response) -> None:
    """Read an answer as far as it makes sense, for the other side's sake: one that breaks off has been given."""
    left = OCTETS
    try:
        async for part in answer.aiter_stream():
            left -= len(part)
            if left <= 0:
                return
    except (httpcore.NetworkError, httpcore.ProtocolError):
        return


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and remembers what it has opened: a handshake given up leaves it open."""

    def __init__(self, resolve: Resolve, inner: httpcore.AsyncNetworkBackend) -> None:
        self._resolve, self._inner = resolve, inner
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[_Option] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the addresses of a name, where all of them are public.

        Raises:
            RefusedAddressError: one is not, or there is none.
            httpcore.ConnectError: none of them answers.
        """
        addresses = list(dict.fromkeys(await self._resolve(host, port)))
        if not addresses or not all(map(is_public, addresses)):
            raise RefusedAddressError
        failed: Exception = httpcore.ConnectError()
        for one in addresses[:_TRIED]:
            try:
                stream = await self._inner.connect_tcp(one, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
            else:
                self._opened.append(stream)
                return stream
        raise failed

    async def sleep(self, seconds: float) -> None:
        """See ``httpcore``."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close what is still open."""
        for stream in self._opened:
            await stream.aclose()


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as the machine resolves it.

    Raises:
        OSError: there are none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _why(error: Exception) -> str:
    """Return our code for a try without an answer; the text of the error may hold the address."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    for kinds, code in _CODES:
        if any(isinstance(one, kinds) for one in chain):
            return code
    return "hung-up"


_CODES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((RefusedAddressError,), "address-refused"),
    ((TimeoutError, httpcore.TimeoutException), "too-slow"),
    ((socket.gaierror,), "name-unknown"),
    ((ssl.SSLError,), "tls-failed"),
    ((httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError), "hung-up"),
    ((httpcore.ConnectError, OSError), "not-connected"),
)
