"""Microsoft Graph v1.0: applications, enterprise applications, role assignments, client secrets.

Requests: learn.microsoft.com/graph/api: application-upsert, serviceprincipal-upsert,
serviceprincipal-post-approleassignedto, application-addpassword. Nothing is repeated here: a ``WaitError`` becomes a
durable wait.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
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

from connector.clients import graph_keys as keys
from connector.clients import graph_sign_ins as sign_ins
from connector.clients.bounded_http import BoundedHttp, direct_or_by_proxy
from connector.clients.bounds import GRAPH, Bounds
from connector.clients.graph_batch import BatchTransport
from connector.clients.graph_errors import done
from connector.clients.graph_objects import (
    APPLICATION,
    ENTERPRISE_APPLICATION,
    FEDERATED,
    application,
    enterprise_application,
    lock,
    policy,
    required,
    utc,
)
from connector.clients.graph_organization import display_name
from connector.clients.graph_reads import Reads
from connector.clock import now
from connector.clouds import Cloud
from connector.errors import ReplicationError, UnavailableError, UnexpectedAnswerError
from connector.microsoft import SINGLE_TENANT
from connector.observed import (
    Application,
    CredentialPolicy,
    EnterpriseApplication,
    Resource,
    RoleAssignment,
)

_TIMEOUT = httpx.Timeout(30, connect=5)
_ASSIGNED_ALREADY = "permission being assigned already exists on the object"
_NO_SUCH_PASSWORD = "no password credential found"  # noqa: S105 - words of an error


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A client secret that was just made; its value is never shown again."""

    key_id: str
    secret: SecretStr
    ends: datetime


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
        self._base = f"{cloud.graph}/v1.0"
        self._transport = BoundedHttp(transport, bounds)
        self._provider = AzureIdentityAuthenticationProvider(
            credential, scopes=[cloud.graph_scope], allowed_hosts=[urlsplit(cloud.graph).hostname or ""]
        )
        self._reads = self._by(self._transport)

    def _by(self, transport: httpx.AsyncBaseTransport) -> Reads:
        # Only what the SDK cannot do without: its retry handler would repeat addPassword.
        http = KiotaClientFactory.create_with_custom_middleware(
            [ParametersNameDecodingHandler()], httpx.AsyncClient(timeout=_TIMEOUT, transport=transport)
        )
        adapter = GraphRequestAdapter(self._provider, http)
        adapter.base_url = self._base
        return Reads(adapter, self._bounds)

    @property
    def _graph(self) -> GraphServiceClient:
        return self._reads.graph

    async def close(self) -> None:
        """Let go of connections; the credential is its owner's to close."""
        await self._transport.aclose()

    async def application(self, unique_name: str) -> Application | None:
        """Return the application with its owners and credentials, or None."""
        found = await self._reads.named(self._graph.applications_with_unique_name(unique_name), *APPLICATION)
        if found is None:
            return None
        batch = BatchTransport(self._transport, self._base)
        return application(found, *await batch.together(*_belongings(self._by(batch), _id(found))))

    async def registration(
        self, application_id: str, object_id: str, enterprise_id: str | None = None
    ) -> tuple[Application, EnterpriseApplication | None]:
        """Return an application and its service principal, both with their owners and credentials, in one request.

        Args:
            application_id: the application's.
            object_id: its object id.
            enterprise_id: the service principal's object id. Where it is not known, there may be none, and the owners
                of one take a request more.

        Raises:
            ReplicationError: there is none of one of the object ids, as far as this replica knows.
        """
        batch = BatchTransport(self._transport, self._base)
        reads = self._by(batch)
        known = reads.graph.applications.by_application_id(object_id)
        principal = reads.graph.service_principals_with_app_id(application_id)
        asked: list[Callable[[], Awaitable[Any]]] = [
            partial(reads.one, known, *APPLICATION),
            partial(reads.named if enterprise_id is None else reads.one, principal, *ENTERPRISE_APPLICATION),
            *_belongings(reads, object_id),
        ]
        if enterprise_id is not None:
            asked.append(partial(reads.owners, _owners_of(reads, enterprise_id)))
        found, enterprise, owning, federated, *its_owners = await batch.together(*asked)
        if _id(found).lower() != object_id.lower():
            raise UnavailableError("graph", "unavailable", "the answer is about another application")
        seen = application(found, owning, federated)
        if enterprise_id is None:
            return seen, await self._with_owners(enterprise)
        if _id(enterprise).lower() != enterprise_id.lower():
            raise ReplicationError("graph", "application-not-listed", "another enterprise application has its place")
        return seen, enterprise_application(enterprise, its_owners[0])

    async def deleted_application(self, unique_name: str) -> Application | None:
        """Return the application of that name that was deleted and can still be restored (30 days), or None.

        Raises:
            ForbiddenError: this identity may not look there.
        """
        builder = self._graph.directory.deleted_items.graph_application
        found = await self._reads.all(builder, "id", "appId", "uniqueName")
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

    async def enterprise_application(self, application_id: str) -> EnterpriseApplication | None:
        """Return the service principal of an application in this tenant with its owners and credentials, or None."""
        builder = self._graph.service_principals_with_app_id(application_id)
        return await self._with_owners(await self._reads.named(builder, *ENTERPRISE_APPLICATION))

    async def _with_owners(self, found: Any) -> EnterpriseApplication | None:
        if found is None:
            return None
        return enterprise_application(found, await self._reads.owners(_owners_of(self._reads, _id(found))))

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
        builder = self._graph.service_principals_with_app_id(application_id)
        found = await self._reads.named(builder, "id", "appRoles")
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
        found = await self._reads.all(builder.app_role_assignments, "id", "resourceId", "appRoleId", "createdDateTime")
        return tuple(
            RoleAssignment(str(one.id), str(one.resource_id), str(one.app_role_id), one.created_date_time)
            for one in found
        )

    async def assign_role(self, *, enterprise_application_id: str, resource_id: str, role_id: str) -> bool:
        """Give an app role; return whether this has given it: one that is held already is as good."""
        body = AppRoleAssignment(
            principal_id=UUID(enterprise_application_id), resource_id=UUID(resource_id), app_role_id=UUID(role_id)
        )
        builder = self._graph.service_principals.by_service_principal_id(resource_id)
        return await done(builder.app_role_assigned_to.post(body), already=_ASSIGNED_ALREADY) is not None

    async def withdraw_role(self, enterprise_application_id: str, assignment_id: str) -> None:
        """Take an app role back.

        Raises:
            ReplicationError: it is not held, as far as this replica knows.
        """
        builder = self._graph.service_principals.by_service_principal_id(enterprise_application_id)
        await done(builder.app_role_assignments.by_app_role_assignment_id(assignment_id).delete())

    async def restore_application(self, object_id: str) -> None:
        """Bring a deleted application back, with its service principal.

        Raises:
            ReplicationError: it is not among the deleted ones, as far as this replica knows.
        """
        await done(self._graph.directory.deleted_items.by_directory_object_id(object_id).restore.post())

    async def delete_application(self, object_id: str) -> None:
        """Delete an application with its service principal; for 30 days both can be restored.

        Raises:
            ReplicationError: there is none, as far as this replica knows.
        """
        await done(self._graph.applications.by_application_id(object_id).delete())

    async def credential_policy(self) -> CredentialPolicy:
        """Return what the tenant's default policy allows.

        Raises:
            ForbiddenError: without ``Policy.Read.All`` the policy is unknown.
        """
        builder = self._graph.policies.default_app_management_policy
        found = await self._reads.one(builder, "isEnabled", "applicationRestrictions")
        if found.is_enabled is None:  # each has it: what says nothing forbids nothing only as far as anybody knows
            raise UnavailableError("graph", "unavailable", "the answer is no policy")
        return policy(found, now())

    async def tenant_name(self) -> str:
        """Return what the tenant calls itself.

        Raises:
            ForbiddenError: without ``Organization.Read.All`` or ``Directory.Read.All``.
        """
        return await display_name(self._graph.request_adapter, self._base)

    async def last_uses(self, application_id: str) -> dict[str, datetime]:
        """Return by key id when each credential of an application was last used, by whomever, as far as is known yet.

        Raises:
            ForbiddenError: without ``AuditLog.Read.All`` or Entra ID P1 nothing is known.
        """
        host = self._base.removesuffix("/v1.0")
        # Of a root of addresses: it is what makes the SDK able to read errors.
        return await sign_ins.last_uses(self._graph.request_adapter, host, application_id, self._bounds)

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

    async def add_certificate(
        self, application_object_id: str, new: keys.NewCertificate, seen: Collection[str] = ()
    ) -> None:
        """Add a certificate's public part; one that is there already is success. ``seen`` are the ids of the others.

        Raises:
            RefusedError: the tenant's policy forbids it.
            ReplicationError: this replica does not show all that was seen.
        """
        await keys.add_certificate(self._reads, application_object_id, new, seen)

    async def remove_certificate(self, application_object_id: str, key_id: str, seen: Collection[str] = ()) -> None:
        """Remove a certificate; one that is gone already is success.

        Raises:
            ReplicationError: as ``add_certificate``.
        """
        await keys.remove_certificate(self._reads, application_object_id, key_id, seen)

    async def federate(self, application_object_id: str, *, name: str, trusts: tuple[str, ...]) -> None:
        """Let the tokens of an issuer, for a subject and an audience, sign in as the application."""
        await keys.federate(self._reads, application_object_id, name=name, trusts=trusts)

    async def remove_federated(self, application_object_id: str, credential_id: str) -> None:
        """Remove a federated credential.

        Raises:
            ReplicationError: there is none, as far as this replica knows.
        """
        await keys.remove_federated(self._reads, application_object_id, credential_id)


def _belongings(reads: Reads, object_id: str) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]:
    """Return how the owners and the federated credentials of an application are read."""
    builder = reads.graph.applications.by_application_id(object_id)
    return (
        partial(reads.owners, builder.owners),
        partial(reads.all, builder.federated_identity_credentials, *FEDERATED),
    )


def _owners_of(reads: Reads, enterprise_id: str) -> Any:
    return reads.graph.service_principals.by_service_principal_id(enterprise_id).owners


def _id(found: Any) -> str:
    if not found.id:
        raise UnavailableError("graph", "unavailable", "the answer is no object")
    return str(found.id)


def _create_if_missing() -> Any:
    headers = HeadersCollection()
    headers.add("Prefer", "create-if-missing")
    return RequestConfiguration(headers=headers)
