"""A connection to a mail server with bounds: over the whole conversation, in seconds and in bytes.

The standard library's clients bound only the silence between two bytes, read their greeting before anybody can say how
long, and take in lines and literals of any size. Here every byte comes from one place, which counts them and looks at
the clock, whatever is spoken.
"""

from __future__ import annotations

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


class EarlyError(OSError):
    """Something was said before TLS that would count as said within it (RFC 3207, 6; CVE-2011-0411 and its kin)."""

    def __init__(self) -> None:
        super().__init__("more was said before TLS than was asked for")


@dataclass(frozen=True, slots=True)
class TalkBounds:
    """The most that one login waits for and takes in, by whatever protocol."""

    connect_seconds: float = 10.0
    """Until there is a connection, and TLS where it comes first."""
    talk_seconds: float = 55.0
    """For all that is said after that."""
    logout_seconds: float = 5.0
    octets: int = 256 * 1024
    """Of all that the server says; a login that works takes some 2,000."""


TALK = TalkBounds()


def trusting(cloud: Cloud) -> ssl.SSLContext:
    """Return how a mail server of this cloud is recognised: TLS 1.2 at least, its certificate and name checked."""
    context = ssl.create_default_context(cafile=cloud.ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Wire:
    """A connection to ``host``, as yet without TLS.

    Raises:
        UnreachableError: when it is made, there is none.
        TimeoutError: on any call, the time is over.
        TooLongError: on any call, the server has said too much.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext, bounds: TalkBounds) -> None:
        self._host, self._context = host, context
        self._budget = Budget(bounds.connect_seconds)
        self._left, self._heard = bounds.octets, bytearray()
        try:
            self.sock = self._connected(port)
        except (OSError, ValueError) as error:  # ValueError: a name that cannot be one
            raise UnreachableError(str(error) or type(error).__name__) from error

    def secure(self) -> ssl.SSLSocket:
        """Speak TLS from now on, with the right server alone; return the socket.

        Raises:
            EarlyError: something has come that nobody has asked for: it would be taken for said within TLS.
            OSError: the server does not speak it, or is another one.
        """
        if self._heard:
            self.close()
            raise EarlyError
        try:
            self.sock.settimeout(self._remaining())
            secured = self._context.wrap_socket(self.sock, server_hostname=self._host)
        except BaseException:
            self.sock.close()
            raise
        self.sock = secured
        return secured

    def limit(self, seconds: float) -> None:
        """Let everything that follows have come after so many seconds."""
        self._budget = Budget(seconds)

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
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

    def send(self, data: bytes) -> None:
        """Send."""
        self.sock.settimeout(self._remaining())
        self.sock.sendall(data)

    def close(self) -> None:
        """Close; a connection that is broken is as good."""
        self.sock.close()

    def _connected(self, port: int) -> socket.socket:
        """Connect to the first of the host's addresses that answers, all within one time."""
        addresses = socket.getaddrinfo(self._host, port, type=socket.SOCK_STREAM)
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
