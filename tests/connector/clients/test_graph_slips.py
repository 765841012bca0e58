"""A slip of our own within a call to Graph is told apart from an answer that cannot be read: only that one passes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.graph_service_client import GraphServiceClient

from connector.clients.graph import GraphClient
from connector.clients.graph_errors import done, root
from connector.errors import ConnectorError, UnavailableError
from tests.connector.clients.test_graph import ELSEWHERE, NOBODY, Bearer, answering

pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]
Misuse = Callable[[GraphServiceClient], Awaitable[Any]]


def _application(graph: GraphServiceClient) -> Any:
    return graph.applications.by_application_id(NOBODY)


def _dated(graph: GraphServiceClient) -> Awaitable[Any]:
    wrong: Any = PasswordCredential(display_name="x", end_date_time="tomorrow")
    return _application(graph).add_password.post(AddPasswordPostRequestBody(password_credential=wrong))  # type: ignore[no-any-return]


MISUSES: dict[str, Misuse] = {
    "no body": lambda graph: _application(graph).patch(None),
    "a dict for a body": lambda graph: _application(graph).patch({"displayName": "x"}),
    "a text for a time": _dated,
    "headers that are a list": lambda graph: _application(graph).get(RequestConfiguration(headers=["Prefer"])),
    "no configuration at all": lambda graph: _application(graph).get("$select=id"),
}


@pytest.mark.parametrize("ask", [done, root])
@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
async def test_a_misuse_of_the_sdk_is_no_outage(misuse: Misuse, ask: Callable[..., Awaitable[Any]]) -> None:
    graph = answering(lambda _: httpx.Response(200, json={"id": NOBODY}))
    with pytest.raises((AttributeError, TypeError, ValueError, LookupError)):
        await ask(misuse(graph._graph))
    await graph.close()


@pytest.mark.parametrize(
    "slip", [TypeError, AttributeError, KeyError, IndexError, NameError, ValueError, AssertionError]
)
async def test_a_slip_below_the_sdk_is_no_outage(slip: type[Exception]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise slip("ours")

    graph = answering(answer)
    for call in (graph.application("utm"), graph.role_assignments(NOBODY), graph.credential_policy()):
        with pytest.raises(slip):
            await call
    await graph.close()


async def test_a_slip_in_what_gives_the_token_is_no_outage() -> None:
    graph = GraphClient(ELSEWHERE, Bearer(KeyError("ours")))
    with pytest.raises(KeyError):
        await graph.application("utm")
    await graph.close()


ODD: tuple[Any, ...] = (
    None, True, 5, 1.5, "", "text", [], [5], ["text"], [None], [[]], {}, {"a": 1}, [{"id": 5}], [{"id": [1]}],
    [{"endDateTime": "never"}], [{"keyId": "no-guid"}], [{"keyId": 7}], [{"@odata.type": 5}], {"@odata.type": "#x"},
    [{"@odata.type": "#microsoft.graph.user", "id": {}}], "0001-01-01T00:00:00Z", "99999-01-01", -(10**400),
)  # fmt: skip
FIELDS = (
    "id", "appId", "value", "appRoles", "passwordCredentials", "keyCredentials", "tags", "createdDateTime",
    "servicePrincipalLockConfiguration", "requiredResourceAccess", "@odata.nextLink", "@odata.type", "isEnabled",
    "applicationRestrictions", "accountEnabled", "secretText", "keyId", "endDateTime", "error", "uniqueName",
)  # fmt: skip


async def test_no_answer_whatever_its_shape_is_taken_for_a_slip_of_ours() -> None:
    sent: list[bytes] = [json.dumps(one).encode() for one in ODD]
    sent += [json.dumps({"id": NOBODY, field: one}).encode() for field in FIELDS for one in ODD[::2]]
    sent += [b"", b"{", b"\xff\xfe", b"[1,", b'{"id": NaN}', b"\xef\xbb\xbf{}", b"[" * 5000, b'{"a":' * 5000]
    asked = 0
    answers = iter(body for body in sent for _ in range(2))
    told = {"Content-Type": "application/json"}
    graph = answering(lambda _: httpx.Response(200, content=next(answers), headers=told))
    for _ in sent:
        for request in (
            _application(graph._graph).get(),
            graph._graph.service_principals.by_service_principal_id(NOBODY).app_role_assignments.get(),
        ):
            asked += 1
            try:
                await done(request)
            except ConnectorError as error:
                assert isinstance(error, UnavailableError)  # noqa: PT017 - most are read, some are not
    await graph.close()
    assert asked == 2 * len(sent)


@pytest.mark.parametrize("claims", ["", "%%%", "YQ", "gr\u00fc\u00dfe", "eyJ", "AAAA"])
async def test_claims_that_cannot_be_read_are_no_slip_of_ours(claims: str) -> None:
    header = f'Bearer error="insufficient_claims", claims="{claims}"'.encode("latin-1")
    graph = answering(lambda _: httpx.Response(401, json={}, headers=[(b"WWW-Authenticate", header)]))
    with pytest.raises(ConnectorError):
        await graph.application("utm")
    await graph.close()
