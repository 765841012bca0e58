"""Entra's token endpoint for applications with a credential of their own, and the discovery documents beside it.

Errors: learn.microsoft.com/entra/identity-platform/reference-error-codes.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from local.tenant.assertions import AssertionRefusedError
from local.tenant.authorize import Authorize, RefusedError, allowed, form_of, shared
from local.tenant.calls import Answer, Call, Refusal, Routes, Subject
from local.tenant.presented import presented
from local.tenant.sign_in_report import note
from local.tenant.simulation import Simulation, request_id, utc_now
from local.tenant.world import Application, Credential, ServicePrincipal

_LIFETIME = 3599


class TokenEndpoint:
    """``/{tenant}/oauth2/v2.0/token`` and ``/.well-known/openid-configuration``."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._authorize = Authorize(simulation)
        self._routes = Routes(
            ("OPTIONS", r"/(?P<tenant>[^/]+)/(oauth2|discovery)/v2\.0/\w+", allowed),
            ("GET", r"/(?P<tenant>[^/]+)/oauth2/v2\.0/authorize", self._authorize.page),
            ("GET", r"/(?P<tenant>[^/]+)/oauth2/v2\.0/logout", self._authorize.logout),
            ("GET", r"/(?P<tenant>[^/]+)/discovery/v2\.0/keys", self._authorize.keys),
            ("POST", r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token", self._token),
            ("GET", r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration", self._configuration),
        )

    def subject(self, call: Call) -> Subject:
        """Return what the call is about: chance goes by the application that asks."""
        form = form_of(call)
        return Subject(f"{call.path} {form.get('client_id')} {form.get('scope')}", (), is_write=False)

    def answer(self, call: Call) -> Answer:
        """Return a token or Entra's error."""
        found = self._routes.find(call.method, call.path)
        if found is None:
            return Answer(404)
        handler, match = found
        return shared(call, handler(call, match))

    def throttled(self, seconds: int) -> Answer:
        """Return Entra's 429."""
        answer = _error(
            429,
            "temporarily_unavailable",
            "AADSTS90055: The tenant is throttled because of too many incoming requests.",
        )
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def unavailable(self) -> Answer:
        """Return Entra's 503."""
        return _error(503, "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again.")

    def _configuration(self, call: Call, match: re.Match[str]) -> Answer:
        authority = f"{call.base}/{match['tenant']}"
        return Answer(
            200,
            {
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{authority}/discovery/v2.0/keys",
                "issuer": f"{authority}/v2.0",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
                "tenant_region_scope": "EU",
            },
        )

    def _token(self, call: Call, match: re.Match[str]) -> Answer:
        form = form_of(call)
        world = self._simulation.world
        if world.in_another_cloud or match["tenant"] not in {world.tenant_id, world.initial_domain}:
            return _error(400, "invalid_request", f"AADSTS90002: Tenant '{match['tenant']}' not found.")
        if form.get("grant_type") in {"authorization_code", "refresh_token"}:
            return self._of_person(call, form)
        if form.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        audience, default, rest = form.get("scope", "").rpartition("/.default")
        if not default or rest:
            return _error(
                400,
                "invalid_scope",
                f"AADSTS1002012: The provided value for scope {form.get('scope')} is not valid. "
                "Client credential flows must have a scope value with /.default suffixed to the resource "
                "identifier (application ID URI).",
            )
        application = self._application(form.get("client_id", ""))
        credential = self._check_credential(application, form)
        principal = self._principal(application)
        known, resource = self._simulation.resource(audience)
        if not known:
            return _error(
                400,
                "invalid_resource",
                f"AADSTS500011: The resource principal named {audience} was not found in "
                f"the tenant named {self._simulation.world.name}.",
            )
        note(self._simulation, application.app_id, credential.key_id, resource)
        token = self._simulation.tokens.issue(principal, world.token_audience or audience, resource, _LIFETIME)
        return Answer(
            200,
            {"token_type": "Bearer", "expires_in": _LIFETIME, "ext_expires_in": _LIFETIME, "access_token": token},
            {"Cache-Control": "no-store, no-cache"},
        )

    def _of_person(self, call: Call, form: dict[str, str]) -> Answer:
        try:
            given = self._authorize.grant(call, form)
        except RefusedError as refused:
            return _error(HTTPStatus.BAD_REQUEST, refused.error, refused.words)
        return Answer(200, given, {"Cache-Control": "no-store, no-cache"})

    def _application(self, app_id: str) -> Application:
        world = self._simulation.world
        application = world.application(app_id)
        if application is None or application.effective > self._simulation.clock.now():
            raise Refusal(
                _error(
                    400,
                    "unauthorized_client",
                    f"AADSTS700016: Application with identifier '{app_id}' was not found in "
                    f"the directory '{world.name}'. This can happen if the application has not been installed by the "
                    "administrator of the tenant or consented to by any user in the tenant.",
                )
            )
        return application

    def _check_credential(self, application: Application, form: dict[str, str]) -> Credential:
        try:
            known = presented(self._simulation, application, form)
        except AssertionRefusedError as refused:
            raise Refusal(_error(401, "invalid_client", str(refused))) from None
        if known is None:
            raise Refusal(
                _error(
                    401,
                    "invalid_client",
                    "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in "
                    "the request is the client secret value, not the client secret ID, for a secret added to app "
                    f"'{application.app_id}'.",
                )
            )
        if known.kind == "certificate" and known.end <= self._simulation.clock.date():
            message = (
                "AADSTS700027: The certificate with identifier used to sign the client assertion is expired on "
                "application. [Reason - The key used is expired.]"
            )
            raise Refusal(_error(401, "invalid_client", message))
        if known.kind == "secret" and known.end <= self._simulation.clock.date():
            raise Refusal(
                _error(
                    401,
                    "invalid_client",
                    f"AADSTS7000222: The provided client secret keys for app '{application.app_id}' are expired.",
                )
            )
        return known

    def _principal(self, application: Application) -> ServicePrincipal:
        world = self._simulation.world
        principal = world.service_principal(application.app_id)
        if principal is None:
            raise Refusal(
                _error(
                    401,
                    "invalid_client",
                    "AADSTS7000229: The client application "
                    f"{application.app_id} is missing service principal in the tenant {world.tenant_id}.",
                )
            )
        if not principal.enabled:
            raise Refusal(
                _error(
                    401,
                    "invalid_client",
                    f"AADSTS7000112: Application '{application.app_id}'({application.display_name}) is disabled.",
                )
            )
        if application.app_id in world.blocked_by_conditional_access:
            raise Refusal(
                _error(
                    400,
                    "invalid_grant",
                    "AADSTS53003: Access has been blocked by Conditional Access policies. "
                    "The access policy does not allow token issuance.",
                )
            )
        return principal


def _error(status: int, error: str, description: str) -> Answer:
    trace, correlation = request_id(), request_id()
    now = utc_now().strftime("%Y-%m-%d %H:%M:%SZ")
    code = re.match(r"AADSTS(\d+)", description)
    return Answer(
        status,
        {
            "error": error,
            "error_description": f"{description} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [int(code[1])] if code else [],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        },
        {"x-ms-request-id": trace},
    )
