"""httpx's transport with bounds: for Microsoft Graph."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from connector.clients.bounds import Bounds, TooLarge

_PACKINGS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class TooLargeError(httpx.RemoteProtocolError, TooLarge):
    """An answer has more bytes than are taken in."""


def direct_or_by_proxy(url: str, trust: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    """Return the transport to ``url``, by the proxy that the environment names: given one, httpx looks for none."""
    host, proxies = urlsplit(url).hostname or "", getproxies()
    proxy = None if proxy_bypass(host) else proxies.get("https") or proxies.get("all")
    return httpx.AsyncHTTPTransport(verify=trust, proxy=proxy)


class BoundedHttp(httpx.AsyncBaseTransport):
    """A transport whose answers are bounded; they are unpacked here, where their size can be counted."""

    def __init__(self, inner: httpx.AsyncBaseTransport, bounds: Bounds) -> None:
        self._inner, self._bounds = inner, bounds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.ReadTimeout: there is no answer in time.
            httpx.DecodingError: the answer is packed in a way that was not asked for.
        """
        request.headers["Accept-Encoding"] = ", ".join(_PACKINGS)
        ends = asyncio.get_running_loop().time() + self._bounds.seconds
        opened: list[_Stream] = []

        async def trace(event: str, info: Mapping[str, _Stream]) -> None:
            if event.endswith("connect_tcp.complete"):
                opened.append(info["return_value"])

        request.extensions = {**request.extensions, "trace": trace}
        try:
            async with asyncio.timeout_at(ends):
                answer = await self._inner.handle_async_request(request)
        except BaseException as error:
            # httpcore leaves a connection open whose TLS handshake is given up (its backend closes it over an
            # Exception, which CancelledError is not); it tells of each by this extension.
            for stream in opened:
                await stream.aclose()
            if isinstance(error, TimeoutError):
                raise httpx.ReadTimeout("the answer takes too long") from error
            raise
        packing = answer.headers.pop("Content-Encoding", "identity").strip().lower()
        answer.headers.pop("Content-Length", None)
        body = _Body(answer, packing, self._bounds.octets, ends)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()


class _Stream(Protocol):
    """What httpcore tells of a connection that it has opened."""

    async def aclose(self) -> None:
        """Close it."""


class _Body(httpx.AsyncByteStream):
    """A body that ends, by its end or by an error."""

    def __init__(self, answer: httpx.Response, packing: str, octets: int, ends: float) -> None:
        self._answer, self._packing, self._octets, self._ends = answer, packing, octets, ends

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left, unpacking = self._octets, self._unpacking()
        parts = aiter(self._answer.stream)  # type: ignore[arg-type] # an asynchronous transport has made it
        while (part := await self._next(parts)) is not None:
            try:
                # One byte more than is allowed tells that there are more, and costs no more than that.
                plain = part if unpacking is None else unpacking.decompress(part, left + 1)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
            left -= len(plain)
            if left < 0:
                raise TooLargeError("the answer is too large")
            yield plain

    def _unpacking(self) -> zlib._Decompress | None:
        if self._packing in {"identity", ""}:
            return None
        if self._packing not in _PACKINGS:
            raise httpx.DecodingError("packed in a way that was not asked for")
        return zlib.decompressobj(_PACKINGS[self._packing])

    async def _next(self, parts: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout_at(self._ends):
                return await anext(parts, None)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer takes too long") from error

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._answer.aclose()
