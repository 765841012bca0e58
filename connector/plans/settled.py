"""What step 5 notes of what it has seen: which secret is in use, and how far a rotation is. Pure."""

from __future__ import annotations

from datetime import datetime

from connector.credential import Rest, Rotation, RotationState
from connector.model import Connection
from connector.observed import CredentialVersion
from connector.plans.secret_observed import WAITS, Observed
from connector.plans.succession import (
    CURRENT,
    NEW,
    NEXT,
    OFFERED,
    RETIRED,
    RETIRING,
    ROTATION,
    STATE,
    is_offered,
    record_of,
    state_of,
)
from connector.rotation import AFTER_ABANDON, AFTER_FAILURE, counted, offer, retiring
from connector.rotation import state_of as state_now
from connector.steps import OperationKind

_BEFORE = frozenset({RotationState.PREPARING, RotationState.OFFERED})


def labels(observed: Observed) -> list[tuple[CredentialVersion, dict[str, str]]]:
    """Return the versions whose tags are to be others, in the order in which a stop in between loses nothing.

    Who only looks says no more than that a value is handed out from now on: that is what comes of his look.
    """
    seen = observed.told
    if observed.only_looks:
        return _handed_out(observed)
    wanted = [(seen.retiring, RETIRING), (seen.current, CURRENT), (seen.next, NEXT)]
    confirmed = seen.current is not None and state_of(seen.current) in NEW
    if observed.wrong() is not None and not confirmed:  # of what cannot be used nothing new is said
        wanted = [(seen.next, CURRENT)] if _becomes_first(observed) else []
    told = [
        (one, {**one.tags, STATE: state})
        for one, state in wanted
        if one is not None and (state_of(one) != state or one.version in observed.untold)
    ]
    # Of a certificate the document says it: what is written on the application stays as it was made.
    return [(one, tags) for one, tags in (*told, *_handed_out(observed)) if one.kind == "secret"]


def _handed_out(observed: Observed) -> list[tuple[CredentialVersion, dict[str, str]]]:
    """Return that the next one is handed out where no old one can be used: who loses the document must know of that."""
    new, rotation = observed.told.next, observed.rotation
    if new is None or is_offered(new) or observed.kind is OperationKind.ROTATE or _becomes_first(observed):
        return []
    alone = _alone(rotation, observed.wrong())
    if not (alone and _is_accepted(observed)):
        return []
    return [(new, {**new.tags, OFFERED: observed.now.isoformat(timespec="seconds")})]


def _alone(rotation: Rotation | None, wrong: str | None) -> bool:
    """Return whether no old one can be used; as long as that is not known, what was known before counts."""
    return (rotation is not None and rotation.alone) if wrong in WAITS else wrong is not None


def _is_accepted(observed: Observed) -> bool:
    return observed.next_proof == "accepted" and observed.wrong_next() is None


def _becomes_first(observed: Observed) -> bool:
    """Return whether the secret that was made is the first that the UTM can have: it needs no confirmation."""
    new = observed.told.next
    if new is None or not _is_accepted(observed):
        return False
    return observed.first or (observed.found and observed.told.current is None)


def settle(connection: Connection, observed: Observed) -> None:
    """Note what was seen; nothing where the UTM was said to have the new one meanwhile: the next look knows of that."""
    if state_now(connection.rotation) is RotationState.RETIRING and state_now(observed.rotation) in _BEFORE:
        return
    seen, wrong = observed.told, observed.wrong()
    if seen.next is not None and _becomes_first(observed):
        new = connection.rotation.next if connection.rotation is not None else None
        connection.secret, connection.rotation, connection.secret_accepted = record_of(seen.next, new), None, True
        return
    if wrong is None and seen.current is not None:
        connection.secret, connection.secret_accepted = record_of(seen.current, connection.secret), True
    elif connection.secret is not None and _is_over(connection.secret.version, observed):
        connection.secret = None
    if observed.kind is OperationKind.ABANDON and not (seen.next or seen.retiring or observed.next_alone):
        _abandoned(connection, observed)
    elif observed.versions:  # of a vault that shows none nothing is concluded: they may be brought back
        before = connection.rotation
        connection.rotation = _rotation(connection, observed, wrong)
        _is_gone(connection, before, observed)


def _is_gone(connection: Connection, before: Rotation | None, observed: Observed) -> None:
    """Keep that somebody has taken a secret away that was offered: it may have been entered without a word."""
    offered = before is not None and before.state is RotationState.OFFERED and before.next is not None
    if offered and connection.rotation is None and before is not None and before.next is not None:
        until = observed.now + AFTER_FAILURE
        code = f"offered-{before.kind}-gone"
        connection.rest = Rest(code=code, why=before.next.key_id, on=observed.now, until=until)


def _is_over(version: str, observed: Observed) -> bool:
    return any(one.version == version and state_of(one) == RETIRED for one in observed.versions)


def _rotation(connection: Connection, observed: Observed, wrong: str | None) -> Rotation | None:
    seen, present = observed.told, connection.rotation
    state = state_now(present)
    if seen.retiring is not None or state is RotationState.RETIRING:
        is_offered_now = state is RotationState.OFFERED  # in the place of a confirmed one that was lost
        broken = is_offered_now or (wrong is not None and wrong not in WAITS)
        before = present if is_offered_now else None
        another = _with_next(before, observed, seen.next, wrong) if broken and seen.next is not None else None
        return another or _retiring(connection, observed)
    if present is None and observed.kind is OperationKind.ROTATE:  # given up a moment ago
        return None
    if seen.next is not None:
        return _with_next(present, observed, seen.next, wrong)
    if present is None or state is not RotationState.PREPARING:
        return None
    return present if present.kind == "certificate" else present.model_copy(update={"next": None})


def _retiring(connection: Connection, observed: Observed) -> Rotation | None:
    """The old one is there until neither its credential nor its value is."""
    present, version = connection.rotation, observed.told.retiring
    old = present.old if present is not None and present.old is not None else None
    if version is not None:
        old = record_of(version, old) or old
    if old is None or not (observed.others() or observed.listed(old.key_id)):
        return None
    rotation = present or Rotation(id=_id_of(observed.told.current), begun=observed.now)
    return retiring(rotation, old, rotation.confirmed_on or observed.now)


def _with_next(
    present: Rotation | None, observed: Observed, new: CredentialVersion, wrong: str | None
) -> Rotation | None:
    wrong_next = observed.wrong_next()
    rotation = present or Rotation(id=_id_of(new), begun=observed.now)
    if rotation.next is not None and rotation.next.version != new.version:  # another one: nobody was told of it
        rotation = Rotation(id=rotation.id, begun=rotation.begun, by=rotation.by, stopped=rotation.stopped)
    alone = _alone(rotation, wrong)
    # A give-up that comes to nothing has looked before it has taken the credential away.
    taken = rotation.gone and observed.kind is OperationKind.ABANDON
    gone = taken or (wrong_next is not None and wrong_next not in WAITS)
    # What had no other one has used the new one up to now.
    ours = observed.now if rotation.alone and not alone else rotation.ours_on
    update = {"next": record_of(new, rotation.next), "alone": alone, "gone": gone, "ours_on": ours}
    rotation = rotation.model_copy(update=update)
    if rotation.state is RotationState.OFFERED:
        return rotation
    accepted = _is_accepted(observed)
    if observed.kind is OperationKind.ROTATE:
        return counted(rotation, observed.now, accepted=accepted) if observed.next_proof is not None else rotation
    if (alone and accepted) or (present is None and is_offered(new) and wrong is None):
        return offer(rotation, observed.now)
    return rotation if present is not None else None


def _id_of(version: CredentialVersion | None) -> str:
    return version.tags.get(ROTATION, version.version) if version is not None else ""


def _abandoned(connection: Connection, observed: Observed) -> None:
    """Forget a rotation that somebody has given up: it does not begin again by itself at once."""
    if connection.rotation is not None:
        until = observed.now + AFTER_ABANDON
        connection.rest = Rest(code="rotation-abandoned", on=observed.now, until=until)
    connection.rotation = None


def failed(connection: Connection, why: str, now: datetime) -> None:
    """Forget a rotation that has failed: it is begun again a day later, but for one to a certificate."""
    given = connection.rotation is not None and connection.rotation.kind == "certificate"
    connection.rotation = None
    connection.rest = Rest(
        code="certificate-not-proven" if given else "rotation-failed", why=why, on=now, until=now + AFTER_FAILURE
    )
