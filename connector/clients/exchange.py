"""Exchange Online's admin interface: the transport beneath the PowerShell module, not documented by Microsoft.

Everything that is known of it stands here, in ``exchange_transport`` and in ``exchange_answers``, so that the day it
changes is one edit; an answer that no rule knows becomes ``ForbiddenError``, and a person can do the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeGuard, TypeVar

from azure.core.credentials_async import AsyncTokenCredential

from connector.acceptances import is_guid
from connector.clients.bounds import EXCHANGE, Bounds
from connector.clients.exchange_answers import cut_short, no_entry, values
from connector.clients.exchange_objects import (
    Entry,
    holds_access,
    holds_send_as,
    is_boundless,
    listed,
    read_mailbox,
    read_principal,
    read_recipient,
    read_switches,
    read_tenant_switch,
    role_assigned,
    role_reaches,
)
from connector.clients.exchange_transport import Transport
from connector.clouds import Cloud
from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    UnexpectedAnswerError,
)
from connector.microsoft import BATCH, PROTOCOLS, Cmdlet, Protocol
from connector.observed import ExchangePrincipal, Mailbox, Recipient

T = TypeVar("T")


class ExchangeAdmin:
    """The cmdlets that this product needs. Every call may raise ``ForbiddenError`` and the ``WaitError`` family."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential, bounds: Bounds = EXCHANGE) -> None:
        self._transport = Transport(cloud, credential, bounds)

    async def permitted_cmdlets(self, tenant_id: str) -> frozenset[str]:
        """Return the cmdlets that Exchange permits to this identity."""
        exported = [entry.get("exportedCmdlets") for entry in await self._transport.module(tenant_id)]
        if all(entry is None for entry in exported):
            raise ForbiddenError("exchange", "unknown-shape", "the list of cmdlets is not where it is expected")
        return frozenset(name for entry in exported for name in listed(entry))

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
        if found and not any(is_guid(str(entry.get("AppId"))) for entry in found):
            raise UnexpectedAnswerError("exchange", "property-missing", "no service principal has an AppId")
        ours = [entry for entry in found if str(entry.get("AppId", "")).lower() == application_id.lower()]
        if not ours and cut_short(answer):
            raise ForbiddenError("exchange", "list-cut-short", "Exchange does not list all service principals")
        return read_principal(ours[0]) if ours else None

    async def create_principal(self, tenant_id: str, *, application_id: str, object_id: str, display_name: str) -> None:
        """Make Exchange's record.

        Raises:
            ExistsError: there is one already.
        """
        parameters = {"AppId": application_id, "ObjectId": object_id, "DisplayName": display_name}
        values(await self._transport.invoke(tenant_id, "New-ServicePrincipal", parameters), written=True)

    async def remove_principal(self, tenant_id: str, object_id: str) -> None:
        """Remove Exchange's record; one that is gone already is as good."""
        parameters = {"Identity": object_id, "Confirm": False}
        answer = await self._transport.invoke(tenant_id, "Remove-ServicePrincipal", parameters)
        try:
            values(answer, written=True)
        except NotFoundError:
            return

    async def mailboxes(self, tenant_id: str, names: Sequence[str]) -> list[Mailbox | ServiceError]:
        """Return the mailbox that each address or id stands for; ``NotFoundError`` where it is none."""
        readers = [partial(read_mailbox, asked=name) for name in names]
        return await self._each(tenant_id, "Get-Mailbox", [{"Identity": one} for one in names], readers)

    async def recipients(self, tenant_id: str, addresses: Sequence[str]) -> list[Recipient | ServiceError]:
        """Return what each address is, mailbox or not."""
        readers = [partial(read_recipient, asked=address) for address in addresses]
        return await self._each(tenant_id, "Get-Recipient", [{"Identity": one} for one in addresses], readers)

    async def switches(
        self, tenant_id: str, mailboxes: Sequence[Mailbox], protocols: Sequence[Protocol]
    ) -> list[dict[Protocol, bool | None] | ServiceError]:
        """Return which protocols are switched on for each mailbox; None where the tenant's own setting decides."""
        readers = [partial(read_switches, mailbox=mailbox, protocols=protocols) for mailbox in mailboxes]
        parameters = [{"Identity": mailbox.identity} for mailbox in mailboxes]
        return await self._each(tenant_id, "Get-CASMailbox", parameters, readers)

    async def tenant_switch(self, tenant_id: str, protocol: Protocol) -> bool | None:
        """Return whether the tenant's own setting for a protocol is on; None where nobody may look, or it has none."""
        switch = PROTOCOLS[protocol].switch
        if switch.tenant is None:
            return None
        try:
            return read_tenant_switch(
                values(await self._transport.invoke(tenant_id, "Get-TransportConfig", {})), switch
            )
        except (ForbiddenError, NotFoundError, RefusedError):
            return None

    async def enable(
        self, tenant_id: str, mailboxes: Sequence[Mailbox], protocol: Protocol
    ) -> list[ServiceError | None]:
        """Switch a protocol on for each mailbox."""
        switch = PROTOCOLS[protocol].switch
        parameters = [{"Identity": mailbox.identity, switch.name: switch.on} for mailbox in mailboxes]
        return await self._each(tenant_id, "Set-CASMailbox", parameters, [_done] * len(parameters))

    async def switch_back(
        self, tenant_id: str, mailboxes: Sequence[tuple[Mailbox, bool]], protocol: Protocol
    ) -> list[ServiceError | None]:
        """Switch a protocol off for each mailbox, or leave it to the tenant again where that is said beside it."""
        switch = PROTOCOLS[protocol].switch
        parameters = [
            {"Identity": mailbox.identity, switch.name: None if inherited else not switch.on}
            for mailbox, inherited in mailboxes
        ]
        return await self._each(tenant_id, "Set-CASMailbox", parameters, [_done] * len(parameters))

    async def access(
        self, tenant_id: str, mailboxes: Sequence[Mailbox], principal: ExchangePrincipal
    ) -> list[bool | ServiceError]:
        """Return whether the principal holds ``FullAccess`` on each mailbox."""
        parameters = [{"Identity": mailbox.identity, "User": principal.object_id} for mailbox in mailboxes]
        readers = [partial(holds_access, principal=principal, mailbox=mailbox) for mailbox in mailboxes]
        results = await self._each(tenant_id, "Get-MailboxPermission", parameters, readers)
        # A server that does not know the principal yet says so instead of "none".
        return [False if _names_principal(result, principal) else result for result in results]

    async def grant(
        self, tenant_id: str, mailboxes: Sequence[Mailbox], principal: ExchangePrincipal
    ) -> list[ServiceError | None]:
        """Give ``FullAccess`` on each mailbox, without mapping it in Outlook; what is there already is success."""
        parameters = [
            {**_access(one, principal), "InheritanceType": "All", "AutoMapping": False, "Confirm": False}
            for one in mailboxes
        ]
        results = await self._each(tenant_id, "Add-MailboxPermission", parameters, [_done] * len(parameters))
        return [_granted(result, principal) for result in results]

    async def revoke(
        self, tenant_id: str, mailboxes: Sequence[Mailbox], principal: ExchangePrincipal
    ) -> list[ServiceError | None]:
        """Take ``FullAccess`` back on each mailbox; ``NotFoundError`` where there is no such mailbox any more.

        Exchange says the same, success or a warning, of access that is gone and of access that stays: read it back.
        """
        parameters = [{**_access(one, principal), "Confirm": False} for one in mailboxes]
        results = await self._each(tenant_id, "Remove-MailboxPermission", parameters, [_done] * len(parameters))
        return [None if no_entry(result) else _resolved(result, principal) for result in results]

    async def role_assigned(self, tenant_id: str, principal_id: str, protocol: Protocol) -> tuple[bool | None, bool]:
        """Return whether an administrator has assigned Exchange's role for a protocol to an application, and unbounded.

        None where nobody may ask, or nothing is said: that is no answer, be it yes or no. Of an application that
        Exchange does not know yet it is known that nobody has.
        """
        parameters = {"Identity": principal_id}
        try:
            found = values(await self._transport.invoke(tenant_id, "Test-ServicePrincipalAuthorization", parameters))
            return role_assigned(found, PROTOCOLS[protocol]), is_boundless(found, PROTOCOLS[protocol])
        except NotFoundError:
            return False, False
        except (ForbiddenError, RefusedError, UnexpectedAnswerError):
            return None, False

    async def role_reaches(
        self, tenant_id: str, resources: Sequence[str], principal_id: str, protocol: Protocol
    ) -> list[bool | ServiceError]:
        """Return of each mailbox whether it lies within the scope of that role."""
        parameters = [{"Identity": principal_id, "Resource": one} for one in resources]
        readers = [partial(role_reaches, needs=PROTOCOLS[protocol])] * len(parameters)
        return await self._each(tenant_id, "Test-ServicePrincipalAuthorization", parameters, readers)

    async def sends_as(
        self, tenant_id: str, pairs: Sequence[tuple[str, Mailbox, frozenset[str]]]
    ) -> list[bool | ServiceError]:
        """Return for each recipient, with its names, whether the mailbox beside it may send as it."""
        parameters = [{"Identity": sender, "Trustee": mailbox.identity} for sender, mailbox, _ in pairs]
        readers = [partial(holds_send_as, mailbox=mailbox, names=names) for _, mailbox, names in pairs]
        return await self._each(tenant_id, "Get-RecipientPermission", parameters, readers)

    async def grant_send_as(self, tenant_id: str, pairs: Sequence[tuple[str, Mailbox]]) -> list[ServiceError | None]:
        """Let each mailbox send as the recipient beside it; what is there already is success."""
        parameters = [_send_as(*pair) for pair in pairs]
        results = await self._each(tenant_id, "Add-RecipientPermission", parameters, [_done] * len(parameters))
        return [None if isinstance(result, ExistsError) else result for result in results]

    async def revoke_send_as(self, tenant_id: str, pairs: Sequence[tuple[str, Mailbox]]) -> list[ServiceError | None]:
        """Take that back; as with access, gone is what is read to be gone."""
        parameters = [_send_as(*pair) for pair in pairs]
        results = await self._each(tenant_id, "Remove-RecipientPermission", parameters, [_done] * len(parameters))
        return [None if no_entry(result) else result for result in results]

    async def _each(
        self,
        tenant_id: str,
        cmdlet: Cmdlet,
        parameters: Sequence[Mapping[str, object]],
        readers: Sequence[Callable[[Sequence[Entry]], T]],
    ) -> list[T | ServiceError]:
        """Call a cmdlet once for each set of parameters, ten to a request; a single failure is data."""
        results: list[T | ServiceError] = []
        for start in range(0, len(parameters), BATCH):
            answers = await self._transport.batch(tenant_id, cmdlet, parameters[start : start + BATCH])
            for read, answer in zip(readers[start : start + BATCH], answers, strict=True):
                try:
                    results.append(read(values(answer, written=not cmdlet.startswith(("Get-", "Test-")))))
                except ServiceError as failure:
                    results.append(failure)
        return results

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def _access(mailbox: Mailbox, principal: ExchangePrincipal) -> dict[str, object]:
    return {"Identity": mailbox.identity, "User": principal.object_id, "AccessRights": ["FullAccess"]}


def _send_as(sender: str, mailbox: Mailbox) -> dict[str, object]:
    return {"Identity": sender, "Trustee": mailbox.identity, "AccessRights": ["SendAs"], "Confirm": False}


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


def _done(_: Sequence[Entry]) -> None:
    """A write says nothing that could be relied upon."""
