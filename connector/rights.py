"""What the identity may do, asked of each service once; step 1 and ``health`` both look here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.diagnosis import refusal, unread
from connector.errors import ForbiddenError, ServiceError, ServiceName, WaitError
from connector.finding import Finding
from connector.microsoft import EXCHANGE_ROLE
from connector.observed import Claims, CredentialPolicy
from connector.patience import SECONDS, patiently
from connector.plans import prerequisites
from connector.plans.prerequisites import Observed
from connector.services import Services
from connector.steps import StepName
from connector.together import together

T = TypeVar("T")
_ANY_SECRET = "utm-mail-connect"  # noqa: S105 - a name that need not exist: being allowed to ask is what counts


async def observe(services: Services) -> Observed:
    """Return the tokens' claims, the permitted cmdlets, vault access and the tenant's credential policy.

    Raises:
        GrantMissingError: before ``CONNECTOR_GRANTED`` no token may be asked for.
        ServiceError: a service did not answer; a refusal is part of what is returned.
    """
    services.require_grant()
    graph = await services.identity.claims(services.cloud.graph_scope)
    exchange = await services.identity.claims(services.cloud.exchange_scope)
    vault, policy = await _vault(services), await _policy(services)
    return Observed(
        graph=graph,
        exchange=exchange,
        cmdlets=await _permitted_cmdlets(services, exchange),
        vault_allowed=vault is None,
        policy=None if isinstance(policy, Refused) else policy,
        policy_refusal=policy.error if isinstance(policy, Refused) else None,
        vault_refusal=vault.error if vault is not None else None,
        granted=services.settings.granted,
        lifetime_days=services.settings.secret_lifetime_days,
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """What the app may not look at: an answer, and nothing that is raised where several are waited for."""

    error: ForbiddenError


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be looked at, and why."""

    error: ServiceError


@dataclass(frozen=True, slots=True)
class Glance:
    """The same, part by part, for somebody who waits for it: one that cannot be read hides none of the others."""

    graph: Claims | Unread
    exchange: Claims | Unread
    cmdlets: frozenset[str] | Unread | None
    vault: Refused | Unread | None
    policy: CredentialPolicy | Refused | Unread

    def findings(self, granted: datetime | None) -> tuple[Finding, ...]:
        """Return what is missing, and what is not readable, which is neither missing nor in place."""
        found: list[Finding] = []
        if not isinstance(self.graph, Unread):
            found += prerequisites.of_graph(self.graph, granted)
        if not isinstance(self.exchange, Unread) and not isinstance(self.cmdlets, Unread):
            found += prerequisites.of_exchange(self.exchange, self.cmdlets, granted)
        if not isinstance(self.vault, Unread):
            refusal = self.vault.error if self.vault is not None else None
            found += prerequisites.of_vault(refusal, allowed=refusal is None)
        found += self._of_policy()
        parts = (self.graph, self.exchange, self.cmdlets, self.vault, self.policy)
        unreadable = [_unreadable(part.error) for part in parts if isinstance(part, Unread)]
        return (*found, *{finding.id: finding for finding in unreadable}.values())

    def _of_policy(self) -> list[Finding]:
        if isinstance(self.policy, Refused):
            claims = None if isinstance(self.graph, Unread) else self.graph
            return prerequisites.of_refused_policy(self.policy.error, claims) if claims is not None else []
        return [] if isinstance(self.policy, Unread) else prerequisites.of_policy(self.policy, 0)


async def glance(services: Services, seconds: float = SECONDS) -> Glance:
    """Return what can be read now; what a service asks to wait for is repeated for some seconds.

    Raises:
        GrantMissingError: before ``CONNECTOR_GRANTED`` no token may be asked for.
    """
    services.require_grant()

    async def part(service: ServiceName, ask: Callable[[], Awaitable[T]]) -> T | Unread:
        try:
            return await patiently(service, ask, seconds)
        except ServiceError as error:
            return Unread(error)

    async def of_exchange() -> tuple[Claims | Unread, frozenset[str] | Unread | None]:
        claims = await part("identity", lambda: services.identity.claims(services.cloud.exchange_scope))
        if isinstance(claims, Unread):
            return claims, claims
        return claims, await part("exchange", lambda: _permitted_cmdlets(services, claims))

    graph, (exchange, cmdlets), vault, policy = await together(
        part("identity", lambda: services.identity.claims(services.cloud.graph_scope)),
        of_exchange(),
        part("vault", lambda: _vault(services)),
        part("graph", lambda: _policy(services)),
    )
    return Glance(graph, exchange, cmdlets, vault, policy)


def _unreadable(error: ServiceError) -> Finding:
    if isinstance(error, WaitError):
        return unread(StepName.PREREQUISITES, error)
    return refusal(StepName.PREREQUISITES, error)


async def _permitted_cmdlets(services: Services, claims: Claims) -> frozenset[str] | None:
    """Return the cmdlets that Exchange permits; it decides, the token's ``wids`` only explain."""
    if EXCHANGE_ROLE not in claims.roles:
        return None
    try:
        return await services.exchange.permitted_cmdlets(claims.tenant_id)
    except ForbiddenError:
        return None


async def _vault(services: Services) -> Refused | None:
    """Return what keeps the app from its vault; None where it may ask."""
    try:
        await services.vault.versions(_ANY_SECRET)
    except ForbiddenError as error:
        return Refused(error)
    return None


async def _policy(services: Services) -> CredentialPolicy | Refused:
    """Return the tenant's policy, or what keeps the app from it."""
    try:
        return await services.graph.credential_policy()
    except ForbiddenError as error:
        return Refused(error)
