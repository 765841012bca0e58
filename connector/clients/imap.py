"""A real login to one mailbox by IMAP with OAuth 2.0, read-only, and how far it got.

A check that stops at ``AUTHENTICATE`` is a false green: Exchange accepts the login and refuses the mailbox afterwards
(learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-
using-oauth). So the check goes on to ``EXAMINE INBOX``, which reads nothing and changes nothing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import imaplib
import re
import ssl

from pydantic import SecretStr

from connector.clients.imap_connection import IMAP, Connection, ImapBounds, UnreachableError
from connector.clouds import Cloud
from connector.observed import ImapAnswer

_LONGEST_TEXT = 200
_LONGEST_LOOKED_AT = 2_000
_COMMAND_ERROR = re.compile(r"\w+ command error: (\w+) \[b(['\"])(.*)\2\]", re.DOTALL)
"""How imaplib tells of ``BAD``: around the server's own words."""
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{60,}")
"""What a server may echo of a token or a SASL string, in part or broken up otherwise than we sent it."""
_BROKEN = (OSError, EOFError, ValueError, imaplib.IMAP4.error)
"""What imaplib raises for a lost connection, for a refusal, and (``ValueError``) for bytes that it cannot decode."""


async def examine(cloud: Cloud, mailbox: str, token: SecretStr, bounds: ImapBounds = IMAP) -> ImapAnswer:
    """Log in to ``mailbox`` and open its inbox read-only; it takes 70 seconds at most, whatever the server does.

    Returns:
        ``open``, or the stage that failed with the server's words. A server's answer is never an exception.
    """
    return await asyncio.to_thread(_examine, cloud, mailbox, token, bounds)


def _examine(cloud: Cloud, mailbox: str, token: SecretStr, bounds: ImapBounds) -> ImapAnswer:
    context = ssl.create_default_context(cafile=cloud.ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        connection = Connection(cloud, context, bounds)
    except UnreachableError as error:
        return ImapAnswer("connect", _words(error), lost=True)
    except _BROKEN as error:
        return ImapAnswer("greeting", _words(error), lost=_lost(error))
    try:
        return _log_in(connection, mailbox, token)
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


def _log_in(connection: Connection, mailbox: str, token: SecretStr) -> ImapAnswer:
    bearer = f"user={mailbox}\x01auth=Bearer {token.get_secret_value()}\x01\x01".encode()
    secrets = (base64.b64encode(bearer).decode(), token.get_secret_value())
    first = [bearer]
    try:
        # imaplib encodes what is returned; to a second challenge, which holds an error, the answer is an empty line.
        connection.authenticate("XOAUTH2", lambda _: first.pop() if first else b"")
    except _BROKEN as error:
        return ImapAnswer("authenticate", _words(_parting(connection, error), *secrets), lost=_lost(error))
    try:
        status, answer = connection.select("INBOX", readonly=True)
    except _BROKEN as error:
        return ImapAnswer("examine", _words(_parting(connection, error), *secrets), lost=_lost(error))
    if status != "OK":
        said = b" ".join(part for part in answer if isinstance(part, bytes))
        return ImapAnswer("examine", _words(said, *secrets))
    return ImapAnswer("open")


def _parting(connection: Connection, error: Exception) -> Exception | bytes:
    """Return the server's ``BYE`` where the connection was lost after one; else the error."""
    said = connection.untagged_responses.get("BYE") or []
    return said[-1] if _lost(error) and said and isinstance(said[-1], bytes) else error


def _lost(error: Exception) -> bool:
    """Return whether the connection broke; every other error of imaplib is an answer of the server."""
    return isinstance(error, OSError | EOFError | imaplib.IMAP4.abort)


def _words(said: Exception | bytes, *secrets: str) -> str:
    """Return the server's words, printable, short and without what we sent; imaplib wraps them in an exception."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said) or type(said).__name__
    for secret in filter(None, secrets):
        text = text.replace(secret, "[removed]")
    # The token is gone before anything is cut off: no part of it may stay.
    text = _TOKEN.sub("[removed]", text)[:_LONGEST_LOOKED_AT]
    if wrapped := _COMMAND_ERROR.search(text):
        text = f"{wrapped[1]} {wrapped[3]}"
    text = text.removeprefix("b'").removesuffix("'")
    return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST_TEXT].strip()
