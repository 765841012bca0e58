"""Exchange Online's admin interface: one cmdlet or a batch per request, and the list of permitted cmdlets.

Requests as CIPP and the ExchangeOnlineManagement module make them. The ladder of refusals is what graph2otel measured:
401 without the app role, 403 with the app role only, 200 with the app role and a role.
"""

from __future__ import annotations

import json
import re
from typing import Any

from local.tenant.calls import Answer, Call, Refusal, Routes, Subject
from local.tenant.exchange_answers import (
    EXISTS,
    NOT_FOUND,
    SHAPES,
    CmdletError,
    Output,
    bad_request,
    collection,
    empty_forbidden,
    failure,
    mute_forbidden,
    too_many,
    unauthorized,
)
from local.tenant.exchange_cmdlets import Cmdlets
from local.tenant.exchange_rights import Rights, rights_of
from local.tenant.misbehaviour import Fault
from local.tenant.simulation import Simulation, request_id
from local.tenant.tokens import TokenRefusedError

_LOOK_ALIKES = frozenset({"Exchange.ManageAsAppV2", "Exchange.AdminAPI.ManageAsApp"})
_BATCH = 10
_PAGE = 1000
_TENANT = r"/adminapi/(?P<version>beta|v1\.0)/(?P<tenant>[^/]+)"
_SEEN_FOR = {NOT_FOUND: ("B", 404), EXISTS: ("C", 400)}
"""The error shape and status that a cause usually comes with; neither can be relied on."""


class Exchange:
    """The service."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._routes = Routes(
            ("POST", rf"{_TENANT}/InvokeCommand", self._invoke),
            ("POST", rf"{_TENANT}/\$batch", self._batch),
            ("GET", rf"{_TENANT}/EXOModuleFile", self._module),
        )

    def subject(self, call: Call) -> Subject:
        """Return what the call is about: the cmdlets and what they are run on."""
        inputs = [_input(request.get("body") or {}) for request in call.json().get("requests", ())]
        inputs = inputs or [_input(call.json())] if call.method == "POST" else []
        names = tuple(str(entry.get("CmdletName")) for entry in inputs)
        return Subject(
            " ".join(_key(entry) for entry in inputs) or call.path,
            names,
            is_write=any(not name.startswith(("Get-", "Test-")) for name in names),
        )

    def answer(self, call: Call) -> Answer:
        """Carry the call out."""
        found = self._routes.find(call.method, call.path)
        if found is None:
            return Answer(405 if self._routes.knows(call.path) else 404, headers={"request-id": request_id()})
        handler, match = found
        if match["version"] != "beta" and call.method == "POST":
            return Answer(405, headers={"request-id": request_id()})
        if match["tenant"] not in (self._simulation.world.tenant_id, self._simulation.world.initial_domain):
            return unauthorized("The tenant of the token is not that of the request.")
        return handler(call, match)

    def throttled(self, seconds: int) -> Answer:
        """Return Exchange's 429; whether it says when to come back differs."""
        says = self._simulation.chance.draw("retry-after", str(self._simulation.chance.nth("retry-after"))) < 0.7  # noqa: PLR2004
        return too_many(seconds if says else None)

    def concurrent(self) -> Answer:
        """Return the answer to too many requests at once."""
        return too_many(None)

    def unavailable(self) -> Answer:
        """Return Exchange's 503."""
        return Answer(503, {"error": {"code": "ServiceUnavailable", "message": "The issue may be transient."}})

    def mute(self) -> Answer:
        """Return the 403 without a reason that comes and goes."""
        return mute_forbidden()

    def _rights(self, call: Call) -> Rights:
        if call.token is None:
            raise Refusal(unauthorized("The token is missing."))
        try:
            claims = self._simulation.tokens.read(call.token, self._simulation.bases["exchange"])
        except TokenRefusedError as refused:
            raise Refusal(unauthorized(str(refused))) from None
        if "Exchange.ManageAsApp" not in claims.roles:
            if claims.roles & _LOOK_ALIKES:
                raise Refusal(empty_forbidden())
            raise Refusal(unauthorized("The token has no permission to call this interface."))
        rights = rights_of(self._simulation.world, claims, self._simulation.clock.now())
        if not rights.cmdlets:
            raise Refusal(mute_forbidden())
        return rights

    def _module(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        rights = self._rights(call)
        # One object that names all cmdlets with commas between them: CIPP splits at these, but takes a list as well.
        return Answer(200, {"value": [{"fileName": "tmpEXO", "exportedCmdlets": ",".join(sorted(rights.cmdlets))}]})

    def _invoke(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        rights = self._rights(call)
        if "$skiptoken" in call.query:
            # Whether a next page can be had depends on which server answers; sources disagree, this one says no.
            return bad_request("Expired or Invalid pagination request. Default Expiry time is 00:30:00")
        return self._run(call, rights, call.json())

    def _batch(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        rights = self._rights(call)
        requests = call.json().get("requests")
        if not isinstance(requests, list) or not 0 < len(requests) <= _BATCH:
            return bad_request(f"The batch must hold 1 to {_BATCH} requests.")
        return Answer(200, {"responses": [self._one_of_batch(call, rights, request) for request in requests]})

    def _one_of_batch(self, call: Call, rights: Rights, request: dict[str, Any]) -> dict[str, Any]:
        body = request.get("body") or {}
        misbehaviour, key = self._simulation.misbehaviour, f"in batch {_key(_input(body))}"
        fault = misbehaviour.fault("exchange", key, is_write=True)
        if fault in (Fault.THROTTLED, Fault.CONCURRENT):
            answer = too_many(None)
        elif fault is Fault.UNAVAILABLE:
            answer = self.unavailable()
        else:
            answer = self._run(call, rights, body)
        value = answer.value if answer.content is None else answer.content.decode(errors="replace")
        return {"id": request.get("id"), "status": answer.status, "headers": answer.headers, "body": value}

    def _run(self, call: Call, rights: Rights, body: dict[str, Any]) -> Answer:
        input_ = _input(body)
        name, parameters = str(input_.get("CmdletName")), input_.get("Parameters")
        if not isinstance(parameters, dict):
            return bad_request("The Parameters of the CmdletInput must be an object.")
        if name not in rights.cmdlets:
            return mute_forbidden(f"The cmdlet {name} is not available to this caller.")
        replica = self._simulation.replica("exchange", _key(input_))
        try:
            output = Cmdlets(self._simulation, rights, replica, _key(input_)).run(name, parameters)
        except CmdletError as error:
            return self._failure(error, _key(input_))
        return self._success(call, name, output, _key(input_))

    def _success(self, call: Call, name: str, output: Output, key: str) -> Answer:
        preset, chance = self._simulation.misbehaviour.preset, self._simulation.chance
        nth = str(chance.nth("answer", key))
        values, warnings = output.values, output.warnings
        if not name.startswith(("Get-", "Test-")) and chance.draw("empty", key, nth) < preset.empty_answers:
            values = []
        if chance.draw("odd", key, nth) < preset.odd_answers:
            warnings = warnings * 2
        names = call.query.get("$select")
        if names:
            values = [{name: value.get(name) for name in names.split(",")} for value in values]
        answer = collection(call.base, self._simulation.world.tenant_id, values[:_PAGE], warnings)
        if len(values) > _PAGE:
            answer.value["@odata.nextLink"] = f"{call.base}{call.path}?$skiptoken={request_id()}"
        return answer

    def _failure(self, error: CmdletError, key: str) -> Answer:
        shape, status = _SEEN_FOR.get(error.type, ("A", 400))
        preset, chance = self._simulation.misbehaviour.preset, self._simulation.chance
        nth = str(chance.nth("failure", key))
        if chance.draw("odd", key, nth) < preset.odd_answers:
            shape, status = chance.choose(SHAPES, "shape", key, nth), chance.choose((400, 404, 500), "status", key, nth)
        return failure(error, shape, status)


def _input(body: dict[str, Any]) -> dict[str, Any]:
    value = body.get("CmdletInput")
    return value if isinstance(value, dict) else {}


def _key(input_: dict[str, Any]) -> str:
    return json.dumps(input_, sort_keys=True)
