"""The wanted list in the store: where its names stand, what leaves it, and which mailboxes it comes to. Pure.

Both requested names of one mailbox are kept; a mailbox is its guid, and what counts is counted in mailboxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connector.address import folded
from connector.mailbox import Chunk, ChunkSummary, MailboxRecord
from connector.plans.mailboxes import left_behind
from connector.steps import MailboxState, StepName


@dataclass(slots=True)
class Meant:
    """Which mailboxes the wanted names of all chunks mean."""

    keys: dict[str, int] = field(default_factory=dict)
    """By what they are, each with the number of a chunk that holds it."""
    unknown: bool = False
    """Whether nobody knows what one of them means, since nothing could be read. That there is none is known."""

    def add(self, chunk: Chunk, operation: str) -> None:
        """Count the names of a chunk in."""
        wanted = [entry for entry in chunk.mailboxes if entry.wanted]
        self.keys |= dict.fromkeys((entry.key for entry in wanted), chunk.number)
        self.unknown = self.unknown or any(entry.resolved_in != operation for entry in wanted)


def summary(chunk: Chunk, operation: str) -> ChunkSummary:
    """Return what the connection's document keeps of a chunk."""
    unsettled = [entry for entry in chunk.mailboxes if entry.wanted and entry.settled_in != operation]
    return ChunkSummary(
        counts=chunk.counts(),
        unsettled=len(unsettled),
        delayed=sum(not _is_persons(entry) for entry in unsettled),
        taken=sum(entry.taken_on is not None for entry in chunk.mailboxes),
        leaving=[entry.address or entry.requested for entry in chunk.mailboxes if leaves(entry)],
    )


def leaves(entry: MailboxRecord) -> bool:
    """Return whether access to a mailbox is still to be looked for and taken back."""
    return not entry.wanted and entry.taken_on is None


def all_leaving(chunks: list[Chunk]) -> list[Chunk]:
    """Return the chunks for a removal: of every mailbox the access is looked for, also where nobody ever saw any."""
    return [
        chunk.model_copy(
            update={
                "mailboxes": [
                    left_behind(entry.model_copy(update={"settled_in": None})) if entry.wanted else entry
                    for entry in chunk.mailboxes
                ]
            }
        )
        for chunk in chunks
    ]


def arrange(chunks: list[Chunk], wanted: list[str], size: int) -> list[Chunk]:
    """Return the chunks with ``wanted`` in them: known names stay where they are, new ones fill the gaps.

    A mailbox that is no longer wanted stays until its access has been looked for and taken back; one that nobody has
    ever seen, since nobody may look and it has never opened, is forgotten.
    """
    names = set(wanted)
    chunks = _renamed(chunks, names)
    known = {entry.requested for entry in _entries(chunks) if entry.wanted} & names
    arranged = [Chunk(number=chunk.number, mailboxes=[*_kept(chunk, names, known)]) for chunk in chunks]
    kept = {entry.guid: entry for entry in _entries(arranged) if entry.wanted and entry.guid}
    for entry in _entries(arranged):
        if not entry.wanted and entry.guid in kept:
            kept[entry.guid].follows(entry)
    for chunk in arranged:
        chunk.mailboxes = [entry for entry in chunk.mailboxes if entry.wanted or entry.guid not in kept]
    _add(arranged, [address for address in wanted if address not in known], size)
    return arranged


def _kept(chunk: Chunk, names: set[str], known: set[str]) -> Iterator[MailboxRecord]:
    """Yield what remains of a chunk; a mailbox that was leaving is wanted again where nobody else has its name."""
    for entry in chunk.mailboxes:
        if entry.requested in names and (entry.wanted or entry.requested not in known):
            known.add(entry.requested)
            yield _fresh(entry)
        elif entry.known:
            leaving = left_behind(entry.model_copy(update={"settled_in": None}))
            yield leaving.model_copy(update={"requested": entry.requested})


def _add(arranged: list[Chunk], addresses: list[str], size: int) -> None:
    rooms = iter(arranged)
    room = next(rooms, None)
    for address in addresses:
        while room is not None and len(room.mailboxes) >= size:
            room = next(rooms, None)
        if room is None:
            room = Chunk(number=len(arranged))
            arranged.append(room)
            rooms = iter(())
        room.mailboxes.append(MailboxRecord(requested=address))


def _renamed(chunks: list[Chunk], names: set[str]) -> list[Chunk]:
    """Return the chunks with each mailbox by the name that is wanted now.

    Who first names an alias and then, as the parameters say, the user principal name, means the same mailbox: its
    access must not be taken back.
    """
    known = {entry.requested for entry in _entries(chunks)}
    renamed = [chunk.model_copy(update={"mailboxes": [*chunk.mailboxes]}) for chunk in chunks]
    for chunk in renamed:
        for place, entry in enumerate(chunk.mailboxes):
            name = folded(entry.address or "")
            if entry.requested not in names and name in names and name not in known:
                chunk.mailboxes[place] = entry.model_copy(update={"requested": name})
                known.add(name)
    return renamed


def removals(chunks: list[Chunk], wanted: list[str]) -> tuple[int, int]:
    """Return from how many mailboxes ``wanted`` takes the access, and how many have it.

    A mailbox with two names loses it with the second one. Those that an earlier request has already taken off the list
    do not count again.
    """
    names = set(wanted)
    held = [entry for entry in _entries(chunks) if entry.wanted and entry.held]
    kept = {
        entry.key
        for entry in _entries(chunks)
        if entry.wanted and names & {entry.requested, folded(entry.address or "")}
    }
    keys = {entry.key for entry in held}
    return len(keys - kept), len(keys)


def losing(chunks: list[Chunk]) -> int:
    """Return how many mailboxes a removal takes the access from; those that are leaving already do not count again."""
    return len({entry.key for entry in _entries(chunks) if entry.wanted and entry.held})


def again(chunks: list[Chunk]) -> list[Chunk]:
    """Return the chunks for proving every mailbox once more; what step 7 found stays until it has looked again.

    So does which operation has settled it: by that it is known to be only looked at.
    """
    return [
        Chunk(
            number=chunk.number,
            mailboxes=[
                entry.model_copy(
                    update={
                        "resolved_in": None,
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


def handed_over(entries: Iterable[MailboxRecord]) -> dict[str, bool]:
    """Return the wanted mailboxes by the name to type, each once, and whether each has been proven.

    While they are proven once more the last proof stands; of two names of one mailbox either proves it.
    """
    proven: dict[str, tuple[str, bool]] = {}
    for entry in entries:
        if entry.wanted:
            name, before = proven.get(entry.key, (entry.address or entry.requested, False))
            now = entry.proven_on is not None and entry.state is not MailboxState.ACTION_REQUIRED
            proven[entry.key] = (name, before or now)
    return dict(proven.values())


def _fresh(entry: MailboxRecord) -> MailboxRecord:
    """Return what is remembered of a wanted mailbox from one operation to the next."""
    remembered = {
        "requested", "address", "guid", "exchange_guid", "directory_id", "access", "given_on", "imap_enabled_by_us",
        "switched", "inherited", "proven_on",
    }  # fmt: skip
    return MailboxRecord(**entry.model_dump(include=remembered))


def _entries(chunks: Iterable[Chunk]) -> Iterator[MailboxRecord]:
    return (entry for chunk in chunks for entry in chunk.mailboxes)


def _is_persons(entry: MailboxRecord) -> bool:
    return entry.finding is not None and _from_step_7(entry) and entry.finding.severity == "error"


def _from_step_7(entry: MailboxRecord) -> bool:
    return entry.finding is not None and entry.finding.step is StepName.MAILBOXES
