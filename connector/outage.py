"""What it means that a service does not answer: pure, with the clock passed in. Time passes, and nothing has failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector import dates
from connector.errors import UnavailableError, WaitError
from connector.finding import Finding
from connector.model import Connection
from connector.steps import ConnectionState, StepName
from connector.waiting import LONGEST_ASKED, TIMER_SLACK

LONG = timedelta(minutes=10)
"""After this a service that does not answer is no passing disturbance any more."""
NOT_READABLE = "not-readable"
"""The finding of what a verification has left as it was, since it could not be looked at."""


def delays(step: StepName, error: WaitError | None, since: datetime | None, now: datetime) -> list[Finding]:
    """Return what a person should know of a wait ``since`` then: that it is a long one, or that it has become one."""
    if error is None or since is None:
        return []
    told = Finding(code="", severity="warning", step=step, subject=error.service, request_id=error.request_id)
    if error.seconds is not None and error.seconds > LONGEST_ASKED:
        until = dates.value(now + timedelta(seconds=error.seconds))
        return [told.model_copy(update={"code": "service-asks-to-wait", "values": {"until": until}})]
    if isinstance(error, UnavailableError) and now - since >= LONG:
        minutes = int((now - since).total_seconds() // 60)
        values: dict[str, str | int] = {"since": dates.value(since), "minutes": minutes}
        values |= {"code": error.code, "reason": error.reason[:300]}
        return [told.model_copy(update={"code": "service-unavailable", "values": values})]
    return []


def spares(connection: Connection, now: datetime) -> bool:
    """Return whether a verification leaves what it cannot read as it was.

    Of a connection that worked, which a service has kept from being looked at for long; and then all that cannot be
    read at once, without another wait for each step.
    """
    if not worked(connection):
        return False
    since = [entry.waits_since for entry in connection.steps.values() if entry.waits_since is not None]
    lasts = bool(since) and now - min(since) + TIMER_SLACK >= LONG
    return lasts or any(finding.code == NOT_READABLE for finding in connection.findings())


def spares_login(connection: Connection, now: datetime) -> bool:
    """Return whether a mailbox whose server does not answer stays open in a verification, as it was before."""
    return worked(connection) and now - connection.operation.started + TIMER_SLACK >= LONG


def worked(connection: Connection) -> bool:
    """Return whether the operation only looks at a connection that was ready."""
    operation = connection.operation
    return operation.verifies and operation.before is ConnectionState.READY


def before(connection: Connection) -> ConnectionState | None:
    """Return what a verification that is asked for now would leave: where another has not ended, what that would.

    None where the connection was not ready: there is nothing to leave then.
    """
    lost = connection.operation.before if connection.operation.ended is None else None
    return ConnectionState.READY if ConnectionState.READY in {connection.state, lost} else None
