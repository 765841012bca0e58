"""Step 4: does a role in Exchange, which an administrator has assigned, stand in the place of a consent? Pure.

"Including the SMTP.SendAsApp claim would trigger an unnecessary check for mailbox permissions"
(learn.microsoft.com/exchange/client-developer/legacy-protocols/smtp-app-rbac-onboarding): the two ways do not mix. The
role is never ours to assign, nor to take: whoever may do that can give himself everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector import dates
from connector.finding import Finding, Severity
from connector.microsoft import PROTOCOLS, Protocol
from connector.objects import RoleSeen
from connector.steps import StepName

_finding = partial(Finding.of, StepName.CONSENT)
_BY_ROLE = "sending-by-role"
ALONE = "withoutConsent"
"""The value of a finding that no consent stands beside the role: it was looked for."""


@dataclass(frozen=True, slots=True)
class ExchangeRole:
    """What is seen of the role that permits one protocol."""

    protocol: Protocol
    assigned: bool | None
    """None where nobody may ask."""
    boundless: bool = False
    """Whether it reaches every mailbox of the tenant."""
    wanted: bool = True
    """Whether the connection uses the protocol."""
    wished: bool = False
    """Whether somebody has asked for this way."""
    before: bool = False
    """Whether the role was seen to stand in the place of the consent before."""
    held: bool | None = False
    """Whether the application has the consent too; None where nobody may look."""
    fading: bool = False
    """Whether we have withdrawn that consent a moment ago, so that it may only be shown still."""
    outside: tuple[str, ...] = ()
    """Mailboxes of the list that the role does not reach; looked for only where the consent is or may be there too."""
    unknown: bool = False
    """Whether it is not known of every other mailbox that the role reaches it."""
    seen: RoleSeen | None = None
    """Since when it is seen as it is; None where that is no state in which anything is taken back."""
    spreads_until: datetime | None = None
    """Until when Exchange may go by what it knew before; None where that is over."""

    @property
    def counts(self) -> bool:
        """Return whether it stands in the place of the consent.

        By itself it takes the place of one that works only where it reaches every mailbox, and has for so long that
        Exchange goes by it. Once it does, nothing but a consent that somebody has given takes its place again: what
        permits more is never given because less is seen.
        """
        if self.wished or not self.wanted:
            return True
        if self.before:
            return self.assigned is not False or not self.held or self.fading
        partly = self.held is not False and (self.outside or self.unknown)
        return self.assigned is True and not (partly or self.spreads)

    @property
    def spreads(self) -> bool:
        """Return whether Exchange may not go by it yet, and by the consent that stands beside it."""
        return bool(self.held) and self.spreads_until is not None

    @property
    def lasts(self) -> bool:
        """Return whether it is kept that it stands there, also where it is not seen for once."""
        gone = self.assigned is False and not self.wanted
        return self.counts and (self.assigned is True or self.before) and not gone

    @property
    def replaces(self) -> bool:
        """Return whether a consent that is there is in its way, and nothing is lost without it."""
        return self.counts and self.assigned is True and not (self.outside or self.unknown or self.spreads)

    def findings(self, *, changes: bool) -> Iterator[Finding]:
        """Yield what is to be said of it; while a change is still to be made nothing stops that."""
        needs = PROTOCOLS[self.protocol]
        if not self.wanted:
            yield from () if self.assigned is False else [_finding("sending-role-left", needs.exchange_role, "warning")]
            return
        if self.counts:
            code, severity = _SAID[self.assigned]
            told = _finding(code, needs.exchange_role, "warning" if changes and severity == "error" else severity)
            yield told if self.held is not False else told.model_copy(update={"values": {ALONE: needs.role}})
        if self.spreads_until is not None and self.spreads:
            on = dates.value(self.spreads_until)
            yield _finding("sending-role-spreads", needs.exchange_role, "info", on=on)
        if self.boundless:
            yield _finding("sending-role-boundless", needs.exchange_role, "warning")
        yield from (_finding("mailbox-outside-role", one, "warning") for one in self.outside)


_SAID: dict[bool | None, tuple[str, Severity]] = {
    True: (_BY_ROLE, "info"),
    False: ("sending-role-missing", "error"),
    None: ("sending-role-unread", "warning"),
}


def seen(findings: Iterable[Finding]) -> bool:
    """Return whether step 4 has seen a role that permits the sending."""
    return any(one.code == _BY_ROLE for one in findings)


def alone(findings: Iterable[Finding]) -> bool:
    """Return whether step 4 has seen a role that permits the sending, and no consent beside it."""
    return any(one.code == _BY_ROLE and ALONE in one.values for one in findings)


def left(application: str) -> Finding:
    """Return that a role stays assigned when the connection goes: it is the administrator's to take."""
    return _finding("sending-role-left", application, "warning")
