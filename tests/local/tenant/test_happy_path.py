"""The whole article by the real SDKs: what the set-up does, without the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.service_principal import ServicePrincipal

from local.tenant.catalogue import EXCHANGE_APP_ID, EXCHANGE_ROLES
from tests.local.tenant.clients import Clients

# The SDK's generated modules warn about themselves when they are imported.
pytestmark = pytest.mark.filterwarnings(
    "ignore:GetQueryParameters is deprecated:DeprecationWarning", "ignore:This class is deprecated:DeprecationWarning"
)
IMAP = EXCHANGE_ROLES["IMAP.AccessAsApp"]


def create_if_missing() -> Any:
    configuration = RequestConfiguration()
    configuration.headers.add("Prefer", "create-if-missing")
    return configuration


async def test_the_article_by_real_sdks_ends_with_an_open_mailbox(clients: Clients) -> None:
    graph, tenant = clients.graph, clients.tenant
    wanted = Application(
        display_name="UTM",
        sign_in_audience="AzureADMyOrg",
        required_resource_access=[
            RequiredResourceAccess(
                resource_app_id=EXCHANGE_APP_ID, resource_access=[ResourceAccess(id=IMAP, type="Role")]
            )
        ],
    )
    named = graph.applications_with_unique_name("utm-mail-connect-hq")
    made = await named.patch(wanted, create_if_missing())
    assert await named.patch(wanted, create_if_missing()) is None
    application = await named.get()
    assert application.id == made.id
    owners = await graph.applications.by_application_id(application.id).owners.get()
    assert [owner.id for owner in owners.value] == [tenant.world.identity.object_id]

    principal = await graph.service_principals_with_app_id(application.app_id).patch(
        ServicePrincipal(display_name="UTM"), create_if_missing()
    )
    exchange = await graph.service_principals_with_app_id(EXCHANGE_APP_ID).get()
    role = next(role for role in exchange.app_roles if role.value == "IMAP.AccessAsApp")
    assert str(role.id) == IMAP
    await graph.service_principals.by_service_principal_id(exchange.id).app_role_assigned_to.post(
        AppRoleAssignment(principal_id=principal.id, resource_id=exchange.id, app_role_id=role.id)
    )
    held = await graph.service_principals.by_service_principal_id(principal.id).app_role_assignments.get()
    assert [str(assignment.app_role_id) for assignment in held.value] == [IMAP]

    ends = datetime.now(UTC) + timedelta(days=180)
    password = await graph.applications.by_application_id(application.id).add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="intent", end_date_time=ends))
    )
    kept = await clients.vault.set_secret(
        "hq", password.secret_text, tags={"keyId": str(password.key_id)}, expires_on=ends, content_type="text/plain"
    )
    assert (await clients.vault.get_secret("hq")).value == password.secret_text
    assert kept.properties.expires_on == ends.replace(microsecond=0)

    answer = await clients.cmdlet(
        "New-ServicePrincipal", AppId=application.app_id, ObjectId=principal.id, DisplayName="UTM"
    )
    assert answer.json()["value"][0]["ObjectId"] == principal.id
    for address in tenant.addresses:
        answer = await clients.cmdlet(
            "Add-MailboxPermission",
            Identity=address,
            User=principal.id,
            AccessRights=["FullAccess"],
            InheritanceType="All",
            AutoMapping=False,
            Confirm=False,
        )
        assert answer.status_code == 200
        assert tenant.world.with_access(address) == {principal.id}

    async with clients.sign_in_as(application.app_id, password.secret_text) as credential:
        token = (await credential.get_token(f"{tenant.endpoints['exchange']}/.default")).token
    for address in tenant.addresses:
        assert clients.open_mailbox(address, token) == ("opened", "")
    assert {password.secret_text, token} < tenant.issued
