"""What each request about a removal comes to, and each other one while a removal is under way or done: pure."""

from __future__ import annotations

from dataclasses import replace

from connector.case import Case, Refuse, Replace, Request, Ruling, Settled, Start, Wake
from connector.errors import ConflictError
from connector.operation import Operation
from connector.ruling import begin, end, end_soon, go_on, nothing
from connector.standing import taken_back
from connector.steps import OperationKind


def plan_removal(case: Case) -> Ruling:
    """A dry run of a removal has a document and a run of its own likewise."""
    operation = Operation(id=case.request.id, kind=OperationKind.PLAN_REMOVAL, started=case.now, by=case.by)
    return Start(case.connection.model_copy(update={"operation": operation, "steps": {}}))


def remove(case: Case) -> Ruling:
    """A removal takes the place of any other operation, at any step, and that of one that was not brought to its end.

    Under a run that works it waits for no more than the present activity.
    """
    return _not_allowed(case.request) or begin(case, OperationKind.REMOVE, more=1)


def join_removal(case: Case) -> Ruling:
    """The same again; one that somebody has cancelled meanwhile, or that was lost, goes on."""
    if case.connection.operation.cancelled or not case.works:
        return begin(case, OperationKind.REMOVE, more=1)
    if case.request.by_hand and not case.connection.operation.by_hand:
        operation = case.connection.operation.model_copy(update={"by_hand": True})
        return Replace(case.connection.model_copy(update={"operation": operation}))
    return Wake(case.connection)


def remove_repaired(case: Case) -> Ruling:
    """A part of the list is not what it was: the removal looks at all of it again."""
    return begin(case, OperationKind.REMOVE, more=1, moved=True)


def remove_restored(case: Case) -> Ruling:
    """The document was brought back, and whatever worked on it has found none: it was being taken back."""
    ended = case.connection.operation.model_copy(update={"ended": case.now})
    rests = replace(case, connection=case.connection.model_copy(update={"operation": ended}))
    return begin(rests, OperationKind.REMOVE, more=1)


def keep_removed(case: Case) -> Ruling:
    """Nothing is left that anybody could run for."""
    return Settled(case.connection)


def gone(case: Case) -> Ruling:
    """What is taken back, or half taken back, is not worked with; only a set-up makes something of it again."""
    return Refuse(taken_back(case.connection))


def ring_removal(case: Case) -> Ruling:
    """What a person has done is seen by the run that takes back."""
    return Wake(case.connection) if case.works else gone(case)


def end_removal(case: Case) -> Ruling:
    """What is taken back stays so."""
    return end_soon(case) if case.works else end(case)


def recover_removal(case: Case) -> Ruling:
    """Only what was lost needs somebody else."""
    return nothing(case) if case.works else go_on(case)


def _not_allowed(request: Request) -> Ruling | None:
    """From however few mailboxes access is taken, the request says that it knows."""
    removal = request.removal
    if removal is None or removal.removed <= (removal.allowed or 0):
        return None
    values = {"removed": removal.removed, "total": removal.total}
    return Refuse(ConflictError("removal-not-allowed", name=request.name, **values))
