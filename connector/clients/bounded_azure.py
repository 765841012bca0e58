"""azure-core's transport with bounds: for Exchange, the vault, the store, and the tokens."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import aiohttp
from azure.core.exceptions import AzureError, ServiceResponseTimeoutError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from connector.clients.bounds import Bounds, TooLarge
from connector.clouds import Cloud


class TooLargeError(AzureError, TooLarge):
    """An answer has more bytes than are taken in."""


class BoundedTransport(AioHttpTransport):  # type: ignore[misc]  # azure-core loads it without its type
    """A transport that gives up on an answer that takes too long or has too many bytes.

    It makes its session when it is first used, within the event loop that it then belongs to, and with one TLS context:
    with a bundle of authorities of its own the SDK would make a new one, and so a new connection, for each request.
    """

    def __init__(self, cloud: Cloud, bounds: Bounds, *, raw: bool = False) -> None:
        super().__init__()
        self._cloud, self._bounds, self._raw = cloud, bounds, raw
        self._made = False

    async def open(self) -> None:
        """Make the session, once; ``raw`` answers are not unpacked by anybody."""
        if not self._made:
            self._made = True
            context = ssl.create_default_context(cafile=self._cloud.ca_bundle)
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,
                auto_decompress=not self._raw,
                response_class=_answers(self._bounds, raw=self._raw),
            )
        await super().open()

    async def send(self, request: HttpRequest, *, stream: bool = False, **config: Any) -> AsyncHttpResponse:
        """Send a request.

        Raises:
            ServiceResponseTimeoutError: there is no answer in time.
            TooLargeError: it has too many bytes.
            AzureError: what the SDK says.
        """
        try:
            async with asyncio.timeout(self._bounds.seconds):
                answer: AsyncHttpResponse = await super().send(request, stream=stream, **config)
        except TimeoutError as error:
            raise ServiceResponseTimeoutError("the answer takes too long", error=error) from error
        return answer


def _answers(bounds: Bounds, *, raw: bool) -> type[aiohttp.ClientResponse]:
    """Return the class of answers whose bodies end, by their end or by an error."""

    class Response(aiohttp.ClientResponse):
        async def start(self, connection: Any) -> aiohttp.ClientResponse:
            answer = await super().start(connection)
            ends = asyncio.get_running_loop().time() + bounds.seconds
            self.content: Any = _Body(self, bounds.octets, ends)
            return answer

        @property
        def headers(self) -> Any:
            """The headers; those of a body that is unpacked do not say that it is packed, or it is tried again."""
            found = super().headers.copy()
            if not raw:
                found.popall(aiohttp.hdrs.CONTENT_ENCODING, None)
            return found

    return Response


class _Body:
    """aiohttp's stream of a body, read through a count and a clock; whatever does not read is the stream's own."""

    def __init__(self, answer: aiohttp.ClientResponse, octets: int, ends: float) -> None:
        self._answer, self._stream = answer, answer.content
        self._left, self._ends = octets, ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def read(self, most: int = -1) -> bytes:
        """Return the next bytes, or all that are left.

        Raises:
            TooLargeError: there are too many.
            TimeoutError: they take too long.
        """
        try:
            async with asyncio.timeout_at(self._ends):
                return await self._read(most)
        except BaseException:
            self._answer.close()  # not every reader in azure-core does
            raise

    async def _read(self, most: int) -> bytes:
        if most >= 0:
            return self._counted(await self._stream.read(most))
        parts = []
        while part := await self._stream.readany():
            parts.append(self._counted(part))
        return b"".join(parts)

    def _counted(self, part: bytes) -> bytes:
        self._left -= len(part)
        if self._left < 0:
            raise TooLargeError("the answer is too large")
        return part
