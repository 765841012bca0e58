"""What only a live tenant can answer: one question each, read-only but for the two that need ``--write``."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from connector.clients.exchange_answers import RawAnswer
from connector.clients.exchange_transport import Transport
from connector.clients.identity import prove_secret
from connector.errors import ServiceError
from connector.model import Connection
from connector.plans.application import unique_name
from connector.plans.prerequisites import CMDLETS
from connector.rights import observe
from connector.services import Services

Facts = dict[str, Any]
_TELLING = ("rate-limit", "retry-after", "x-warnings", "x-ms-diagnostics", "content-encoding", "x-exceptiontype")
_SHOWN = 4_000
"""Bytes of an answer that a report shows."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question is asked with; ``connection`` is the one named, or None."""

    services: Services
    exchange: Transport
    tenant_id: str
    connection: Connection | None
    address: str | None
    """A mailbox of that connection."""

    @property
    def application_id(self) -> str:
        """Return the connection's application, or one that nobody has."""
        known = self.connection.ids.application_id if self.connection is not None else None
        return known or str(uuid4())


async def identity(asking: Asking) -> Facts:
    """Does a role group alone suffice? What the tokens hold, beside what Exchange permits."""
    seen = await observe(asking.services)
    return {
        "graphRoles": sorted(seen.graph.roles),
        "exchangeRoles": sorted(seen.exchange.roles),
        "directoryRoleTemplates": len(seen.exchange.directory_roles),
        "permittedOfOurs": sorted(set(CMDLETS) & set(seen.cmdlets or ())),
        "permittedInAll": len(seen.cmdlets or ()),
        "vault": seen.vault_allowed,
        "policyReadable": seen.policy is not None,
    }


async def principal(asking: Asking) -> Facts:
    """What does Get-ServicePrincipal answer, and is there more than one page?"""
    answer = await asking.exchange.invoke(asking.tenant_id, "Get-ServicePrincipal", {"Identity": asking.application_id})
    document = _document(answer)
    found = document.get("value", []) if isinstance(document, dict) else []
    facts = {**_shape(answer), "objects": len(found), "properties": sorted(found[0]) if found else []}
    link = document.get("@odata.nextLink") if isinstance(document, dict) else None
    if link:
        path = "/" + str(link).split("/", 3)[3]
        body = {"CmdletInput": {"CmdletName": "Get-ServicePrincipal", "Parameters": {}}}
        following = await asking.exchange.send("POST", path, asking.exchange.headers(asking.tenant_id), body)
        facts["nextLinkAnswers"] = following.status
    return facts


async def permission_user(asking: Asking) -> Facts:
    """By which of its names does Get-MailboxPermission show a service principal?"""
    if asking.connection is None or asking.address is None:
        return {"skipped": "needs --connection NAME with a mailbox"}
    ids = asking.connection.ids
    known = await asking.exchange.invoke(asking.tenant_id, "Get-ServicePrincipal", {"Identity": asking.application_id})
    entries = [entry for entry in _values(known) if str(entry.get("AppId", "")).lower() == ids.application_id]
    parameters = {"Identity": asking.address, "User": ids.enterprise_application_id}
    answer = await asking.exchange.invoke(asking.tenant_id, "Get-MailboxPermission", parameters)
    shown = [str(entry.get("User")) for entry in _values(answer)]
    names = {key: str(value).lower() for entry in entries for key, value in entry.items() if isinstance(value, str)}
    return {
        **_shape(answer),
        "shownAs": [[key for key, value in names.items() if value == user.lower()] or ["?"] for user in shown],
    }


async def batch(asking: Asking) -> Facts:
    """Does a $batch accept requests that carry no Authorization of their own?"""
    (answer,) = await asking.exchange.batch(
        asking.tenant_id, "Get-ServicePrincipal", [{"Identity": asking.application_id}]
    )
    return _shape(answer)


async def supported_version(asking: Asking) -> Facts:
    """Does the documented version of the interface run cmdlets by now?"""
    path = f"/adminapi/v1.0/{asking.tenant_id}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": "Get-ServicePrincipal", "Parameters": {"Identity": asking.application_id}}}
    return _shape(await asking.exchange.send("POST", path, asking.exchange.headers(asking.tenant_id), body))


async def application(asking: Asking) -> Facts:
    """Does Graph show owners, who made it, and what was deleted, to this identity?"""
    name = asking.connection.name if asking.connection is not None else f"probe-{uuid4()}"
    found = await asking.services.graph.application(unique_name(name))
    deleted = await _allowed(asking.services.graph.deleted_application(unique_name(name)))
    owners = found.owners if found is not None else None
    return {
        "found": found is not None,
        "owners": len(owners) if owners is not None else 0,
        "makerTold": found is not None and found.maker is not None,
        "deletedReadable": deleted,
    }


async def mail_server(asking: Asking) -> Facts:
    """What does the mail server say before a login?"""
    cloud = asking.services.cloud
    context = ssl.create_default_context(cafile=cloud.ca_bundle)
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(cloud.imap_host, cloud.imap_port, ssl=context)
        greeting = (await reader.readline()).decode("utf-8", "replace").strip()
        writer.write(b"a CAPABILITY\r\nb LOGOUT\r\n")
        capability = (await reader.readline()).decode("utf-8", "replace").strip()
        tls = writer.get_extra_info("ssl_object").version()
        writer.transport.abort()
    return {"greeting": greeting.partition("[")[0].strip(), "capability": capability, "tls": tls}


async def wrong_secret(asking: Asking) -> Facts:
    """Which code does the token endpoint give for an application that does not exist?"""
    try:
        await prove_secret(asking.services.cloud, asking.tenant_id, str(uuid4()), SecretStr("none"))
    except ServiceError as error:
        return {"code": error.code, "reason": error.reason}
    return {"code": "a token was given"}


async def propagation(asking: Asking) -> Facts:
    """How long did it take from the last change to the first login of each mailbox?"""
    if asking.connection is None:
        return {"skipped": "needs --connection NAME"}
    since = asking.connection.last_change
    seconds = [
        round((entry.proven_on - since).total_seconds())
        async for chunk in asking.services.documents.chunks(asking.connection.name, len(asking.connection.chunks))
        for entry in chunk.mailboxes
        if entry.proven_on is not None
    ]
    return {"mailboxes": len(seconds), "secondsAfterTheLastChange": sorted(seconds)[:50]}


async def duplicate_principal(asking: Asking) -> Facts:
    """What does a second New-ServicePrincipal answer? It changes nothing."""
    ids = asking.connection.ids if asking.connection is not None else None
    if ids is None or ids.enterprise_application_id is None:
        return {"skipped": "the connection has no enterprise application"}
    parameters = {
        "AppId": ids.application_id,
        "ObjectId": ids.enterprise_application_id,
        "DisplayName": asking.connection.wanted.display_name if asking.connection is not None else "",
    }
    return _shape(await asking.exchange.invoke(asking.tenant_id, "New-ServicePrincipal", parameters), whole=True)


async def duplicate_access(asking: Asking) -> Facts:
    """What does a second Add-MailboxPermission answer? It changes nothing."""
    if asking.connection is None or asking.address is None:
        return {"skipped": "the connection has no mailbox with access"}
    parameters = {
        "Identity": asking.address,
        "User": asking.connection.ids.enterprise_application_id,
        "AccessRights": ["FullAccess"],
        "InheritanceType": "All",
        "AutoMapping": False,
        "Confirm": False,
    }
    return _shape(await asking.exchange.invoke(asking.tenant_id, "Add-MailboxPermission", parameters), whole=True)


Question = Callable[[Asking], Awaitable[Facts]]
READING: tuple[Question, ...] = (
    identity, principal, permission_user, batch, supported_version, application, mail_server, wrong_secret, propagation,
)  # fmt: skip
WRITING: tuple[Question, ...] = (duplicate_principal, duplicate_access)


async def _allowed(request: Awaitable[Any]) -> bool:
    try:
        await request
    except ServiceError:
        return False
    return True


def _shape(answer: RawAnswer, *, whole: bool = False) -> Facts:
    """Return status, telling headers and the form of a body; all of it where the words are what is asked for."""
    headers = {key: value for key, value in answer.headers.items() if key.lower().startswith(_TELLING)}
    document = _document(answer)
    body: Any = document if document is not None else f"{len(answer.body)} bytes that are no JSON"
    if isinstance(document, dict) and not whole and "error" not in document:
        body = {key: _kind(value) for key, value in document.items()}
    return {"status": answer.status, "headers": headers, "body": body}


def _kind(value: Any) -> str:
    return f"{len(value)} entries" if isinstance(value, list) else type(value).__name__


def _document(answer: RawAnswer) -> Any:
    try:
        return json.loads(answer.body[:_SHOWN] if len(answer.body) <= _SHOWN else answer.body)
    except ValueError:
        return None


def _values(answer: RawAnswer) -> list[dict[str, Any]]:
    document = _document(answer)
    found = document.get("value") if isinstance(document, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
