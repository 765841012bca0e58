"""How Exchange's admin interface is spoken to: requests, headers, batches; no retries, answers read raw.

Nothing of it is documented. Paths, headers and the shape of a batch are those of the PowerShell module
ExchangeOnlineManagement 3.x, as projects that run against live tenants send them.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence

from azure.core import AsyncPipelineClient
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

from connector.clients.bounded_azure import BoundedTransport
from connector.clients.bounds import EXCHANGE, Bounds, unanswered
from connector.clients.exchange_answers import RawAnswer, batch, values
from connector.clients.identity import identity_error
from connector.clients.pace import Pace
from connector.clients.unreadable import translated
from connector.clouds import Cloud
from connector.microsoft import Cmdlet

_AT_ONCE = 2
"""Requests at the same time, of all connections together and in the order in which they came: Exchange limits those of
a tenant without saying at how many. What nobody waits for takes one of the places at most (``Pace``)."""
_MODULE = "3.9.2"
_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"


class Transport:
    """The requests themselves: one pipeline without retries, answers read raw."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential, bounds: Bounds = EXCHANGE) -> None:
        self._pace = Pace(bounds.pace)
        self._base = cloud.exchange
        self._connection_id = str(uuid.uuid4())
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            cloud.exchange,
            # No retry policy: what may be repeated is decided from the parsed body, and becomes a durable wait.
            policies=[_Bearer(credential, cloud.exchange_scope)],
            transport=BoundedTransport(cloud, bounds, raw=True),
            connection_timeout=10,
            read_timeout=100,
        )

    async def module(self, tenant_id: str) -> list[dict[str, object]]:
        """Return the description of the module that this identity would get."""
        path = f"/adminapi/v1.0/{tenant_id}/EXOModuleFile?Version={_MODULE}"
        return values(await self.send("GET", path, {**self.headers(tenant_id), "CommandName": "*"}))

    async def invoke(self, tenant_id: str, cmdlet: Cmdlet, parameters: Mapping[str, object]) -> RawAnswer:
        """Call one cmdlet."""
        headers = {**self.headers(tenant_id), "X-CmdletName": cmdlet}
        return await self.send("POST", _invoke_path(tenant_id), headers, _body(cmdlet, parameters))

    async def batch(
        self, tenant_id: str, cmdlet: Cmdlet, parameters: Sequence[Mapping[str, object]]
    ) -> list[RawAnswer]:
        """Call a cmdlet several times in one request and return the answers in order."""
        prefer = {"X-CmdletName": cmdlet, "Prefer": "odata.maxpagesize=1000;odata.continue-on-error"}
        requests = [
            {
                "id": str(number),
                "method": "POST",
                "url": f"{self._base}{_invoke_path(tenant_id)}?",
                "headers": {**self.headers(tenant_id), **prefer, "Content-Type": "application/json; charset=utf-8"},
                "body": _body(cmdlet, entry),
            }
            for number, entry in enumerate(parameters)
        ]
        headers = {**self.headers(tenant_id), **prefer, "parameter-based-routing": "true"}
        answer = await self.send("POST", f"/adminapi/beta/{tenant_id}/$batch", headers, {"requests": requests})
        return batch(answer, [str(number) for number in range(len(requests))])

    def headers(self, tenant_id: str) -> dict[str, str]:
        """Return what every request carries."""
        return {
            "Accept": "application/json",
            # Some refusals are NUL bytes that call themselves gzip; nothing may try to unpack them.
            "Accept-Encoding": "identity",
            "X-AnchorMailbox": _anchor(tenant_id),
            "Prefer": "odata.maxpagesize=1000",
            "X-ResponseFormat": "json",
            "X-ClientApplication": "utm-mail-connect",
            "connection-id": self._connection_id,
            "client-request-id": str(uuid.uuid4()),
        }

    async def send(
        self, method: str, path: str, headers: dict[str, str], body: Mapping[str, object] | None = None
    ) -> RawAnswer:
        """Send one request and return the answer as it came.

        Raises:
            UnavailableError, ThrottledError: there was none, or no token for it.
        """
        request = HttpRequest(method, f"{self._base}{path}", headers=headers, json=body)
        try:
            async with self._pace.turn(), self._gate, await self._client.send_request(request, stream=True) as response:
                raw = b"".join([part async for part in response.iter_raw()])
                return RawAnswer(response.status_code, dict(response.headers), raw)
        except (AzureError, TimeoutError) as failure:
            raise unanswered("exchange", failure) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class _Bearer(AsyncBearerTokenCredentialPolicy[HttpRequest, AsyncHttpResponse]):
    """The token of our identity; that there is none is told apart from what Exchange says."""

    async def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Add the token.

        Raises:
            ThrottledError, UnavailableError: there is none at present.
        """
        async with translated("identity", identity_error, AzureError):
            await super().on_request(request)


def _invoke_path(tenant_id: str) -> str:
    return f"/adminapi/beta/{tenant_id}/InvokeCommand"


def _anchor(tenant_id: str) -> str:
    return f"APP:{_SYSTEM_MAILBOX}@{tenant_id}"


def _body(cmdlet: Cmdlet, parameters: Mapping[str, object]) -> dict[str, object]:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
