"""Exchange Online's admin interface: the transport beneath the PowerShell module, not documented by Microsoft.

Everything that is known of it stands here and in ``exchange_answers``, so that the day it changes is one edit; an
answer that no rule knows becomes ``ForbiddenError``, and a person can do the step.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeGuard, TypeVar

from azure.core import AsyncPipelineClient
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

from connector.clients.clouds import Cloud
from connector.clients.exchange_answers import Answer, batch, values
from connector.clients.identity import identity_error
from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.observed import ExchangePrincipal, Mailbox, Recipient

T = TypeVar("T")
Cmdlet = Literal[
    "Get-ServicePrincipal",
    "New-ServicePrincipal",
    "Remove-ServicePrincipal",
    "Get-Mailbox",
    "Get-Recipient",
    "Get-MailboxPermission",
    "Add-MailboxPermission",
    "Remove-MailboxPermission",
    "Get-CASMailbox",
    "Set-CASMailbox",
]
"""The only cmdlets that this product calls."""
BATCH = 10
"""Exchange takes at most ten calls in one request."""
_MODULE = "3.9.2"
_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"


class ExchangeAdmin:
    """The cmdlets that this product needs. Every call may raise ``ForbiddenError`` and the ``WaitError`` family."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._transport = _Transport(cloud, credential)

    async def permitted_cmdlets(self, tenant_id: str) -> frozenset[str]:
        """Return the cmdlets that Exchange permits to this identity."""
        exported = [entry.get("exportedCmdlets") for entry in await self._transport.module(tenant_id)]
        if all(entry is None for entry in exported):
            raise ForbiddenError("exchange", "unknown-shape", "the list of cmdlets is not where it is expected")
        return frozenset(name for entry in exported for name in _listed(entry))

    async def principal(self, tenant_id: str, application_id: str) -> ExchangePrincipal | None:
        """Return Exchange's record of an application. For an unknown one Exchange lists all, so look for ours."""
        try:
            found = await self._transport.invoke(tenant_id, "Get-ServicePrincipal", {"Identity": application_id})
        except NotFoundError:
            return None
        ours = [entry for entry in found if str(entry.get("AppId", "")).lower() == application_id.lower()]
        return _principal(ours[0]) if ours else None

    async def create_principal(self, tenant_id: str, *, application_id: str, object_id: str, display_name: str) -> None:
        """Make Exchange's record.

        Raises:
            ExistsError: there is one already.
        """
        parameters = {"AppId": application_id, "ObjectId": object_id, "DisplayName": display_name}
        await self._transport.invoke(tenant_id, "New-ServicePrincipal", parameters)

    async def remove_principal(self, tenant_id: str, object_id: str) -> None:
        """Remove Exchange's record; one that is gone already is as good."""
        try:
            await self._transport.invoke(
                tenant_id, "Remove-ServicePrincipal", {"Identity": object_id, "Confirm": False}
            )
        except NotFoundError:
            return

    async def mailboxes(self, tenant_id: str, addresses: Sequence[str]) -> list[Mailbox | ServiceError]:
        """Return the mailbox of each address; ``NotFoundError`` where it is none."""
        return await self._each(tenant_id, "Get-Mailbox", [{"Identity": one} for one in addresses], _mailbox)

    async def recipients(self, tenant_id: str, addresses: Sequence[str]) -> list[Recipient | ServiceError]:
        """Return what each address is, mailbox or not."""
        return await self._each(tenant_id, "Get-Recipient", [{"Identity": one} for one in addresses], _recipient)

    async def imap_enabled(self, tenant_id: str, mailboxes: Sequence[str]) -> list[bool | ServiceError]:
        """Return whether IMAP is switched on for each mailbox."""
        return await self._each(
            tenant_id,
            "Get-CASMailbox",
            [{"Identity": one} for one in mailboxes],
            lambda found: _true(_one(found).get("ImapEnabled")),
        )

    async def enable_imap(self, tenant_id: str, mailboxes: Sequence[str]) -> list[ServiceError | None]:
        """Switch IMAP on for each mailbox."""
        parameters = [{"Identity": one, "ImapEnabled": True} for one in mailboxes]
        return await self._each(tenant_id, "Set-CASMailbox", parameters, _done)

    async def access(
        self, tenant_id: str, mailboxes: Sequence[str], principal: ExchangePrincipal
    ) -> list[bool | ServiceError]:
        """Return whether the principal holds ``FullAccess`` on each mailbox."""
        parameters = [{"Identity": one, "User": principal.object_id} for one in mailboxes]
        results = await self._each(
            tenant_id, "Get-MailboxPermission", parameters, lambda found: _holds_access(found, principal)
        )
        # A server that does not know the principal yet says so instead of "none".
        return [False if _names_principal(result, principal) else result for result in results]

    async def grant(
        self, tenant_id: str, mailboxes: Sequence[str], principal: ExchangePrincipal
    ) -> list[ServiceError | None]:
        """Give ``FullAccess`` on each mailbox, without mapping it in Outlook; what is there already is success."""
        parameters = [
            {**_access(one, principal), "InheritanceType": "All", "AutoMapping": False, "Confirm": False}
            for one in mailboxes
        ]
        results = await self._each(tenant_id, "Add-MailboxPermission", parameters, _done)
        return [_granted(result, principal) for result in results]

    async def revoke(
        self, tenant_id: str, mailboxes: Sequence[str], principal: ExchangePrincipal
    ) -> list[ServiceError | None]:
        """Take ``FullAccess`` back on each mailbox."""
        parameters = [{**_access(one, principal), "Confirm": False} for one in mailboxes]
        return await self._each(tenant_id, "Remove-MailboxPermission", parameters, _done)

    async def _each(
        self,
        tenant_id: str,
        cmdlet: Cmdlet,
        parameters: Sequence[Mapping[str, Any]],
        read: Callable[[list[dict[str, Any]]], T],
    ) -> list[T | ServiceError]:
        """Call a cmdlet once for each set of parameters, ten to a request; a single failure is data."""
        results: list[T | ServiceError] = []
        for start in range(0, len(parameters), BATCH):
            answers = await self._transport.batch(tenant_id, cmdlet, parameters[start : start + BATCH])
            for answer in answers:
                try:
                    results.append(read(values(answer)))
                except ServiceError as failure:
                    results.append(failure)
        return results

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


class _Transport:
    """The requests themselves: one pipeline without retries, answers read raw."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._base = cloud.exchange
        self._connection_id = str(uuid.uuid4())
        self._client: AsyncPipelineClient[HttpRequest, Any] = AsyncPipelineClient(
            cloud.exchange,
            # No retry policy: what may be repeated is decided from the parsed body, and becomes a durable wait.
            policies=[_Bearer(credential, cloud.exchange_scope)],
            connection_verify=cloud.ca_bundle or True,
            connection_timeout=10,
            read_timeout=100,
        )

    async def module(self, tenant_id: str) -> list[dict[str, Any]]:
        """Return the description of the module that this identity would get."""
        path = f"/adminapi/v1.0/{tenant_id}/EXOModuleFile?Version={_MODULE}"
        return values(await self._send("GET", path, {**self._headers(tenant_id), "CommandName": "*"}))

    async def invoke(self, tenant_id: str, cmdlet: Cmdlet, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Call one cmdlet and return the objects it answers with."""
        headers = {**self._headers(tenant_id), "X-CmdletName": cmdlet}
        return values(await self._send("POST", _invoke_path(tenant_id), headers, _body(cmdlet, parameters)))

    async def batch(self, tenant_id: str, cmdlet: Cmdlet, parameters: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Call a cmdlet several times in one request and return the answers in order."""
        prefer = {"X-CmdletName": cmdlet, "Prefer": "odata.maxpagesize=1000;odata.continue-on-error"}
        requests = [
            {
                "id": str(number),
                "method": "POST",
                "url": f"{self._base}{_invoke_path(tenant_id)}?",
                "headers": {**self._headers(tenant_id), **prefer, "Content-Type": "application/json; charset=utf-8"},
                "body": _body(cmdlet, entry),
            }
            for number, entry in enumerate(parameters)
        ]
        headers = {**self._headers(tenant_id), **prefer, "parameter-based-routing": "true"}
        answer = await self._send("POST", f"/adminapi/beta/{tenant_id}/$batch", headers, {"requests": requests})
        return batch(answer, [str(number) for number in range(len(requests))])

    def _headers(self, tenant_id: str) -> dict[str, str]:
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

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: Mapping[str, Any] | None = None
    ) -> Answer:
        request = HttpRequest(method, f"{self._base}{path}", headers=headers, json=body)
        try:
            async with await self._client.send_request(request, stream=True) as response:
                raw = b"".join([part async for part in response.iter_raw()])
                return Answer(response.status_code, dict(response.headers), raw)
        except AzureError as failure:
            raise UnavailableError("exchange", "unavailable", type(failure).__name__) from None

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
        try:
            await super().on_request(request)
        except AzureError as failure:
            raise identity_error(failure) from None


def _invoke_path(tenant_id: str) -> str:
    return f"/adminapi/beta/{tenant_id}/InvokeCommand"


def _anchor(tenant_id: str) -> str:
    return f"APP:{_SYSTEM_MAILBOX}@{tenant_id}"


def _body(cmdlet: Cmdlet, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}


def _access(mailbox: str, principal: ExchangePrincipal) -> dict[str, Any]:
    return {"Identity": mailbox, "User": principal.object_id, "AccessRights": ["FullAccess"]}


def _granted(result: ServiceError | None, principal: ExchangePrincipal) -> ServiceError | None:
    if isinstance(result, ExistsError):
        return None
    if _names_principal(result, principal):
        # The record of the principal is not everywhere yet; the mailbox itself was found before.
        return ReplicationError("exchange", "replication", result.reason, result.request_id)
    return result


def _names_principal(result: object, principal: ExchangePrincipal) -> TypeGuard[NotFoundError]:
    """Return whether what was not found is the principal, and not the mailbox."""
    return isinstance(result, NotFoundError) and principal.object_id.lower() in result.reason.lower()


def _holds_access(found: list[dict[str, Any]], principal: ExchangePrincipal) -> bool:
    """Return whether one of the entries is the principal's ``FullAccess``; Exchange may name it in several ways."""
    names = {name.lower() for name in (principal.object_id, principal.display_name, *principal.aliases) if name}
    return any(
        "FullAccess" in _listed(entry.get("AccessRights"))
        and not _true(entry.get("Deny"))
        and str(entry.get("User", "")).lower() in names
        for entry in found
    )


def _principal(entry: dict[str, Any]) -> ExchangePrincipal:
    names = (entry.get(key) for key in ("Identity", "Sid", "Name", "Id", "DistinguishedName"))
    return ExchangePrincipal(
        application_id=str(entry.get("AppId", "")),
        object_id=str(entry.get("ObjectId", "")),
        display_name=str(entry.get("DisplayName", "")),
        aliases=frozenset(str(name) for name in names if name),
    )


def _mailbox(found: list[dict[str, Any]]) -> Mailbox:
    entry = _one(found)
    name = _required(entry, "UserPrincipalName")
    return Mailbox(name, str(entry.get("PrimarySmtpAddress") or name), str(entry.get("RecipientTypeDetails") or ""))


def _recipient(found: list[dict[str, Any]]) -> Recipient:
    entry = _one(found)
    return Recipient(str(entry.get("PrimarySmtpAddress") or ""), _required(entry, "RecipientTypeDetails"))


def _one(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the only object. None at all is "not found", several are "ambiguous"."""
    if not found:
        raise NotFoundError("exchange", "not-found", "Exchange answered with no object")
    if len(found) > 1:
        raise RefusedError("exchange", "ambiguous", f"Exchange answered with {len(found)} objects")
    return found[0]


def _required(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise UnexpectedAnswerError("exchange", "property-missing", f"the object has no {name}")
    return value


def _done(_: list[dict[str, Any]]) -> None:
    """A write says nothing that could be relied upon."""


def _true(value: Any) -> bool:
    """Return whether a property is true; PowerShell's values also come as text."""
    return value is True or str(value).lower() == "true"


def _listed(value: Any) -> list[str]:
    """Return the names in a list of names or of objects, or in a text with commas between them."""
    entries = value.strip("{}").split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    named = (entry.get("Name") or entry.get("name") if isinstance(entry, dict) else entry for entry in entries)
    return [name.strip() for name in named if isinstance(name, str) and name.strip()]
