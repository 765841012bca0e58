"""imaplib's connection with bounds: over the whole conversation, in seconds and in bytes.

imaplib bounds only the silence between two bytes, reads its greeting before anybody can say how long, and takes in a
literal of any size at once. Here every byte comes from one place, which counts them and looks at the clock.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
from dataclasses import dataclass

from connector.clock import Budget
from connector.clouds import Cloud

_PART = 16 * 1024


class TooLongError(OSError):
    """The server says more than is taken in."""

    def __init__(self) -> None:
        super().__init__("the server says more than any that makes sense")


class UnreachableError(OSError):
    """There is no server, or none that speaks TLS and is the right one."""


@dataclass(frozen=True, slots=True)
class ImapBounds:
    """The most that one login waits for and takes in."""

    connect_seconds: float = 10.0
    """Until TLS stands."""
    talk_seconds: float = 55.0
    """For all that is said after that."""
    logout_seconds: float = 5.0
    octets: int = 256 * 1024
    """Of all that the server says; a login that works takes some 2,000."""


IMAP = ImapBounds()


class Connection(imaplib.IMAP4_SSL):
    """A connection to the IMAP server of ``cloud``, greeted.

    Raises:
        UnreachableError: when it is made, there is none.
        TimeoutError: on any call, the time is over.
        TooLongError: on any call, the server has said too much.
    """

    def __init__(self, cloud: Cloud, context: ssl.SSLContext, bounds: ImapBounds) -> None:
        self._budget = Budget(bounds.connect_seconds)
        self._talk, self._left = bounds.talk_seconds, bounds.octets
        self._heard, self._port = bytearray(), cloud.imap_port
        super().__init__(cloud.imap_host, cloud.imap_port, ssl_context=context, timeout=bounds.connect_seconds)

    def limit(self, seconds: float) -> None:
        """Let everything that follows have come after so many seconds."""
        self._budget = Budget(seconds)

    def open(self, host: str = "", port: int | None = None, timeout: float | None = None) -> None:
        """Connect; then the time for the conversation begins."""
        super().open(host, self._port if port is None else port, timeout)
        self.limit(self._talk)

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:  # noqa: ARG002 - the clock has it
        """Connect to the first of the host's addresses that answers, all within one time."""
        try:
            plain = self._connected()
            try:
                plain.settimeout(self._remaining())
                made: ssl.SSLSocket = self.ssl_context.wrap_socket(plain, server_hostname=self.host)
            except BaseException:
                plain.close()
                raise
        except (OSError, ValueError) as error:  # ValueError: a name that cannot be one
            raise UnreachableError(str(error) or type(error).__name__) from error
        return made

    def _connected(self) -> socket.socket:
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        failure: OSError = OSError("the name has no address")
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            plain = socket.socket(family, kind, protocol)
            # One that does not answer must leave time for those that follow.
            plain.settimeout(self._remaining() / (len(addresses) - number))
            try:
                plain.connect(address)
            except OSError as error:
                plain.close()
                failure = error
            else:
                return plain
        raise failure

    def read(self, size: int) -> bytes:
        """Return the next bytes of a literal."""
        if size > len(self._heard) + self._left:
            raise TooLongError
        while len(self._heard) < size and self._hear():
            pass
        return self._taken(size)

    def readline(self) -> bytes:
        """Return the next line; what there is of one where the server has hung up."""
        looked = 0
        while (end := self._heard.find(b"\n", looked)) < 0:
            looked = len(self._heard)
            if not self._hear():
                return self._taken(looked)
        return self._taken(end + 1)

    def send(self, data: bytes) -> None:  # type: ignore[override]  # bytes are all that imaplib sends
        """Send."""
        self.sock.settimeout(self._remaining())
        super().send(data)

    def _hear(self) -> bool:
        """Take in what has come; return whether the server is still there."""
        self.sock.settimeout(self._remaining())
        part = self.sock.recv(_PART)
        self._left -= len(part)
        if self._left < 0:
            raise TooLongError
        self._heard += part
        return bool(part)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._heard[:size])
        del self._heard[:size]
        return taken

    def _remaining(self) -> float:
        left = self._budget.left
        if left <= 0:
            raise TimeoutError("timed out")
        return left
