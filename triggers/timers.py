"""Once a day: clear what has served its time, and say that a secret comes to its end; each hour: find lost runs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector.caller import WATCHES, asker
from connector.case import Kind, Request, Settled, Start
from connector.errors import ServiceError, StaleWriteError, UnreadableError
from connector.expiry import due, ending, warned
from connector.log import log, unreadable
from connector.model import Connection
from connector.rotation import used
from connector.services import services
from connector.telling import hand_on
from triggers import operations
from triggers.hourly import each
from triggers.performing import new_id, perform
from triggers.route import blueprint

_ENDED = [
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
]
_DELETED_LIVES = timedelta(days=35)
"""Entra keeps a deleted application for 30 days (learn.microsoft.com/graph/api/resources/directory); some more, since
nobody says at which moment of a day it goes."""
_EVER = datetime(2020, 1, 1, tzinfo=UTC)


@blueprint.function_name("purge_history")
@blueprint.timer_trigger(arg_name="timer", schedule="0 15 3 * * *")
@blueprint.durable_client_input(client_name="client")
async def purge_history(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Remove the history of runs that ended before ``HISTORY_DAYS``; the connections themselves stay."""
    before = services().now() - timedelta(days=services().settings.history_days)
    result = await client.purge_instance_history_by(
        created_time_from=_EVER, created_time_to=before, runtime_status=_ENDED
    )
    log("history-purged", count=result.instances_deleted)


@blueprint.function_name("clear_documents")
@blueprint.timer_trigger(arg_name="timer", schedule="0 45 3 * * *")
async def clear_documents(timer: func.TimerRequest) -> None:  # noqa: ARG001 - one time a day is like another
    """Remove dry runs after a week, after ``HISTORY_DAYS`` what was asked for and the records of removals.

    Events go that no target's list shows any more.
    """
    now = services().now()
    plans = await services().plans.clear(now) + await services().looks.clear(now)
    histories = await services().histories.clear(now)
    removed = await _forget_removed(now - timedelta(days=services().settings.history_days))
    events = await services().deliveries.clear(await services().targets.names())
    log("documents-cleared", plans=plans, histories=histories, removed=removed, events=events)


async def _forget_removed(before: datetime) -> int:
    """Forget the connections that were taken back before a moment; return how many.

    As long as Entra may keep the deleted application the name and the application's id stay: a set-up of the same name
    knows by that whose it is. One that cannot be read, or that somebody writes at this moment, is left alone.
    """
    documents, number, kept = services().documents, 0, services().now() - _DELETED_LIVES
    for name in await documents.names():
        try:
            found = await documents.load(name)
            record = found.connection.removed if found is not None else None
            if found is None or record is None or record.on >= before:
                continue
            if record.application_id is not None and record.on >= kept:
                if record.mailboxes or record.imap or record.findings:
                    await documents.update(name, _forget_addresses)
                continue
            await documents.forget(found)
        except (StaleWriteError, UnreadableError):
            continue
        number += 1
    return number


def _forget_addresses(connection: Connection) -> None:
    record = connection.removed
    if record is not None:
        connection.removed = record.model_copy(update={"mailboxes": [], "imap": [], "findings": []})


@blueprint.function_name("watch_secrets")
@blueprint.timer_trigger(arg_name="timer", schedule="0 30 6 * * *")
@blueprint.durable_client_input(client_name="client")
async def watch_secrets(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Log ``secret-expiry`` at 60, 30, 14, 7, 3, 1 and 0 days before the end of each secret in use, once each.

    The line ``heartbeat`` comes last, and only when everything has been looked at: an alert waits for it. A document
    that cannot be read has a line of its own, and keeps none of the others from being looked at; nor does the store
    where it does not answer about one, but then not everything has been looked at.
    """
    documents, now = services().documents, services().now()
    label = services().settings.label or None
    names, unseen = await documents.names(), 0
    for name in names:
        try:
            found = await documents.load(name)
            if found is not None:
                await _watch(found.connection, now)
        except UnreadableError as error:
            unreadable(error, label=label)
        except StaleWriteError:  # told, and not noted: rather told twice than never
            log("expiry-not-noted", level=logging.WARNING, connection=name)
        except ServiceError as error:
            unseen += 1
            log("expiry-not-seen", level=logging.WARNING, connection=name, code=error.code)
    await hand_on(client)
    if unseen == 0:
        log("heartbeat", connections=len(names), label=label)


async def _watch(connection: Connection, now: datetime) -> None:
    secret = used(connection)
    days = due(secret, now) if secret is not None else None
    if secret is None or days is None:
        return
    name, label = connection.name, services().settings.label or None
    left, day = ending(secret, now)
    log("secret-expiry", connection=name, days=left, expires=day, label=label, **asker(WATCHES))
    note = partial(warned, version=secret.version, days=days)
    await services().documents.update(name, note)  # after the line: rather told twice than never


@blueprint.function_name("recover_runs")
@blueprint.timer_trigger(arg_name="timer", schedule="0 10 * * * *")
@blueprint.durable_client_input(client_name="client")
async def recover_runs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Begin another attempt of each run that Durable has lost."""
    log("runs-recovered", count=await each(partial(_recover, client), _failed))


def _failed(name: str, code: str) -> None:
    log("recovery-failed", level=logging.ERROR, connection=name, code=code)


async def _recover(client: df.DurableOrchestrationClient, name: str) -> bool:
    """Return whether a run was lost: what it was to do another attempt does now, or nobody any more."""
    request = Request(Kind.RECOVER, name, new_id())
    done = await perform(client, request, None, await operations.load(name))
    return isinstance(done, Start) or (isinstance(done, Settled) and not done.stored)
