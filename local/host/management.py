"""The durable client's HTTP API, as the extension serves it on the loopback address without a key.

Statuses and bodies were recorded; a test sends the recorded requests again.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.host import history
from local.host.durable import DurableEngine
from local.host.instances import ENDED, Instance

PREFIX = "/durabletask/"
TASK_HUB = "utmmailconnect"
_RUNNING = "An Orchestration instance with the status {status} already exists."
_GONE, _UNKNOWN, _NOT_FAILED = 410, 404, 412
Handler = Callable[[Request, Instance], Awaitable[Response]]


def management_urls(base: str, instance_id: str, key: str) -> dict[str, str]:
    """Return the management addresses of an instance, with the system key that the real host puts into them."""
    root = f"{base}/runtime/webhooks/durabletask/instances/{instance_id}"
    tail = f"taskHub={TASK_HUB}&connection=Storage&code={key}"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{root}?{tail}",
        "sendEventPostUri": f"{root}/raiseEvent/{{eventName}}?{tail}",
        "terminatePostUri": f"{root}/terminate?reason={{text}}&{tail}",
        "purgeHistoryDeleteUri": f"{root}?{tail}",
        "restartPostUri": f"{root}/restart?{tail}",
        "suspendPostUri": f"{root}/suspend?reason={{text}}&{tail}",
        "resumePostUri": f"{root}/resume?reason={{text}}&{tail}",
    }


def client_binding(base: str, rpc: str, key: str) -> str:
    """Return what the host hands to a function with a durable client."""
    creation = f"{base}/runtime/webhooks/durabletask/orchestrators/{{functionName}}"
    tail = f"code={key}&taskHub={TASK_HUB}&connection=Storage"
    return json.dumps(
        {
            "taskHubName": TASK_HUB,
            "creationUrls": {
                "createNewInstancePostUri": f"{creation}[/{{instanceId}}]?{tail}",
                "createAndWaitOnNewInstancePostUri": f"{creation}[/{{instanceId}}]?timeout={{timeoutInSeconds}}&{tail}",
            },
            "managementUrls": management_urls(base, "INSTANCEID", key),
            "baseUrl": f"{base}/runtime/webhooks/durabletask",
            "requiredQueryStringParameters": tail,
            "rpcBaseUrl": rpc,
        }
    )


class Management:
    """The routes under ``rpcBaseUrl``."""

    def __init__(self, engine: DurableEngine, base: str, system_key: str) -> None:
        self._engine = engine
        self._base = base
        self._system_key = system_key

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = PREFIX + "instances/{id}"
        return [
            Route(PREFIX + "orchestrators/{name}/{id}", self._start, methods=["POST"]),
            Route(PREFIX + "orchestrators/{name}", self._start, methods=["POST"]),
            Route(PREFIX + "instances/", self._list, methods=["GET"]),
            Route(PREFIX + "instances/", self._purge_many, methods=["DELETE"]),
            Route(one, self._on(self._status), methods=["GET"]),
            Route(one, self._on(self._purge), methods=["DELETE"]),
            Route(one + "/raiseEvent/{event}", self._on(self._raise_event), methods=["POST"]),
            Route(one + "/terminate", self._on(self._terminate), methods=["POST"]),
            Route(one + "/suspend", self._on(self._suspend), methods=["POST"]),
            Route(one + "/resume", self._on(self._resume), methods=["POST"]),
            Route(one + "/rewind", self._on(self._rewind), methods=["POST"]),
        ]

    def _on(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Look the instance up first; the status of an unknown one has an empty text as its body."""

        async def handle(request: Request) -> Response:
            instance = self._engine.instances.get(request.path_params["id"])
            if instance is None:
                empty = '""' if request.method == "GET" else ""
                return Response(empty, status_code=_UNKNOWN, media_type="application/json")
            return await handler(request, instance)

        return handle

    async def _start(self, request: Request) -> Response:
        value = await request.body()
        name, instance_id = request.path_params["name"], request.path_params.get("id")
        present = self._engine.instances.get(instance_id or "")
        try:
            started = self._engine.start(name, instance_id, json.loads(value) if value else None)
        except KeyError:
            text = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
            return JSONResponse({"Message": text}, status_code=400)
        if started is None and present is not None:
            return JSONResponse({"Message": _RUNNING.format(status=present.status)}, status_code=409)
        given = management_urls(self._base, started.id if started is not None else "", self._system_key)
        return JSONResponse(given, status_code=202)

    async def _status(self, request: Request, instance: Instance) -> Response:
        view = instance.view()
        if request.query_params.get("showInput", "true").lower() == "false":
            view["input"] = None
        if request.query_params.get("showHistory", "false").lower() == "true":
            view["historyEvents"] = instance.events
        return JSONResponse(view, status_code=200 if instance.status in ENDED else 202)

    async def _list(self, request: Request) -> Response:
        return JSONResponse([instance.view() for instance in self._chosen(request)])

    def _chosen(self, request: Request) -> list[Instance]:
        """Return the instances that the query's filter names."""
        parameters = request.query_params
        after, before = parameters.get("createdTimeFrom"), parameters.get("createdTimeTo")
        wanted = {status for part in parameters.getlist("runtimeStatus") for status in part.split(",") if status}
        return [
            instance
            for instance in self._engine.instances.values()
            if (after is None or instance.created >= datetime.fromisoformat(after))
            and (before is None or instance.created <= datetime.fromisoformat(before))
            and (not wanted or instance.status in wanted)
        ]

    async def _raise_event(self, request: Request, instance: Instance) -> Response:
        if instance.status in ENDED:
            return Response(status_code=_GONE)
        value = json.loads(await request.body())
        instance.deliver(history.event_raised(self._engine.clock.now(), request.path_params["event"], value))
        return Response(status_code=202)

    async def _terminate(self, request: Request, instance: Instance) -> Response:
        if instance.status in ENDED:
            return Response(status_code=_GONE)
        instance.end("Terminated", request.query_params.get("reason"))
        return Response(status_code=202)

    async def _suspend(self, _: Request, instance: Instance) -> Response:
        return self._set_suspended(instance, suspended=True)

    async def _resume(self, _: Request, instance: Instance) -> Response:
        return self._set_suspended(instance, suspended=False)

    def _set_suspended(self, instance: Instance, *, suspended: bool) -> Response:
        if instance.status in ENDED:
            return Response(status_code=_GONE)
        instance.suspended = suspended
        instance.wake()
        return Response(status_code=202)

    async def _rewind(self, _: Request, instance: Instance) -> Response:
        if instance.status != "Failed":
            text = (
                f"This orchestration has status {instance.status}, but only orchestrations in the "
                '"Failed" state can be rewound.'
            )
            return JSONResponse(text, status_code=_NOT_FAILED)
        return PlainTextResponse("rewinding is not supported by this host", status_code=501)

    async def _purge(self, _: Request, instance: Instance) -> Response:
        if instance.status not in ENDED:
            return Response(status_code=_UNKNOWN)
        del self._engine.instances[instance.id]
        return JSONResponse({"instancesDeleted": 1})

    async def _purge_many(self, request: Request) -> Response:
        chosen = [instance for instance in self._chosen(request) if instance.status in ENDED]
        for instance in chosen:
            del self._engine.instances[instance.id]
        if not chosen:
            return Response(status_code=_UNKNOWN)
        return JSONResponse({"instancesDeleted": len(chosen)})
