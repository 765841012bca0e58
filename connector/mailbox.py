"""What came of each mailbox of the list, in documents of up to ``MAILBOX_CHUNK`` of them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from connector.document import Document
from connector.finding import Finding
from connector.microsoft import Protocol
from connector.operation import SettledIn
from connector.steps import MailboxState


class MailboxRecord(Document):
    """One name of the wanted list, with the mailbox that it means, or a mailbox whose access is still to be taken back.

    The application exists for this connection alone: its access to any mailbox that was ever on the list is the list's,
    whoever gave it.
    """

    requested: str
    address: str | None = None
    """The user principal name: what the UTM must use."""
    guid: str | None = None
    """Exchange's ``Guid``: what the mailbox is, whatever it is called. None as long as nobody has looked."""
    exchange_guid: str | None = None
    """Another one after the mailbox was licensed again."""
    directory_id: str | None = None
    """The object id of its user in Entra."""
    wanted: bool = True
    """Whether the name was on the list that the operation has arranged; what is wanted now says ``Wanted``."""
    state: MailboxState = MailboxState.PENDING
    access: Literal["giving", "given", "foreign"] | None = None
    """``giving`` before the write, ``given`` when it was seen; ``foreign`` as versions before called what was there."""
    given_on: AwareDatetime | None = None
    """When it was last given, or seen first: for a while a server that shows less may not know it yet."""
    leaving_since: AwareDatetime | None = None
    """Since when it is tried to take the access back."""
    had_access: bool | None = None
    """Whether there was any to be taken back; None as long as nobody has seen it, or a version before kept nothing."""
    imap_enabled_by_us: bool = False
    switched: list[Protocol] = Field(default_factory=list)
    """The other protocols that we have switched on, or were about to."""
    inherited: list[Protocol] = Field(default_factory=list)
    """Those of them whose setting the mailbox had left to the tenant."""
    taken_on: AwareDatetime | None = None
    """When its access was read to be gone, in a removal that keeps what it has taken back."""
    resolved_in: str | None = None
    """The operation in which it was last found out which mailbox the name means, or that it means none."""
    settled_in: SettledIn = None
    """The operation in which access was last found as wanted; in another one it is still to be looked at."""
    proven_in: str | None = None
    """The operation in which it last opened."""
    proven_on: AwareDatetime | None = None
    finding: Finding | None = None

    def enabled(self, protocol: Protocol, *, inherited: bool = False) -> None:
        """Note that we have switched a protocol on; of IMAP as earlier versions did."""
        if protocol is Protocol.IMAP:
            self.imap_enabled_by_us = True
        elif protocol not in self.switched:
            self.switched.append(protocol)
            self.inherited += [protocol] if inherited and protocol not in self.inherited else []

    def follows(self, other: MailboxRecord) -> None:
        """Note what we have switched on for the same mailbox while it was on the list by another name."""
        self.imap_enabled_by_us = self.imap_enabled_by_us or other.imap_enabled_by_us
        for protocol in other.switched:
            self.enabled(protocol, inherited=protocol in other.inherited)

    @property
    def lost_access(self) -> bool:
        """Return whether access was taken from it; that somebody has waited to look for it is none of it."""
        return self.leaving_since is not None and self.had_access is not False

    @property
    def key(self) -> str:
        """Return what tells this mailbox from others: its guid, or a name of it as long as that is not known."""
        return self.guid or (self.address or self.requested).lower()

    @property
    def held(self) -> bool:
        """Return whether the application has access, as far as was seen or tried out: it is taken back one day."""
        return self.access is not None or self.proven_on is not None

    @property
    def known(self) -> bool:
        """Return whether anybody has seen a mailbox behind the name."""
        return self.held or self.guid is not None or self.address is not None


class SenderRecord(Document):
    """An address as which a mailbox may send, both by what they are, with what we have done for it."""

    mailbox: str
    sender: str
    mailbox_name: str
    sender_name: str
    given: Literal["giving", "given", "foreign"]
    """``giving`` before the write, ``given`` when it was seen; ``foreign`` was there before, and is never taken."""
    given_on: AwareDatetime | None = None
    """When we have given it: for a while a server that shows none may not know it yet."""
    leaving_since: AwareDatetime | None = None
    """Since when it is tried to take it back."""
    taken_on: AwareDatetime | None = None
    """When it was read to be gone: for a while a server may show it still."""

    @property
    def ours(self) -> bool:
        """Return whether it is to be taken back one day."""
        return self.given != "foreign"


class Chunk(Document):
    """The document of up to ``MAILBOX_CHUNK`` mailboxes."""

    number: int
    mailboxes: list[MailboxRecord] = Field(default_factory=list)

    def counts(self) -> dict[MailboxState, int]:
        """Return how many wanted mailboxes are in each state."""
        counts: dict[MailboxState, int] = {}
        for mailbox in self.mailboxes:
            if mailbox.wanted:
                counts[mailbox.state] = counts.get(mailbox.state, 0) + 1
        return counts


class ChunkSummary(Document):
    """What the connection's own document knows of a chunk, so that no list has to open all of them."""

    counts: dict[MailboxState, int] = Field(default_factory=dict)
    unsettled: int = 0
    """Wanted mailboxes whose access is not there yet in this operation."""
    delayed: int = 0
    """Those of them of which nothing was found that a person has to do: the app looks at them again."""
    taken: int = 0
    """How many a removal under way has taken the access from."""
    leaving: list[str] = Field(default_factory=list)
    """Mailboxes that are no longer wanted and whose access has not been taken back."""
