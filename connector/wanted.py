"""What somebody wants of a connection: a list of mailboxes, or nothing any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from connector.document import Document
from connector.microsoft import PROTOCOLS, Protocol

MAX_MAILBOXES = 5_000
MAX_SENDERS, MAX_SENDING = 40, 10
"""Addresses as which mailboxes send, and mailboxes that do: each pair is a right of its own, kept in one document."""
NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_NAME = 40

ConnectionName = Annotated[str, Field(max_length=MAX_NAME, pattern=NAME_PATTERN)]


def is_name(value: str) -> bool:
    """Return whether ``value`` could be the name of a connection."""
    return len(value) <= MAX_NAME and re.fullmatch(NAME_PATTERN, value) is not None


def sends(protocols: Iterable[Protocol]) -> bool:
    """Return whether mail is sent by one of some protocols."""
    return any(PROTOCOLS[protocol].sends for protocol in protocols)


def fetches(protocols: Iterable[Protocol]) -> bool:
    """Return whether mail is fetched by one of some protocols."""
    return not all(PROTOCOLS[protocol].sends for protocol in protocols)


class Wanted(Document):
    """What the last accepted request asked for, written in one piece with its revision, before anybody works on it."""

    revision: int
    display_name: str
    mailboxes: list[str]
    """The list that is wanted: its only home. What came of each name stands in the chunks."""
    lifetime_days: int | None = None
    protocols: list[Protocol] = Field(default=[Protocol.IMAP])
    """By what the UTM uses the mailboxes; what earlier versions asked for is IMAP."""
    enable_imap: bool = False
    enable_pop: bool = False
    enable_smtp: bool = False
    role_based_sending: bool = False
    """Whether an administrator permits by a role in Exchange what can be permitted so: nothing is given for it then."""
    send_as: list[str] = Field(default_factory=list)
    """As which addresses each of the mailboxes sends besides its own."""

    @property
    def senders(self) -> list[str]:
        """Return those that count: where no protocol sends nothing is sent as anybody."""
        return self.send_as if sends(self.protocols) else []

    @property
    def with_role(self) -> list[Protocol]:
        """Return the protocols that an administrator can permit by a role in Exchange."""
        return [one for one in self.protocols if PROTOCOLS[one].exchange_role]

    @property
    def enables(self) -> frozenset[Protocol]:
        """Return the protocols that may be switched on where they are off."""
        return frozenset(protocol for protocol in self.protocols if getattr(self, f"enable_{protocol}"))


class Absent(Document):
    """What is wanted when a connection is taken back: nothing."""

    revision: int
