"""A real login to one mailbox by IMAP with OAuth 2.0, read-only, and how far it got.

A proof that stops at ``AUTHENTICATE`` is a false green: Exchange accepts the login and refuses the mailbox afterwards
(learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-
using-oauth). So the proof goes on to ``EXAMINE INBOX``, which reads nothing and changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re

from pydantic import SecretStr

from connector.clients.imap_connection import Connection
from connector.clients.login import Login, unsound
from connector.clients.wire import TALK, TalkBounds, UnreachableError, trusting
from connector.clouds import Cloud
from connector.microsoft import Protocol
from connector.observed import LoginAnswer

_COMMAND_ERROR = re.compile(r"\w+ command error: (\w+) \[b(['\"])(.*)\2\]", re.DOTALL)
"""How imaplib tells of ``BAD``: around the server's own words."""
_BROKEN = (OSError, EOFError, ValueError, imaplib.IMAP4.error)
"""What imaplib raises for a lost connection, for a refusal, and (``ValueError``) for bytes that it cannot decode."""


async def examine(cloud: Cloud, mailbox: str, token: SecretStr, bounds: TalkBounds = TALK) -> LoginAnswer:
    """Log in to ``mailbox`` and open its inbox read-only; it takes 70 seconds at most, whatever the server does.

    Returns:
        ``open``, or the stage that failed with the server's words. A server's answer is never an exception.
    """
    refused = unsound(mailbox)
    return refused if refused is not None else await asyncio.to_thread(_examine, cloud, Login(mailbox, token), bounds)


def _examine(cloud: Cloud, login: Login, bounds: TalkBounds) -> LoginAnswer:
    try:
        connection = Connection(cloud.place(Protocol.IMAP), trusting(cloud), bounds)
    except UnreachableError as error:
        return LoginAnswer("connect", login.words(error), lost=True)
    except _BROKEN as error:
        return LoginAnswer("greeting", _words(error, login), lost=_lost(error))
    try:
        return _log_in(connection, login)
    finally:
        _close(connection, bounds.logout_seconds)


def _close(connection: Connection, seconds: float) -> None:
    """Log out and close. The answer is known by now; a server that has hung up is no news."""
    try:
        connection.limit(seconds)
        connection.logout()
    except _BROKEN:
        with contextlib.suppress(OSError):
            connection.shutdown()


def _log_in(connection: Connection, login: Login) -> LoginAnswer:
    first = [login.plain]
    try:
        # imaplib encodes what is returned; to a second challenge, which holds an error, the answer is an empty line.
        connection.authenticate("XOAUTH2", lambda _: first.pop() if first else b"")
    except _BROKEN as error:
        return LoginAnswer("authenticate", _words(_parting(connection, error), login), lost=_lost(error))
    try:
        status, answer = connection.select("INBOX", readonly=True)
    except _BROKEN as error:
        return LoginAnswer("mailbox", _words(_parting(connection, error), login), lost=_lost(error))
    if status != "OK":
        return LoginAnswer("mailbox", _words(b" ".join(part for part in answer if isinstance(part, bytes)), login))
    return LoginAnswer("open")


def _parting(connection: Connection, error: Exception) -> Exception | bytes:
    """Return the server's ``BYE`` where the connection was lost after one; else the error."""
    said = connection.untagged_responses.get("BYE") or []
    return said[-1] if _lost(error) and said and isinstance(said[-1], bytes) else error


def _lost(error: Exception) -> bool:
    """Return whether the connection broke; every other error of imaplib is an answer of the server."""
    return isinstance(error, OSError | EOFError | imaplib.IMAP4.abort)


def _words(said: Exception | bytes, login: Login) -> str:
    """Return the server's words; imaplib wraps them in an exception."""
    text = login.clean(said)
    if wrapped := _COMMAND_ERROR.search(text):
        text = f"{wrapped[1]} {wrapped[3]}"
    return login.words(text.removeprefix("b'").removesuffix("'"))
