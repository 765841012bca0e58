"""What a certificate that somebody gives comes to, by how the connection stands: pure.

It is a rotation, whatever was before. Where nothing can be used yet it is what the set-up waits for.
"""

from __future__ import annotations

from dataclasses import replace

from connector.case import Case, Refuse, Replace, Ruling, Start, Wake
from connector.credential import CertificateRecord, CredentialRecord, Rotation, RotationState
from connector.errors import ConflictError
from connector.rotation import dead
from connector.ruling import busy, go_on, nothing, set_up
from connector.ruling_of_rotation import apart, lacks
from connector.steps import OperationKind


def give(case: Case) -> Ruling:
    """Begin a rotation to it, or go on with the one that is open; a connection that lacks a credential is set up."""
    return _open(case) or _begin(case)


def give_on(case: Case) -> Ruling:
    """The run that works may be just this one; another one is not stopped for it."""
    if _is_next(case) and case.connection.operation.kind is OperationKind.ROTATE:
        return Wake(case.connection)
    return _open(case) or busy(case)


def give_again(case: Case) -> Ruling:
    """What was lost is begun anew where it was this, or where nothing can be used; the rest the timer goes on with."""
    if case.connection.operation.cancelled or lacks(case.connection):
        return give(case)
    return go_on(case) if _is_next(case) else give_on(case)


def give_in_place(case: Case) -> Ruling:
    """While a run waits, perhaps for just this: then it takes the place of the set-up."""
    return give(case) if lacks(case.connection) and not case.connection.operation.apart else give_on(case)


def _given(case: Case) -> CertificateRecord:
    if case.request.certificate is None:
        raise ValueError(case.request.kind)
    return case.request.certificate


def _open(case: Case) -> Ruling | None:
    """Return what becomes of it while a rotation is open, or where it is there already; None where it can begin."""
    connection, rotation = case.connection, case.connection.rotation
    if _same(connection.secret, _given(case)):
        return nothing(case)
    preparing = rotation is not None and rotation.state is RotationState.PREPARING
    if rotation is None or dead(rotation, case.now) or (preparing and lacks(connection)):
        return None
    if not _is_next(case):
        return Refuse(ConflictError("rotation-open", name=connection.name))
    return None if rotation.state is RotationState.PREPARING else nothing(case)


def _begin(case: Case) -> Ruling:
    connection, given = case.connection, _given(case)
    present = connection.rotation
    rotation = present if _is_next(case) and present is not None and not dead(present, case.now) else None
    alone = present is not None and present.alone
    rotation = rotation or Rotation(id=case.request.id, begun=case.now, by=case.by, next=given, alone=alone)
    rotation = rotation.model_copy(update={"stopped": False})
    ruling = set_up(case) if lacks(connection) else apart(case, OperationKind.ROTATE, rotation)
    if not isinstance(ruling, Start | Replace):
        return ruling
    known = [*dict.fromkeys([*connection.given, given.sha256])]
    return replace(ruling, connection=ruling.connection.model_copy(update={"rotation": rotation, "given": known}))


def _is_next(case: Case) -> bool:
    rotation = case.connection.rotation
    return rotation is not None and _same(rotation.next, _given(case))


def _same(record: CredentialRecord | None, given: CertificateRecord) -> bool:
    return isinstance(record, CertificateRecord) and record.sha256 == given.sha256
