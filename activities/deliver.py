"""Send one event to one target, once, and note what came of it."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from activities.blueprint import activity
from connector import clock
from connector.clients.webhook import Tried
from connector.delivery import Came, Delivery, DeliveryState, Dispatch, begun, tried
from connector.errors import ServiceError
from connector.event import Event
from connector.formats import body
from connector.log import log
from connector.orders import DELIVER, SUPERSEDED, WAIT, DeliverOrder, Outcome
from connector.services import services
from connector.target import Lock, Target, address, lock_in
from connector.waiting import TIMER_SLACK


@activity(DELIVER, DeliverOrder)
async def deliver(order: DeliverOrder) -> Outcome:
    """Try a delivery that is due, and return how long to wait for the next try, or that it is over.

    A try is kept before it is sent. Who is killed between the sending and the note of what came of it sends once more
    when that would be due: at least once, under the same id, and never more often than the ladder has steps.
    """
    dispatch = await services().deliveries.load(order.event)
    delivery = dispatch.deliveries.get(order.target) if dispatch is not None else None
    if dispatch is None or delivery is None or delivery.run != order.run:
        return Outcome(SUPERSEDED)
    if delivery.state is not DeliveryState.WAITING:
        await services().deliveries.settle(order.target, order.event)
        return Outcome(delivery.state)
    early = delivery.due - services().now()
    if early > TIMER_SLACK:
        return Outcome(WAIT, seconds=early.total_seconds())
    target = await _target(order.target, delivery)
    if target is None or not target.enabled:
        return await _noted(order, Tried(code="target-removed" if target is None else "target-off"), dropped=True)
    stops = await _begin(order, delivery)
    return stops or await _noted(order, await _sent(target, dispatch), target=target)


async def _begin(order: DeliverOrder, seen: Delivery) -> Outcome | None:
    """Keep that a delivery is tried, as it was ``seen``; return why it is not, or None where it is to be sent now."""
    now, ours = services().now(), False

    def begin(present: Delivery) -> Delivery:
        nonlocal ours
        ours = present == seen
        return begun(present, now, random.random()) if ours else present  # noqa: S311 - nobody has to guess it

    after = await services().deliveries.change(order, begin)
    if after is None:
        return Outcome(SUPERSEDED)
    if after.state is not DeliveryState.WAITING:
        await services().deliveries.settle(order.target, order.event)
        return Outcome(after.state)
    return None if ours else _wait(after, now)


def _wait(delivery: Delivery, now: datetime) -> Outcome:
    return Outcome(WAIT, seconds=max(0.0, (delivery.due - now) / timedelta(seconds=1)))


async def _target(name: str, delivery: Delivery) -> Target | None:
    """Return the target that a delivery is meant for; None where it is gone, whoever has its name now."""
    found = await services().targets.load(name)
    return found[0] if found is not None and found[0].created == delivery.target else None


async def _sent(target: Target, dispatch: Dispatch) -> Tried:
    """Return what came of sending; where the vault does not hand the address out it is tried again likewise."""
    try:
        lock = lock_in(await services().vault.read(f"target-{target.name}", target.version))
    except ServiceError as error:
        return Tried(code=f"vault-{error.code}"[:100])
    if lock is None:
        return Tried(code="target-unreadable")
    content_type, content = body(target.format, dispatch.event, services().origin, target.language)
    headers = {"Content-Type": content_type, "User-Agent": "utm-mail-connect", **signed(dispatch.event, content, lock)}
    return await services().webhooks.post(address(lock.url), headers, content)


def signed(event: Event, content: bytes, lock: Lock) -> dict[str, str]:
    """Return the headers of Standard Webhooks: the id is the same each time, the time is that of this try.

    Receivers compare it with their own clock: it is the real one, whatever ours is.
    """
    from standardwebhooks import Webhook  # noqa: PLC0415 - imported on first use, as SDKs are

    now = clock.real()
    signatures = [Webhook(key).sign(event.id, now, content.decode()) for key in lock.keys(clock.now())]
    return {
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _noted(order: DeliverOrder, answer: Tried, *, target: Target | None = None, dropped: bool = False) -> Outcome:
    now = services().now()
    came = Came(answer.status, answer.code, answer.seconds, answer.retry_after, answer.taken)

    def note(delivery: Delivery) -> Delivery:
        if dropped:
            return delivery.model_copy(update={"state": DeliveryState.DROPPED, "code": answer.code})
        return tried(delivery, came, now, random.random())  # noqa: S311 - nobody has to guess it

    after = await services().deliveries.change(order, note)
    if target is not None:
        await services().targets.change(target.name, lambda one: _standing(one, target, came, now))
    _tell(order, target, answer, after)
    if after is None:
        return Outcome(SUPERSEDED)
    if after.state is DeliveryState.WAITING:
        return _wait(after, now)
    await services().deliveries.settle(order.target, order.event)
    return Outcome(after.state)


def _standing(target: Target, tried_at: Target, came: Came, now: datetime) -> Target:
    """Return a target after a try: since when it fails, and switched off where it is gone.

    What another address of its name, or the target before it, has answered says nothing of it.
    """
    if (target.created, target.version) != (tried_at.created, tried_at.version):
        return target
    if came.taken:
        return target.model_copy(update={"failing_since": None, "failing": None})
    failing = {"failing_since": target.failing_since or now, "failing": came.code or f"HTTP {came.status}"}
    return target.model_copy(update={**failing, "enabled": False, "gone_on": now} if came.gone else failing)


def _tell(order: DeliverOrder, target: Target | None, answer: Tried, after: Delivery | None) -> None:
    """Log a try: of the address only its host."""
    log(
        "delivery",
        level=logging.INFO if answer.taken else logging.WARNING,
        id=order.event,
        target=order.target,
        host=target.host if target is not None else None,
        outcome=after.state if after is not None else SUPERSEDED,
        status=answer.status,
        code=answer.code,
        seconds=round(answer.seconds, 3),
    )
