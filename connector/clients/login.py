"""What a login is by any protocol: the SASL string, the addresses that it may hold, and the server's words for us.

SASL XOAUTH2 is the same for IMAP, POP and SMTP (learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-
authenticate-an-imap-pop-smtp-application-by-using-oauth).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from pydantic import SecretStr

from connector.address import canonical
from connector.observed import LoginAnswer

_LONGEST_TEXT = 200
_LONGEST_LOOKED_AT = 2_000
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{60,}")
"""What a server may echo of a token or a SASL string, in part or broken up otherwise than we sent it."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, and with what."""

    mailbox: str
    token: SecretStr

    @property
    def plain(self) -> bytes:
        """Return the SASL string as it is before it is encoded."""
        return f"user={self.mailbox}\x01auth=Bearer {self.token.get_secret_value()}\x01\x01".encode()

    @property
    def encoded(self) -> str:
        """Return the SASL string in base64."""
        return base64.b64encode(self.plain).decode()

    def words(self, said: Exception | bytes | str) -> str:
        """Return a server's words, printable, short and without what we have sent."""
        text = self.clean(said)
        return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST_TEXT].strip()

    def clean(self, said: Exception | bytes | str) -> str:
        """Return a server's words without what we have sent; they may still be long."""
        if isinstance(said, Exception):
            text = str(said) or type(said).__name__
        else:
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        for secret in filter(None, (self.encoded, self.token.get_secret_value())):
            text = text.replace(secret, "[removed]")
        # The token is gone before anything is cut off: no part of it may stay.
        return _TOKEN.sub("[removed]", text)[:_LONGEST_LOOKED_AT]


def unsound(*addresses: str) -> LoginAnswer | None:
    """Return why no byte is sent: an address that could end a command, or begin another one; None where all are sound.

    Only what ``address.canonical`` takes for an address goes on a line: no line break, angle bracket or space
    (parameters follow one: RFC 5321, 4.1.1.2), nothing but ASCII (RFC 6531 is not spoken), no ^A of XOAUTH2.
    """
    for address in addresses:
        if canonical(address) is None or not address.isascii():
            return LoginAnswer("address", "this is not an address that a mail server could be told")
    return None
