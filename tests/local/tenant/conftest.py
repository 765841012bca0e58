"""Tenants that run, and the real SDKs pointed at them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from azure.identity.aio import ManagedIdentityCredential
from azure.keyvault.secrets.aio import SecretClient
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from local.tenant import Tenant
from tests.local.tenant.clients import Clients, OpenClients


@pytest.fixture
def clients_of(monkeypatch: pytest.MonkeyPatch) -> OpenClients:
    """Return what opens clients for a tenant that runs."""

    @asynccontextmanager
    async def opened(tenant: Tenant) -> AsyncIterator[Clients]:
        endpoints = tenant.endpoints
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoints["identityEndpoint"])
        monkeypatch.setenv("IDENTITY_HEADER", endpoints["identityHeader"])
        tls = ssl.create_default_context(cafile=endpoints["caBundle"])
        async with AsyncExitStack() as stack:
            credential = ManagedIdentityCredential(client_id=endpoints["managedIdentity"]["clientId"], retry_total=0)
            await stack.enter_async_context(credential)
            http = await stack.enter_async_context(httpx.AsyncClient(verify=tls))
            vault = SecretClient(
                endpoints["vault"],
                credential,
                verify_challenge_resource=False,
                connection_verify=endpoints["caBundle"],
                retry_total=0,
            )
            await stack.enter_async_context(vault)
            yield Clients(tenant, tls, credential, _graph(endpoints["graph"], credential, http), vault, http)

    return opened


def _graph(base: str, credential: ManagedIdentityCredential, http: httpx.AsyncClient) -> Any:
    host = base.removeprefix("https://").partition(":")[0]
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[f"{base}/.default"], allowed_hosts=[host])
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = f"{base}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    """Return a calm tenant that runs."""
    async with Tenant(preset="calm", seed=1) as running:
        yield running


@pytest.fixture
async def clients(tenant: Tenant, clients_of: OpenClients) -> AsyncIterator[Clients]:
    """Return clients of the calm tenant."""
    async with clients_of(tenant) as opened:
        yield opened
