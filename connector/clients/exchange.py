"""Exchange Online's admin interface: the transport beneath the PowerShell module, not documented by Microsoft.

Everything that is known of it stands here, in ``exchange_transport`` and in ``exchange_answers``, so that the day it
changes is one edit; an answer that no rule knows becomes ``ForbiddenError``, and a person can do the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, TypeVar

from azure.core.credentials_async import AsyncTokenCredential

from connector.clients.clouds import Cloud
from connector.clients.exchange_answers import cut_short, values
from connector.clients.exchange_transport import Cmdlet, Transport
from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    UnexpectedAnswerError,
)
from connector.observed import ExchangePrincipal, Mailbox, Recipient
from connector.plans.mailboxes import BATCH

T = TypeVar("T")


class ExchangeAdmin:
    """The cmdlets that this product needs. Every call may raise ``ForbiddenError`` and the ``WaitError`` family."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._transport = Transport(cloud, credential)

    async def permitted_cmdlets(self, tenant_id: str) -> frozenset[str]:
        """Return the cmdlets that Exchange permits to this identity."""
        exported = [entry.get("exportedCmdlets") for entry in await self._transport.module(tenant_id)]
        if all(entry is None for entry in exported):
            raise ForbiddenError("exchange", "unknown-shape", "the list of cmdlets is not where it is expected")
        return frozenset(name for entry in exported for name in _listed(entry))

    async def principal(self, tenant_id: str, application_id: str) -> ExchangePrincipal | None:
        """Return Exchange's record of an application, or None.

        For an application that it does not know Exchange lists all
        (learn.microsoft.com/powershell/module/exchange/get-serviceprincipal), so ours is looked for.

        Raises:
            ForbiddenError: ``list-cut-short``, it may be among those that were not listed.
        """
        answer = await self._transport.invoke(tenant_id, "Get-ServicePrincipal", {"Identity": application_id})
        try:
            found = values(answer)
        except NotFoundError:
            return None
        ours = [entry for entry in found if str(entry.get("AppId", "")).lower() == application_id.lower()]
        if not ours and cut_short(answer):
            raise ForbiddenError("exchange", "list-cut-short", "Exchange does not list all service principals")
        return _principal(ours[0]) if ours else None

    async def create_principal(self, tenant_id: str, *, application_id: str, object_id: str, display_name: str) -> None:
        """Make Exchange's record.

        Raises:
            ExistsError: there is one already.
        """
        parameters = {"AppId": application_id, "ObjectId": object_id, "DisplayName": display_name}
        values(await self._transport.invoke(tenant_id, "New-ServicePrincipal", parameters))

    async def remove_principal(self, tenant_id: str, object_id: str) -> None:
        """Remove Exchange's record; one that is gone already is as good."""
        parameters = {"Identity": object_id, "Confirm": False}
        answer = await self._transport.invoke(tenant_id, "Remove-ServicePrincipal", parameters)
        try:
            values(answer)
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
        return await self._each(tenant_id, "Get-CASMailbox", [{"Identity": one} for one in mailboxes], _imap_enabled)

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
        """Take ``FullAccess`` back on each mailbox; ``NotFoundError`` where there is no such mailbox any more."""
        parameters = [{**_access(one, principal), "Confirm": False} for one in mailboxes]
        results = await self._each(tenant_id, "Remove-MailboxPermission", parameters, _done)
        return [_resolved(result, principal) for result in results]

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


def _access(mailbox: str, principal: ExchangePrincipal) -> dict[str, Any]:
    return {"Identity": mailbox, "User": principal.object_id, "AccessRights": ["FullAccess"]}


def _granted(result: ServiceError | None, principal: ExchangePrincipal) -> ServiceError | None:
    return None if isinstance(result, ExistsError) else _resolved(result, principal)


def _resolved(result: ServiceError | None, principal: ExchangePrincipal) -> ServiceError | None:
    """Return a failure to resolve the principal as what it is: its record is not everywhere yet."""
    if _names_principal(result, principal):
        return ReplicationError("exchange", "replication", result.reason, result.request_id)
    return result


def _names_principal(result: object, principal: ExchangePrincipal) -> TypeGuard[NotFoundError]:
    """Return whether what was not found is the principal, and not the mailbox."""
    return isinstance(result, NotFoundError) and principal.object_id.lower() in result.reason.lower()


def _holds_access(found: list[dict[str, Any]], principal: ExchangePrincipal) -> bool:
    """Return whether one of the entries is the principal's ``FullAccess``; Exchange may name it in several ways.

    Exchange was asked for the entries of this user only; where the names are not known that has to do.
    """
    names = {name.lower() for name in (principal.object_id, principal.display_name, *principal.aliases) if name}
    return any(
        "FullAccess" in _listed(entry.get("AccessRights"))
        and not _true(entry.get("Deny"))
        and (principal.assumed or str(entry.get("User", "")).lower() in names)
        for entry in found
    )


def _principal(entry: dict[str, Any]) -> ExchangePrincipal:
    names = (entry.get(key) for key in ("Identity", "Sid", "Name", "Id", "DistinguishedName"))
    return ExchangePrincipal(
        application_id=str(entry.get("AppId", "")).lower(),
        object_id=str(entry.get("ObjectId", "")).lower(),
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


def _imap_enabled(found: list[dict[str, Any]]) -> bool:
    value = _one(found).get("ImapEnabled")
    if value is None:
        raise UnexpectedAnswerError("exchange", "property-missing", "the object has no ImapEnabled")
    return _true(value)


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
