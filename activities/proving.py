"""Sign in as the application: with the vault's value as the UTM does, or by the trust in our identity.

A value is asked for, used once, and not kept. Where the UTM has a certificate its key is nowhere but there: then our
identity's own token proves the application, its consent and its access, and of the certificate nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from activities.run import Run
from connector.address import folded
from connector.credential import CredentialKind, CredentialRecord
from connector.observed import CredentialVersion

if TYPE_CHECKING:
    from pydantic import SecretStr

    from connector.clients.identity import ProvenToken
    from connector.mailbox import MailboxRecord
    from connector.microsoft import Protocol
    from connector.observed import LoginAnswer


async def signed_in(run: Run, one: CredentialRecord | CredentialVersion) -> ProvenToken:
    """Return the token that the token endpoint gives for a credential, with its claims.

    Raises:
        RefusedError: the token endpoint refuses it.
        ServiceError: vault or token endpoint do not answer as they should.
        MissingIdError: the application's id, or the tenant's, was lost.
    """
    ids = run.connection.ids
    return await _WAYS[one.kind](run, one, ids.known("tenant_id"), ids.known("application_id"))


async def _by_value(
    run: Run, one: CredentialRecord | CredentialVersion, tenant_id: str, application_id: str
) -> ProvenToken:
    from connector.clients.identity import prove_secret  # noqa: PLC0415 - SDKs are imported on first use

    clients = run.services
    value = await clients.vault.read(one.uri.split("/")[-2], one.version)
    return await prove_secret(clients.cloud, tenant_id, application_id, value, clients.limits.token)


async def _by_trust(
    run: Run,
    one: CredentialRecord | CredentialVersion,  # noqa: ARG001 - one shape for the table
    tenant_id: str,
    application_id: str,
) -> ProvenToken:
    from connector.clients.identity import prove_assertion  # noqa: PLC0415 - as above

    clients = run.services
    assertion = await clients.identity.assertion(clients.cloud.exchanges)
    return await prove_assertion(clients.cloud, tenant_id, application_id, assertion, clients.limits.token)


_Way = Callable[[Run, CredentialRecord | CredentialVersion, str, str], Awaitable["ProvenToken"]]
_WAYS: Mapping[CredentialKind, _Way] = {"secret": _by_value, "certificate": _by_trust}


async def tried(run: Run, entry: MailboxRecord, token: SecretStr) -> tuple[Protocol, LoginAnswer]:
    """Log in to a mailbox by each of its protocols; return the first that does not open, or the last of all."""
    from connector.clients.proofs import prove  # noqa: PLC0415 - as above

    clients, mailbox = run.services, entry.address or entry.requested
    wanted = run.connection.wanted
    senders = [one for one in wanted.senders if one != folded(mailbox)]
    first, *others = wanted.protocols
    tried = first, await prove(clients.cloud, first, mailbox, token, clients.limits.mail, senders)
    for protocol in others:
        if tried[1].stage == "open":
            tried = protocol, await prove(clients.cloud, protocol, mailbox, token, clients.limits.mail, senders)
    return tried
