"""When to say that a secret comes to its end: pure, with the clock passed in."""

from __future__ import annotations

from datetime import datetime

from connector.credential import CredentialRecord

THRESHOLDS = (60, 30, 14, 7, 3, 1, 0)
"""Days before the end at which a line is logged, once each."""


def due(secret: CredentialRecord, now: datetime) -> int | None:
    """Return the threshold that is due and has not been logged yet, or None.

    A secret made for 20 days does not catch up on 60 and 30: only the nearest threshold counts.
    """
    left = (secret.expires_on - now).days
    reached = [threshold for threshold in THRESHOLDS if left <= threshold]
    nearest = min(reached, default=None)
    return None if nearest is None or nearest in secret.warned_days else nearest
