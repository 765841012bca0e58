"""Sign in with a client secret, as the UTM does: the vault's value is asked for, used once, and not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.run import Run

if TYPE_CHECKING:
    from pydantic import SecretStr

    from connector.clients.identity import ProvenToken
    from connector.mailbox import MailboxRecord
    from connector.microsoft import Protocol
    from connector.observed import LoginAnswer


async def signed_in(run: Run, name: str, version: str) -> ProvenToken:
    """Return the token that the token endpoint gives for a version of the secret ``name``, with its claims.

    Raises:
        RefusedError: the token endpoint refuses it.
        ServiceError: vault or token endpoint do not answer as they should.
        MissingIdError: the application's id, or the tenant's, was lost.
    """
    from connector.clients.identity import prove_secret  # noqa: PLC0415 - SDKs are imported on first use

    ids, clients = run.connection.ids, run.services
    tenant_id, application_id = ids.known("tenant_id"), ids.known("application_id")
    value = await clients.vault.read(name, version)
    return await prove_secret(clients.cloud, tenant_id, application_id, value, clients.limits.token)


async def tried(run: Run, entry: MailboxRecord, token: SecretStr) -> tuple[Protocol, LoginAnswer]:
    """Log in to a mailbox by each of its protocols; return the first that does not open, or the last of all."""
    from connector.clients.proofs import prove  # noqa: PLC0415 - as above

    clients, mailbox = run.services, entry.address or entry.requested
    first, *others = run.connection.wanted.protocols
    tried = first, await prove(clients.cloud, first, mailbox, token, clients.limits.mail)
    for protocol in others:
        if tried[1].stage == "open":
            tried = protocol, await prove(clients.cloud, protocol, mailbox, token, clients.limits.mail)
    return tried
