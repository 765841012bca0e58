"""Each answer says what time it is here: where time runs faster, no machine of a reader knows it."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.host.clock import Clock

FACTOR = b"x-simulated-clock"
"""How much faster time runs; Azure's host has no such header."""


class Dated:
    """Sets ``Date`` (RFC 9110, 6.6.1) by the host's clock, and tells how fast that is where a person is to know it."""

    def __init__(self, app: ASGIApp, clock: Clock, *, tells_factor: bool) -> None:
        self._app = app
        self._clock = clock
        self._tells_factor = tells_factor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers(self._clock.now())]
            await send(message)

        await self._app(scope, receive, send_with_date)

    def _headers(self, now: datetime) -> list[tuple[bytes, bytes]]:
        date = [(b"date", format_datetime(now, usegmt=True).encode())]
        return date if not self._tells_factor else [*date, (FACTOR, f"{self._clock.factor:g}".encode())]
