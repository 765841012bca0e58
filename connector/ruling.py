"""What each request comes to, by how the connection stands: pure. ``connector/admission.py`` holds the table of these.

Nothing that is passed in is changed: a ruling holds the connection as it is to be written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from connector.case import Case, Refuse, Replace, Request, Ruling, Settled, Start, Wake
from connector.errors import ConflictError, UnknownConnectionError
from connector.lost import another
from connector.model import Connection
from connector.operation import Operation
from connector.outage import before as worked_before
from connector.rotation import stopped
from connector.steps import ConnectionState, OperationKind, StepName
from connector.verdict import conclude, settle_proven
from connector.wanted import Absent


def unknown(request: Request, now: datetime) -> Ruling:  # noqa: ARG001 - one shape for the column
    """There is nothing of that name."""
    return Refuse(UnknownConnectionError("unknown-connection", name=request.name[:40]))


def create(request: Request, now: datetime) -> Ruling:
    """The first set-up of a name, or of one of which only the chunks of the list are left."""
    return _too_many(request) or Start(_new(request, OperationKind.SET_UP, now, revision=1, attempt=1))


def plan_new(request: Request, now: datetime) -> Ruling:
    """A dry run of what there is not yet."""
    return Start(_new(request, OperationKind.PLAN, now, revision=0, attempt=0))


def plan(case: Case) -> Ruling:
    """A dry run has a document and a run of its own, so nothing is in its way."""
    operation = Operation(id=case.request.id, kind=OperationKind.PLAN, started=case.now, by=case.by)
    return Start(case.connection.model_copy(update={"wanted": case.wanted(0), "operation": operation}))


def set_up(case: Case) -> Ruling:
    """A set-up where nobody works, or another one under the run that works."""
    return _too_many(case.request) or begin(case, OperationKind.SET_UP, more=1)


def join_or_busy(case: Case) -> Ruling:
    """A set-up while steps 1 to 7 work: the same one, or not now."""
    return _join(case) or busy(case)


def join_or_set_up(case: Case) -> Ruling:
    """A set-up while the run proves or waits: the same one, or another."""
    return _join(case) or set_up(case)


def _join(case: Case) -> Ruling | None:
    """Who asks for what is under way is answered by it; a verification would only look."""
    if case.connection.operation.kind is not OperationKind.SET_UP or not case.unchanged:
        return None
    return Wake(case.connection)


def busy(case: Case) -> Ruling:
    """Not now: the run is ending, or in the midst of a step."""
    name = case.connection.name
    if case.connection.operation.cancelled:
        return Refuse(ConflictError("operation-cancelling", retry_after=30, name=name))
    step = case.live.step or StepName.PREREQUISITES
    return Refuse(ConflictError("operation-running", retry_after=15, name=name, step=step.value))


def _too_many(request: Request) -> Ruling | None:
    """A list must not take access from more than half of the mailboxes, or from more than the request allows."""
    removal = request.removal
    if removal is None:
        return None
    most = removal.allowed if removal.allowed is not None else removal.total // 2
    if removal.removed <= most:
        return None
    values = {"removed": removal.removed, "total": removal.total}
    return Refuse(ConflictError("removal-not-allowed", name=request.name, **values))


def verify(case: Case) -> Ruling:
    """A verification where nobody works, or the run waits for a person: what that has settled is looked at anew.

    Under a run as a new revision, so that what it is just doing does not count for the new operation.
    """
    return begin(case, _kind_of_look(case), more=int(case.works), before=worked_before(case.connection))


def arrange(case: Case) -> Ruling:
    """A part of the list is not what it was; a run that works may be ending because of that."""
    return begin(case, OperationKind.SET_UP, more=1, moved=True)


def restore(case: Case) -> Ruling:
    """The document was brought back, and whatever worked on it has found none.

    It only has to be proven, unless ``wanted`` says that the list is not the one that was arranged last.
    """
    ended = case.connection.operation.model_copy(update={"ended": case.now})
    rests = replace(case, connection=case.connection.model_copy(update={"operation": ended}))
    kind = _kind_of_look(case) if case.request.wanted is None else OperationKind.SET_UP
    return begin(rests, kind, more=1)


def _kind_of_look(case: Case) -> OperationKind:
    """Where nobody has taken the last request up its list of mailboxes is not arranged yet: then it is a set-up."""
    return OperationKind.VERIFY if case.connection.operation.begun else OperationKind.SET_UP


def verify_or_busy(case: Case) -> Ruling:
    """A verification while steps 1 to 7 work, which come to it by themselves; nothing that works apart does."""
    return busy(case) if case.connection.operation.apart else ring(case)


def verify_or_ring(case: Case) -> Ruling:
    """A verification while the run proves or waits: it takes the place of what works apart."""
    return verify(case) if case.connection.operation.apart else ring(case)


def ring(case: Case) -> Ruling:
    """Whatever has changed is seen by the run that works."""
    return Wake(case.connection)


def nothing(case: Case) -> Ruling:
    """It is as it was asked for."""
    return Settled(case.connection, stored=True)


def end_soon(case: Case) -> Ruling:
    """The run ends after its present activity."""
    operation = case.connection.operation.model_copy(update={"cancelled": True})
    update = {"operation": operation, "rotation": stopped(case.connection)}
    return Replace(case.connection.model_copy(update=update))


def end(case: Case) -> Ruling:
    """Nobody is there to notice; and whoever comes after all comes for an attempt that is no more."""
    after = case.connection.model_copy(deep=True)
    after.rotation = stopped(after)
    after.operation = _next(case).model_copy(update={"cancelled": True, "ended": case.now})
    if after.operation.apart:
        return Settled(after)
    if not isinstance(after.goal, Absent):
        settle_proven(after)  # what was proven stays proven
    after.state, after.since = conclude(after, 0, case.now).state, case.now
    return Settled(after)


def go_on(case: Case) -> Ruling:
    """What a lost run was to do another attempt does; one that somebody has cancelled is ended."""
    if case.connection.operation.cancelled:
        return end(case)
    return Start(case.connection.model_copy(update={"operation": _next(case)}))


def _new(request: Request, kind: OperationKind, now: datetime, *, revision: int, attempt: int) -> Connection:
    if request.wanted is None:
        raise ValueError(request.kind)
    wanted = request.wanted.model_copy(update={"revision": revision})
    operation = Operation(id=request.id, kind=kind, started=now, attempt=attempt)
    return Connection(name=request.name, wanted=wanted, operation=operation, since=now, last_change=now, consents=[])


def begin(
    case: Case, kind: OperationKind, *, more: int, moved: bool = False, before: ConnectionState | None = None
) -> Ruling:
    """Give the connection a new operation that nobody has taken up yet; its state counts from now.

    The run that works takes it up; where none does it is another attempt's. Who asks for the same of a run that waits
    for a person has changed nothing, unless something has ``moved``: what counts from the last change counts on, and
    the run ends when a person has been waited for long enough.
    """
    operation = operation_of(case, kind)
    operation.before = before if operation.verifies else None
    operation.by_hand = case.request.by_hand
    update: dict[str, object] = {"operation": operation, "wanted": case.wanted(more)}
    if kind is not OperationKind.REMOVE:
        update |= {"taken": [], "removed": None}
    if moved or not (case.works and case.unchanged):
        update |= {"last_change": case.now, "stuck_since": None}
    update |= {"state": ConnectionState.RUNNING, "since": case.now}
    connection = case.connection.model_copy(update=update)
    return Replace(connection) if case.works else Start(connection)


def operation_of(case: Case, kind: OperationKind) -> Operation:
    """Return a new operation: the run that works takes it up, and where none does another attempt."""
    return Operation(
        id=case.request.id,
        kind=kind,
        started=case.now,
        by=case.by,
        attempt=case.connection.operation.attempt + (0 if case.works else 1),
        lost=_next(case).lost if case.how is not None else None,
    )


def _next(case: Case) -> Operation:
    return another(case.connection.operation, case.how or "", case.now)
