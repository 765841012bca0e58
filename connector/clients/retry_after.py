"""What HTTP itself says of another try: the ``Retry-After`` header in seconds, and the status."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from connector.clock import until

_DAY = 86_400.0
_DIGITS = 9


def retry_after(value: str | None) -> float | None:
    """Return a ``Retry-After`` header in seconds, at most a day; it is a number or a date (RFC 9110 §10.2.3).

    None where there is no header, or none that can be read: a service's slip must not break the call.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # Longer numbers may be infinite as a float, which no timer can wait for.
        return _DAY if len(text) > _DIGITS else min(float(text), _DAY)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = until(aware)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, seconds), _DAY)


def passes(status: int) -> bool:
    """Return whether the same request may succeed later (RFC 9110 §15.6).

    408 comes of a proxy on the way that has not waited for the whole request (§15.5.9).
    """
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT
