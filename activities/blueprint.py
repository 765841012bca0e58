"""How an activity is registered: with its name, its order parsed, and no exception text for Durable to keep."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import azure.durable_functions as df
from azure.functions.decorators.function_app import FunctionBuilder

from connector.dry_runs import ReplacedError
from connector.errors import ServiceError, UnavailableError, UnreadableError, WaitError
from connector.log import log, unforeseen, unreadable
from connector.orders import SUPERSEDED, UNREADABLE, WAIT, Message, Outcome, parsed
from connector.telling import hand_on

blueprint = df.Blueprint()
Told = TypeVar("Told", bound=Message)


def _waits(error: ServiceError) -> Outcome:
    """Return that the store is waited for, whatever it says: without it nothing can be noted, not even a failure."""
    away = error if isinstance(error, WaitError) else UnavailableError(error.service, error.code, error.reason)
    service = away.service if isinstance(away, UnavailableError) else None
    return Outcome(WAIT, away.code, away.seconds, patient=True, service=service)


Plain: TypeAlias = dict[str, object]


def _telling(
    run: Callable[[Plain], Awaitable[Plain]],
) -> Callable[[Plain, df.DurableOrchestrationClient], Awaitable[Plain]]:
    """Return an activity that hands on what has happened once its own work is done."""

    async def run_and_tell(order: Plain, client: df.DurableOrchestrationClient) -> Plain:
        try:
            return await run(order)
        finally:
            await hand_on(client)

    run_and_tell.__annotations__ = {"order": dict, "client": str, "return": dict}
    return run_and_tell


def activity(
    name: str, message: type[Told], *, tells: bool = False
) -> Callable[[Callable[[Told], Awaitable[Message]]], FunctionBuilder]:
    """Register an activity under ``name``, with what it is told.

    One that ``tells`` hands on what has happened, in this process and up to now, whatever came of its own work.

    Durable stores the text and the stack of what an activity raises, in plain text and for weeks. So whatever escapes
    is replaced by the name of its type; where it came from goes into the log.
    """

    def register(work: Callable[[Told], Awaitable[Message]]) -> FunctionBuilder:
        @functools.wraps(work)
        async def run(order: dict[str, object]) -> dict[str, object]:
            try:
                return (await work(parsed(message, order))).to_json()
            except ReplacedError:
                return Outcome(SUPERSEDED).to_json()
            except UnreadableError as error:
                unreadable(error, step=name)
                return Outcome(UNREADABLE, error.code).to_json()
            except ServiceError as error:  # the store, since a step turns the others into its own outcome
                log("store-unavailable", level=logging.WARNING, step=name, code=error.code, requestId=error.request_id)
                return _waits(error).to_json()
            except Exception as error:  # noqa: BLE001 - all of them, since any text may hold what must not be kept
                raise unforeseen(error, step=name) from None

        run.__annotations__ = {"order": dict, "return": dict}
        code = blueprint.durable_client_input(client_name="client")(_telling(run)) if tells else run
        registered: FunctionBuilder = blueprint.function_name(name)(
            blueprint.activity_trigger(input_name="order")(code)
        )
        return registered

    return register
