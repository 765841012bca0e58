"""Ask several things at once, and leave none of them open when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar, overload

from connector.errors import ServiceError, WaitError

AT_ONCE = 16
"""Documents that are read at the same time: the store answers each in some hundredths of a second."""
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


@overload
async def together(a: Awaitable[A], b: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def together(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], /) -> tuple[A, B, C]: ...
@overload
async def together(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], /) -> tuple[A, B, C, D]: ...
@overload
async def together(*requests: Awaitable[A]) -> tuple[A, ...]: ...
async def together(*requests: Awaitable[object]) -> tuple[object, ...]:
    """Return all answers in their order; where some fail, raise the first of these errors once all have ended.

    Where several of its kind say when to come back, the one that says latest: sooner the others would refuse again.
    ``asyncio.gather`` would leave the others running: they would use clients that are being closed.
    """
    answers = await asyncio.gather(*requests, return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors:
        raise max((one for one in errors if _kind(one) == _kind(errors[0])), key=_seconds)
    return tuple(answers)


async def bounded(most: int, requests: Iterable[Callable[[], Awaitable[A]]]) -> tuple[A, ...]:
    """Return all answers in their order, asking for ``most`` at the same time; errors as in ``together``."""
    gate = asyncio.Semaphore(most)

    async def one(ask: Callable[[], Awaitable[A]]) -> A:
        async with gate:
            return await ask()

    return await together(*(one(ask) for ask in requests))


def _kind(error: BaseException) -> tuple[type[BaseException], str | None]:
    return type(error), error.service if isinstance(error, ServiceError) else None


def _seconds(error: BaseException) -> float:
    return (error.seconds or 0.0) if isinstance(error, WaitError) else 0.0
