"""The functions of an app as the worker indexes them, and how each kind is called."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import azure.durable_functions as df
import azure.functions as func
from azure.functions import meta
from azure.functions.durable_functions import ActivityTriggerConverter

_NOWHERE = json.dumps(
    {"taskHubName": "-", "creationUrls": {}, "managementUrls": {}, "rpcBaseUrl": "http://127.0.0.1:9/"}
)
# The library reads the date of every event anew in every episode, which takes more time than all else that an episode
# does. The same text is the same date.
_history: Any = sys.modules["azure.durable_functions.models.history.HistoryEvent"]
_history.dt_parse = lru_cache(10_000)(_history.dt_parse)

AnyApp = func.FunctionApp | df.DFApp
_indexed: WeakKeyDictionary[AnyApp, list[Any]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Function:
    """One function with its trigger and, where it has one, its durable client."""

    name: str
    code: Any
    trigger: dict[str, Any]
    client: str | None

    @property
    def argument(self) -> str:
        """Return the name of the parameter that takes the trigger's value."""
        return str(self.trigger["name"])


class Functions:
    """All functions of one app, by kind."""

    def __init__(self, app: AnyApp) -> None:
        self.binding: Callable[[], str] = lambda: _NOWHERE
        """What a function is given as its durable client: one that asks nobody, until the host says where it asks."""
        every = [_read(function) for function in _index(app)]
        self.http = [function for function in every if function.trigger["type"] == "httpTrigger"]
        self.timers = {function.name: function for function in every if function.trigger["type"] == "timerTrigger"}
        self._orchestrators = _by_trigger_name(every, "orchestrationTrigger", "orchestration")
        self._activities = _by_trigger_name(every, "activityTrigger", "activity")

    def require_orchestrator(self, name: str) -> None:
        """Raise KeyError where there is no orchestration of that name."""
        if name not in self._orchestrators:
            raise KeyError(name)

    def orchestrate(self, name: str, request: str) -> str:
        """Hand a history to an orchestrator; return its answer as JSON."""
        return str(self._orchestrators[name].code(request))

    async def act(self, name: str, value: str | None) -> str:
        """Call an activity with JSON; return its result as compact JSON."""
        function = self._activities[name]
        given = ActivityTriggerConverter.decode(meta.Datum(value or "null", "json"), trigger_metadata=None)
        arguments = {function.argument: given}
        if function.client is not None:
            arguments[function.client] = self.binding()
        result = await call(function, **arguments)
        encoded = ActivityTriggerConverter.encode(result, expected_type=None).value
        return json.dumps(json.loads(encoded), separators=(",", ":"))


async def call(function: Function, **arguments: Any) -> Any:
    """Call a function: a coroutine on this loop, a plain one in a thread, as the worker does."""
    if inspect.iscoroutinefunction(function.code):
        return await function.code(**arguments)
    return await asyncio.to_thread(function.code, **arguments)


def _index(app: AnyApp) -> list[Any]:
    """Return the app's functions; asking an app for them a second time fails, so they are kept."""
    if app not in _indexed:
        _indexed[app] = app.get_functions()
    return _indexed[app]


def _read(function: Any) -> Function:
    bindings = [json.loads(binding) for binding in function.get_raw_bindings()]
    trigger = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
    client = next((str(binding["name"]) for binding in bindings if binding["type"] == "durableClient"), None)
    return Function(function.get_function_name(), function.get_user_function(), trigger, client)


def _by_trigger_name(every: list[Function], kind: str, key: str) -> dict[str, Function]:
    chosen = (function for function in every if function.trigger["type"] == kind)
    return {function.trigger.get(key) or function.name: function for function in chosen}
