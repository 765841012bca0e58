"""Step 7: which changes a mailbox needs, what is known of its access, and what is wrong with it."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.address import folded, is_plus
from connector.errors import ForbiddenError, NotFoundError, RefusedError, ReplicationError, ServiceError
from connector.finding import Finding
from connector.mailbox import MailboxRecord
from connector.microsoft import PROTOCOLS, SPREAD, Protocol
from connector.observed import Mailbox, Recipient
from connector.plans import senders
from connector.plans.plan import DISABLE, ENABLE, Action, Change, Goal, Plan
from connector.plans.senders import Pair
from connector.steps import StepName
from connector.waiting import TIMER_SLACK
from connector.wanted import Absent


@dataclass(frozen=True, slots=True)
class SeenMailbox:
    """What step 7 sees of one mailbox, under one of its names."""

    subject: str
    """Its user principal name, or the name that was asked for where nobody may look."""
    access: bool
    off: Mapping[Protocol, str] = field(default_factory=dict)
    """The wanted protocols that are switched off, each with the finding that says by whom."""
    wanted: bool = True
    needed: bool = True
    """Whether access is what it takes: what an administrator's role in Exchange permits needs none."""
    spare: bool = False
    """Whether access that is there is taken back, since it is not needed any more."""
    outside: bool = False
    """Whether that role does not reach it."""
    on: tuple[Protocol, ...] = ()
    """Of one that leaves: what we have switched on, and is to be as it was."""


class Observed(typing.Protocol):
    """What step 7 looks at together."""

    @property
    def mailboxes(self) -> Sequence[SeenMailbox]:
        """The mailboxes, each as often as it has names."""

    @property
    def pairs(self) -> Sequence[Pair]:
        """As which addresses mailboxes send."""


def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return the changes that these mailboxes need, in the order in which they are made; one for all names of each."""
    listed = [] if isinstance(wanted, Absent) else [one for one in observed.mailboxes if one.wanted]
    enables = () if isinstance(wanted, Absent) else [one for one in wanted.protocols if one in wanted.enables]
    give = [one for one in listed if one.needed and not one.access]
    take = [one for one in observed.mailboxes if not one.wanted and one.access]
    changes = [
        Change(ENABLE[protocol], one.subject, one.off[protocol])
        for protocol in enables
        for one in listed
        if protocol in one.off
    ]
    changes += [Change(Action.GRANT_ACCESS, one.subject, "access-missing") for one in give]
    changes += senders.changes(observed.pairs)
    changes += [Change(Action.REVOKE_ACCESS, one.subject, "access-unwanted") for one in take]
    changes += [Change(Action.REVOKE_ACCESS, one.subject, "access-by-role") for one in listed if spared(one)]
    changes += [
        Change(DISABLE[protocol], one.subject, "switch-unwanted")
        for one in observed.mailboxes
        if not one.wanted
        for protocol in one.on
    ]
    return Plan(tuple(dict.fromkeys(changes)))


def moved(record: MailboxRecord, mailbox: Mailbox) -> bool:
    """Return whether the name of ``record`` has come to mean another mailbox than the one that it meant before.

    Where nobody has noted a guid yet, the mailbox is another one when it no longer has the address that it had.
    """
    if record.guid and mailbox.guid:
        return record.guid != mailbox.guid
    return record.address is not None and bool(mailbox.names) and folded(record.address) not in mailbox.names


def bind(record: MailboxRecord, mailbox: Mailbox, operation: str) -> None:
    """Note which mailbox a name means now."""
    record.address = mailbox.user_principal_name
    record.guid = mailbox.guid or record.guid
    record.exchange_guid = mailbox.exchange_guid or record.exchange_guid
    record.directory_id = mailbox.directory_id or record.directory_id
    record.resolved_in, record.finding = operation, None


_OF_THE_MAILBOX = {
    "guid",
    "exchange_guid",
    "directory_id",
    "access",
    "given_on",
    "proven_on",
    "imap_enabled_by_us",
    "switched",
    "inherited",
}


def left_behind(record: MailboxRecord) -> MailboxRecord:
    """Return the mailbox that a name meant before as one whose access is to be taken back."""
    return MailboxRecord(
        requested=folded(record.address or record.requested),
        address=record.address,
        wanted=False,
        settled_in=record.settled_in,
        **record.model_dump(include=_OF_THE_MAILBOX),
    )


def begin_anew(record: MailboxRecord) -> None:
    """Forget all that was known of the mailbox that a name meant before."""
    fresh = MailboxRecord(requested=record.requested, settled_in=record.settled_in)
    for name in MailboxRecord.model_fields:
        setattr(record, name, getattr(fresh, name))


def holder(record: MailboxRecord, *, access: bool) -> MailboxRecord:
    """Return the record with what is known of its access before anything is written."""
    if not access:
        return record.model_copy(update={"access": "giving"})
    return record.model_copy(update={"access": "giving" if record.access == "giving" else "given"})


def spreading(written: datetime | None, now: datetime) -> float:
    """Return the seconds for which a server may still show what was before a write; 0 when all show it.

    Whoever has waited for so long by a timer finds 0.
    """
    left = SPREAD - (now - written) if written is not None else timedelta()
    return left.total_seconds() if left > TIMER_SLACK else 0.0


def was_refused(error: ServiceError) -> bool:
    """Return whether a write has certainly not been made: not after an answer in a shape that no rule knows."""
    known = error.status is None or error.status in range(400, 500)
    return known and isinstance(error, ForbiddenError | NotFoundError | RefusedError)


def off(switches: Mapping[Protocol, bool | None], tenant: Mapping[Protocol, bool | None]) -> dict[Protocol, str]:
    """Return which protocols are off, with the finding for it; where nobody could look at the tenant's, the login says.

    A mailbox's own setting counts before the tenant's (learn.microsoft.com/exchange/clients-and-mobile-in-exchange-
    online/authenticated-client-smtp-submission).
    """
    found = {one: PROTOCOLS[one].codes.disabled for one, on in switches.items() if on is False}
    by_tenant = [one for one, on in switches.items() if on is None and tenant.get(one) is False]
    return found | {one: PROTOCOLS[one].codes.off_for_all for one in by_tenant}


def off_finding(seen: SeenMailbox) -> Finding | None:
    """Return the finding that a protocol is off, where it may not be switched on; or that no role reaches it."""
    found = next((finding(code, seen.subject) for code in seen.off.values()), None)
    return found or (finding("mailbox-outside-role", seen.subject) if seen.outside else None)


def spared(seen: SeenMailbox) -> bool:
    """Return whether access is there that is to be taken back although the mailbox is wanted."""
    return seen.spare and seen.access


def failure(address: str, error: ServiceError, recipient: Recipient | ServiceError | None) -> Finding:
    """Return what is wrong with one address; ``recipient`` is what it is when it is not a mailbox."""
    request_id = error.request_id
    if isinstance(error, NotFoundError) and isinstance(recipient, Recipient):
        kind = recipient.recipient_type
        return finding(_instead(kind), address, request_id, kind=kind)
    if isinstance(error, NotFoundError):
        return finding("plus-address-not-found" if is_plus(address) else "mailbox-not-found", address, request_id)
    if isinstance(error, RefusedError) and error.code == "ambiguous":
        return finding("address-ambiguous", address, request_id)
    if isinstance(error, RefusedError) and error.code == "outside-write-scope":
        return finding("mailbox-outside-scope", address, request_id, reason=error.reason)
    if isinstance(error, ForbiddenError | ReplicationError):
        return finding("access-missing", address, request_id, reason=error.reason)
    return finding("mailbox-failed", address, request_id, reason=error.reason or error.code)


def _instead(kind: str) -> str:
    """Return the finding for what is no mailbox, by Exchange's word for what it is."""
    if "Group" in kind:
        return "address-is-group"
    return "address-is-elsewhere" if kind in {"MailUser", "MailContact", "GuestMailUser"} else "address-is-no-mailbox"


def is_answer(error: ServiceError) -> bool:
    """Return whether an error says what a name means: nothing, or several things. All others say that nobody knows."""
    return isinstance(error, NotFoundError) or (isinstance(error, RefusedError) and error.code == "ambiguous")


def removal(leaving: Sequence[str]) -> Finding:
    """Return that access which is no longer wanted is still there; its remedy names the mailboxes."""
    return Finding(code="removal-by-hand", step=StepName.MAILBOXES, values={"number": len(leaving)})


def spare(number: int) -> Finding:
    """Return that access to wanted mailboxes is still there which a role in Exchange has made needless."""
    return Finding(code="access-spare", severity="warning", step=StepName.MAILBOXES, values={"number": number})


def removal_waits(leaving: Sequence[str]) -> Finding:
    """Return that nothing is taken back before it is known what every wanted name means."""
    return Finding(code="removal-waits", severity="warning", step=StepName.MAILBOXES, values={"number": len(leaving)})


def delay(address: str, error: ServiceError, *, overdue: bool) -> Finding:
    """Return that a service does not come to answer for one address, while it does for others."""
    late = finding("mailbox-delayed", address, error.request_id, reason=error.code)
    return late if overdue else late.model_copy(update={"severity": "warning"})


def finding(code: str, subject: str, request_id: str | None = None, **values: str) -> Finding:
    """Return a finding of this step about one address."""
    return Finding(code=code, step=StepName.MAILBOXES, subject=subject, values=dict(values), request_id=request_id)
