"""Whatever happens is written into the history of its connection, and is in nobody's way."""

from __future__ import annotations

import logging

from connector.errors import ServiceError
from connector.history import Entry
from connector.log import log
from connector.services import services


async def remembered(name: str, entry: Entry, *, known: bool = False) -> bool:
    """Write an entry into a connection's history, and return whether it stands there; an error line says why not."""
    try:
        histories = services().histories
        if not known or await histories.known(name):
            await histories.add(name, entry)
    except Exception as error:  # noqa: BLE001 - whatever it is must not stop what was asked for
        code = error.code if isinstance(error, ServiceError) else type(error).__name__
        log("history-failed", level=logging.ERROR, connection=name, action=entry.action, code=code)
        return False
    return True
