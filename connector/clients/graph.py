"""Microsoft Graph v1.0: applications, enterprise applications, role assignments, client secrets.

Requests: learn.microsoft.com/graph/api: application-upsert, serviceprincipal-upsert,
serviceprincipal-post-approleassignedto, application-addpassword. Nothing is repeated here: a ``WaitError`` becomes a
durable wait.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import ParametersNameDecodingHandler
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application as GraphApplication
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from pydantic import SecretStr

from connector.clients.bounded_http import BoundedHttp, direct_or_by_proxy
from connector.clients.bounds import GRAPH, Bounds, walked
from connector.clients.graph_errors import done, root
from connector.clients.graph_objects import (
    APPLICATION,
    ENTERPRISE_APPLICATION,
    FEDERATED,
    application,
    enterprise_application,
    lock,
    owners,
    policy,
    required,
    utc,
)
from connector.clock import now
from connector.clouds import Cloud
from connector.errors import ForbiddenError, ReplicationError, UnavailableError, UnexpectedAnswerError
from connector.microsoft import SINGLE_TENANT
from connector.observed import (
    Application,
    CredentialPolicy,
    EnterpriseApplication,
    Owner,
    Resource,
    RoleAssignment,
)
from connector.together import together

_TIMEOUT = httpx.Timeout(30, connect=5)
_ASSIGNED_ALREADY = "permission being assigned already exists on the object"
_NO_SUCH_PASSWORD = "no password credential found"  # noqa: S105 - words of an error


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A client secret that was just made; its value is never shown again."""

    key_id: str
    secret: SecretStr
    ends: datetime


@dataclass
class _Query:
    """The query of a read: always with ``$select``, since Graph's answers are long and their cost is counted."""

    select: list[str] | None

    def get_query_parameter(self, name: str) -> str:
        """Return the parameter's name in the SDK's address templates."""
        return f"%24{name}"


class GraphClient:
    """The calls that the steps make. Each raises a ``ServiceError`` as ``graph_errors`` says."""

    def __init__(
        self,
        cloud: Cloud,
        credential: AsyncTokenCredential,
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds = GRAPH,
    ) -> None:
        self._bounds = bounds
        if transport is None:
            transport = direct_or_by_proxy(cloud.graph, ssl.create_default_context(cafile=cloud.ca_bundle))
        # Only what the SDK cannot do without: its retry handler would repeat addPassword.
        self._http = KiotaClientFactory.create_with_custom_middleware(
            [ParametersNameDecodingHandler()],
            httpx.AsyncClient(timeout=_TIMEOUT, transport=BoundedHttp(transport, bounds)),
        )
        provider = AzureIdentityAuthenticationProvider(
            credential, scopes=[cloud.graph_scope], allowed_hosts=[urlsplit(cloud.graph).hostname or ""]
        )
        self._adapter = GraphRequestAdapter(provider, self._http)
        self._adapter.base_url = f"{cloud.graph}/v1.0"

    @property
    def _graph(self) -> GraphServiceClient:
        """Return a root of addresses for one request alone.

        Those by alternate key (``servicePrincipals(appId=…)``, ``applications(uniqueName=…)``) write the key into their
        root, and the address is made of it only when there is a token: of two requests at the same moment both would go
        to the same object, reads and writes (msgraph-sdk 1, ``ServicePrincipalsWithAppIdRequestBuilder.__init__``).
        """
        return GraphServiceClient(request_adapter=self._adapter)

    async def close(self) -> None:
        """Let go of connections; the credential is its owner's to close."""
        await self._http.aclose()

    async def application(self, unique_name: str) -> Application | None:
        """Return the application with its owners and credentials, or None."""
        found = await root(self._graph.applications_with_unique_name(unique_name).get(_select(*APPLICATION)))
        if found is None:
            return None
        return application(found, *await self._belongings(str(found.id)))

    async def known_application(self, object_id: str) -> Application:
        """Return an application whose object id is known, in one round trip.

        Raises:
            ReplicationError: there is none of that id, as far as this replica knows.
        """
        builder = self._graph.applications.by_application_id(object_id)
        found, belongings = await together(_read(builder, APPLICATION), self._belongings(object_id))
        return application(_present(found), *belongings)

    async def _belongings(self, object_id: str) -> tuple[frozenset[Owner] | None, list[Any]]:
        """Return the owners and the federated credentials of an application."""
        builder = self._graph.applications.by_application_id(object_id)
        owning, federated = await together(
            self._owners(builder.owners), self._all(builder.federated_identity_credentials, *FEDERATED)
        )
        return owning, federated

    async def deleted_application(self, unique_name: str) -> Application | None:
        """Return the application of that name that was deleted and can still be restored (30 days), or None.

        Raises:
            ForbiddenError: this identity may not look there.
        """
        found = await self._all(self._graph.directory.deleted_items.graph_application, "id", "appId", "uniqueName")
        named = [one for one in found if one.unique_name == unique_name]
        return application(named[-1], None, []) if named else None

    async def ensure_application(
        self,
        unique_name: str,
        *,
        display_name: str,
        tags: Sequence[str],
        required_roles: Sequence[tuple[str, str]],
        notes: str | None = None,
    ) -> str | None:
        """Create or update the application; ``required_roles`` are pairs of resource appId and role id.

        Returns:
            The object id of the one that was created (201); None where there was one, which now is as wanted (204).
        """
        body = GraphApplication(
            display_name=display_name,
            sign_in_audience=SINGLE_TENANT,
            tags=list(tags),
            required_resource_access=required(required_roles),
            service_principal_lock_configuration=lock(),
            notes=notes,
        )
        made = await done(self._graph.applications_with_unique_name(unique_name).patch(body, _create_if_missing()))
        return str(made.id) if made is not None and made.id else None

    async def enterprise_application(
        self, application_id: str, object_id: str | None = None
    ) -> EnterpriseApplication | None:
        """Return the service principal of an application in this tenant with its owners and credentials, or None.

        Args:
            application_id: the application's.
            object_id: the service principal's own where it is known: then all takes one round trip.

        Raises:
            ReplicationError: there is none of that object id, as far as this replica knows.
        """
        builder = self._graph.service_principals_with_app_id(application_id)
        if object_id is None:
            found = await root(builder.get(_select(*ENTERPRISE_APPLICATION)))
            return None if found is None else enterprise_application(found, await self._owners_of(str(found.id)))
        found, owning = await together(_read(builder, ENTERPRISE_APPLICATION), self._owners_of(object_id))
        if found is None or str(found.id).lower() != object_id.lower():
            raise ReplicationError("graph", "application-not-listed", "another enterprise application has its place")
        return enterprise_application(found, owning)

    async def _owners_of(self, object_id: str) -> frozenset[Owner] | None:
        return await self._owners(self._graph.service_principals.by_service_principal_id(object_id).owners)

    async def ensure_enterprise_application(self, application_id: str, notes: str | None = None) -> str | None:
        """Create the service principal of an application; one that exists is left as it is.

        Returns:
            The object id of the one that was created; None where there was one.
        """
        builder = self._graph.service_principals_with_app_id(application_id)
        made = await done(builder.patch(ServicePrincipal(notes=notes), _create_if_missing()))
        return str(made.id) if made is not None and made.id else None

    async def resource(self, application_id: str) -> Resource | None:
        """Return the service principal of an API with the roles that it offers to applications, or None."""
        found = await root(self._graph.service_principals_with_app_id(application_id).get(_select("id", "appRoles")))
        if found is None:
            return None
        offered = {
            str(role.value): str(role.id)
            for role in found.app_roles or ()
            if role.is_enabled and role.value and "Application" in (role.allowed_member_types or ())
        }
        return Resource(str(found.id), offered)

    async def role_assignments(self, enterprise_application_id: str) -> tuple[RoleAssignment, ...]:
        """Return the app roles that an enterprise application holds."""
        builder = self._graph.service_principals.by_service_principal_id(enterprise_application_id)
        found = await self._all(builder.app_role_assignments, "id", "resourceId", "appRoleId")
        return tuple(RoleAssignment(str(one.id), str(one.resource_id), str(one.app_role_id)) for one in found)

    async def assign_role(self, *, enterprise_application_id: str, resource_id: str, role_id: str) -> None:
        """Give an app role; one that is held already is success."""
        body = AppRoleAssignment(
            principal_id=UUID(enterprise_application_id), resource_id=UUID(resource_id), app_role_id=UUID(role_id)
        )
        builder = self._graph.service_principals.by_service_principal_id(resource_id)
        await done(builder.app_role_assigned_to.post(body), already=_ASSIGNED_ALREADY)

    async def credential_policy(self) -> CredentialPolicy:
        """Return what the tenant's default policy allows.

        Raises:
            ForbiddenError: without ``Policy.Read.All`` the policy is unknown.
        """
        builder = self._graph.policies.default_app_management_policy
        found = _present(await done(builder.get(_select("isEnabled", "applicationRestrictions"))))
        return policy(found, now())

    async def add_password(self, application_object_id: str, *, display_name: str, ends: datetime) -> NewPassword:
        """Make a client secret. Never repeated: an answer that was lost leaves a secret that nobody knows.

        Raises:
            RefusedError: the tenant's policy forbids it, or the quota is used up.
        """
        body = AddPasswordPostRequestBody(
            password_credential=PasswordCredential(display_name=display_name, end_date_time=ends.astimezone(UTC))
        )
        builder = self._graph.applications.by_application_id(application_object_id)
        made = await done(builder.add_password.post(body))
        if made is None or not made.secret_text or not made.key_id:
            raise UnexpectedAnswerError("graph", "no-secret", "the answer holds no secret")
        return NewPassword(str(made.key_id), SecretStr(made.secret_text), utc(made.end_date_time) or ends)

    async def remove_password(self, application_object_id: str, key_id: str) -> None:
        """Remove a client secret; one that is gone already is success."""
        builder = self._graph.applications.by_application_id(application_object_id)
        body = RemovePasswordPostRequestBody(key_id=UUID(key_id))
        await done(builder.remove_password.post(body), already=_NO_SUCH_PASSWORD)

    async def _owners(self, builder: Any) -> frozenset[Owner] | None:
        """Return who owns an object; None where we may not see it."""
        try:
            return owners(await self._all(builder, "id"))
        except ForbiddenError:
            return None

    async def _all(self, builder: Any, *names: str) -> list[Any]:
        """Return a whole collection, page by page."""
        return await walked(_pages(builder, names), "graph", self._bounds)


async def _read(builder: Any, names: Sequence[str]) -> Any:
    """Return one object. The SDK's request begins in here: one that is cancelled before it began is none."""
    return await done(builder.get(_select(*names)))


async def _pages(builder: Any, names: Sequence[str]) -> AsyncIterator[tuple[list[Any], str | None]]:
    base = builder.request_adapter.base_url
    page = _present(await done(builder.get(_select(*names))))
    while link := page.odata_next_link:
        yield list(page.value or ()), link
        if not link.startswith(f"{base}/"):
            raise UnexpectedAnswerError("graph", "next-page", "the next page is not on this host")
        page = _present(await done(builder.with_url(link).get()))
    yield list(page.value or ()), None


def _present(answer: Any) -> Any:
    if answer is None:
        raise UnavailableError("graph", "unavailable", "the answer is empty")
    return answer


def _select(*names: str) -> Any:
    return RequestConfiguration(query_parameters=_Query(list(names)))


def _create_if_missing() -> Any:
    headers = HeadersCollection()
    headers.add("Prefer", "create-if-missing")
    return RequestConfiguration(headers=headers)
