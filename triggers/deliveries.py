"""``/api/targets/{target}/deliveries`` and ``/test``: what a target was sent, whether it took it, and once more."""

from __future__ import annotations

from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector.delivery import Dispatch
from connector.errors import ConflictError, UnknownConnectionError, UnreadableError
from connector.event import Data, EventType, event
from connector.history import Asked
from connector.messages import text
from connector.orders import DeliverOrder
from connector.services import services
from connector.target import Target
from connector.telling import hand_on
from connector.together import AT_ONCE, bounded
from triggers.answers import json_answer, language
from triggers.asking import asking
from triggers.performing import new_id
from triggers.query import query
from triggers.route import STORE, Role, Route
from triggers.target_views import DeliveryList, Sending, delivery_view
from triggers.targets import NAMED, UNKNOWN, UNREADABLE, loaded

_EVENT = {"description": "The event's `id`.", "schema": {"type": "string", "pattern": "^[0-9a-f-]{36}$"}}
_LONGEST_ID = 36
_SHOWN = 200
"""Deliveries of one answer: each is a document of its own."""
_CONFLICTS = tuple(map(ConflictError, ("target-off", "deliveries-full", "sent-too-often")))


@Route(
    "GET",
    "/api/targets/{target}/deliveries",
    Role.READER,
    "Read what a target was sent, and what came of it",
    {200: DeliveryList},
    named=NAMED,
    problems=(*STORE, UNKNOWN, UNREADABLE),
)
async def list_deliveries(req: func.HttpRequest) -> func.HttpResponse:
    """Return the last 50 deliveries and what is under way, newest first, 200 at most."""
    query(req)
    target, lang = (await loaded(req))[0].name, language(req)
    entries = await services().deliveries.entries(target)
    shown, more = entries[:_SHOWN], len(entries[_SHOWN:])
    found = await bounded(AT_ONCE, (partial(_dispatch, entry.id) for entry in shown))
    items = [(one.event, one.deliveries[target]) for one in found if one is not None and target in one.deliveries]
    return json_answer(DeliveryList(target=target, items=[delivery_view(*one, lang) for one in items], more=more))


async def _dispatch(event_id: str) -> Dispatch | None:
    try:
        return await services().deliveries.load(event_id)
    except UnreadableError:
        return None


@Route(
    "POST",
    "/api/targets/{target}/test",
    Role.OPERATOR,
    "Send a target a test event",
    {202: Sending},
    named=NAMED,
    problems=(*STORE, UNKNOWN, UNREADABLE, *_CONFLICTS),
)
async def test_target(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Send an event of the type ``test`` to this target alone; ``202``. The deliveries show what came of it."""
    async with asking(req, "test_target", Asked.TARGET_TEST) as asked:
        query(req)
        target, _ = await _on(req)
        await services().deliveries.ask(target.name, services().now())
        one = event(EventType.TEST, services().now(), new_id(), target.name, data=Data(by=asked.entry.caller.by))
        await services().deliveries.keep(one, [target], services().now())
        await hand_on(client)
        return _sending(req, target, one.id)


@Route(
    "POST",
    "/api/targets/{target}/deliveries/{id}/resend",
    Role.OPERATOR,
    "Send an event once more",
    {202: Sending},
    named={**NAMED, "id": _EVENT},
    problems=(
        *STORE,
        UNKNOWN,
        UNREADABLE,
        *_CONFLICTS,
        UnknownConnectionError("unknown-delivery"),
    ),
)
async def resend_delivery(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Send an event of the list once more, under the same id, with all its tries before it; ``202``."""
    async with asking(req, "resend_delivery", Asked.TARGET_RESEND):
        query(req)
        (target, _), deliveries = await _on(req), services().deliveries
        id_ = req.route_params["id"]
        known = {one.id for one in await deliveries.entries(target.name)}
        dispatch = await _dispatch(id_) if id_ in known else None
        delivery = dispatch.deliveries.get(target.name) if dispatch is not None else None
        if dispatch is None or delivery is None:
            raise UnknownConnectionError("unknown-delivery", name=target.name, id=id_[:_LONGEST_ID])
        await deliveries.ask(target.name, services().now(), id_)
        order = DeliverOrder(id_, target.name, delivery.run)
        await deliveries.again(order, services().now(), dispatch, fresh=True)
        await hand_on(client)
        return _sending(req, target, id_)


async def _on(req: func.HttpRequest) -> tuple[Target, str]:
    """Return the target where it is switched on.

    Raises:
        ConflictError: it is not.
    """
    target, etag = await loaded(req)
    if not target.enabled:
        raise ConflictError("target-off", name=target.name)
    return target, etag


def _sending(req: func.HttpRequest, target: Target, id_: str) -> func.HttpResponse:
    lang = language(req)
    headers = {"Location": f"/api/targets/{target.name}/deliveries", "Content-Language": lang}
    message = text(lang, "sending", "test")
    return json_answer(Sending(target=target.name, id=id_, message=message), 202, headers)
