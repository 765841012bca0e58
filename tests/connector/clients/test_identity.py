"""The identity's own token, and what proves a client secret, against the simulated tenant."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.core.pipeline import PipelineContext, PipelineRequest, PipelineResponse
from azure.core.rest import HttpRequest
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from pydantic import SecretStr

from connector.clients import identity as module
from connector.clients.bounds import TOKEN
from connector.clients.identity import BriefRetry, Identity, limits, prove_assertion, prove_secret, token_error, whole
from connector.clouds import Cloud
from connector.errors import (
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    WaitError,
)
from local.tenant import Tenant
from local.tenant.misbehaviour import Fault, Preset


def cloud_of(tenant: Tenant) -> Cloud:
    found = tenant.endpoints
    host, _, port = found["imap"].rpartition(":")
    return Cloud(
        name="custom",
        authority=found["authority"],
        graph=found["graph"],
        exchange=found["exchange"],
        imap_host=host,
        imap_port=int(port),
        ca_bundle=found["caBundle"],
    )


class Answered:
    """An answer as far as azure-core's errors look at one."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status_code = status
        self.reason = "because"
        self.headers = headers
        self.content_type = "application/json"
        self.request = HttpRequest("POST", "https://token.example")

    def text(self) -> str:
        return ""


def answered(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponseError:
    return ClientAuthenticationError(message=text, response=Answered(status, headers or {}))


async def test_the_managed_identity_says_who_it_is_and_what_it_may(tenant: Tenant) -> None:
    cloud = cloud_of(tenant)
    identity = Identity(cloud, tenant.world.identity.client_id)
    try:
        claims = await identity.claims(cloud.graph_scope)
    finally:
        await identity.close()
    assert claims.audience == cloud.graph
    assert claims.tenant_id == tenant.world.tenant_id
    assert claims.object_id == tenant.world.identity.object_id
    assert claims.application_id == tenant.world.identity.client_id
    assert "Application.ReadWrite.OwnedBy" in claims.roles
    assert claims.issued.tzinfo is not None


async def test_an_identity_that_is_not_attached_is_unavailable(tenant: Tenant) -> None:
    identity = Identity(cloud_of(tenant), "00000000-0000-0000-0000-000000000001")
    try:
        with pytest.raises(UnavailableError) as raised:
            await identity.claims(cloud_of(tenant).graph_scope)
    finally:
        await identity.close()
    assert raised.value.service == "identity"


async def test_in_azure_there_is_no_chain_to_fall_back_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud("custom", "https://token.example", "https://graph.example", "https://exchange.example", "imap")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    attached = Identity(cloud, None)
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    local = Identity(cloud, None)
    assert isinstance(attached.credential, ManagedIdentityCredential)
    assert isinstance(local.credential, DefaultAzureCredential)
    await attached.close()
    await local.close()


async def test_a_working_secret_is_proven_anew_each_time(tenant: Tenant) -> None:
    application = tenant.administrator.register_application("utm")
    tenant.administrator.create_enterprise_application(application)
    tenant.administrator.consent(application.app_id)
    secret = SecretStr(tenant.administrator.add_credential(application).value)
    cloud = cloud_of(tenant)
    proven = await prove_secret(cloud, tenant.world.tenant_id, application.app_id, secret)
    assert proven.claims.application_id == application.app_id
    assert proven.claims.audience == cloud.exchange
    assert proven.claims.roles == {"IMAP.AccessAsApp"}
    assert proven.token.get_secret_value() not in repr(proven)
    before = tenant.calls["token"]
    await prove_secret(cloud, tenant.world.tenant_id, application.app_id, secret)
    assert tenant.calls["token"] > before


async def test_an_application_that_trusts_the_identity_is_signed_in_as_with_its_token(tenant: Tenant) -> None:
    application = tenant.administrator.register_application("utm")
    tenant.administrator.create_enterprise_application(application)
    tenant.administrator.consent(application.app_id)
    cloud, tenant_id = cloud_of(tenant), tenant.world.tenant_id
    identity = Identity(cloud, tenant.world.identity.client_id)
    assertion = await identity.assertion(cloud.exchanges)
    await identity.close()
    with pytest.raises(RefusedError) as raised:
        await prove_assertion(cloud, tenant_id, application.app_id, assertion)
    assert (raised.value.code, assertion.get_secret_value() in repr(raised.value)) == ("AADSTS70021", False)
    trusted = tenant.administrator.add_credential(application, "federated")
    trusted.issuer, trusted.value, audience = cloud.trusts(tenant_id, tenant.world.identity.object_id)
    assert trusted.audiences == [audience]
    proven = await prove_assertion(cloud, tenant_id, application.app_id, assertion)
    assert (proven.claims.application_id, proven.claims.audience) == (application.app_id, cloud.exchange)


async def test_a_wrong_secret_is_refused_with_entras_code(tenant: Tenant) -> None:
    application = tenant.administrator.register_application("utm")
    tenant.administrator.create_enterprise_application(application)
    wrong = SecretStr("wr0ng-secret-value")
    with pytest.raises(RefusedError) as raised:
        await prove_secret(cloud_of(tenant), tenant.world.tenant_id, application.app_id, wrong)
    assert raised.value.service == "token"
    assert raised.value.code == "AADSTS7000215"
    assert raised.value.reason.startswith("Invalid client secret provided")
    assert raised.value.request_id is not None
    assert raised.value.request_id not in raised.value.reason


@pytest.mark.parametrize("cause", ["AADSTS90002", "AADSTS700016", "AADSTS7000222", "AADSTS7000112", "AADSTS53003"])
async def test_each_refusal_of_the_token_endpoint_keeps_its_code(tenant: Tenant, cause: str) -> None:
    application = tenant.administrator.register_application("utm")
    principal = tenant.administrator.create_enterprise_application(application)
    credential = tenant.administrator.add_credential(application)
    tenant_id, application_id = tenant.world.tenant_id, application.app_id
    match cause:
        case "AADSTS90002":
            tenant_id = "11111111-2222-3333-4444-555555555555"
        case "AADSTS700016":
            application_id = "11111111-2222-3333-4444-555555555555"
        case "AADSTS7000222":
            credential.end = credential.start - timedelta(days=1)
        case "AADSTS7000112":
            principal.enabled = False
        case _:
            tenant.world.blocked_by_conditional_access.add(application_id)
    with pytest.raises(RefusedError) as raised:
        await prove_secret(cloud_of(tenant), tenant_id, application_id, SecretStr(credential.value))
    assert (raised.value.service, raised.value.code) == ("token", cause)
    assert credential.value not in raised.value.reason


@pytest.mark.parametrize(
    ("fault", "kind", "seconds"),
    [
        (Fault.THROTTLED, ThrottledError, 7),
        (Fault.UNAVAILABLE, UnavailableError, None),
        (Fault.DROPPED, UnavailableError, None),
    ],
)
async def test_a_token_endpoint_in_trouble_is_no_verdict_on_the_secret(
    tenant: Tenant, fault: Fault, kind: type[ServiceError], seconds: float | None
) -> None:
    application = tenant.administrator.register_application("utm")
    tenant.misbehave(Preset(faults={"token": {fault: 1.0}}, in_a_row=1000, retry_after=(7, 7)))
    with pytest.raises(kind) as raised:
        await prove_secret(cloud_of(tenant), tenant.world.tenant_id, application.app_id, SecretStr("secret"))
    assert isinstance(raised.value, WaitError)
    assert (raised.value.service, raised.value.seconds) == ("token", seconds)
    assert tenant.calls["token"] <= 3


async def test_a_token_endpoint_that_is_away_is_unavailable() -> None:
    cloud = Cloud("custom", "https://127.0.0.1:1", "https://graph.example", "https://exchange.example", "imap")
    with pytest.raises(UnavailableError) as raised:
        await prove_secret(cloud, "11111111-2222-3333-4444-555555555555", "app", SecretStr("secret"))
    assert (raised.value.service, raised.value.code) == ("token", "unavailable")


TRACE = "0f0f0f0f-1111-2222-3333-444444444444"
EXPIRED = (
    "Authentication failed: AADSTS7000222: The provided client secret keys for app 'x' are expired. Visit the portal. "
    f"Trace ID: {TRACE} Correlation ID: 1 Timestamp: 2026-01-01 00:00:00Z"
)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (answered(401, EXPIRED), RefusedError, "AADSTS7000222"),
        (answered(400, "AADSTS53003: Access has been blocked."), RefusedError, "AADSTS53003"),
        (answered(400, "AADSTS53003"), RefusedError, "AADSTS53003"),
        (answered(429, "AADSTS90055: Too many.", {"Retry-After": "7"}), ThrottledError, "throttled"),
        (answered(503, "AADSTS90033: A transient error."), UnavailableError, "unavailable"),
        (answered(400, "something else"), UnexpectedAnswerError, "status-400"),
        (ServiceRequestError("no route"), UnavailableError, "unavailable"),
    ],
)
def test_what_the_token_endpoint_says(error: HttpResponseError, kind: type[ServiceError], code: str) -> None:
    ours = token_error(error)
    assert (type(ours), ours.service, ours.code) == (kind, "token", code)


def test_all_that_entra_says_is_the_reason_and_the_trace_id_the_request_id() -> None:
    ours = token_error(answered(401, EXPIRED))
    assert ours.reason == "The provided client secret keys for app 'x' are expired. Visit the portal."
    assert ours.request_id == TRACE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invalid client. Trace ID: 1", "Invalid client."),
        ("One. Two, v1.0! Three? Trace ID: 1", "One. Two, v1.0! Three?"),
        ("No full stop Correlation ID: 1", "No full stop"),
        ("Two\r\nlines\r\nTimestamp: 1'", "Two lines"),
        ("It ends with the SDK's mark'", "It ends with the SDK's mark"),
        ("", ""),
    ],
)
def test_entras_words_are_kept_whole_but_for_the_ids_that_follow(text: str, expected: str) -> None:
    assert whole(text) == expected


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AADSTS90033", UnavailableError),
        ("AADSTS90024", UnavailableError),
        ("AADSTS50196", ThrottledError),
        ("AADSTS90055", ThrottledError),
        ("AADSTS500014", RefusedError),
    ],
)
def test_what_entra_calls_passing_is_waited_for_whatever_its_status(code: str, kind: type[ServiceError]) -> None:
    ours = token_error(answered(400, f"(invalid_request) {code}: A sentence. Another one. Trace ID: 1"))
    assert type(ours) is kind
    assert ours.reason.endswith("A sentence. Another one.")


@pytest.mark.parametrize(
    ("status", "headers", "repeated"),
    [
        (503, {}, True),
        (503, {"Retry-After": "1"}, False),
        (503, {"x-ms-retry-after-ms": "9"}, False),
        (429, {}, False),
        (429, {"Retry-After": "1"}, False),
    ],
)
def test_a_throttled_call_or_one_that_names_its_time_is_the_callers_to_repeat(
    status: int, headers: dict[str, str], repeated: bool
) -> None:
    policy = BriefRetry(**limits(TOKEN))
    request = PipelineRequest(HttpRequest("GET", "https://vault.example"), PipelineContext(None))
    response = PipelineResponse(request.http_request, Answered(status, headers), request.context)
    assert policy.is_retry(policy.configure_retries({}) | {"method": "GET"}, response) is repeated


def test_a_throttled_identity_endpoint_says_for_how_long() -> None:
    ours = module.identity_error(answered(429, "busy", {"Retry-After": "12"}))
    assert isinstance(ours, ThrottledError)
    assert (ours.service, ours.seconds) == ("identity", 12)


def token_of(content: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


def test_a_token_of_the_newer_version_names_its_application_otherwise() -> None:
    content = {"aud": "a", "tid": "t", "azp": "app", "oid": "o", "iat": 0, "wids": ["w"]}
    claims = module._claims(token_of(content), "identity")
    assert claims.application_id == "app"
    assert claims.directory_roles == {"w"}
    assert claims.roles == frozenset()


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.%%%.c", token_of([]), token_of({"aud": "a"}), token_of("x")])
def test_a_token_that_cannot_be_read_is_reported_without_it(token: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as raised:
        module._claims(token, "identity")
    assert raised.value.code == "token-unreadable"
    assert token not in raised.value.reason
