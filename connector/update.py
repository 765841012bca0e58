"""Change a document of the store under its ETag, however many do so at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from connector.document import Document
from connector.errors import StaleWriteError
from connector.kept import written

if TYPE_CHECKING:
    from connector.clients.store import Store

D = TypeVar("D", bound=Document)
_TRIES = 20
_PAUSE = 0.1
"""Seconds at most between two tries, by chance, so that those who met do not meet again."""


async def update(store: Store, path: str, make: Callable[[bytes | None], Awaitable[D | None]]) -> D | None:
    """Write what ``make`` makes of the document as it stands there, and return it.

    ``make`` is asked anew where somebody else was faster. It is given None where there is no document, and answers None
    where that is to be left as it is.

    Raises:
        StaleWriteError: it changes all the time.
    """
    for _ in range(_TRIES):
        present, etag = await store.get(path) or (None, None)
        try:
            made = await make(present)
            if made is not None:
                await store.put(path, written(made), etag)
        except StaleWriteError:
            await asyncio.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - nobody has to guess it
            continue
        return made
    raise StaleWriteError("store", "etag", f"{path} changes all the time")
