"""What each request comes to, by how the connection stands: pure. ``connector/admission.py`` holds the table of these.

Nothing that is passed in is changed: an answer holds the connection as it is to be written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connector.errors import ConflictError, RequestError, UnknownConnectionError
from connector.lost import Live, another, lost
from connector.model import Connection
from connector.operation import Operation
from connector.outage import before as worked_before
from connector.steps import ConnectionState, OperationKind, StepName
from connector.verdict import conclude, settle_proven
from connector.wanted import Absent, Wanted


class Kind(StrEnum):
    """What is asked for. ``RESTORE`` repairs the document itself.

    ``RECOVER``, ``RENEW`` and ``RETIRE`` are asked by the hourly timer alone.
    """

    SET_UP = "set-up"
    DRY_RUN = "dry-run"
    VERIFY = "verify"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    ROTATE = "rotate"
    RENEW = "renew"
    ABANDON = "abandon"
    RETIRE = "retire"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    RECOVER = "recover"
    REPAIR = "repair"
    RESTORE = "restore"
    REMOVE = "remove"
    PLAN_REMOVAL = "plan-removal"


@dataclass(frozen=True, slots=True)
class Removal:
    """From how many mailboxes of ``total`` a wanted list takes the access, and how many the request allows."""

    removed: int
    total: int
    allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for, parsed; what a kind does not need is left out."""

    kind: Kind
    name: str
    id: str
    """The id of the operation that it begins, if it begins one."""
    wanted: Wanted | None = None
    """Its revision does not count: the connection's is counted on."""
    removal: Removal | None = None
    """None where the wanted list takes nobody's access."""
    key_id: str = ""
    if_match: str | None = None
    """The condition under which it is meant (RFC 9110, 13.1.1)."""
    by_hand: bool = False
    """Of a removal: whether somebody says that what the app may not look at was taken back."""


@dataclass(frozen=True, slots=True)
class Start:
    """An attempt is to be started on the connection."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Wake:
    """The run that works comes to it by itself; its wait is to be cut short."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Replace:
    """The connection is to be written under the run that works, which takes it up; its wait is to be cut short."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Settled:
    """Nobody has to run for it; ``stored`` where there is nothing to write either."""

    connection: Connection
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is done, and why."""

    error: RequestError


Admitted = Start | Wake | Replace | Settled
Answer = Admitted | Refuse


@dataclass(frozen=True, slots=True)
class Case:
    """A request for a connection that there is, with what Durable says of its run."""

    request: Request
    connection: Connection
    live: Live
    now: datetime
    by: str | None = None
    """Who asks, as the log says."""

    @property
    def how(self) -> str | None:
        """Return how the run was lost; None where none is."""
        return lost(self.connection, self.live, self.now)

    @property
    def works(self) -> bool:
        """Return whether a run works, or is about to be started."""
        return self.connection.operation.ended is None and self.how is None

    @property
    def unchanged(self) -> bool:
        """Return whether what is asked for is what is wanted already."""
        return self.request.wanted is None or self.wanted(0) == self.connection.wanted

    def wanted(self, more: int) -> Wanted:
        """Return what is wanted from now on, ``more`` revisions later."""
        present = self.connection.wanted
        return (self.request.wanted or present).model_copy(update={"revision": present.revision + more})


def plan_removal(case: Case) -> Answer:
    """Likewise of a removal."""
    operation = Operation(id=case.request.id, kind=OperationKind.PLAN_REMOVAL, started=case.now)
    return Start(case.connection.model_copy(update={"operation": operation, "steps": {}}))


def remove(case: Case) -> Answer:
    """A removal takes the place of any other operation, at any step, and that of one that was not brought to its end.

    Under a run that works it waits for no more than the present activity.
    """
    return _not_allowed(case.request) or _begin(case, OperationKind.REMOVE, more=1)


def join_removal(case: Case) -> Answer:
    """The same again; one that somebody has cancelled meanwhile, or that was lost, goes on."""
    if case.connection.operation.cancelled or not case.works:
        return _begin(case, OperationKind.REMOVE, more=1)
    if case.request.by_hand and not case.connection.operation.by_hand:
        operation = case.connection.operation.model_copy(update={"by_hand": True})
        return Replace(case.connection.model_copy(update={"operation": operation}))
    return Wake(case.connection)


def remove_repaired(case: Case) -> Answer:
    """A part of the list is not what it was: the removal looks at all of it again."""
    return _begin(case, OperationKind.REMOVE, more=1, moved=True)


def remove_restored(case: Case) -> Answer:
    """The document was brought back, and whatever worked on it has found none: it was being taken back."""
    ended = case.connection.operation.model_copy(update={"ended": case.now})
    rests = replace(case, connection=case.connection.model_copy(update={"operation": ended}))
    return _begin(rests, OperationKind.REMOVE, more=1)


def keep_removed(case: Case) -> Answer:
    """Nothing is left that anybody could run for."""
    return Settled(case.connection)


def gone(case: Case) -> Answer:
    """What is taken back, or half taken back, is not worked with; only a set-up makes something of it again."""
    name = case.connection.name
    if case.connection.operation.ended is None:
        return Refuse(ConflictError("removal-running", retry_after=30, name=name))
    if case.connection.state is ConnectionState.REMOVED:
        return Refuse(ConflictError("connection-removed", name=name))
    return Refuse(ConflictError("removal-unfinished", name=name))


def ring_removal(case: Case) -> Answer:
    """What a person has done is seen by the run that takes back."""
    return Wake(case.connection) if case.works else gone(case)


def end_removal(case: Case) -> Answer:
    """What is taken back stays so."""
    return end_soon(case) if case.works else end(case)


def recover_removal(case: Case) -> Answer:
    """Only what was lost needs somebody else."""
    return nothing(case) if case.works else go_on(case)


def _not_allowed(request: Request) -> Answer | None:
    """From however few mailboxes access is taken, the request says that it knows."""
    removal = request.removal
    if removal is None or removal.removed <= (removal.allowed or 0):
        return None
    values = {"removed": removal.removed, "total": removal.total}
    return Refuse(ConflictError("removal-not-allowed", name=request.name, **values))


def unknown(request: Request, now: datetime) -> Answer:  # noqa: ARG001 - one shape for the column
    """There is nothing of that name."""
    return Refuse(UnknownConnectionError("unknown-connection", name=request.name[:40]))


def create(request: Request, now: datetime) -> Answer:
    """The first set-up of a name, or of one of which only the chunks of the list are left."""
    return _too_many(request) or Start(_new(request, OperationKind.SET_UP, now, revision=1, attempt=1))


def plan_new(request: Request, now: datetime) -> Answer:
    """A dry run of what there is not yet."""
    return Start(_new(request, OperationKind.PLAN, now, revision=0, attempt=0))


def plan(case: Case) -> Answer:
    """A dry run has a document and a run of its own, so nothing is in its way."""
    operation = Operation(id=case.request.id, kind=OperationKind.PLAN, started=case.now)
    return Start(case.connection.model_copy(update={"wanted": case.wanted(0), "operation": operation}))


def set_up(case: Case) -> Answer:
    """A set-up where nobody works, or another one under the run that works."""
    return _too_many(case.request) or _begin(case, OperationKind.SET_UP, more=1)


def join_or_busy(case: Case) -> Answer:
    """A set-up while steps 1 to 7 work: the same one, or not now."""
    return _join(case) or busy(case)


def join_or_set_up(case: Case) -> Answer:
    """A set-up while the run proves or waits: the same one, or another."""
    return _join(case) or set_up(case)


def _join(case: Case) -> Answer | None:
    """Who asks for what is under way is answered by it; a verification would only look."""
    if case.connection.operation.kind is not OperationKind.SET_UP or not case.unchanged:
        return None
    return Wake(case.connection)


def busy(case: Case) -> Answer:
    """Not now: the run is ending, or in the midst of a step."""
    name = case.connection.name
    if case.connection.operation.cancelled:
        return Refuse(ConflictError("operation-cancelling", retry_after=30, name=name))
    step = case.live.step or StepName.PREREQUISITES
    return Refuse(ConflictError("operation-running", retry_after=15, name=name, step=step.value))


def _too_many(request: Request) -> Answer | None:
    """A list must not take access from more than half of the mailboxes, or from more than the request allows."""
    removal = request.removal
    if removal is None:
        return None
    most = removal.allowed if removal.allowed is not None else removal.total // 2
    if removal.removed <= most:
        return None
    values = {"removed": removal.removed, "total": removal.total}
    return Refuse(ConflictError("removal-not-allowed", name=request.name, **values))


def verify(case: Case) -> Answer:
    """A verification where nobody works, or the run waits for a person: what that has settled is looked at anew.

    Under a run as a new revision, so that what it is just doing does not count for the new operation.
    """
    return _begin(case, _kind_of_look(case), more=int(case.works), before=worked_before(case.connection))


def arrange(case: Case) -> Answer:
    """A part of the list is not what it was; a run that works may be ending because of that."""
    return _begin(case, OperationKind.SET_UP, more=1, moved=True)


def restore(case: Case) -> Answer:
    """The document was brought back, and whatever worked on it has found none.

    It only has to be proven, unless ``wanted`` says that the list is not the one that was arranged last.
    """
    ended = case.connection.operation.model_copy(update={"ended": case.now})
    rests = replace(case, connection=case.connection.model_copy(update={"operation": ended}))
    kind = _kind_of_look(case) if case.request.wanted is None else OperationKind.SET_UP
    return _begin(rests, kind, more=1)


def _kind_of_look(case: Case) -> OperationKind:
    """Where nobody has taken the last request up its list of mailboxes is not arranged yet: then it is a set-up."""
    return OperationKind.VERIFY if case.connection.operation.begun else OperationKind.SET_UP


def verify_or_busy(case: Case) -> Answer:
    """A verification while steps 1 to 7 work, which come to it by themselves; nothing that works apart does."""
    return busy(case) if case.connection.operation.apart else ring(case)


def verify_or_ring(case: Case) -> Answer:
    """A verification while the run proves or waits: it takes the place of what works apart."""
    return verify(case) if case.connection.operation.apart else ring(case)


def ring(case: Case) -> Answer:
    """Whatever has changed is seen by the run that works."""
    return Wake(case.connection)


def nothing(case: Case) -> Answer:
    """It is as it was asked for."""
    return Settled(case.connection, stored=True)


def end_soon(case: Case) -> Answer:
    """The run ends after its present activity."""
    operation = case.connection.operation.model_copy(update={"cancelled": True})
    return Replace(case.connection.model_copy(update={"operation": operation}))


def end(case: Case) -> Answer:
    """Nobody is there to notice; and whoever comes after all comes for an attempt that is no more."""
    after = case.connection.model_copy(deep=True)
    after.operation = _next(case).model_copy(update={"cancelled": True, "ended": case.now})
    if after.operation.apart:
        return Settled(after)
    if not isinstance(after.goal, Absent):
        settle_proven(after)  # what was proven stays proven
    after.state, after.since = conclude(after, 0, case.now).state, case.now
    return Settled(after)


def go_on(case: Case) -> Answer:
    """What a lost run was to do another attempt does; one that somebody has cancelled is ended."""
    if case.connection.operation.cancelled:
        return end(case)
    return Start(case.connection.model_copy(update={"operation": _next(case)}))


def _new(request: Request, kind: OperationKind, now: datetime, *, revision: int, attempt: int) -> Connection:
    if request.wanted is None:
        raise ValueError(request.kind)
    wanted = request.wanted.model_copy(update={"revision": revision})
    operation = Operation(id=request.id, kind=kind, started=now, attempt=attempt)
    return Connection(name=request.name, wanted=wanted, operation=operation, since=now, last_change=now)


def _begin(
    case: Case, kind: OperationKind, *, more: int, moved: bool = False, before: ConnectionState | None = None
) -> Answer:
    """Give the connection a new operation that nobody has taken up yet; its state counts from now.

    The run that works takes it up; where none does it is another attempt's. Who asks for the same of a run that waits
    for a person has changed nothing, unless something has ``moved``: what counts from the last change counts on, and
    the run ends when a person has been waited for long enough.
    """
    operation = operation_of(case, kind)
    operation.before = before if kind is OperationKind.VERIFY else None
    operation.by = case.by if kind is OperationKind.REMOVE else None
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
        attempt=case.connection.operation.attempt + (0 if case.works else 1),
        lost=_next(case).lost if case.how is not None else None,
    )


def _next(case: Case) -> Operation:
    return another(case.connection.operation, case.how or "", case.now)
