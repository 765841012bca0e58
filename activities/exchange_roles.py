"""Ask Exchange whether an administrator has permitted a protocol by a role, where there is one for it."""

from __future__ import annotations

from collections.abc import Collection

from activities.run import Run
from connector.errors import ServiceError, WaitError
from connector.microsoft import PROTOCOLS, Cmdlet, Protocol
from connector.plans.exchange_roles import ExchangeRole

_ASKED: Cmdlet = "Test-ServicePrincipalAuthorization"
_MOST = 100
"""Mailboxes of a list that are asked for one by one before a consent goes."""


async def exchange_roles(run: Run, held: Collection[Protocol]) -> tuple[ExchangeRole, ...]:
    """Return what is seen of the roles; ``held`` are the protocols to which somebody has consented.

    It costs one call for each such protocol, and nothing where the connection has none.
    """
    return tuple([await _role(run, one, one in held) for one in _concerned(run)])


def _concerned(run: Run) -> list[Protocol]:
    connection = run.connection
    wanted = [one for one in connection.wanted.protocols if PROTOCOLS[one].exchange_role]
    return [*wanted, *(one for one in connection.assigned if one not in wanted)]


async def _role(run: Run, protocol: Protocol, held: bool) -> ExchangeRole:
    connection = run.connection
    assigned = await _assigned(run, protocol)
    wanted = protocol in connection.wanted.protocols
    outside = await _outside(run, protocol) if wanted and held and assigned else ()
    return ExchangeRole(
        protocol,
        assigned,
        wanted=wanted,
        wished=wanted and connection.wanted.role_based_sending,
        before=protocol in connection.assigned,
        held=held,
        outside=outside,
    )


async def _assigned(run: Run, protocol: Protocol) -> bool | None:
    """Return whether it is assigned; to an application that is still to be made nobody has assigned any."""
    ids = run.connection.ids
    if ids.enterprise_application_id is None:
        return False
    if not may_ask(run):
        return None
    admin = run.services.exchange
    return await admin.role_assigned(ids.known("tenant_id"), ids.enterprise_application_id, protocol)


def may_ask(run: Run) -> bool:
    """Return whether Exchange permits the identity to ask; a role of a grant before may lack it."""
    return _ASKED in run.connection.rights.cmdlets


async def _outside(run: Run, protocol: Protocol) -> tuple[str, ...]:
    """Return which mailboxes the role does not reach, as far as that is known; of a long list the first that is not.

    Raises:
        WaitError: Exchange does not answer, or asks to wait.
    """
    ids, names = run.connection.ids, run.connection.wanted.mailboxes
    tenant_id, principal_id = ids.known("tenant_id"), ids.known("enterprise_application_id")
    some = names[:_MOST]
    answers = await run.services.exchange.role_reaches(tenant_id, some, principal_id, protocol)
    for answer in answers:
        if isinstance(answer, WaitError):
            raise answer
    outside = [one for one, answer in zip(some, answers, strict=True) if isinstance(answer, ServiceError) or not answer]
    return (*outside, *names[_MOST : _MOST + 1])
