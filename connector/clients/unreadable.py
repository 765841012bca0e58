"""How an SDK's error becomes ours: also the one over an answer that it does not look at before it reads it.

Such an answer is a page of HTML, ``null``, a list.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from connector.errors import ServiceError, ServiceName, UnavailableError

E = TypeVar("E", bound=Exception)


@asynccontextmanager
async def translated(service: ServiceName, ours: Callable[[E], Exception], *sdk: type[E]) -> AsyncIterator[None]:
    """Raise our errors, whatever the SDK raises, and over whichever answer; of a method it is the decorator.

    ``ours`` makes one of what the SDK calls an error, which is ``sdk``.
    """
    try:
        yield
    except ServiceError:
        raise
    except sdk as error:
        raise ours(error) from None
    except Exception as error:  # noqa: BLE001 - it tells which
        raise unreadable(service, error) from None


def unreadable(service: ServiceName, error: Exception) -> Exception:
    """Return our error for a plain one that an SDK has raised; one of our own code is returned as it is.

    Waiting does not mend a slip of ours, while a proxy that answers for a service goes away.
    """
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if str(frame.f_globals.get("__name__")).startswith("connector."):
        return error
    return UnavailableError(service, "unavailable", f"unreadable: {type(error).__name__}")
