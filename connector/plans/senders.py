"""Step 7: as which addresses the mailboxes send, which rights that needs, and what is wrong with one. Pure.

The right is given to the mailbox that logs in, for the address (learn.microsoft.com/powershell/module/exchange/
add-recipientpermission). The mailbox is a person's too: a right that was there before us is his, and is never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connector.errors import ServiceError
from connector.finding import Finding, Severity
from connector.mailbox import SenderRecord
from connector.observed import Mailbox, Recipient
from connector.plans.plan import Action, Change
from connector.steps import StepName

OF_SENDING = frozenset(
    {"send-as-missing", "send-as-unread", "send-as-left", "send-as-stays", "send-as-needed", "sender-not-found"}
)
"""The findings about it: no login proves the contrary of one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A mailbox, an address as which it sends or did, and what is seen of the right."""

    mailbox: str
    """By what it is: its guid, or a name where nobody may look."""
    sender: str
    mailbox_name: str
    sender_name: str
    wanted: bool = True
    record: SenderRecord | None = None
    """What is kept of it; None of one that we had nothing to do with."""
    names: frozenset[str] = frozenset()
    """The names of the recipient that sends; none where it was not looked up."""
    trustee: Mailbox | None = None
    present: bool = False
    error: ServiceError | None = None
    """Why it could not be looked at."""
    users: str = ""
    """Which other connections send by the right, where it is ours and not wanted here."""

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells it from others."""
        return self.mailbox, self.sender

    @property
    def subject(self) -> str:
        """Return how a plan calls it."""
        return f"{self.mailbox_name} → {self.sender_name}"

    @property
    def ours(self) -> bool:
        """Return whether we have given the right."""
        return self.record is not None and self.record.ours


def changes(pairs: Iterable[Pair]) -> list[Change]:
    """Return the rights to give, then those of ours to take back; of what could not be looked at none."""
    seen = [pair for pair in pairs if pair.error is None]
    give = [Change(Action.GRANT_SEND_AS, one.subject, "send-as-missing") for one in seen if one.wanted > one.present]
    take = [one for one in seen if not one.wanted and one.present and one.ours and not one.users]
    return [*give, *(Change(Action.REVOKE_SEND_AS, one.subject, "send-as-unwanted") for one in take)]


def arranged(
    mailboxes: dict[str, str], senders: dict[str, tuple[str, Recipient]], records: Sequence[SenderRecord]
) -> list[Pair]:
    """Return all pairs: those that are wanted, then what is kept of others.

    ``mailboxes`` are the wanted ones by what they are, with their names, and ``senders`` the wanted recipients. A
    mailbox needs no right to send as itself, whichever of its addresses is named.
    """
    kept = {(one.mailbox, one.sender): one for one in records}
    wanted = [
        Pair(mailbox, sender, name, address, record=kept.get((mailbox, sender)), names=recipient.names)
        for mailbox, name in mailboxes.items()
        for sender, (address, recipient) in senders.items()
        if sender != mailbox
    ]
    keys = {pair.key for pair in wanted}
    left = [Pair(*key, one.mailbox_name, one.sender_name, wanted=False, record=one) for key, one in kept.items()]
    return [*wanted, *(pair for pair in left if pair.key not in keys)]


def finding(
    code: str, subject: str, mailboxes: Iterable[str], reason: str = "", request_id: str | None = None
) -> Finding:
    """Return a finding about one address as which mailboxes are to send, or did."""
    severities: dict[str, Severity] = {"send-as-unread": "warning", "send-as-stays": "info", "send-as-needed": "info"}
    values: dict[str, str | int] = {"mailboxes": ", ".join(sorted({*mailboxes})), "reason": reason or "-"}
    return Finding(
        code=code,
        severity=severities.get(code, "error"),
        step=StepName.MAILBOXES,
        subject=subject,
        values=values,
        request_id=request_id,
    )
