"""Ask Exchange whether an administrator has permitted a protocol by a role, where there is one for it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

from activities.run import Run
from connector.errors import ServiceError, WaitError
from connector.microsoft import BATCH, PROTOCOLS, ROLE_SPREAD, Cmdlet, Protocol
from connector.objects import RoleSeen
from connector.plans.exchange_roles import ExchangeRole
from connector.plans.mailboxes import spreading

_ASKED: Cmdlet = "Test-ServicePrincipalAuthorization"
_MOST = 1_000
"""Mailboxes of a list that are asked for before a consent goes, ten in a second or so; of more nobody says it."""


async def exchange_roles(run: Run, held: Collection[Protocol] | None) -> tuple[ExchangeRole, ...]:
    """Return what is seen of the roles; ``held`` are the protocols to which somebody has consented, None if not known.

    It costs one call for each such protocol, and nothing where the connection has none.
    """
    concerned = dict.fromkeys((*run.connection.wanted.with_role, *run.connection.assigned))
    return tuple([await _role(run, one, one in held if held is not None else None) for one in concerned])


async def _role(run: Run, protocol: Protocol, held: bool | None) -> ExchangeRole:
    connection = run.connection
    assigned, boundless = await _assigned(run, protocol)
    wanted = protocol in connection.wanted.protocols
    looks = wanted and assigned and held is not False
    outside, unknown = await _outside(run, protocol) if looks else ((), False)
    proven = assigned is True and wanted and not (outside or unknown)
    seen = _seen(run, protocol, alone=held is False) if proven else None
    return ExchangeRole(
        protocol,
        assigned,
        boundless=boundless,
        wanted=wanted,
        wished=wanted and connection.wanted.role_based_sending,
        before=protocol in connection.assigned,
        held=held,
        fading=spreading(connection.withdrawn.get(PROTOCOLS[protocol].role), run.now) > 0,
        outside=outside,
        unknown=unknown,
        seen=seen,
        spreads_until=_spreads_until(run, protocol, seen),
    )


def _seen(run: Run, protocol: Protocol, *, alone: bool) -> RoleSeen:
    """Return since when a role is seen as it is now; from now on where it was another way, or another list."""
    listed = "" if alone else hashlib.sha256("\n".join(sorted(run.connection.wanted.mailboxes)).encode()).hexdigest()
    found, known = RoleSeen(since=run.now, alone=alone, mailboxes=listed), run.connection.roles_seen.get(protocol)
    return known if known is not None and known.same(found) else found


def _spreads_until(run: Run, protocol: Protocol, seen: RoleSeen | None) -> datetime | None:
    """Return until when nothing is taken back for it; whoever only looks says what is mixed, and keeps no time of it.

    A consent that is being withdrawn may be shown still: that was decided before.
    """
    withdrawn, known = run.connection.withdrawn.get(PROTOCOLS[protocol].role), run.connection.roles_seen.get(protocol)
    decided = withdrawn is not None and run.now - withdrawn < ROLE_SPREAD
    if seen is None or decided or (run.looks_daily and known is None):
        return None
    return seen.spread if run.now < seen.spread else None


async def _assigned(run: Run, protocol: Protocol) -> tuple[bool | None, bool]:
    """Return whether it is assigned, and without a scope; to an application that is still to be made it is not."""
    ids = run.connection.ids
    if ids.enterprise_application_id is None:
        return False, False
    if not may_ask(run):
        return None, False
    admin = run.services.exchange
    return await admin.role_assigned(ids.known("tenant_id"), ids.enterprise_application_id, protocol)


def may_ask(run: Run) -> bool:
    """Return whether Exchange permits the identity to ask; a role of a grant before may lack it."""
    return _ASKED in run.connection.rights.cmdlets


async def _outside(run: Run, protocol: Protocol) -> tuple[tuple[str, ...], bool]:
    """Return the first mailboxes that the role does not reach; and whether that is not known of others.

    Raises:
        WaitError: Exchange does not answer, or asks to wait.
    """
    ids, names = run.connection.ids, run.connection.wanted.mailboxes
    tenant_id, principal_id = ids.known("tenant_id"), ids.known("enterprise_application_id")
    unknown = len(names) > _MOST
    for start in range(0, min(len(names), _MOST), BATCH):
        some = names[start : start + BATCH]
        answers = await run.services.exchange.role_reaches(tenant_id, some, principal_id, protocol)
        waits = [answer for answer in answers if isinstance(answer, WaitError)]
        if waits:
            raise waits[0]
        unknown = unknown or any(isinstance(answer, ServiceError) for answer in answers)
        outside = tuple(one for one, answer in zip(some, answers, strict=True) if answer is False)
        if outside:
            return outside, unknown
    return (), unknown
