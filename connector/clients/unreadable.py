"""What an SDK raises over an answer that it does not look at before it reads it: a page of HTML, ``null``, a list."""

from __future__ import annotations

import traceback

from connector.errors import ServiceName, UnavailableError


def unreadable(service: ServiceName, error: Exception) -> Exception:
    """Return our error for a plain one that an SDK has raised; one of our own code is returned as it is.

    Waiting does not mend a slip of ours, while a proxy that answers for a service goes away.
    """
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if str(frame.f_globals.get("__name__")).startswith("connector."):
        return error
    return UnavailableError(service, "unavailable", f"unreadable: {type(error).__name__}")
