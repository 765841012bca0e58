"""Each hour: hand on what waits in an outbox, and begin lost deliveries anew. Each day: tell how all is."""

from __future__ import annotations

import logging

import azure.durable_functions as df
import azure.functions as func

from connector.caller import TELLS
from connector.errors import ServiceError
from connector.event import Data, EventType, event
from connector.log import log
from connector.services import services
from connector.telling import forward, hand_on, keep
from triggers.hourly import each
from triggers.route import blueprint
from triggers.status import status_now


@blueprint.function_name("tell_targets")
@blueprint.timer_trigger(arg_name="timer", schedule="0 40 * * * *")
@blueprint.durable_client_input(client_name="client")
async def tell_targets(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Do what the activities and requests of the last hour have not come to."""
    handed_on = await each(forward, _failed)
    lost = 0
    for name in await services().targets.names():
        try:
            lost += await _begin_anew(name)
        except ServiceError as error:
            log("deliveries-not-seen", level=logging.WARNING, target=name, code=error.code)
    await hand_on(client)
    log("targets-told", connections=handed_on, lost=lost)


async def _begin_anew(name: str) -> int:
    """Begin a target's lost deliveries anew; return how many. They rest while its own document cannot be read.

    Raises:
        ServiceError: the store does not answer, or a document cannot be read.
    """
    deliveries, now = services().deliveries, services().now()
    await services().targets.load(name)
    lost = await deliveries.lost(name, now)
    for order, dispatch in lost:
        log("delivery-lost", level=logging.WARNING, id=order.event, target=name)
        await deliveries.again(order, now, dispatch, fresh=False)
    return len(lost)


@blueprint.function_name("tell_status")
@blueprint.timer_trigger(arg_name="timer", schedule="0 0 7-23 * * *")
@blueprint.durable_client_input(client_name="client")
async def tell_status(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Tell how the whole deployment is, once a day; where that has come to nothing, an hour later."""
    clients, now = services(), services().now()
    content = (clients.settings.hostname, clients.settings.store, now.date())
    one = event(EventType.STATUS, now, "status", *content, data=Data(by=TELLS))
    wanted = any(target.wants(one.type) for target in await clients.targets.all())
    if not wanted or await clients.deliveries.load(one.id) is not None:
        return
    overview = (await status_now(client)).model_dump(mode="json", by_alias=True)
    await keep(one.model_copy(update={"data": Data(status=overview, by=TELLS)}))
    await hand_on(client)


def _failed(name: str, code: str) -> None:
    log("events-not-handed-on", level=logging.WARNING, connection=name, code=code)
