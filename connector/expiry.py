"""When to say that a secret comes to its end: pure, with the clock passed in."""

from __future__ import annotations

from datetime import datetime

from connector.credential import CredentialRecord
from connector.model import Connection

THRESHOLDS = (60, 30, 14, 7, 3, 1, 0)
"""Days before the end at which a line is logged, once each."""


def ending(secret: CredentialRecord, now: datetime) -> tuple[int, str]:
    """Return what a line says of the end of a secret: in how many whole days it comes, and on which day."""
    return (secret.expires_on - now).days, secret.expires_on.date().isoformat()


def due(secret: CredentialRecord, now: datetime) -> int | None:
    """Return the threshold that is due and has not been logged yet, or None.

    A secret made for 20 days does not catch up on 60 and 30: only the nearest threshold counts.
    """
    left = (secret.expires_on - now).days
    reached = [threshold for threshold in THRESHOLDS if left <= threshold]
    nearest = min(reached, default=None)
    return None if nearest is None or nearest in secret.warned_days else nearest


def warned(connection: Connection, version: str, days: int) -> None:
    """Note that somebody was told of the end of the present or the next secret, whichever has this version."""
    secret, rotation = connection.secret, connection.rotation
    if secret is not None and secret.version == version:
        connection.secret = _told(secret, days)
    elif rotation is not None and rotation.next is not None and rotation.next.version == version:
        connection.rotation = rotation.model_copy(update={"next": _told(rotation.next, days)})


def _told(secret: CredentialRecord, days: int) -> CredentialRecord:
    return secret.model_copy(update={"warned_days": sorted({*secret.warned_days, days})})
