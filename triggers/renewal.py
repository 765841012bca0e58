"""Each hour: begin the rotations that are due, remind of what is not entered, and take the old secrets away."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector.caller import RENEWS, asker
from connector.case import Kind, Request, Start
from connector.documents import Versioned
from connector.expiry import ending
from connector.log import log
from connector.model import Connection
from connector.rotation import begins, reminded, reminds, retires
from connector.services import services
from connector.telling import hand_on
from triggers.evidence import heed_evidence
from triggers.hourly import each
from triggers.performing import new_id, perform
from triggers.route import blueprint


@blueprint.function_name("renew_secrets")
@blueprint.timer_trigger(arg_name="timer", schedule="0 25 * * * *")
@blueprint.durable_client_input(client_name="client")
async def renew_secrets(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Do for each connection what is due."""
    log("secrets-renewed", count=await each(partial(_renew, client), _failed))
    await hand_on(client)


def _failed(name: str, code: str) -> None:
    log("renewal-failed", level=logging.ERROR, connection=name, code=code)


async def _renew(client: df.DurableOrchestrationClient, name: str) -> bool:
    """Return whether a run was begun."""
    found, now = await services().documents.load(name), services().now()
    if found is not None and await heed_evidence(found.connection):
        found = await services().documents.load(name)
    if found is None:
        return False
    await _remind(found.connection, now)
    kind = _due(found.connection, now)
    if kind is None or services().settings.granted is None:
        return False
    return await _begin(client, kind, name, found)


async def _begin(client: df.DurableOrchestrationClient, kind: Kind, name: str, found: Versioned) -> bool:
    done = await perform(client, Request(kind, name, new_id()), None, found)
    if not isinstance(done, Start):
        return False
    log("rotation", connection=name, operation=done.connection.operation.id, outcome="begun", code=kind)
    return True


def _due(connection: Connection, now: datetime) -> Kind | None:
    settings = services().settings
    if retires(connection, now):
        return Kind.RETIRE
    return Kind.RENEW if begins(connection, settings.rotation, settings.rotation_weekdays, now) else None


async def _remind(connection: Connection, now: datetime) -> None:
    days, secret = reminds(connection, now), connection.secret
    if days is None or secret is None:
        return
    name, label = connection.name, services().settings.label or None
    left, day = ending(secret, now)
    log("secret-overdue", connection=name, days=left, expires=day, label=label, **asker(RENEWS))
    note = partial(reminded, days=days)
    await services().documents.update(name, note)  # after the line: rather told twice than never
