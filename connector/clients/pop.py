"""A real login to one mailbox by POP with OAuth 2.0: ``AUTH XOAUTH2``, ``STAT``, ``QUIT``.

Nothing is fetched (``RETR``, ``TOP``) and nothing marked to be deleted, so that ``QUIT`` changes nothing (RFC 1939, 6).
Dialogue: learn.microsoft.com/exchange/client-developer/legacy-protocols (POP protocol exchange, in two lines). A login
that is accepted may still open nothing, as by IMAP; ``STAT`` is the first command that needs the mailbox.
"""

from __future__ import annotations

from pydantic import SecretStr

from connector.clients.dialogue import Dialogue, StoppedError, log_in
from connector.clients.wire import TALK, TalkBounds
from connector.clouds import Cloud
from connector.microsoft import Protocol
from connector.observed import LoginAnswer


async def look(cloud: Cloud, mailbox: str, token: SecretStr, bounds: TalkBounds = TALK) -> LoginAnswer:
    """Log in to ``mailbox`` and ask how many messages there are; it takes 70 seconds at most.

    Returns:
        ``open``, or the stage that failed with the server's words. A server's answer is never an exception.
    """
    return await log_in((cloud, Protocol.POP), (mailbox, token), bounds, _talk)


def _talk(dialogue: Dialogue) -> None:
    _accepted(dialogue)
    dialogue.stage = "authenticate"
    dialogue.say("AUTH XOAUTH2")
    if not _accepted(dialogue, challenged=True):
        dialogue.send_token()
        if not _accepted(dialogue, challenged=True):
            dialogue.say("")  # the challenge holds an error: the answer is an empty line
            _accepted(dialogue)
    dialogue.stage = "mailbox"
    dialogue.say("STAT")
    _accepted(dialogue)


def _accepted(dialogue: Dialogue, *, challenged: bool = False) -> bool:
    """Return whether the server has said ``+OK``; False where it goes on with a challenge, and may.

    Raises:
        StoppedError: it has said no.
        ValueError: it does not speak POP.
    """
    line = dialogue.heard()
    status, _, text = line.partition(" ")
    if status == "-ERR":
        raise StoppedError(text)
    if status == "+" and challenged:
        return False
    if status != "+OK":
        raise ValueError(f"no answer of a POP server: {line}")
    return True
