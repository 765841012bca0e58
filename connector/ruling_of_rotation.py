"""What each request about a rotation comes to, by how far it is and by how the connection stands: pure."""

from __future__ import annotations

from dataclasses import replace

from connector.case import Case, Refuse, Replace, Ruling, Settled, Start, Wake
from connector.credential import Rotation, RotationState
from connector.errors import ConflictError, FieldError
from connector.model import Connection
from connector.rotation import confirmed, dead, given_up, open_for, state_of
from connector.ruling import busy, go_on, nothing, operation_of, set_up
from connector.standing import secret_of
from connector.steps import SETTLED, OperationKind, StepName


def rotate(case: Case) -> Ruling:
    """Begin a rotation, or go on with it; one that is open is answered as it is."""
    if (ruling := _back(case) or _another_kind(case)) is not None:
        return ruling
    rotation = case.connection.rotation
    if open_for(rotation, case.now):
        return nothing(case)
    if (refused := _no_secret(case)) is not None:
        return refused
    if rotation is None or rotation.state is not RotationState.PREPARING:
        alone = rotation is not None and rotation.alone
        rotation = Rotation(id=case.request.id, begun=case.now, by=case.by, alone=alone)
    return apart(case, OperationKind.ROTATE, rotation.model_copy(update={"stopped": False}))


def rotate_on(case: Case) -> Ruling:
    """The run that works may be just this one; another one is not stopped for it."""
    if (ruling := _back(case) or _another_kind(case)) is not None:
        return ruling
    if case.connection.operation.kind is OperationKind.ROTATE:
        return Wake(case.connection)
    if open_for(case.connection.rotation, case.now) and not given_up(case.connection):
        return nothing(case)
    return _no_secret(case) or busy(case)


def rotate_again(case: Case) -> Ruling:
    """What was lost is begun anew where it was this; anything else the timer goes on with first."""
    operation = case.connection.operation
    if operation.cancelled:
        return rotate(case)
    return go_on(case) if operation.kind is OperationKind.ROTATE else rotate_on(case)


def abandon(case: Case) -> Ruling:
    """Give the next secret up, where nobody needs it."""
    rotation, name = case.connection.rotation, case.connection.name
    if rotation is None:
        return Refuse(ConflictError("no-rotation", name=name))
    if rotation.state is RotationState.RETIRING:
        return Refuse(ConflictError("rotation-confirmed", name=name))
    if rotation.next is not None and rotation.next.key_id.lower() != case.request.key_id.lower():
        return Refuse(ConflictError("key-not-offered", name=name, offered=rotation.next.key_id))
    old = case.connection.secret
    if rotation.alone or old is None or old.expires_on <= case.now:
        return Refuse(ConflictError("last-secret", name=name))
    return apart(case, OperationKind.ABANDON, rotation)


def abandon_or_busy(case: Case) -> Ruling:
    """The same while steps work: nothing is stopped in the midst of one."""
    ruling = abandon(case)
    if isinstance(ruling, Refuse) or case.connection.operation.cancelled:
        return ruling
    return Wake(case.connection) if case.connection.operation.kind is OperationKind.ABANDON else busy(case)


def abandon_in_place(case: Case) -> Ruling:
    """The same while a run waits: it takes the place of what prepares the secret, and of nothing else."""
    ruling = abandon(case)
    if isinstance(ruling, Refuse) or case.connection.operation.kind is OperationKind.ROTATE:
        return ruling
    return Wake(case.connection) if case.connection.operation.kind is OperationKind.ABANDON else busy(case)


def retire(case: Case) -> Ruling:
    """Take the old one away; when that is due the timer knows."""
    return apart(case, OperationKind.RETIRE, case.connection.rotation)


def confirm(case: Case) -> Ruling:
    """Nobody confirms another key than the one that is handed out, and again is as good as once."""
    connection, rotation, asked = case.connection, case.connection.rotation, case.request.key_id.lower()
    if state_of(rotation) is RotationState.PREPARING:
        return Refuse(ConflictError("rotation-preparing", name=connection.name))
    new = rotation.next if rotation is not None else None
    try:
        secret = new or secret_of(connection, case.now)
        if secret.key_id.lower() != asked:
            return Refuse(ConflictError("key-not-offered", name=connection.name, offered=secret.key_id))
        if new is None:
            return nothing(case)
        secret_of(connection, case.now)  # nobody may have one that is dead, or just being given up
    except ConflictError as error:
        return Refuse(error)
    after = connection.model_copy(deep=True)
    confirmed(after, case.now, case.by)
    return Settled(after)


def lacks(connection: Connection) -> bool:
    """Return whether its set-up has not come to a credential that can be used."""
    return connection.step_states()[StepName.SECRET] not in SETTLED


def _back(case: Case) -> Ruling | None:
    """A certificate that no set-up has come to use is given up for a secret."""
    connection, rotation = case.connection, case.connection.rotation
    unused = rotation is not None and rotation.state is RotationState.PREPARING and rotation.kind == "certificate"
    if case.request.credential != "secret" or not unused or not lacks(connection):
        return None
    return set_up(replace(case, connection=connection.model_copy(update={"rotation": None})))


def _another_kind(case: Case) -> Refuse | None:
    """Return why not: a certificate comes from a person, and the kind does not change while a rotation is open."""
    connection, rotation, wish = case.connection, case.connection.rotation, case.request.credential
    if rotation is not None and not dead(rotation, case.now):
        settled = connection.secret.kind if connection.secret is not None else "secret"
        kind = settled if rotation.state is RotationState.RETIRING else rotation.kind
        return Refuse(ConflictError("rotation-open", name=connection.name)) if wish not in {None, kind} else None
    present = connection.secret.kind if connection.secret is not None else "secret"
    if (wish or present) == "certificate":
        return Refuse(FieldError("certificate-needed", field="credential"))
    return None


def _no_secret(case: Case) -> Refuse | None:
    """Return that there is nothing yet that could be replaced."""
    try:
        if case.connection.rotation is None:
            secret_of(case.connection, case.now)
    except ConflictError as error:
        return Refuse(error)
    return None


def apart(case: Case, kind: OperationKind, rotation: Rotation | None) -> Ruling:
    """Begin an operation that leaves the connection's state and steps as they are."""
    wanted = case.wanted(int(case.works))
    update = {"operation": operation_of(case, kind), "rotation": rotation, "wanted": wanted}
    connection = case.connection.model_copy(update=update)
    return Replace(connection) if case.works else Start(connection)
