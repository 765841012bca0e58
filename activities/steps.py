"""The steps in the order of the article: whatever needs all of them takes them from here."""

from __future__ import annotations

from typing import Protocol

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
from connector.orders import Order, Outcome, activity_of
from connector.steps import StepName


class Step(Protocol):
    """A stage, whatever it observes."""

    step: StepName

    async def deliver(self, order: Order) -> Outcome:
        """Run it as far as it goes now."""


STEPS: tuple[Step, ...] = (
    prerequisites.STAGE,
    application.STAGE,
    enterprise_application.STAGE,
    consent.STAGE,
    secret.STAGE,
    exchange.STAGE,
    mailboxes.STAGE,
    verification.STAGE,
)


def _register(stage: Step) -> None:
    @activity(activity_of(stage.step), Order)
    async def run(order: Order) -> Outcome:
        return await stage.deliver(order)


for each in STEPS:
    _register(each)
