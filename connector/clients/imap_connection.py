"""imaplib's connection over a wire with bounds: what the library reads and sends goes through there."""

from __future__ import annotations

import imaplib
import ssl

from connector.clients.wire import TalkBounds, UnreachableError, Wire


class Connection(imaplib.IMAP4_SSL):
    """A connection to the IMAP server at ``place``, greeted.

    Raises:
        UnreachableError: when it is made, there is none.
        TimeoutError, TooLongError: on any call, as ``Wire`` says.
    """

    def __init__(self, place: tuple[str, int], context: ssl.SSLContext, bounds: TalkBounds) -> None:
        self._place, self._bounds = place, bounds
        super().__init__(*place, ssl_context=context)

    def limit(self, seconds: float) -> None:
        """Let everything that follows have come after so many seconds."""
        self._wire.limit(seconds)

    def open(self, host: str = "", port: int | None = None, timeout: float | None = None) -> None:
        """Connect; then the time for the conversation begins."""
        super().open(host, self._place[1] if port is None else port, timeout)
        self.limit(self._bounds.talk_seconds)

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:  # noqa: ARG002 - the clock has it
        """Connect, all within one time."""
        self._wire = Wire(*self._place, self.ssl_context, self._bounds)
        try:
            return self._wire.secure()
        except (OSError, ValueError) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error

    def read(self, size: int) -> bytes:
        """Return the next bytes of a literal."""
        return self._wire.read(size)

    def readline(self) -> bytes:
        """Return the next line; what there is of one where the server has hung up."""
        return self._wire.readline()

    def send(self, data: bytes) -> None:  # type: ignore[override]  # bytes are all that imaplib sends
        """Send."""
        self._wire.send(data)
