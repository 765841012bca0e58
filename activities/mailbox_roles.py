"""What a role in Exchange, which an administrator has assigned, means for each mailbox: within its scope, or not."""

from __future__ import annotations

from collections.abc import Sequence

from activities.exchange_roles import may_ask
from activities.run import Run
from connector.errors import ServiceError, WaitError
from connector.finding import Finding
from connector.microsoft import Protocol
from connector.observed import ExchangePrincipal, Mailbox
from connector.plans import exchange_roles
from connector.steps import StepName


class Roles:
    """The roles of one delivery's connection."""

    def __init__(self, run: Run, tenant_id: str, principal: ExchangePrincipal | None) -> None:
        self._run, self._tenant_id, self._principal = run, tenant_id, principal
        self.needs_access = bool(run.connection.by_consent)
        """Whether a protocol needs full access to the mailboxes: what a role permits needs none."""
        self.spares_access = not self.needs_access and _is_alone(run)
        """Whether access that was given before is taken back."""

    async def outside(self, seen: Sequence[Mailbox]) -> list[bool | WaitError]:
        """Return of which mailboxes Exchange says that a role does not reach them; what it does not say the login does.

        Asked only where the role was seen to be assigned.
        """
        connection, principal = self._run.connection, self._principal
        asked = (
            [one for one in connection.by_role if one in connection.assigned]
            if exchange_roles.seen(_said(self._run))
            else []
        )
        outside: list[bool | WaitError] = [False] * len(seen)
        if principal is None or not seen or not may_ask(self._run):
            return outside
        names, admin = [mailbox.identity for mailbox in seen], self._run.services.exchange
        for protocol in asked:
            answers = await admin.role_reaches(self._tenant_id, names, principal.object_id, protocol)
            outside = [_worse(before, answer) for before, answer in zip(outside, answers, strict=True)]
        return outside


async def is_outside(run: Run, mailbox: str, protocol: Protocol) -> bool:
    """Return whether Exchange says that a role does not reach a mailbox that has not opened; asked of such ones alone.

    A role may have been assigned since the mailboxes were looked at. What it does not say is not known.
    """
    ids = run.connection.ids
    seen = protocol in run.connection.assigned and exchange_roles.seen(_said(run)) and may_ask(run)
    if not seen or ids.enterprise_application_id is None:
        return False
    admin, tenant_id = run.services.exchange, ids.known("tenant_id")
    try:
        (answer,) = await admin.role_reaches(tenant_id, [mailbox], ids.enterprise_application_id, protocol)
    except ServiceError:  # of all that is asked at once; what has opened meanwhile is not lost by that
        return False
    return answer is False


def _worse(before: bool | WaitError, answer: bool | ServiceError) -> bool | WaitError:
    for one in (before, answer):
        if isinstance(one, WaitError):
            return one
    return before or answer is False


def _is_alone(run: Run) -> bool:
    """Return whether the role has been seen alone for so long that nobody has a token with the consent in it.

    One lives for an hour or more after the consent was withdrawn, by whomever, and whoever has it is asked for access
    to the mailbox: the UTM goes on with it.
    """
    seen = [run.connection.roles_seen.get(one) for one in run.connection.by_role]
    long = all(one is not None and one.alone and one.spread <= run.now for one in seen)
    return exchange_roles.alone(_said(run)) and long


def _said(run: Run) -> list[Finding]:
    """Return what step 4 has said; in a dry run that stands beside the steps."""
    planned = run.draft.planned.findings if run.draft is not None else []
    return [*run.connection.step(StepName.CONSENT).findings, *planned]
