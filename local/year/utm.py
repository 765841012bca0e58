"""A UTM as far as it matters here: it has the values that somebody has typed in, and fetches mail with them."""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

_CODE = re.compile(r"AADSTS\d+")
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Values:
    """What was typed in."""

    token_url: str
    scope: str
    application_id: str
    secret: str
    key_id: str
    """Of the secret; a UTM knows neither that nor when it ends, whoever looks why it gets no mail does."""
    ends: datetime


class Utm:
    """Signs in as Securepoint's UTM does: a token by the client secret, then IMAP with SASL XOAUTH2."""

    def __init__(self, endpoints: Mapping[str, Any]) -> None:
        self._host, port = str(endpoints["imap"]).rsplit(":", 1)
        self._port = int(port)
        self._trusting = ssl.create_default_context(cafile=str(endpoints["caBundle"]))
        self.values: Values | None = None
        self.entered: list[str] = []
        """The key ids of all secrets that it has had, in their order."""

    def enter(self, parameters: Mapping[str, Any]) -> None:
        """Type in what ``GET …/parameters`` has answered."""
        oauth = parameters["oauth2"]
        self.entered.append(parameters["secret"]["keyId"])
        self.values = Values(
            oauth["tokenUrl"],
            oauth["scope"],
            parameters["applicationId"],
            parameters["clientSecret"],
            parameters["secret"]["keyId"],
            datetime.fromisoformat(parameters["secret"]["expiresOn"]),
        )

    async def fetch(self, mailbox: str) -> str | None:
        """Open a mailbox; return why that did not work, in the service's own word, or None."""
        if self.values is None:
            return "nothing was entered"
        form = {
            "grant_type": "client_credentials",
            "client_id": self.values.application_id,
            "client_secret": self.values.secret,
            "scope": self.values.scope,
        }
        async with httpx.AsyncClient(verify=self._trusting, timeout=_SECONDS) as client:
            answer = await client.post(self.values.token_url, data=form)
        if answer.status_code != httpx.codes.OK:
            told = _CODE.search(str(answer.json().get("error_description", "")))
            return told[0] if told else f"HTTP {answer.status_code}"
        return await asyncio.to_thread(self._open, mailbox, answer.json()["access_token"])

    def _open(self, mailbox: str, token: str) -> str | None:
        with imaplib.IMAP4_SSL(self._host, self._port, ssl_context=self._trusting, timeout=_SECONDS) as server:
            try:
                server.authenticate("XOAUTH2", lambda _: f"user={mailbox}\x01auth=Bearer {token}\x01\x01".encode())
                kind, _ = server.select("INBOX", readonly=True)
            except imaplib.IMAP4.error:
                return "IMAP refuses the mailbox"
        return None if kind == "OK" else "the inbox does not open"
