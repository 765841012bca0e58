"""Several reads of Microsoft Graph in one request: learn.microsoft.com/graph/json-batching.

The reads are the SDK's own, and each begins with one request. These wait here for each other, travel as one ``$batch``,
and each gets its own answer back, with its own status, headers and body: it means what it means to a request that
travels alone. What follows (further pages, a repeat with another token) does travel alone.

msgraph_core's ``BatchRequestBuilder`` is not used: of two answers with one id it keeps the last, it takes those that
nobody asked for, and it logs what it raises (1.5, ``BatchResponseContent``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import httpx

from connector.together import together

_NOT_OFFERED = frozenset({404, 405, 501})
"""A Graph that has no ``$batch``: no source says whether all national clouds have it. Then each read travels alone."""
_HEADERS = frozenset({"content-type", "retry-after", "request-id", "www-authenticate", "location"})
"""What is read of a part's headers. Others may tell of the packing of what was sent elsewhere."""
_STATUSES = range(200, 600)


class UnansweredError(httpx.RemoteProtocolError):
    """A batch has come back without an answer to this read, or with none that can be told from another's."""


@dataclass(frozen=True, slots=True)
class _Part:
    request: httpx.Request
    answer: asyncio.Future[httpx.Response | None]
    """None where the request has to travel alone."""

    def end(self, answer: httpx.Response | httpx.HTTPError | None) -> None:
        if self.answer.done():
            return
        if isinstance(answer, httpx.HTTPError):
            self.answer.set_exception(answer)
            self.answer.exception()  # it counts as taken note of: who has been cancelled does not wait for it
        else:
            self.answer.set_result(answer)


class BatchTransport(httpx.AsyncBaseTransport):
    """The transport of a few reads that travel together, once.

    Args:
        inner: what carries requests, within bounds.
        base: Graph's address with the version.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, base: str) -> None:
        self._inner = inner
        self._base = httpx.URL(base)
        self._reads = self._ended = 0
        self._parts: list[_Part] = []
        self._sent = False

    async def together(self, *reads: Callable[[], Awaitable[Any]]) -> tuple[Any, ...]:
        """Return what the reads return, in their order; at most 20, each of which begins with one request by this.

        Raises:
            Exception: the first of the reads' own errors, once all have ended.
        """
        self._reads = len(reads)
        return await together(*(self._read(read) for read in reads))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to one request, of the batch or of its own.

        Raises:
            UnansweredError: the batch holds none.
            httpx.HTTPError: the batch came to no answer.
        """
        if self._sent:
            return await self._inner.handle_async_request(request)
        part = _Part(request, asyncio.get_running_loop().create_future())
        self._parts.append(part)
        await self._depart()
        answer = await part.answer
        return answer if answer is not None else await self._inner.handle_async_request(request)

    async def _read(self, read: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await read()
        finally:
            self._ended += 1
            await self._depart()  # one that got no token has made no request

    async def _depart(self) -> None:
        """Send the batch as soon as nobody is to be waited for."""
        waiting = [part for part in self._parts if not part.answer.done()]
        if self._sent or not waiting or len(waiting) + self._ended < self._reads:
            return
        self._sent = True
        try:
            await self._send(waiting)
        except httpx.HTTPError as error:
            for part in waiting:
                part.end(error)
        finally:
            for part in waiting:
                part.end(UnansweredError("the batch was given up"))

    async def _send(self, parts: list[_Part]) -> None:
        asked = {str(number): part for number, part in enumerate(parts)}
        requests = [{"id": id_, "method": "GET", "url": self._address(part.request)} for id_, part in asked.items()]
        first = parts[0].request
        whole = httpx.Request(
            "POST",
            f"{self._base}/$batch",
            headers=first.headers,
            json={"requests": requests},
            extensions=first.extensions,
        )
        answer = await self._inner.handle_async_request(whole)
        content = await answer.aread()
        told = _told(content, asked)
        for id_, part in asked.items():
            if answer.status_code in _NOT_OFFERED:
                part.end(None)
            elif answer.is_success:
                part.end(_answer(told.get(id_)) or UnansweredError("the batch holds no answer to this"))
            else:
                part.end(httpx.Response(answer.status_code, headers=answer.headers, content=content))

    def _address(self, request: httpx.Request) -> str:
        """Return a request's address below the version."""
        return request.url.raw_path.decode("ascii").removeprefix(self._base.path)


def _told(content: bytes, ids: Collection[str]) -> dict[str, Any]:
    """Return the parts' answers by id; none where one is nobody's or comes twice: whose the others are, is not sure."""
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    answers = whole.get("responses") if isinstance(whole, dict) else None
    if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
        return {}
    given = [one.get("id") for one in answers]
    known = all(isinstance(id_, str) and id_ in ids for id_ in given)
    return dict(zip(given, answers, strict=True)) if known and len(set(given)) == len(given) else {}


def _answer(told: Any) -> httpx.Response | None:
    """Return what a part was told, as a request of its own would have been; None where that cannot be read."""
    status, headers = (told.get("status"), told.get("headers")) if told is not None else (None, None)
    if type(status) is not int or status not in _STATUSES:
        return None
    taken = {
        str(name).lower(): str(value)
        for name, value in (headers.items() if isinstance(headers, dict) else ())
        if str(name).lower() in _HEADERS and str(value).isascii() and str(value).isprintable()
    }
    body = told.get("body")
    try:
        content = b"" if body is None else json.dumps(body).encode("ascii")
    except RecursionError:
        return None
    return httpx.Response(status, headers=taken, content=content)
