"""A conversation of lines with a mail server: what POP and SMTP do alike, and how far it came.

The standard library's ``smtplib`` and ``poplib`` know neither XOAUTH2 nor bounds, and ``smtplib`` throws away what was
said before TLS instead of minding it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from pydantic import SecretStr

from connector.clients.login import Login, unsound
from connector.clients.wire import TalkBounds, UnreachableError, Wire, trusting
from connector.clouds import Cloud
from connector.microsoft import PROTOCOLS, Protocol
from connector.observed import LoginAnswer, Stage


class StoppedError(Exception):
    """The server has said no, or something that makes going on pointless; the text is its words, or ours."""


class Dialogue:
    """One connection, and the stage that it has reached."""

    def __init__(self, wire: Wire, login: Login) -> None:
        self.wire, self.login = wire, login
        self.stage: Stage = "greeting"
        self.refused: list[tuple[str, str]] = []
        """Further senders that were refused, with the server's words."""

    def say(self, line: str) -> None:
        """Send a line; what could end it early was refused before the connection was made."""
        self.wire.send(f"{line}\r\n".encode("ascii"))

    def heard(self) -> str:
        """Return the next line.

        Raises:
            EOFError: the server has hung up.
        """
        line = self.wire.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the server has hung up")
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def send_token(self) -> None:
        """Answer a challenge with the SASL string; it goes nowhere but through TLS, and over no line's limit.

        Exchange takes it on a line of its own: with the command it ends the connection, ``Protocol error. 10``
        (getmail6 #256, MailKit #1948), and SMTP's commands are 512 bytes at most (RFC 4954, 4).
        """
        self.say(self.login.encoded)


Talk = Callable[[Dialogue], None]


async def log_in(
    place: tuple[Cloud, Protocol], login: tuple[str, SecretStr], bounds: TalkBounds, talk: Talk, *others: str
) -> LoginAnswer:
    """Connect, let ``talk`` have the conversation, and return how far it came; a server's answer is never an exception.

    ``others`` are the addresses besides the mailbox's that it will name.
    """
    refused = unsound(login[0], *others)
    return refused if refused is not None else await asyncio.to_thread(_log_in, place, Login(*login), bounds, talk)


def _log_in(place: tuple[Cloud, Protocol], login: Login, bounds: TalkBounds, talk: Talk) -> LoginAnswer:
    cloud, protocol = place
    try:
        wire = _connected(cloud, protocol, bounds)
    except (OSError, ValueError) as error:
        return LoginAnswer("connect", login.words(error), lost=True)
    dialogue = Dialogue(wire, login)
    wire.limit(bounds.talk_seconds)
    try:
        talk(dialogue)
    except StoppedError as error:
        return LoginAnswer(dialogue.stage, login.words(error))
    except (OSError, EOFError, ValueError) as error:
        return LoginAnswer(dialogue.stage, login.words(error), lost=True)
    finally:
        _part(dialogue, bounds.logout_seconds)
    return LoginAnswer("open", refused=tuple((sender, login.words(said)) for sender, said in dialogue.refused))


def _connected(cloud: Cloud, protocol: Protocol, bounds: TalkBounds) -> Wire:
    """Connect, with TLS from the first byte where the protocol has it so.

    Raises:
        OSError, ValueError: there is no server, or none that is the right one.
    """
    host, port = cloud.place(protocol)
    if not host:
        raise UnreachableError("no server is known")
    wire = Wire(host, port, trusting(cloud), bounds)
    if PROTOCOLS[protocol].security == "TLS":
        wire.secure()
    return wire


def _part(dialogue: Dialogue, seconds: float) -> None:
    """Take leave and close. The answer is known by now; a server that has hung up is no news."""
    try:
        with contextlib.suppress(OSError, EOFError, ValueError):
            dialogue.wire.limit(seconds)
            dialogue.say("QUIT")
            dialogue.heard()
    finally:
        dialogue.wire.close()
