"""The managed identity endpoint of App Service: plain HTTP on loopback, guarded by a header that only the app knows.

Protocol: learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference. The platform keeps a
token per resource for about 24 hours with the roles that it had, and nobody can make it ask again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from local.tenant.calls import Answer, Call, Subject
from local.tenant.catalogue import EXCHANGE_AUDIENCE_APP_ID, EXCHANGE_RESOURCE
from local.tenant.simulation import Simulation, request_id

PATH = "/msi/token"
_KEPT = 24 * 3600
_SHORTEST = 600
"""Real seconds that a token lives at least, however fast the clock runs."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    expires: int
    until: float


class ManagedIdentityEndpoint:
    """``GET /msi/token?api-version=2019-08-01&resource=…&client_id=…`` with ``X-IDENTITY-HEADER``."""

    def __init__(self, simulation: Simulation, header: str) -> None:
        self._simulation = simulation
        self._header = header
        self._kept: dict[str, _Kept] = {}

    def forget(self) -> None:
        """Forget the kept tokens, as after 24 hours or with a new identity."""
        self._kept.clear()

    def subject(self, call: Call) -> Subject:
        """Return what the call is about."""
        return Subject(str(call.query.get("resource")), (), is_write=False)

    def answer(self, call: Call) -> Answer:
        """Return a token, the kept one if there is one."""
        if call.method != "GET" or call.path != PATH:
            return Answer(404)
        if call.headers.get("x-identity-header") != self._header:
            return _error(401, "The X-IDENTITY-HEADER is missing or not the one of this app.")
        if call.query.get("api-version") != "2019-08-01":
            return _error(400, "The api-version is not supported.")
        identity = self._simulation.world.identity
        if call.query.get("client_id") != identity.client_id:
            return _error(400, "No User Assigned or Delegated Managed Identity found for specified ClientId.")
        audience = call.query.get("resource", "")
        known, resource = self._simulation.resource(audience)
        if not known:
            return _error(400, f"AADSTS500011: The resource principal named {audience} was not found in the tenant.")
        kept = self._kept.get(audience)
        if kept is None or kept.until <= self._simulation.clock.now():
            kept = self._issue(audience, resource)
        return Answer(
            200,
            {
                "access_token": kept.token,
                "expires_on": str(kept.expires),
                "resource": audience,
                "token_type": "Bearer",
                "client_id": identity.client_id,
            },
        )

    def throttled(self, seconds: int) -> Answer:
        """Return the endpoint's 429."""
        answer = _error(429, "Too many requests.")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def unavailable(self) -> Answer:
        """Return the endpoint's 503."""
        return _error(503, "The service is temporarily unavailable.")

    def _issue(self, audience: str, resource: str | None) -> _Kept:
        simulation = self._simulation
        principal = simulation.world.service_principals[simulation.world.identity.object_id]
        seconds = int(min(max(simulation.clock.real(_KEPT), _SHORTEST), _KEPT))
        if audience == EXCHANGE_RESOURCE:
            authority = f"{simulation.bases['authority']}/{simulation.world.tenant_id}"
            token = simulation.tokens.assertion(principal, f"{authority}/v2.0", EXCHANGE_AUDIENCE_APP_ID, seconds)
        else:
            token = simulation.tokens.issue(principal, audience, resource, seconds)
        kept = _Kept(token, int(time.time()) + seconds, simulation.clock.now() + _KEPT)
        self._kept[audience] = kept
        return kept


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"statusCode": status, "message": message, "correlationId": request_id()})
