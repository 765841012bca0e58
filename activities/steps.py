"""The steps in the order of the article: whatever needs all of them takes them from here."""

from __future__ import annotations

from typing import Any

from activities import (
    application,
    consent,
    enterprise_application,
    exchange,
    mailboxes,
    prerequisites,
    secret,
    verification,
)
from activities.blueprint import activity
from activities.stage import Stage, deliver
from connector.orders import Order, Outcome, activity_of

STEPS: tuple[Stage[Any], ...] = (
    prerequisites.STAGE,
    application.STAGE,
    enterprise_application.STAGE,
    consent.STAGE,
    secret.STAGE,
    exchange.STAGE,
    mailboxes.STAGE,
    verification.STAGE,
)


def _register(stage: Stage[Any]) -> None:
    @activity(activity_of(stage.step), Order)
    async def run(order: Order) -> Outcome:
        return await deliver(stage, order)


for each in STEPS:
    _register(each)
