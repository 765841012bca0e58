"""The app's own identity, and the proof that a client secret works. Tokens never leave their wrapper for a log.

Sources: learn.microsoft.com/entra/identity-platform/reference-error-codes (AADSTS codes) and
learn.microsoft.com/azure/app-service/overview-managed-identity (``IDENTITY_ENDPOINT``).
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential, DefaultAzureCredential
from pydantic import SecretStr

from connector.clients.bounded_azure import BoundedTransport, TooLargeError
from connector.clients.bounds import TOKEN, Bounds, unanswered
from connector.clients.retry_after import retry_after
from connector.clients.sound_tokens import SoundTokens
from connector.clients.unreadable import translated
from connector.clouds import Cloud
from connector.errors import (
    RefusedError,
    ServiceError,
    ServiceName,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.microsoft import TOKEN_BUSY, TOKEN_PASSING
from connector.observed import Claims

LIMITS: Mapping[str, Any] = {
    "retry_backoff_factor": 0.8,
    "retry_backoff_max": 4,
    "connection_timeout": 5,
    "read_timeout": 20,
    "permit_redirects": False,
}
"""At most two repeats and less than ten seconds between them: whatever takes longer becomes a durable wait."""
_ASKS = ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms")
"""By what azure-core lets a service say for how long it sleeps."""
_REASON = 1_000
_AADSTS = re.compile(r"(AADSTS\d+)(?:\s*:\s*(.*))?", re.DOTALL)
_TRACE = re.compile(r"Trace ID:\s*([0-9a-fA-F-]{36})")
_END = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):|'?\s*Content: \{")


class BriefRetry(AsyncRetryPolicy[Any, Any]):
    """azure-core's retries, without the sleep of ``Retry-After``: that many seconds are the caller's to wait.

    What was too large once is not asked for again.
    """

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Return whether there is another try."""
        return not isinstance(error, TooLargeError) and bool(super().increment(settings, response, error))

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Return False for a throttled answer and for one that names its own time; else what azure-core says."""
        answer = response.http_response
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or any(answer.headers.get(name) for name in _ASKS):
            return False
        return bool(super().is_retry(settings, response))


def limits(bounds: Bounds) -> dict[str, Any]:
    """Return the options of an Azure SDK's client: how often it tries, and for how long together."""
    tries = dict.fromkeys(("retry_total", "retry_connect", "retry_read", "retry_status"), bounds.repeats)
    return {**LIMITS, **tries, "timeout": bounds.seconds * 2}


class Identity:
    """The managed identity in Azure; elsewhere whoever is signed in on this machine."""

    credential: AsyncTokenCredential

    def __init__(self, cloud: Cloud, client_id: str | None, bounds: Bounds = TOKEN) -> None:
        transport = BoundedTransport(cloud, bounds)
        if "IDENTITY_ENDPOINT" in os.environ:
            self.credential = SoundTokens(
                client_id=client_id, transport=transport, retry_policy_class=BriefRetry, **limits(bounds)
            )
        else:
            self.credential = DefaultAzureCredential(
                authority=cloud.authority, managed_identity_client_id=client_id, transport=transport, **limits(bounds)
            )

    async def claims(self, scope: str) -> Claims:
        """Return what the identity's own token for ``scope`` says.

        Raises:
            ThrottledError, UnavailableError: no token at present.
            UnexpectedAnswerError: the token is not one that we can read.
        """
        return _claims(await self._token(scope), "identity")

    async def assertion(self, audience: str) -> SecretStr:
        """Return the identity's own token for ``audience``, by which it signs in as an application that trusts it.

        Raises:
            ThrottledError, UnavailableError: no token at present.
        """
        return SecretStr(await self._token(f"{audience}/.default"))

    async def _token(self, scope: str) -> str:
        async with translated("identity", identity_error, AzureError):
            return (await self.credential.get_token(scope)).token

    async def close(self) -> None:
        """Let go of connections."""
        await self.credential.close()


@dataclass(frozen=True, slots=True)
class ProvenToken:
    """A token that a client secret, or an assertion, was exchanged for: the proof that this works."""

    token: SecretStr
    claims: Claims


async def prove_secret(
    cloud: Cloud, tenant_id: str, application_id: str, secret: SecretStr, bounds: Bounds = TOKEN
) -> ProvenToken:
    """Exchange the client secret for a token for Exchange, each time anew: a kept token would prove nothing.

    Raises:
        RefusedError: Entra refused; ``code`` is its AADSTS code.
        ThrottledError, UnavailableError: no answer at present.
        UnexpectedAnswerError: an answer that no rule knows.
    """
    value = secret.get_secret_value()
    return await _proven(cloud, ClientSecretCredential(tenant_id, application_id, value, **_options(cloud, bounds)))


async def prove_assertion(
    cloud: Cloud, tenant_id: str, application_id: str, assertion: SecretStr, bounds: Bounds = TOKEN
) -> ProvenToken:
    """Exchange a token of ours for one of the application that trusts it; raises as ``prove_secret``."""
    value = assertion.get_secret_value()
    credential = ClientAssertionCredential(tenant_id, application_id, lambda: value, **_options(cloud, bounds))
    return await _proven(cloud, credential)


def _options(cloud: Cloud, bounds: Bounds) -> dict[str, Any]:
    return {
        "authority": cloud.authority,
        "disable_instance_discovery": cloud.name == "custom",
        "transport": BoundedTransport(cloud, bounds),
        "retry_policy_class": BriefRetry,
        **limits(bounds),
    }


async def _proven(cloud: Cloud, credential: ClientSecretCredential | ClientAssertionCredential) -> ProvenToken:
    async with credential, translated("token", token_error, AzureError):
        token = await credential.get_token(cloud.exchange_scope)
    return ProvenToken(SecretStr(token.token), _claims(token.token, "token"))


def identity_error(error: AzureError) -> ServiceError:
    """Return our error for a token that our own identity did not get: it may come later."""
    status, headers = status_and_headers(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(
            "identity", "throttled", "the identity endpoint is busy", None, retry_after(headers.get("Retry-After"))
        )
    if status is not None:
        return UnavailableError("identity", "unavailable", f"no token for the identity (status {status})")
    return unanswered("identity", error)


def token_error(error: AzureError) -> ServiceError:
    """Return our error for an answer of the token endpoint."""
    status, headers = status_and_headers(error)
    text = str(getattr(error, "message", "") or "")
    traced = _TRACE.search(text)
    request_id = traced[1] if traced else headers.get("x-ms-request-id")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = retry_after(headers.get("Retry-After"))
        return ThrottledError("token", "throttled", "too many requests", request_id, seconds)
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError("token", "unavailable", f"status {status}", request_id)
    if found := _AADSTS.search(text):
        return _meant(found[1], whole(found[2] or ""), request_id)
    if status is None or status < HTTPStatus.MULTIPLE_CHOICES:
        return unanswered("token", error)
    return UnexpectedAnswerError("token", "", type(error).__name__, request_id, status=status)


def _meant(code: str, reason: str, request_id: str | None) -> ServiceError:
    if code in TOKEN_BUSY:
        return ThrottledError("token", "throttled", reason, request_id)
    if code in TOKEN_PASSING:
        return UnavailableError("token", "unavailable", f"{code}: {reason}", request_id)
    return RefusedError("token", code, reason, request_id)


def whole(text: str) -> str:
    """Return what Entra says, all its sentences, without the trace ids that follow them."""
    said = _END.split(text.strip(), maxsplit=1)[0]
    return " ".join(said.split()).removesuffix("'")[:_REASON]


def status_and_headers(error: AzureError) -> tuple[int | None, Mapping[str, str]]:
    """Return the status and the headers of the answer behind an error of an Azure SDK, if there was one."""
    if not isinstance(error, HttpResponseError) or error.response is None:
        return None, {}
    return error.status_code, getattr(error.response, "headers", {})


def _claims(token: str, service: ServiceName) -> Claims:
    """Read a token of our own without verifying it: it explains, the service that it is for decides."""
    try:
        payload = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return Claims(
            audience=str(content["aud"]),
            tenant_id=str(content["tid"]),
            application_id=str(content.get("appid") or content["azp"]),
            object_id=str(content["oid"]),
            issued=datetime.fromtimestamp(int(content["iat"]), UTC),
            roles=frozenset(map(str, content.get("roles") or ())),
            directory_roles=frozenset(map(str, content.get("wids") or ())),
        )
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, OSError, RecursionError) as error:
        reason = f"the token cannot be read ({type(error).__name__})"
        raise UnexpectedAnswerError(service, "token-unreadable", reason) from None
