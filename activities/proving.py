"""Sign in with a client secret, as the UTM does: the vault's value is asked for, used once, and not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.run import Run

if TYPE_CHECKING:
    from connector.clients.identity import ProvenToken


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
