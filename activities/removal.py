"""The end of a removal: the connection's document becomes the record of what was taken back."""

from __future__ import annotations

from activities.run import Run
from connector.log import log
from connector.mailbox import Chunk, MailboxRecord
from connector.model import Connection
from connector.orders import SUPERSEDED, Conclusion
from connector.plans.mailbox_list import leaves
from connector.removed import Removed, Taken
from connector.steps import ConnectionState, StepName

_DELETED = "delete-application"
_STAYS = "application-stays"


async def conclude_removal(run: Run) -> Conclusion:
    """Write the record, then forget the lists; who is interrupted in between comes again."""
    documents, name = run.services.documents, run.order.name
    if run.connection.state is not ConnectionState.REMOVED:
        chunks = [chunk async for chunk in documents.chunks(name, len(run.connection.chunks))]
        await run.note(lambda connection: _bury(connection, chunks, run))
        if run.outdated:
            return Conclusion(SUPERSEDED, run.connection.wanted.revision, None if run.abandoned else 0.0)
        log("operation", connection=name, operation=run.operation, outcome=ConnectionState.REMOVED)
    await documents.forget_lists(name)
    await run.services.plans.discard(name)
    await run.services.looks.discard(name)
    await run.services.checks.discard(name)
    return Conclusion(ConnectionState.REMOVED, run.order.revision)


def removed(connection: Connection, chunks: list[Chunk], run: Run) -> Removed:
    """Return what is kept of a connection of which everything is taken back."""
    through = [entry for chunk in chunks for entry in chunk.mailboxes]
    by_hand = connection.operation.by_hand  # then nobody has looked at those that are left
    findings = connection.findings()
    stays = next((one.subject for one in findings if one.code == _STAYS), None)
    deleted = [one for one in connection.taken if one.action == _DELETED]
    known = connection.ids.application_id
    return Removed(
        on=run.now,
        asked_on=connection.operation.started,
        by=connection.operation.by,
        taken=[_through(one, run) for one in connection.taken],
        mailboxes=_addresses([entry for entry in through if entry.lost_access or (by_hand and leaves(entry))]),
        imap=_addresses([entry for entry in through if entry.imap_enabled_by_us]),
        application_id=deleted[-1].subject if deleted else None,
        gone=known if not deleted and known != stays else None,
        stays=stays,
        findings=findings,
    )


def _through(one: Taken, run: Run) -> Taken:
    return one.model_copy(update={"on": one.on or run.now})


def _addresses(entries: list[MailboxRecord]) -> list[str]:
    return sorted({entry.address or entry.requested for entry in entries})


def _bury(connection: Connection, chunks: list[Chunk], run: Run) -> None:
    """Leave of a connection its name, its numbers and the record; the numbers count on where the name is used again."""
    record = removed(connection, chunks, run)
    left = Connection(
        name=connection.name,
        wanted=connection.wanted.model_copy(update={"mailboxes": []}),
        operation=connection.operation.model_copy(update={"ended": run.now}),
        state=ConnectionState.REMOVED,
        since=run.now,
        last_change=run.now,
        steps={step: connection.step(step) for step in connection.programme if step is not StepName.VERIFICATION},
        removed=record,
        former=[*connection.former, *([record.application_id] if record.application_id is not None else [])],
    )
    for field in Connection.model_fields:
        setattr(connection, field, getattr(left, field))
