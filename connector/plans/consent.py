"""Step 4: does the enterprise application hold the roles of its protocols on Exchange Online, and no other of them?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from connector.diagnosis import CONSENT_MIXED
from connector.finding import Finding
from connector.microsoft import CLOCKS, EXCHANGE_APPLICATION_ID, PROTOCOLS, ROLE_IDS, Protocol
from connector.observed import Resource, RoleAssignment
from connector.plans import exchange_roles
from connector.plans.exchange_roles import ExchangeRole
from connector.plans.ownership import Registration, guarded, ours
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName
from connector.wanted import Absent, Wanted

_finding = partial(Finding.of, StepName.CONSENT)


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 4 looks at."""

    registration: Registration | None
    holder: str
    """The id of the enterprise application."""
    exchange: Resource | None
    assignments: tuple[RoleAssignment, ...]
    given: Collection[str] = (PROTOCOLS[Protocol.IMAP].role,)
    """The roles that we have given; a version that kept no record gave none but this one."""
    by_role: tuple[ExchangeRole, ...] = ()
    """What a role in Exchange permits, or is to; of a removal none."""
    refused: Finding | None = None
    """That nobody may look at consents, where a role is asked for instead."""
    left: bool = False
    """Of a removal: whether an administrator has assigned such a role, or was asked to."""

    @property
    def held(self) -> frozenset[Protocol]:
        """Return the protocols to which somebody has consented."""
        return frozenset(ROLE_IDS[one.role_id] for one in _held(self))

    @property
    def dates(self) -> dict[str, datetime | None]:
        """Return the roles of the protocols that are held, each with the date that Entra gives it."""
        return {PROTOCOLS[ROLE_IDS[one.role_id]].role: one.created for one in _held(self)}

    def role(self, assignment: str) -> str:
        """Return the role of one of the assignments that are held."""
        return next(PROTOCOLS[ROLE_IDS[one.role_id]].role for one in _held(self) if one.id == assignment)


def judged(observed: Observed, consented: Mapping[str, Sequence[datetime]]) -> Observed:
    """Return what is seen with the roles that are ours: those that Entra dates as one of our writes was begun.

    Of a version that has kept no time of them it is known by the record alone, and where Entra gives no date.
    """
    mine = {*observed.given}
    for role, created in observed.dates.items():
        if begun := consented.get(role):
            near = created is None or any(abs(created - one) <= CLOCKS for one in begun)
            mine = mine | {role} if near else mine - {role}
    return replace(observed, given=tuple(sorted(mine)))


def given(consents: list[str] | None) -> tuple[str, ...]:
    """Return the roles that we have given, by what the document keeps of it."""
    return (PROTOCOLS[Protocol.IMAP].role,) if consents is None else tuple(consents)


@guarded(StepName.CONSENT)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return the roles to assign, and those to take back.

    A role is resolved by its value and compared with the id that is known: picking a neighbour of it
    (``full_access_as_app``) has cost others hours, since everything but the login then looks right.
    """
    if isinstance(wanted, Absent):
        return _back(observed)
    if observed.refused is not None:
        return _by_roles(observed.refused, observed.by_role, wanted)
    exchange = observed.exchange
    if exchange is None:
        return Plan(findings=(_finding("exchange-resource-missing", EXCHANGE_APPLICATION_ID),))
    instead = {one.protocol for one in observed.by_role if one.counts}
    needs = [PROTOCOLS[protocol] for protocol in wanted.protocols if protocol not in instead]
    unexpected = [one for one in needs if exchange.roles.get(one.role) != one.role_id]
    if unexpected:
        offered = [(one, exchange.roles.get(one.role) or "-") for one in unexpected]
        return Plan(findings=tuple(_finding(one.codes.role, role_id, role=one.role) for one, role_id in offered))
    held = {one.role_id for one in _held(observed)}
    give = [Change(Action.ASSIGN_ROLE, one.role, "consent-missing") for one in needs if one.role_id not in held]
    take, left = _unwanted(observed, wanted)
    changes = (*give, *take)
    told = [finding for one in observed.by_role for finding in one.findings(changes=bool(changes))]
    return Plan(changes, (*left, *told))


def _by_roles(refused: Finding, roles: Sequence[ExchangeRole], wanted: Wanted) -> Plan:
    """Return what is known where consents cannot be looked at: none is needed where roles permit all."""
    told = tuple(finding for one in roles for finding in one.findings(changes=False))
    instead = {one.protocol for one in roles if one.counts}
    return Plan(findings=told if {*wanted.protocols} <= instead else (refused, *told))


def _unwanted(observed: Observed, wanted: Wanted) -> tuple[list[Change], list[Finding]]:
    """Return the roles that nothing needs: those that we gave are withdrawn, the others stay and are said."""
    take, left = list[Change](), list[Finding]()
    roles = {one.protocol: one for one in observed.by_role if one.wanted}
    for assignment in _held(observed):
        protocol = ROLE_IDS[assignment.role_id]
        role, permitted = PROTOCOLS[protocol].role, roles.get(protocol)
        if protocol in wanted.protocols and (permitted is None or not permitted.counts):
            continue
        mixes = protocol in wanted.protocols
        if role not in observed.given or (permitted is not None and not permitted.replaces):
            left.append(_finding(CONSENT_MIXED if mixes else "role-stays", role, "warning"))
        else:
            take.append(Change(Action.WITHDRAW_ROLE, assignment.id, CONSENT_MIXED if mixes else "consent-unwanted"))
    return take, left


def _back(observed: Observed) -> Plan:
    """Return what is withdrawn where the application stays; with one of ours goes all that it holds."""
    findings = (exchange_roles.left(observed.holder),) if observed.left else ()
    if observed.registration is None or ours(observed.registration):
        return Plan(findings=findings)
    mine = [one for one in _held(observed) if PROTOCOLS[ROLE_IDS[one.role_id]].role in observed.given]
    return Plan(tuple(Change(Action.WITHDRAW_ROLE, one.id, "consent-left") for one in mine), findings)


def _held(observed: Observed) -> Iterator[RoleAssignment]:
    """Yield what the application holds of the protocols' roles."""
    for one in observed.assignments:
        if observed.exchange is not None and one.resource_id == observed.exchange.id and one.role_id in ROLE_IDS:
            yield one
