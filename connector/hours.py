"""At which hour of the day a connection is looked after: its own, so that a hundred of them are spread. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta


def hour_of(name: str) -> int:
    """Return the hour, in UTC, of the connection of that name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 24


def at_its_hour(name: str, moment: datetime) -> datetime:
    """Return the last beginning of its hour that is not after a moment; a host that was away then comes later."""
    turn = moment.replace(hour=hour_of(name), minute=0, second=0, microsecond=0)
    return turn if turn <= moment else turn - timedelta(days=1)
