"""What the identity may do, asked of each service once; step 1 and ``health`` both look here."""

from __future__ import annotations

from connector.errors import ForbiddenError
from connector.observed import Claims, CredentialPolicy
from connector.plans.prerequisites import EXCHANGE_ROLE, Observed
from connector.services import Services

_ANY_SECRET = "utm-mail-connect"  # noqa: S105 - a name that need not exist: being allowed to ask is what counts


async def look(services: Services) -> Observed:
    """Return the tokens' claims, the permitted cmdlets, vault access and the tenant's credential policy.

    Raises:
        GrantMissingError: before ``CONNECTOR_GRANTED`` no token may be asked for.
        ServiceError: a service did not answer; a refusal is part of what is returned.
    """
    services.require_grant()
    graph = await services.identity.claims(services.cloud.graph_scope)
    exchange = await services.identity.claims(services.cloud.exchange_scope)
    return Observed(
        graph=graph,
        exchange=exchange,
        cmdlets=await _permitted_cmdlets(services, exchange),
        vault_allowed=await _vault_allowed(services),
        policy=await _policy(services),
    )


async def _permitted_cmdlets(services: Services, claims: Claims) -> frozenset[str] | None:
    """Return the cmdlets that Exchange permits; it decides, the token's ``wids`` only explain."""
    if EXCHANGE_ROLE not in claims.roles:
        return None
    try:
        return await services.exchange.permitted_cmdlets(claims.tenant_id)
    except ForbiddenError:
        return None


async def _vault_allowed(services: Services) -> bool:
    try:
        await services.vault.versions(_ANY_SECRET)
    except ForbiddenError:
        return False
    return True


async def _policy(services: Services) -> CredentialPolicy | None:
    try:
        return await services.graph.credential_policy()
    except ForbiddenError:
        return None
