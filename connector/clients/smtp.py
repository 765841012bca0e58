"""A real login to one mailbox by SMTP submission with OAuth 2.0 that sends nothing.

STARTTLS with the certificate checked, ``AUTH XOAUTH2``, ``MAIL FROM`` the mailbox, ``RCPT TO`` itself, ``RSET``,
``QUIT``; never ``DATA``. Dialogue: learn.microsoft.com/exchange/client-developer/legacy-protocols (SMTP protocol
exchange), RFC 3207, RFC 4954, RFC 5321. A server that offers no STARTTLS, or says more than its answer to it, never
sees a token.

What it does not prove: Exchange looks at who may send as whom when a message is submitted (``554 5.2.252
SendAsDenied`` after ``DATA``), so a sender that is taken here may be refused then. That the permission is there is read
from Exchange in step 7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from pydantic import SecretStr

from connector.clients.dialogue import Dialogue, StoppedError, log_in
from connector.clients.wire import TALK, TalkBounds
from connector.clouds import Cloud
from connector.microsoft import Protocol
from connector.observed import LoginAnswer

_EHLO = "EHLO [127.0.0.1]"
"""An address literal, as who has no name of his own says it (RFC 5321, 4.1.4)."""
_LINE = re.compile(r"([2-5]\d\d)(?:([ -])(.*))?")
_READY, _ACCEPTED, _DONE, _FORWARDS, _GO_ON = 220, 235, 250, 251, 334


async def submit(
    cloud: Cloud, mailbox: str, token: SecretStr, bounds: TalkBounds = TALK, senders: Sequence[str] = ()
) -> LoginAnswer:
    """Log in as ``mailbox`` and begin a message to itself, then one from each of ``senders``, and send none.

    It takes 70 seconds at most, whatever the server does.

    Returns:
        ``open``, with the senders that the server refuses; or the stage that failed with the server's words.
        A server's answer is never an exception.
    """
    talk = partial(_talk, senders=senders)
    return await log_in((cloud, Protocol.SMTP), (mailbox, token), bounds, talk, *senders)


def _talk(dialogue: Dialogue, senders: Sequence[str]) -> None:
    _expect(dialogue, _READY)
    _secure(dialogue)
    _authenticate(dialogue)
    dialogue.stage = "mailbox"
    mailbox = dialogue.login.mailbox
    _expect(dialogue, _DONE, line=f"MAIL FROM:<{mailbox}>")
    _expect(dialogue, _DONE, _FORWARDS, line=f"RCPT TO:<{mailbox}>")
    _expect(dialogue, _DONE, line="RSET")
    for sender in senders:
        dialogue.stage = "sender"
        try:
            _expect(dialogue, _DONE, line=f"MAIL FROM:<{sender}>")
        except StoppedError as error:
            dialogue.refused.append((sender, str(error)))
        _expect(dialogue, _DONE, line="RSET")


def _secure(dialogue: Dialogue) -> None:
    """Begin TLS, and see that XOAUTH2 is offered within it: what was offered before counts for nothing."""
    offered = _expect(dialogue, _DONE, line=_EHLO)
    dialogue.stage = "secure"
    if not any(word.split(" ")[0].upper() == "STARTTLS" for word in offered):
        raise StoppedError("the server does not offer STARTTLS")
    _expect(dialogue, _READY, line="STARTTLS")
    dialogue.wire.secure()
    dialogue.stage = "offer"
    offered = _expect(dialogue, _DONE, line=_EHLO)
    if not any(
        words[0] == "AUTH" and "XOAUTH2" in words for words in (word.upper().split() or [""] for word in offered)
    ):
        raise StoppedError("the server does not offer AUTH XOAUTH2")


def _authenticate(dialogue: Dialogue) -> None:
    dialogue.stage = "authenticate"
    _expect(dialogue, _GO_ON, line="AUTH XOAUTH2")
    dialogue.send_token()
    code, said = _reply(dialogue)
    if code == _GO_ON:  # the challenge holds an error: the answer is an empty line
        dialogue.say("")
        code, said = _reply(dialogue)
    if code != _ACCEPTED:
        raise StoppedError(" ".join((str(code), *said)))


def _expect(dialogue: Dialogue, *codes: int, line: str | None = None) -> list[str]:
    """Say a line, and return the lines of the answer to it.

    Raises:
        StoppedError: it has another code.
    """
    if line is not None:
        dialogue.say(line)
    code, said = _reply(dialogue)
    if code not in codes:
        raise StoppedError(" ".join((str(code), *said)))
    return said


def _reply(dialogue: Dialogue) -> tuple[int, list[str]]:
    """Return the code and the lines of an answer.

    Raises:
        ValueError: it is none.
    """
    said: list[str] = []
    while True:
        line = dialogue.heard()
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"no answer of an SMTP server: {line}")
        said.append(found[3] or "")
        if found[2] != "-":
            return int(found[1]), said
