"""The app whose orchestrations were recorded on the real Functions host."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

Steps = Generator[Any, Any, Any]
Context = df.DurableOrchestrationContext
failures: Counter[str] = Counter()


def build() -> df.DFApp:  # noqa: C901, PLR0915 - one function for each recording
    """Return a new app."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    failures.clear()

    @app.activity_trigger(input_name="value")
    def echo(value: Any) -> Any:
        return {"echo": value}

    @app.activity_trigger(input_name="value")
    def flaky(value: str) -> int:
        failures[value] += 1
        if failures[value] < 3:
            raise RuntimeError(f"not yet {failures[value]}")
        return failures[value]

    @app.activity_trigger(input_name="value")
    def broken(value: Any) -> None:
        del value
        raise RuntimeError("always broken")

    @app.activity_trigger(input_name="value")
    async def slow(value: int) -> int:
        await asyncio.sleep(0.15)
        return value

    @app.orchestration_trigger(context_name="context")
    def chain(context: Context) -> Steps:
        context.set_custom_status({"step": "first"})
        first = yield context.call_activity("echo", {"v": 1})
        context.set_custom_status({"step": "second"})
        second = yield context.call_activity("echo", {"v": 2})
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=2))
        now = context.current_utc_datetime.isoformat()
        return {"given": context.get_input(), "a": first, "b": second, "now": now, "id": context.new_uuid()}

    @app.orchestration_trigger(context_name="context")
    def retrying(context: Context) -> Steps:
        first = yield context.call_activity_with_retry("flaky", df.RetryOptions(1000, 3), context.instance_id)
        try:
            yield context.call_activity_with_retry("broken", df.RetryOptions(1000, 2), "x")
        except Exception as error:  # noqa: BLE001 - what the recorded one did
            return [first, f"{type(error).__name__}: {error}"]

    @app.orchestration_trigger(context_name="context")
    def child(context: Context) -> Steps:
        result = yield context.call_activity("echo", context.get_input())
        return result

    @app.orchestration_trigger(context_name="context")
    def badchild(context: Context) -> Steps:
        yield context.call_activity("broken", "child")

    @app.orchestration_trigger(context_name="context")
    def parent(context: Context) -> Steps:
        yield context.call_sub_orchestrator("child", {"n": 1}, f"{context.instance_id}:child")
        yield context.call_sub_orchestrator_with_retry("badchild", df.RetryOptions(1000, 2), {"n": 2})

    @app.orchestration_trigger(context_name="context")
    def waiting(context: Context) -> Steps:
        event = context.wait_for_external_event("confirmed")
        timer: Any = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
        yield context.task_any([event, timer])
        timer.cancel()
        return {"event": event.result}

    @app.orchestration_trigger(context_name="context")
    def watching(context: Context) -> Steps:
        state: Any = context.get_input() or {"round": 0, "woken": []}
        seconds = 3 if state["round"] < 1 else 5
        timer: Any = context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
        event = context.wait_for_external_event("wake")
        first = yield context.task_any([event, timer])
        woken = list(state["woken"])
        if first is event:
            timer.cancel()
            woken.append(event.result)
        yield context.call_activity("slow", state["round"])
        after = {"round": state["round"] + 1, "woken": woken}
        context.set_custom_status({"round": after["round"], "woken": len(woken)})
        if after["round"] < 4:
            context.continue_as_new(after)
            return None
        return after

    @app.orchestration_trigger(context_name="context")
    def forever(context: Context) -> Steps:
        number: Any = context.get_input()
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))
        if number < 3:
            context.continue_as_new(number + 1)
            return None
        return number

    @app.orchestration_trigger(context_name="context")
    def fanout(context: Context) -> Steps:
        count: Any = context.get_input()
        results = yield context.task_all([context.call_activity("echo", {"v": n}) for n in range(count)])
        return len(results)

    @app.orchestration_trigger(context_name="context")
    def raising(context: Context) -> Steps:
        yield context.call_activity("echo", 1)
        raise ValueError("boom in the orchestrator")

    @app.orchestration_trigger(context_name="context")
    def bigstatus(context: Context) -> Steps:
        size: Any = context.get_input()
        context.set_custom_status("x" * size)
        yield context.call_activity("echo", 1)
        return size

    @app.route(route="api/start/{name}", methods=["POST"])
    @app.durable_client_input(client_name="client")
    async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        name = req.route_params["name"]
        given = req.get_json() if req.get_body() else None
        instance_id = await client.start_new(name, req.params.get("id"), given)
        return func.HttpResponse(instance_id)

    @app.route(route="api/open", auth_level=func.AuthLevel.ANONYMOUS, methods=["GET"])
    def open_to_all(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.headers["X-Forwarded-For"], headers={"X-Custom": "mine"})

    @app.route(route="api/raises", methods=["GET"])
    async def raises(req: func.HttpRequest) -> func.HttpResponse:
        raise RuntimeError(req.url)

    @app.route(route="api/admin", auth_level=func.AuthLevel.ADMIN, methods=["GET"])
    async def for_admins(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.method)

    @app.route(route="{ignored:maxlength(0)?}", auth_level=func.AuthLevel.ANONYMOUS, methods=["GET"])
    async def page(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("the page", mimetype="text/html", headers={"X-Method": req.method})

    @app.route(route="assets/{*path}", auth_level=func.AuthLevel.ANONYMOUS, methods=["GET"])
    async def assets(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.route_params["path"])

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *")
    async def ticking(timer: func.TimerRequest) -> None:
        failures["ticks"] += 1 + timer.past_due

    return app
