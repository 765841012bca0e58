"""The delivery of one event to one target: a try, and timers between the tries, for three days at most."""

from __future__ import annotations

from datetime import timedelta

import azure.durable_functions as df

from connector.orders import DELIVER, DELIVERY, WAIT, DeliverOrder, Outcome, parsed
from connector.waiting import step_wait
from orchestrations.steps import RETRY, Steps, blueprint

_MOST_TRIES = 30
"""Of one generation: more than the ladder has, but the store may be waited for as well."""


@blueprint.function_name(DELIVERY)
@blueprint.orchestration_trigger(context_name="context")
def deliver(context: df.DurableOrchestrationContext) -> Steps[dict[str, object] | None]:
    """Try until the event is taken, or is not tried any more. When, and how often, the activity says."""
    order = parsed(DeliverOrder, context.get_input())
    for attempt in range(_MOST_TRIES):
        outcome = parsed(Outcome, (yield context.call_activity_with_retry(DELIVER, RETRY, order.to_json())))
        if outcome.state != WAIT:
            return outcome.to_json()
        # Where nobody says how long, it is the store that is waited for.
        seconds = outcome.seconds if outcome.reason is None else step_wait(attempt, outcome.seconds)
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds or 0.0))
    context.continue_as_new(order.to_json())
    return None
