"""Microsoft Graph's ``$batch``: several requests in one.

learn.microsoft.com/graph/json-batching: up to 20 requests, each with an id that no other one has (case does not count),
a method and an address below the version; else 400 for the whole. The whole is 200 whatever became of its parts; each
has an answer of its own with id, status, headers and body, in any order. learn.microsoft.com/graph/throttling: each
part is counted and may be refused for itself, and then says itself when to come back. ``dependsOn`` is not simulated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from local.tenant.calls import Answer, Call, Refusal, Service, Subject
from local.tenant.graph_answers import error
from local.tenant.misbehaviour import Fault
from local.tenant.record import Record, Request
from local.tenant.simulation import Simulation

PATH = "/v1.0/$batch"
_MOST = 20


class _Graph(Service, Protocol):
    def concurrent(self) -> Answer: ...


class Batches:
    """Takes batches apart. ``graph`` answers their parts, each of which is recorded as one."""

    def __init__(self, simulation: Simulation, record: Record, graph: _Graph) -> None:
        self._simulation = simulation
        self._record = record
        self._graph = graph

    def subject(self, call: Call) -> Subject:
        """Return what a batch is about: all its parts. What they change, they are recorded with themselves."""
        about = [f"{one.get('method')} {one.get('url')}" for one in _requests(call) or ()]
        return Subject(" ".join([f"POST {PATH}", *about]), (), is_write=False)

    def answer(self, call: Call) -> Answer:
        """Carry all parts out."""
        requests = _requests(call)
        if requests is None:
            return error(400, "BadRequest", f"A batch holds 1 to {_MOST} requests, each with an id of its own.")
        told = [self._told(str(one["id"]), _part(call, one)) for one in requests]
        chance = self._simulation.chance
        nth = str(chance.nth("batch"))
        return Answer(200, {"responses": sorted(told, key=lambda one: chance.draw("batch", nth, str(one["id"])))})

    def _told(self, id_: str, part: Call) -> dict[str, Any]:
        subject = self._graph.subject(part)
        answer = self._answered(part, subject)
        self._record.add(
            Request(
                "graph", part.method, part.path, subject.names, subject.is_write, answer.status, subject.key, part=True
            )
        )
        headers = {"Content-Type": "application/json", **answer.headers}
        told = {"id": id_, "status": answer.status, "headers": headers}
        return told if answer.value is None else {**told, "body": answer.value}

    def _answered(self, part: Call, subject: Subject) -> Answer:
        """Let befall a part what would befall it as a request of its own.

        It has no connection that could break: where the request would lose it, the part is told 503.
        """
        misbehaviour, graph = self._simulation.misbehaviour, self._graph
        still = misbehaviour.insists("graph", subject.key)
        if still is not None:
            return graph.throttled(still)
        match misbehaviour.fault("graph", subject.key, is_write=subject.is_write):
            case None:
                return self._served(part)
            case Fault.THROTTLED:
                return graph.throttled(misbehaviour.retry_after("graph", subject.key))
            case Fault.CONCURRENT:
                return graph.concurrent()
            case Fault.LOST:
                self._served(part)
                return graph.unavailable()
            case _:
                return graph.unavailable()

    def _served(self, part: Call) -> Answer:
        try:
            return self._graph.answer(part)
        except Refusal as refusal:
            return refusal.answer


def _requests(call: Call) -> list[dict[str, Any]] | None:
    """Return the requests of a batch; None where Graph refuses the whole."""
    requests = call.json().get("requests")
    if not isinstance(requests, list) or not 0 < len(requests) <= _MOST:
        return None
    if not all(isinstance(one, Mapping) and one.get("id") and one.get("method") and one.get("url") for one in requests):
        return None
    return requests if len({str(one["id"]).lower() for one in requests}) == len(requests) else None


def _part(call: Call, one: dict[str, Any]) -> Call:
    """Return a part as a request of its own; who asks, it has from the whole."""
    address = urlsplit(str(one["url"]))
    return Call(
        service=call.service,
        method=str(one["method"]).upper(),
        path=f"/v1.0/{unquote(address.path).lstrip('/')}",
        query=dict(parse_qsl(address.query, keep_blank_values=True)),
        headers={**{str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}, **_who(call)},
        body=json.dumps(one["body"]).encode() if one.get("body") is not None else b"",
        base=call.base,
    )


def _who(call: Call) -> dict[str, str]:
    return {name: value for name, value in call.headers.items() if name == "authorization"}
