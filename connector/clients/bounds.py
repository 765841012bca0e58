"""What an answer may cost, in seconds and bytes, whatever a server does.

The SDKs bound only the silence between two bytes: a server that sends one a second, or one that never stops, keeps
them for ever. Here a request is bounded from its connection to its last byte, and an answer as it is after unpacking;
what goes beyond ends as an ``UnavailableError`` that says so. The means: one transport for azure-core
(``bounded_azure``), one for httpx (``bounded_http``), one wire for mail servers (``wire``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import TypeVar

from azure.core.async_paging import AsyncItemPaged
from azure.core.exceptions import ServiceRequestTimeoutError, ServiceResponseTimeoutError

from connector.errors import ServiceName, UnavailableError

T = TypeVar("T")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that one client waits for and takes in."""

    seconds: float
    """For one request, from connecting to the last byte; its repeats, and all pages of a list, take twice as long."""
    octets: int
    """In one answer, unpacked."""
    pages: int = 200
    """Of one list."""
    repeats: int = 2
    """Of one request, where an SDK repeats it by itself."""
    pace: float = 0.0
    """Seconds from one request to the next, of those for which nobody waits."""


GRAPH = Bounds(30, 4 * _MEGABYTE)
EXCHANGE = Bounds(100, 16 * _MEGABYTE, pace=1.0)
"""Exchange gives up well under 100 seconds; the description of its module alone has some megabytes."""
VAULT = Bounds(30, 4 * _MEGABYTE)
TOKEN = Bounds(25, _MEGABYTE)
STORE = Bounds(30, 16 * _MEGABYTE)
SIGN_IN = Bounds(5, _MEGABYTE // 4)
"""The keys by which Entra signs tokens: a person waits for them."""


class TooLarge(Exception):  # noqa: N818 - each transport derives the error from it that its SDK knows
    """An answer has more bytes than are taken in."""


def unanswered(service: ServiceName, error: BaseException) -> UnavailableError:
    """Return our error for an exchange that came to no answer: too slow, too large, or none at all."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    if any(isinstance(one, TooLarge) for one in chain):
        return UnavailableError(service, "too-large", "the answer is longer than any that makes sense")
    slow = (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError)
    if any(isinstance(one, slow) for one in chain):
        return UnavailableError(service, "too-slow", "no answer, or not all of it, in the time for one request")
    return UnavailableError(service, "unavailable", type(error).__name__)


async def collect(found: AsyncItemPaged[T], service: ServiceName, bounds: Bounds) -> list[T]:
    """Return all entries of a list of an Azure SDK.

    Raises:
        UnavailableError: as ``walk`` says.
        AzureError: what the SDK says.
    """
    return await walk(_pages(found), service, bounds)


async def _pages(found: AsyncItemPaged[T]) -> AsyncIterator[tuple[list[T], str | None]]:
    pages = found.by_page()
    async for page in pages:
        yield [entry async for entry in page], getattr(pages, "continuation_token", None) or None


async def walk(pages: AsyncIterable[tuple[list[T], str | None]], service: ServiceName, bounds: Bounds) -> list[T]:
    """Return what is on all pages; each comes with the link to the next one.

    Raises:
        UnavailableError: a link comes twice, or there are too many pages, or they take too long.
    """
    entries: list[T] = []
    seen: set[str] = set()
    try:
        async with asyncio.timeout(bounds.seconds * 2):
            async for page, link in pages:
                entries += page
                if link is not None and (link in seen or len(seen) == bounds.pages):
                    raise UnavailableError(service, "too-many-pages", "a list leads back to itself, or has no end")
                seen.add(link or "")
    except TimeoutError:
        raise UnavailableError(service, "too-slow", "not all pages of a list in the time for it") from None
    return entries
