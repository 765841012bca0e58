"""How a secret is called in the vault, and how long it lives."""

from __future__ import annotations

import re
from datetime import timedelta

from connector.microsoft import MAX_LIFETIME_DAYS

_MARGIN = timedelta(hours=1)


def secret_name(connection: str, application_id: str) -> str:
    """Return the name in the vault; at most 40 + 1 + 36 characters of the 127 allowed."""
    return f"{connection}-{application_id}"


def probe_name(name: str, intent_id: str) -> str:
    """Return the name under which it is tried whether the vault takes a secret; at most 92 characters."""
    return f"{name}-probe-{intent_id[:8]}"


def kept_names(connection: str) -> re.Pattern[str]:
    """Return how the secrets of a connection are called, whatever application they are of, and the probes for them."""
    guid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return re.compile(f"{re.escape(connection)}-{guid}(?:-probe-[0-9a-f]{{8}})?", re.IGNORECASE)


def lifetime(wish: int | None, default: int, longest: int | None) -> timedelta:
    """Return the lifetime: the wish or the default, clamped to two years and to the tenant's policy, in days.

    All that a policy allows is an hour less: Entra counts from its own clock, which may be behind ours. A policy of
    less than a day (0) allows nothing that makes sense; the application may be exempt from it, so the wish is tried.
    """
    days = min(wish or default, longest or MAX_LIFETIME_DAYS, MAX_LIFETIME_DAYS)
    return timedelta(days=days) - (_MARGIN if days == longest else timedelta())
