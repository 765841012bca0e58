"""Step 7: which mailboxes need access, which lose it, and where the wanted list stands in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import ForbiddenError, NotFoundError, RefusedError, ReplicationError, ServiceError
from connector.model import Chunk, Finding, MailboxRecord
from connector.observed import Mailbox, Recipient
from connector.plans.plan import Action, Change
from connector.steps import MailboxState, StepName

BATCH = 10
"""Exchange takes at most ten calls in one request, so as many mailboxes are settled together."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 7 sees of one mailbox."""

    mailbox: Mailbox
    imap_enabled: bool
    access: bool


def arrange(chunks: list[Chunk], wanted: list[str], size: int) -> list[Chunk]:
    """Return the chunks with ``wanted`` in them: known mailboxes stay where they are, new ones fill the gaps.

    One that is no longer wanted stays as long as access given by this connection has to be taken back.
    """
    names = set(wanted)
    chunks = _renamed(chunks, names)
    arranged = [
        Chunk(
            number=chunk.number,
            mailboxes=[
                _fresh(entry, wanted=entry.requested in names)
                for entry in chunk.mailboxes
                if entry.requested in names or entry.access_by_us
            ],
        )
        for chunk in chunks
    ]
    known = {entry.requested for chunk in arranged for entry in chunk.mailboxes}
    rooms = iter(arranged)
    room = next(rooms, None)
    for address in wanted:
        if address in known:
            continue
        while room is not None and len(room.mailboxes) >= size:
            room = next(rooms, None)
        if room is None:
            room = Chunk(number=len(arranged))
            arranged.append(room)
            rooms = iter(())
        room.mailboxes.append(MailboxRecord(requested=address))
    return arranged


def _renamed(chunks: list[Chunk], names: set[str]) -> list[Chunk]:
    """Return the chunks with each mailbox by the name that is wanted now.

    Who first names an alias and then, as the parameters say, the user principal name, means the same mailbox: its
    access must not be taken back.
    """
    known = {entry.requested for chunk in chunks for entry in chunk.mailboxes}
    renamed = [chunk.model_copy(update={"mailboxes": [*chunk.mailboxes]}) for chunk in chunks]
    for chunk in renamed:
        for place, entry in enumerate(chunk.mailboxes):
            name = (entry.address or "").lower()
            if entry.requested not in names and name in names and name not in known:
                chunk.mailboxes[place] = entry.model_copy(update={"requested": name})
                known.add(name)
    return renamed


def removals(chunks: list[Chunk], wanted: list[str]) -> tuple[int, int]:
    """Return from how many mailboxes ``wanted`` takes access that this connection gave, and how many it gave.

    Those that an earlier request has already taken off the list do not count again.
    """
    names = set(wanted)
    given = [entry for chunk in chunks for entry in chunk.mailboxes if entry.wanted and entry.access_by_us]
    leaving = [entry for entry in given if not names & {entry.requested, (entry.address or "").lower()}]
    return len(leaving), len(given)


def again(chunks: list[Chunk]) -> list[Chunk]:
    """Return the chunks for proving every mailbox once more; what step 7 found stays until it has looked again."""
    return [
        Chunk(
            number=chunk.number,
            mailboxes=[
                entry.model_copy(
                    update={
                        "check": entry.check or entry.settled_in is not None,
                        "settled_in": None,
                        "proven_in": None,
                        "state": MailboxState.WAITING if entry.settled_in is not None else MailboxState.PENDING,
                        "finding": entry.finding if _from_step_7(entry) else None,
                    }
                )
                for entry in chunk.mailboxes
            ],
        )
        for chunk in chunks
    ]


def _fresh(entry: MailboxRecord, *, wanted: bool) -> MailboxRecord:
    """Return what is remembered of a mailbox from one operation to the next: its name, and whose access it is."""
    return MailboxRecord(
        requested=entry.requested,
        address=entry.address,
        wanted=wanted,
        access=entry.access,
        imap_enabled_by_us=entry.imap_enabled_by_us,
        proven_on=entry.proven_on,
    )


def _from_step_7(entry: MailboxRecord) -> bool:
    return entry.finding is not None and entry.finding.step is StepName.MAILBOXES


def plan(observed: Observed, *, enable_imap: bool) -> list[Change]:
    """Return the changes that one wanted mailbox needs."""
    changes = []
    subject = observed.mailbox.user_principal_name
    if not observed.imap_enabled and enable_imap:
        changes.append(Change(Action.ENABLE_IMAP, subject, "imap-disabled"))
    if not observed.access:
        changes.append(Change(Action.GRANT_ACCESS, subject, "access-missing"))
    return changes


def holder(record: MailboxRecord, *, access: bool) -> MailboxRecord:
    """Return the record with whose access it is, before anything is written.

    Access that is there although we never began to give it is foreign, and stays when the mailbox is removed.
    """
    if not access:
        return record.model_copy(update={"access": "giving"})
    return record.model_copy(update={"access": record.access or "foreign"})


def was_refused(error: ServiceError) -> bool:
    """Return whether a write has certainly not been made: not after an answer in a shape that no rule knows."""
    known = error.code.startswith("status-4") or not error.code.startswith("status-")
    return known and isinstance(error, ForbiddenError | NotFoundError | RefusedError)


def imap_finding(observed: Observed) -> Finding | None:
    """Return the finding that IMAP is off, where it may not be switched on."""
    return None if observed.imap_enabled else finding("imap-disabled", observed.mailbox.user_principal_name)


def failure(address: str, error: ServiceError, recipient: Recipient | ServiceError | None) -> Finding:
    """Return what is wrong with one address; ``recipient`` is what it is when it is not a mailbox."""
    request_id = error.request_id
    if isinstance(error, NotFoundError) and isinstance(recipient, Recipient):
        kind = recipient.recipient_type
        if "Group" in kind:
            return finding("address-is-group", address, request_id, kind=kind)
        if kind in {"MailUser", "MailContact", "GuestMailUser"}:
            return finding("address-is-elsewhere", address, request_id, kind=kind)
        return finding("address-is-no-mailbox", address, request_id, kind=kind)
    if isinstance(error, NotFoundError):
        return finding("mailbox-not-found", address, request_id)
    if isinstance(error, RefusedError) and error.code == "ambiguous":
        return finding("address-ambiguous", address, request_id)
    if isinstance(error, RefusedError) and error.code == "outside-write-scope":
        return finding("mailbox-outside-scope", address, request_id)
    if isinstance(error, ForbiddenError | ReplicationError):
        return finding("access-missing", address, request_id)
    return finding("mailbox-failed", address, request_id, reason=error.code)


def removal(leaving: Sequence[str]) -> Finding:
    """Return that access which is no longer wanted is still there; its remedy names the mailboxes."""
    return Finding(code="removal-by-hand", step=StepName.MAILBOXES, values={"number": len(leaving)})


def delay(address: str, error: ServiceError, *, overdue: bool) -> Finding:
    """Return that a service does not come to answer for one address, while it does for others."""
    late = finding("mailbox-delayed", address, error.request_id, reason=error.code)
    return late if overdue else late.model_copy(update={"severity": "warning"})


def finding(code: str, subject: str, request_id: str | None = None, **values: str) -> Finding:
    """Return a finding of this step about one address."""
    return Finding(code=code, step=StepName.MAILBOXES, subject=subject, values=dict(values), request_id=request_id)
