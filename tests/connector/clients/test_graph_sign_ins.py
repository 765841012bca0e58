"""The record of credentials' sign-ins: read in full, and whatever it holds, never more than it says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connector.clients.graph import GraphClient
from connector.clients.identity import Identity
from connector.errors import ForbiddenError, ServiceError, UnavailableError, UnexpectedAnswerError
from local.tenant import Tenant
from tests.connector.clients.test_graph import cloud_of

pytestmark = [
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:msgraph\..*"),
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:kiota_abstractions\..*"),
]
APP = "6f1c0d2e-0000-4000-8000-000000000001"
KEYS = [f"6f1c0d2e-0000-4000-8000-00000000001{number}" for number in range(5)]
MAY = datetime(2026, 5, 1, tzinfo=UTC)
LICENCE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


@pytest.fixture
async def identity(tenant: Tenant) -> AsyncIterator[Identity]:
    made = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    yield made
    await made.close()


async def test_the_tenant_s_record_is_read_with_its_reasons_for_not_telling(tenant: Tenant, identity: Identity) -> None:
    graph = GraphClient(cloud_of(tenant), identity.credential)
    ours, other = (tenant.administrator.register_application(name) for name in ("one", "two"))
    used = [tenant.administrator.add_credential(thing) for thing in (ours, ours, other)]
    for entry, thing in zip(used, (ours, ours, other), strict=True):
        tenant.administrator.utm_signs_in(thing.app_id, entry.key_id)
    with pytest.raises(ForbiddenError, match="Authentication_MSGraphPermissionMissing"):
        await graph.last_uses(ours.app_id)
    tenant.administrator.grant("AuditLog.Read.All")
    tenant.forget_tokens()
    await identity.close()
    again = Identity(cloud_of(tenant), tenant.world.identity.client_id)
    granted = GraphClient(cloud_of(tenant), again.credential)
    found = await granted.last_uses(ours.app_id.upper())
    assert set(found) == {used[0].key_id, used[1].key_id}
    assert all((found[key].hour, found[key].utcoffset()) == (0, UTC.utcoffset(None)) for key in found)
    tenant.world.premium = False
    with pytest.raises(ForbiddenError, match=LICENCE):
        await granted.last_uses(ours.app_id)
    tenant.world.sign_in_report = "absent"
    with pytest.raises(UnexpectedAnswerError):
        await granted.last_uses(ours.app_id)
    await granted.close()
    await graph.close()
    await again.close()


class Answers(httpx.AsyncBaseTransport):
    """Graph, with answers that were written down."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[str]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        answer = self.answers.pop(0)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=content)


def row(key: Any = KEYS[0], at: Any = "2026-05-01T00:00:00Z", app: Any = APP) -> dict[str, Any]:
    return {"appId": app, "keyId": key, "signInActivity": {"lastSignInDateTime": at}}


ODD: list[Any] = [
    row(app=KEYS[1]),
    row(app="nobody"),
    row(key="no id"),
    row(key=None),
    row(at=None),
    row(at="yesterday"),
    row(at=5),
    row(at="9999-12-31T23:59:59-14:00"),
    {"appId": APP, "keyId": KEYS[0]},
    {"appId": APP, "keyId": KEYS[0], "signInActivity": None},
    "row",
    None,
    [],
]


async def test_a_row_that_cannot_be_read_says_nothing_and_hides_no_other(tenant: Tenant, identity: Identity) -> None:
    more = f"{cloud_of(tenant).graph}/beta/reports/appCredentialSignInActivities?$skiptoken=1"
    pages = (
        {"value": [*ODD, row(KEYS[1].upper(), "2026-05-03T00:00:00+02:00")], "@odata.nextLink": more},
        {
            "value": [
                row(KEYS[2], "2026-05-01T00:00:00"),
                row(KEYS[2], "2026-04-01T00:00:00Z"),
                row(KEYS[3], "0001-01-01T00:00:00Z"),
            ]
        },
    )
    transport = Answers(*pages)
    found = await GraphClient(cloud_of(tenant), identity.credential, transport).last_uses(APP)
    assert found == {
        KEYS[1]: datetime(2026, 5, 2, 22, tzinfo=UTC),
        KEYS[2]: MAY,
        KEYS[3]: datetime(1, 1, 1, tzinfo=UTC),
    }
    assert APP in transport.asked[0]
    assert transport.asked[1] == more


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", UnavailableError),
        (b"<html>", UnavailableError),
        (b"[" * 100_000, UnavailableError),
        ([], UnavailableError),
        ({}, UnavailableError),
        ({"value": None}, UnavailableError),
        ({"value": {}}, UnavailableError),
        ({"value": [], "@odata.nextLink": "https://elsewhere.example/beta"}, UnexpectedAnswerError),
    ],
)
async def test_an_answer_that_is_none_is_not_an_empty_record(
    tenant: Tenant, identity: Identity, answer: Any, kind: type[ServiceError]
) -> None:
    with pytest.raises(kind):
        await GraphClient(cloud_of(tenant), identity.credential, Answers(answer)).last_uses(APP)
