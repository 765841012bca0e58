"""Begin the daily looks: who is due now, how one is started, and what is found by comparing connections."""

from __future__ import annotations

from functools import partial

import azure.durable_functions as df

from connector.caller import By
from connector.check import looking, may_look
from connector.checks import Check
from connector.errors import ConflictError, UnavailableError, UnreadableError
from connector.finding import Finding
from connector.log import log
from connector.look import shared
from connector.model import Connection
from connector.orders import CheckOrder
from connector.services import services
from orchestrations.check import ORCHESTRATION
from triggers.performing import new_id


async def check_of(name: str) -> Check | None:
    """Return what the looks have seen of a connection; None where that cannot be read: the next one writes it anew."""
    try:
        return await services().checks.load(name)
    except UnreadableError:
        return None


async def begin(client: df.DurableOrchestrationClient, connection: Connection, by: By, delay: float = 0.0) -> bool:
    """Start a look for who has asked, ``delay`` seconds from now; return False where one is under way already.

    Raises:
        ConflictError: somebody works on the connection, or there is nothing to look at.
        UnavailableError: Durable does not start it.
    """
    if not may_look(connection):
        raise ConflictError("check-not-now", name=connection.name, state=connection.state)
    run, now = new_id(), services().now()

    def first(present: Check) -> Check:
        if looking(present, now):
            return present
        return present.model_copy(update={"run": run, "started": now, "by": by, "doubt": []})

    if (await services().checks.update(connection.name, first)).run != run:
        return False
    order = CheckOrder(connection.name, run, delay)
    try:
        await client.start_new(ORCHESTRATION, f"check-{connection.name}-{run}", order.to_json())
    except Exception as error:  # noqa: BLE001 - the client raises Exception itself
        log("start-refused", connection=connection.name, code=type(error).__name__)
        raise UnavailableError("store", "start-refused", "the orchestration could not be started") from None
    return True


async def compare(checks: dict[str, Check]) -> None:
    """Note in the documents of connections that share mailboxes with which others they do, and where that has ended."""
    holders: dict[str, set[str]] = {}
    for name, check in checks.items():
        for key in check.seen.keys if check.seen is not None else ():
            holders.setdefault(key, set()).add(name)
    for name, check in checks.items():
        found = shared(name, check.seen.keys if check.seen is not None else (), holders)
        if found == check.shared:
            continue
        await services().checks.update(name, partial(_sharing, found))
        log("mailboxes-shared", connection=name, count=len(found), label=services().settings.label or None)


def _sharing(found: list[Finding], present: Check) -> Check:
    return present.model_copy(update={"shared": found})
