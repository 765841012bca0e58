"""What the record of sign-ins says of a rotation is noted: the UTM has the new secret, or somebody has the old one."""

from __future__ import annotations

import logging
from datetime import datetime

from connector.caller import RENEWS, Caller
from connector.credential import RotationState
from connector.evidence import Heard, heed, next_used
from connector.history import Asked, Entry
from connector.log import log
from connector.model import Connection
from connector.remembering import remembered
from connector.rotation import offered, state_of
from connector.services import services
from connector.sign_ins import last_uses

_OPEN = frozenset({RotationState.OFFERED, RotationState.RETIRING})


async def heed_evidence(connection: Connection) -> bool:
    """Note what the record proves of a connection; return whether it is another one by now.

    Raises:
        ServiceError: the store does not answer. What Graph does not answer is not known, and stops nobody.
    """
    if state_of(connection.rotation) not in _OPEN:
        return False
    uses, now = await last_uses(services(), connection), services().now()
    if uses.unknown is not None:
        log("evidence", level=logging.DEBUG, connection=connection.name, outcome=uses.unknown.value)
    if heed(connection.model_copy(deep=True), uses, now) is None:
        return False
    heard: Heard | None = None

    def note(present: Connection) -> None:
        nonlocal heard
        heard = heed(present, uses, now)

    present = await services().documents.update(connection.name, note)
    if heard is Heard.CONFIRMED:
        await _remember(present, now)
    if heard is not None:
        log("evidence", connection=connection.name, outcome=heard)
    return True


async def _remember(connection: Connection, now: datetime) -> None:
    """Write into the history that nobody has confirmed the secret, but the UTM by using it."""
    entry = Entry(at=now, action=Asked.EVIDENCE, caller=Caller(**RENEWS.model_dump()))
    entry.revision = connection.wanted.revision
    entry.version = connection.secret.version if connection.secret is not None else None
    await remembered(connection.name, entry)


async def next_in_use(connection: Connection) -> datetime | None:
    """Return by which day the UTM has used the secret that is offered; None where that is not known."""
    if offered(connection) is None:
        return None
    return next_used(connection, await last_uses(services(), connection), services().now())
