"""The article as a bare script, twice: with the remote calls of the set-up, and with those of the article alone.

The bench compares the product with both. They go one after the other, nothing around them: no retries, no store, no
orchestration, and they could not be stopped in the middle. The first shows what all of that costs; the second, what it
costs to look before each write and to read it back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.clients.identity import prove_secret
from connector.clients.imap import examine
from connector.microsoft import EXCHANGE_APPLICATION_ID, IMAP_ROLE_ID, Protocol
from connector.observed import Application, ExchangePrincipal, Mailbox
from connector.plans.application import TAG, required_roles, unique_name
from connector.plans.secret_names import secret_name
from connector.services import Services

_BATCH = 50
_ROLES = required_roles([Protocol.IMAP])


async def set_up(services: Services, name: str, addresses: list[str]) -> int:
    """Set one connection up in a calm tenant; return how many mailboxes have opened."""
    graph, exchange, vault, cloud = services.graph, services.exchange, services.vault, services.cloud
    claims = await services.identity.claims(cloud.graph_scope)
    await services.identity.claims(cloud.exchange_scope)
    tenant_id = claims.tenant_id
    await exchange.permitted_cmdlets(tenant_id)
    await vault.versions("utm-mail-connect")
    await graph.credential_policy()

    application = await _application(services, name)
    await vault.versions(secret_name(name, application.application_id))

    await graph.enterprise_application(application.application_id)
    await graph.ensure_enterprise_application(application.application_id)
    enterprise = await graph.enterprise_application(application.application_id)
    if enterprise is None:
        raise RuntimeError("a calm tenant shows what was written")

    async def look() -> None:
        """Ask whose it all is, as the product does before each step and after it."""
        await graph.registration(application.application_id, application.object_id, enterprise.id)
        await vault.versions(secret_name(name, application.application_id))

    await look()
    resource = await graph.resource(EXCHANGE_APPLICATION_ID)
    if resource is None:
        raise RuntimeError("a calm tenant has Exchange Online")
    await graph.role_assignments(enterprise.id)
    await graph.assign_role(enterprise_application_id=enterprise.id, resource_id=resource.id, role_id=IMAP_ROLE_ID)
    await graph.resource(EXCHANGE_APPLICATION_ID)
    await graph.role_assignments(enterprise.id)
    await look()

    await look()
    version = await _secret(services, name, application, tenant_id)

    await look()
    await exchange.principal(tenant_id, application.application_id)
    await exchange.create_principal(
        tenant_id, application_id=application.application_id, object_id=enterprise.id, display_name=name
    )
    principal = await exchange.principal(tenant_id, application.application_id)
    if principal is None:
        raise RuntimeError("a calm tenant shows what was written")
    await look()
    for start in range(0, len(addresses), _BATCH):
        await look()
        await _access(services, tenant_id, addresses[start : start + _BATCH], principal)

    opened = 0
    value = await vault.read(secret_name(name, application.application_id), version)
    proven = await prove_secret(cloud, tenant_id, application.application_id, value)
    for address in addresses:
        opened += (await examine(cloud, address, proven.token)).stage == "open"
    await look()
    return opened


async def article(services: Services, name: str, addresses: list[str]) -> int:
    """Do what the article has a person do, and read nothing back; return how many mailboxes have opened.

    What is looked up are the two ids that a write needs: in a portal they are on the page.
    """
    graph, exchange, cloud = services.graph, services.exchange, services.cloud
    tenant_id = (await services.identity.claims(cloud.graph_scope)).tenant_id
    await graph.ensure_application(unique_name(name), display_name=name, tags=[TAG], required_roles=_ROLES)
    application = await graph.application(unique_name(name))
    resource = await graph.resource(EXCHANGE_APPLICATION_ID)
    if application is None or resource is None:
        raise RuntimeError("a calm tenant shows what was written, and has Exchange Online")
    application_id = application.application_id
    enterprise = await graph.ensure_enterprise_application(application_id)
    if enterprise is None:
        raise RuntimeError("a new tenant has no application of that name")
    await graph.assign_role(enterprise_application_id=enterprise, resource_id=resource.id, role_id=IMAP_ROLE_ID)
    made = await graph.add_password(application.object_id, display_name=name, ends=_ends())
    await services.vault.write(
        secret_name(name, application_id), made.secret, tags={"keyId": made.key_id}, expires=made.ends
    )
    await exchange.create_principal(tenant_id, application_id=application_id, object_id=enterprise, display_name=name)
    principal = ExchangePrincipal(application_id, enterprise, name, assumed=True)
    for start in range(0, len(addresses), _BATCH):
        part = [Mailbox(address, address, "UserMailbox") for address in addresses[start : start + _BATCH]]
        await exchange.grant(tenant_id, part, principal)
    proven = await prove_secret(cloud, tenant_id, application_id, made.secret)
    return sum([(await examine(cloud, address, proven.token)).stage == "open" for address in addresses])


def _ends() -> datetime:
    return datetime.now(UTC) + timedelta(days=180)


async def _application(services: Services, name: str) -> Application:
    graph = services.graph
    await graph.application(unique_name(name))
    await graph.ensure_application(unique_name(name), display_name=name, tags=[TAG], required_roles=_ROLES)
    application = await graph.application(unique_name(name))
    if application is None:
        raise RuntimeError("a calm tenant shows what was written")
    return application


async def _secret(services: Services, name: str, application: Application, tenant_id: str) -> str:
    """Make the secret as step 5 does; return its version in the vault."""
    graph, vault = services.graph, services.vault
    named = secret_name(name, application.application_id)
    await graph.application(unique_name(name))
    await vault.versions(named)
    made = await graph.add_password(application.object_id, display_name=name, ends=_ends())
    written = await vault.write(named, made.secret, tags={"keyId": made.key_id}, expires=made.ends)
    await graph.application(unique_name(name))
    await vault.versions(named)
    value = await vault.read(named, written.version)
    await prove_secret(services.cloud, tenant_id, application.application_id, value)
    return written.version


async def _access(services: Services, tenant_id: str, addresses: list[str], principal: ExchangePrincipal) -> None:
    exchange = services.exchange
    await exchange.principal(tenant_id, principal.application_id)
    found = await exchange.mailboxes(tenant_id, addresses)
    mailboxes = [mailbox for mailbox in found if isinstance(mailbox, Mailbox)]
    await exchange.switches(tenant_id, mailboxes, [Protocol.IMAP])
    await exchange.access(tenant_id, mailboxes, principal)
    await exchange.grant(tenant_id, mailboxes, principal)
    await exchange.access(tenant_id, mailboxes, principal)
