"""What a timer does each hour for each connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connector.errors import RequestError, ServiceError, UnreadableError
from connector.services import services


async def each(look: Callable[[str], Awaitable[bool]], failed: Callable[[str, str], None]) -> int:
    """Look at each connection by its name; return for how many ``look`` says that something was done.

    One that cannot be looked at keeps no other waiting: ``failed`` is told its name and why, and the next hour comes.
    """
    number = 0
    for name in await services().documents.names():
        try:
            number += await look(name)
        except UnreadableError:
            continue  # the daily look says so
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one is looked at
            code = error.code if isinstance(error, ServiceError | RequestError) else type(error).__name__
            failed(name, code)
    return number
