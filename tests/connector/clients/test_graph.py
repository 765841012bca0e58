"""The Graph client against the simulated tenant, and the meaning of Graph's answers one by one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from connector.clients.graph import GraphClient
from connector.clients.graph_errors import Refusal, service_error
from connector.clients.identity import Identity
from connector.clouds import Cloud
from connector.errors import (
    ForbiddenError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    WaitError,
)
from connector.observed import Application, CredentialPolicy, Owner, RoleAssignment
from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_APP_ID, EXCHANGE_ROLES
from local.tenant.misbehaviour import Fault, Preset

# The SDK's builders define, on import, classes that call themselves deprecated.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]

NAME = "utm-mail-connect-zentrale"
IMAP = EXCHANGE_ROLES["IMAP.AccessAsApp"]
NOBODY = "11111111-2222-3333-4444-555555555555"


def cloud_of(tenant: Tenant) -> Cloud:
    found = tenant.endpoints
    return Cloud(
        "custom", found["authority"], found["graph"], found["exchange"], "localhost", ca_bundle=found["caBundle"]
    )


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[GraphClient]:
    identity = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    made = GraphClient(cloud_of(tenant), identity.credential)
    yield made
    await made.close()
    await identity.close()


def misbehave(tenant: Tenant, fault: Fault) -> None:
    tenant._simulation.misbehaviour.preset = Preset(faults={"graph": {fault: 1.0}}, in_a_row=1000, retry_after=(7, 7))


async def ensured(graph: GraphClient) -> Application:
    await graph.ensure_application(
        NAME, display_name="UTM Zentrale", tags=["utm-mail-connect"], required_roles=[(EXCHANGE_APP_ID, IMAP)]
    )
    found = await graph.application(NAME)
    assert found is not None
    return found


async def test_requests_at_the_same_moment_go_each_to_its_own_object(graph: GraphClient) -> None:
    """Also while nobody has a token yet: the SDK keeps the key of an address where all requests share it."""
    names = [f"{NAME}-{number}" for number in range(4)]
    await asyncio.gather(
        *(
            graph.ensure_application(
                name, display_name=name, tags=["utm-mail-connect"], required_roles=[(EXCHANGE_APP_ID, IMAP)]
            )
            for name in names
        )
    )
    found = await asyncio.gather(*(graph.application(name) for name in names))
    assert [one.display_name if one is not None else None for one in found] == names
    for one in found:
        assert one is not None
        await graph.ensure_enterprise_application(one.application_id)
    ids = [one.application_id for one in found if one is not None]
    read = await asyncio.gather(*(graph.enterprise_application(one) for one in ids), graph.resource(EXCHANGE_APP_ID))
    assert [getattr(one, "application_id", None) for one in read[:-1]] == ids
    assert "IMAP.AccessAsApp" in getattr(read[-1], "roles", {})


async def test_an_application_that_is_not_there_is_none(graph: GraphClient) -> None:
    assert await graph.application(NAME) is None
    assert await graph.enterprise_application(NOBODY) is None
    assert await graph.resource(NOBODY) is None


async def test_an_application_is_created_once_and_then_updated(tenant: Tenant, graph: GraphClient) -> None:
    first = await ensured(graph)
    assert first.display_name == "UTM Zentrale"
    assert first.sign_in_audience == "AzureADMyOrg"
    assert first.tags == {"utm-mail-connect"}
    assert first.required_roles == {(EXCHANGE_APP_ID, IMAP)}
    assert first.owners == frozenset({Owner(tenant.world.identity.object_id, "servicePrincipal")})
    assert first.credentials == ()
    await graph.ensure_application(NAME, display_name="Anders", tags=[], required_roles=[])
    second = await graph.application(NAME)
    assert second is not None
    assert (second.object_id, second.display_name, second.required_roles) == (first.object_id, "Anders", frozenset())
    assert len(tenant.world.applications) == 1


async def test_owners_are_read_to_the_last_page(tenant: Tenant, graph: GraphClient) -> None:
    await ensured(graph)
    made = next(iter(tenant.world.applications.values()))
    for number in range(250):
        tenant.administrator.add_owner(made, f"00000000-0000-0000-0000-{number:012}")
    found = await graph.application(NAME)
    assert found is not None
    assert found.owners is not None
    assert len(found.owners) == 251


async def test_every_kind_of_credential_is_seen(tenant: Tenant, graph: GraphClient) -> None:
    await ensured(graph)
    made = next(iter(tenant.world.applications.values()))
    expected = {
        (tenant.administrator.add_credential(made, kind).key_id, kind)
        for kind in ("secret", "certificate", "federated")
    }
    found = await graph.application(NAME)
    assert found is not None
    assert {(one.key_id, one.kind) for one in found.credentials} == expected
    for one in found.credentials:
        assert (one.ends is None) == (one.kind == "federated")
        assert one.ends is None or one.ends.tzinfo is not None
        assert one.display_name == f"Von Hand {one.kind}"


async def test_an_enterprise_application_is_created_and_shows_whether_it_is_enabled(
    tenant: Tenant, graph: GraphClient
) -> None:
    application = await ensured(graph)
    await graph.ensure_enterprise_application(application.application_id)
    first = await graph.enterprise_application(application.application_id)
    assert first is not None
    assert (first.application_id, first.enabled) == (application.application_id, True)
    tenant.administrator.enable_enterprise_application(application.application_id, enabled=False)
    await graph.ensure_enterprise_application(application.application_id)
    second = await graph.enterprise_application(application.application_id)
    assert second is not None
    assert (second.id, second.enabled) == (first.id, False)


async def test_who_made_an_object_and_who_owns_it_is_read_of_both(tenant: Tenant, graph: GraphClient) -> None:
    made, upsert = [], {"display_name": "UTM", "tags": [], "required_roles": []}
    made += [await graph.ensure_application(NAME, **upsert, notes="ours") for _ in range(2)]  # type: ignore[arg-type]
    application = await graph.application(NAME)
    assert application is not None
    made += [await graph.ensure_enterprise_application(application.application_id, "ours") for _ in range(2)]
    principal = await graph.enterprise_application(application.application_id)
    assert principal is not None
    assert made == [application.object_id, None, principal.id, None]  # None: it was there before, made by whomever
    for found in (application, principal):
        assert (found.maker, found.notes) == (tenant.world.identity.client_id, "ours")
        assert found.owners == frozenset({Owner(tenant.world.identity.object_id, "servicePrincipal")})
    assert application.locked
    for enterprise_id in (None, principal.id):
        seen = await graph.registration(application.application_id, application.object_id, enterprise_id)
        assert seen == (application, principal)


async def test_what_a_member_added_to_the_service_principal_is_seen(tenant: Tenant, graph: GraphClient) -> None:
    tenant.administrator.revoke("Application.Read.All")
    planted, password = tenant.member.plant(NAME)
    principal = tenant.world.service_principal(planted.app_id)
    assert principal is not None
    tenant.member.add_owner(principal)
    certificate = tenant.member.add_credential(principal, "certificate")
    found = await graph.enterprise_application(planted.app_id)
    assert found is not None
    assert {(one.key_id, one.kind) for one in found.credentials} == {
        (password.key_id, "secret"),
        (certificate.key_id, "certificate"),
    }
    assert Owner(tenant.member.id, "user") in (found.owners or ())
    principal.owners = [tenant.member.id]
    found = await graph.enterprise_application(planted.app_id)
    assert found is not None
    assert found.owners is None


async def test_what_microsoft_has_disabled_is_not_enabled(tenant: Tenant, graph: GraphClient) -> None:
    planted, _ = tenant.member.plant(NAME)
    principal = tenant.world.service_principal(planted.app_id)
    assert principal is not None
    principal.disabled_by_microsoft = "DisabledDueToViolationOfServicesAgreement"
    found = await graph.enterprise_application(planted.app_id)
    assert found is not None
    assert found.enabled is False


async def test_an_id_that_is_another_s_by_now_is_not_taken_for_it(graph: GraphClient) -> None:
    application = await ensured(graph)
    await graph.ensure_enterprise_application(application.application_id)
    with pytest.raises(ReplicationError):
        await graph.registration(application.application_id, application.object_id, NOBODY)
    with pytest.raises(ReplicationError):
        await graph.registration(application.application_id, NOBODY)


async def test_an_application_that_has_not_arrived_is_waited_for(graph: GraphClient) -> None:
    with pytest.raises(ReplicationError):
        await graph.ensure_enterprise_application(NOBODY)
    with pytest.raises(ReplicationError):
        await graph.role_assignments(NOBODY)
    with pytest.raises(ReplicationError):
        await graph.add_password(NOBODY, display_name="x", ends=datetime.now(UTC) + timedelta(days=1))


async def test_a_resource_shows_the_roles_it_offers(tenant: Tenant, graph: GraphClient) -> None:
    service = tenant.world.service_principal(EXCHANGE_APP_ID)
    assert service is not None
    next(role for role in service.roles if role.value == "POP.AccessAsApp").enabled = False
    found = await graph.resource(EXCHANGE_APP_ID)
    assert found is not None
    assert found.id == service.id
    assert found.roles["IMAP.AccessAsApp"] == IMAP
    assert "POP.AccessAsApp" not in found.roles


async def test_a_role_is_assigned_once(graph: GraphClient) -> None:
    application = await ensured(graph)
    await graph.ensure_enterprise_application(application.application_id)
    principal = await graph.enterprise_application(application.application_id)
    resource = await graph.resource(EXCHANGE_APP_ID)
    assert principal is not None
    assert resource is not None
    assert await graph.role_assignments(principal.id) == ()
    for made in (True, False):
        sent = {"enterprise_application_id": principal.id, "resource_id": resource.id, "role_id": IMAP}
        assert await graph.assign_role(**sent) is made
    (assigned,) = await graph.role_assignments(principal.id)
    assert assigned == RoleAssignment(assigned.id, resource.id, IMAP, assigned.created)
    assert assigned.created is not None
    assert abs(datetime.now(UTC) - assigned.created) < timedelta(hours=1)


async def test_a_secret_is_made_and_removed(tenant: Tenant, graph: GraphClient) -> None:
    application = await ensured(graph)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=90)
    made = await graph.add_password(application.object_id, display_name="utm 1", ends=ends)
    (kept,) = tenant.world.applications[application.object_id].credentials
    assert (made.key_id, made.ends) == (kept.key_id, ends)
    assert made.secret.get_secret_value() == kept.value
    assert kept.value not in repr(made)
    found = await graph.application(NAME)
    assert found is not None
    assert [(one.key_id, one.display_name, one.ends) for one in found.credentials] == [(made.key_id, "utm 1", ends)]
    for _ in range(2):
        await graph.remove_password(application.object_id, made.key_id)
    assert tenant.world.applications[application.object_id].credentials == []


@pytest.mark.parametrize(
    ("days", "forbidden", "expected"),
    [
        (None, False, CredentialPolicy(secrets_allowed=True, longest_days=None)),
        (180, False, CredentialPolicy(secrets_allowed=True, longest_days=180)),
        (None, True, CredentialPolicy(secrets_allowed=False, longest_days=None)),
    ],
)
async def test_the_policy_is_read(
    tenant: Tenant, graph: GraphClient, days: int | None, forbidden: bool, expected: CredentialPolicy
) -> None:
    tenant.administrator.limit_secrets(days, forbidden=forbidden)
    assert await graph.credential_policy() == expected


@pytest.mark.parametrize(
    ("duration", "days"), [("P1Y", 365), ("P2M", 60), ("P1DT23H59M", 1), ("PT36H", 1), ("P4W", 28), ("PT1H", 0)]
)
async def test_a_lifetime_is_rounded_down_to_days(tenant: Tenant, graph: GraphClient, duration: str, days: int) -> None:
    tenant.administrator.limit_secrets()
    tenant.world.credential_policy.longest_secret = duration
    assert (await graph.credential_policy()).longest_days == days


async def test_a_policy_that_is_off_limits_nothing(tenant: Tenant, graph: GraphClient) -> None:
    tenant.administrator.limit_secrets(30, forbidden=True)
    tenant.world.credential_policy.enabled = False
    assert await graph.credential_policy() == CredentialPolicy()


async def test_of_a_policy_only_what_holds_now_for_secrets_counts() -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    restrictions = [
        {"restrictionType": "passwordAddition", "state": "disabled"},
        {"restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": later},
        {"restrictionType": "customPasswordAddition", "state": "enabled"},
        {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P180D"},
        {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"},
        {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": None},
    ]
    body = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": restrictions}}
    graph = answering(lambda _: httpx.Response(200, json=body))
    assert await graph.credential_policy() == CredentialPolicy(secrets_allowed=True, longest_days=90)
    await graph.close()


@pytest.mark.parametrize("body", ["", "{}", "null", "[]", '"fine"', '{"value": []}'])
async def test_a_policy_that_is_not_in_the_answer_is_not_taken_for_none(body: str) -> None:
    kind = {"Content-Type": "application/json"}
    graph = answering(lambda _: httpx.Response(200 if body else 204, text=body, headers=kind))
    with pytest.raises(UnavailableError):
        await graph.credential_policy()
    await graph.close()


async def test_without_the_right_the_policy_is_unknown(tenant: Tenant, graph: GraphClient) -> None:
    tenant.administrator.revoke("Policy.Read.All")
    with pytest.raises(ForbiddenError) as raised:
        await graph.credential_policy()
    assert raised.value.code == "Authorization_RequestDenied"
    assert raised.value.request_id is not None


async def test_a_secret_that_the_policy_forbids_is_refused_with_its_code(tenant: Tenant, graph: GraphClient) -> None:
    application = await ensured(graph)
    ends = datetime.now(UTC) + timedelta(days=90)
    tenant.administrator.limit_secrets(30)
    with pytest.raises(RefusedError) as raised:
        await graph.add_password(application.object_id, display_name="utm", ends=ends)
    assert raised.value.code == "CredentialInvalidLifetimeAsPerAppPolicy"
    tenant.administrator.limit_secrets(forbidden=True)
    with pytest.raises(RefusedError) as raised:
        await graph.add_password(application.object_id, display_name="utm", ends=ends)
    assert raised.value.code == "CredentialTypeNotAllowedAsPerAppPolicy"


@pytest.mark.parametrize(
    ("fault", "kind", "code", "seconds"),
    [
        (Fault.THROTTLED, ThrottledError, "throttled", 7),
        (Fault.UNAVAILABLE, UnavailableError, "unavailable", None),
        (Fault.CONCURRENT, ReplicationError, "replication", None),
        (Fault.DROPPED, UnavailableError, "unavailable", None),
        (Fault.LOST, UnavailableError, "unavailable", None),
    ],
)
async def test_a_write_that_fails_is_never_repeated(
    tenant: Tenant, graph: GraphClient, fault: Fault, kind: type[WaitError], code: str, seconds: float | None
) -> None:
    application = await ensured(graph)
    misbehave(tenant, fault)
    tenant.forget_requests()
    with pytest.raises(kind) as raised:
        await graph.add_password(application.object_id, display_name="utm", ends=datetime.now(UTC) + timedelta(days=90))
    assert (raised.value.service, raised.value.code, raised.value.seconds) == ("graph", code, seconds)
    assert tenant.calls["graph"] == 1


async def test_a_read_that_is_refused_is_not_taken_for_nothing_there() -> None:
    for status, kind in ((429, ThrottledError), (503, UnavailableError), (403, ForbiddenError)):
        graph = answering(lambda _, status=status: httpx.Response(status, json={}))
        with pytest.raises(kind):
            await graph.application(NAME)
        await graph.close()


async def test_every_read_selects_what_it_needs() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer token"
        if request.url.path.endswith("$batch"):
            parts = json.loads(request.content)["requests"]
            asked.extend(httpx.URL(part["url"]) for part in parts)
            body = {"id": NOBODY, "appId": NOBODY, "value": []}
            told = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
            return httpx.Response(200, json={"responses": [{"id": part["id"], **told} for part in parts]})
        asked.append(request.url)
        return httpx.Response(200, json={"id": NOBODY, "appId": NOBODY, "value": [], "isEnabled": True})

    graph = answering(answer)
    await graph.application(NAME)
    await graph.enterprise_application(NOBODY)
    await graph.registration(NOBODY, NOBODY)
    await graph.registration(NOBODY, NOBODY, NOBODY)
    await graph.resource(NOBODY)
    await graph.role_assignments(NOBODY)
    await graph.credential_policy()
    await graph.close()
    assert len(asked) == 3 + 2 + 5 + 5 + 1 + 1 + 1
    assert all(url.params["$select"] for url in asked)


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (httpx.Response(502, text="<html>Bad gateway</html>"), UnavailableError, "unavailable"),
        (httpx.Response(502, html="<html>Bad gateway</html>"), UnavailableError, "unavailable"),
        (httpx.Response(429, headers={"Retry-After": "4"}), ThrottledError, "throttled"),
        (httpx.Response(503, json={}), UnavailableError, "unavailable"),
        (httpx.Response(401, json={}), ForbiddenError, "status-401"),
        (httpx.Response(302), UnexpectedAnswerError, "status-302"),
        (httpx.Response(200, text="{", headers={"Content-Type": "application/json"}), UnavailableError, "unavailable"),
        (httpx.Response(200, html="<html>Sign in</html>"), UnavailableError, "unavailable"),
        (httpx.Response(204), UnavailableError, "unavailable"),
    ],
)
async def test_an_answer_that_is_not_graphs_is_ours_all_the_same(
    response: httpx.Response, kind: type[ServiceError], code: str
) -> None:
    graph = answering(lambda _: response)
    with pytest.raises(kind) as raised:
        await graph.role_assignments(NOBODY)
    assert raised.value.code == code
    await graph.close()


async def test_an_answer_without_a_secret_is_unexpected() -> None:
    graph = answering(lambda _: httpx.Response(200, json={"keyId": NOBODY}))
    with pytest.raises(UnexpectedAnswerError) as raised:
        await graph.add_password(NOBODY, display_name="x", ends=datetime.now(UTC))
    assert raised.value.code == "no-secret"
    await graph.close()


async def test_an_identity_without_a_token_is_unavailable() -> None:
    graph = GraphClient(ELSEWHERE, Bearer(ClientAuthenticationError("no token")))
    with pytest.raises(UnavailableError) as raised:
        await graph.application(NAME)
    assert (raised.value.service, raised.value.code) == ("identity", "unavailable")
    await graph.close()


async def test_a_host_that_is_not_graph_gets_no_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/next"})

    graph = answering(answer)
    with pytest.raises(UnexpectedAnswerError) as raised:
        await graph.role_assignments(NOBODY)
    assert raised.value.code == "next-page"
    assert [request.url.host for request in asked] == ["graph.example"]
    await graph.close()


@pytest.mark.parametrize(
    ("refusal", "kind", "code"),
    [
        (Refusal(404, "Request_ResourceNotFound", "Resource 'x' does not exist"), ReplicationError, "replication"),
        (
            Refusal(400, "Request_BadRequest", "The appId 'x' of the service principal does not reference a valid "
                    "application object."), ReplicationError, "replication",
        ),
        (
            Refusal(403, "Authorization_RequestDenied", "When using this permission, the backing application of the "
                    "service principal being created must in the local tenant"), ReplicationError, "replication",
        ),
        (Refusal(400, "Request_BadRequest", "Not a valid reference update."), ReplicationError, "replication"),
        (Refusal(409, "Request_MultipleObjectsWithSameKeyValue", ""), ReplicationError, "replication"),
        (Refusal(409, "Directory_ConcurrencyViolation", "Error due to concurrent"), ReplicationError, "replication"),
        (Refusal(503, "Directory_ConcurrencyViolation", "Error due to concurrent"), ReplicationError, "replication"),
        (Refusal(403, "Directory_QuotaExceeded", "quota"), RefusedError, "Directory_QuotaExceeded"),
        (Refusal(400, "Directory_QuotaExceeded", "quota"), RefusedError, "Directory_QuotaExceeded"),
        (
            Refusal(400, "CredentialInvalidLifetimeAsPerAppPolicy", "Credential lifetime exceeds"),
            RefusedError, "CredentialInvalidLifetimeAsPerAppPolicy",
        ),
        (
            Refusal(400, "CredentialTypeNotAllowedAsPerAppPolicy", "Credential type not allowed"),
            RefusedError, "CredentialTypeNotAllowedAsPerAppPolicy",
        ),
        (Refusal(429, "TooManyRequests", "wait", seconds=9), ThrottledError, "throttled"),
        (Refusal(500, "", ""), UnavailableError, "unavailable"),
        (Refusal(503, "serviceNotAvailable", ""), UnavailableError, "unavailable"),
        (Refusal(408, "", ""), UnavailableError, "unavailable"),
        (Refusal(401, "InvalidAuthenticationToken", ""), ForbiddenError, "InvalidAuthenticationToken"),
        (Refusal(403, "Authorization_RequestDenied", "Insufficient"), ForbiddenError, "Authorization_RequestDenied"),
        (Refusal(400, "Request_BadRequest", "Invalid value"), UnexpectedAnswerError, "Request_BadRequest"),
        (Refusal(418), UnexpectedAnswerError, "status-418"),
    ],
)  # fmt: skip
def test_the_meaning_of_an_answer(refusal: Refusal, kind: type[ServiceError], code: str) -> None:
    ours = service_error(refusal)
    assert (type(ours), ours.service, ours.code) == (kind, "graph", code)
    if isinstance(ours, ThrottledError):
        assert ours.seconds == 9


ELSEWHERE = Cloud("custom", "https://token.example", "https://graph.example", "https://exchange.example", "imap")


class Bearer:
    """A credential that gives a fixed token, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        if self._error is not None:
            raise self._error
        return AccessToken("token", 2**31)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


def answering(answer: Any) -> GraphClient:
    """Return a client whose requests are answered here, below the SDK's own layers."""
    return GraphClient(ELSEWHERE, Bearer(), transport=httpx.MockTransport(answer))
