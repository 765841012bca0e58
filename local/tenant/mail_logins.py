"""Who gets into which mailbox by which mail protocol: the same for IMAP, POP and SMTP but for role and switch.

Dialogues: learn.microsoft.com/exchange/client-developer/legacy-protocols (how to authenticate an IMAP, POP or SMTP
application by using OAuth). An application needs its role in the token, Exchange's record with the right object id, and
``FullAccess``. For sending there is another way, role-based access for applications: the role ``Application
SMTP.SendAsApp`` with a scope, and then **no** role in the token; with both, mailbox permissions are asked for again
(learn.microsoft.com/exchange/client-developer/legacy-protocols/smtp-app-rbac-onboarding).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal

from local.tenant.simulation import Simulation
from local.tenant.tokens import Claims, TokenRefusedError
from local.tenant.world import Mailbox

Spoken = Literal["imap", "pop", "smtp"]
ROLES: dict[Spoken, str] = {"imap": "IMAP.AccessAsApp", "pop": "POP.AccessAsApp", "smtp": "SMTP.SendAsApp"}
_SASL = re.compile(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")
_EARLY = 0.6
"""From this share of its delay on, some front ends know of a permission and others do not."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was tried: the name in it, and the mailbox that it opens, if any."""

    user: str
    accepted: bool
    """Whether the application is known and has the role."""
    mailbox: Mailbox | None
    """None where the name, the access or the switch is not right, or not known yet."""


class Logins:
    """The decision, for one protocol."""

    def __init__(self, simulation: Simulation, spoken: Spoken) -> None:
        self._simulation, self._spoken = simulation, spoken

    def user(self, sasl: str) -> str:
        """Return the name in a SASL string, and remember the string as one that must not leak."""
        user, token = parsed(sasl)
        if token in self._simulation.tokens.issued:
            self._simulation.tokens.issued.add(sasl)
        return user

    def tried(self, sasl: str) -> Login:
        """Return what a SASL string opens."""
        user, token = parsed(sasl)
        claims = self._claims(token)
        if claims is None:
            return Login(user, accepted=False, mailbox=None)
        by_role = ROLES[self._spoken] in claims.roles
        mailbox = self._openable(user, claims, by_role=by_role)
        return Login(user, accepted=by_role or mailbox is not None, mailbox=mailbox)

    def _claims(self, token: str) -> Claims | None:
        """Return the claims of a token whose application Exchange has a record of, and knows it by now."""
        try:
            claims = self._simulation.tokens.read(token, self._simulation.bases["exchange"])
        except TokenRefusedError:
            return None
        principal = self._simulation.world.exchange_principals.get(claims.application_id)
        if principal is None or principal.object_id != claims.object_id:
            return None
        return claims if principal.effective <= self._simulation.clock.now() else None

    def _openable(self, user: str, claims: Claims, *, by_role: bool) -> Mailbox | None:
        """Return the mailbox, if the name is its principal name, the protocol is on, and the access has arrived."""
        mailbox = self._simulation.world.mailboxes.get(user.lower())
        if mailbox is None or not self._on(mailbox):
            return None
        effective = self._access(mailbox, claims, by_role=by_role)
        if effective is None or not self._arrived(user, effective):
            return None
        return mailbox if self._arrived(user, mailbox.switched.get(self._spoken, 0.0)) else None

    def _access(self, mailbox: Mailbox, claims: Claims, *, by_role: bool) -> float | None:
        """Return from when the application may use a mailbox; None where it may not."""
        world = self._simulation.world
        if not by_role:
            scope = world.application_scopes.get(claims.application_id, frozenset()) if self._sends else frozenset()
            reached = scope is None or mailbox.guid in scope
            return world.roles_effective.get(claims.application_id, 0.0) if reached else None
        access = mailbox.access.get(world.exchange_principals[claims.application_id].sid)
        return access.effective if access is not None and "FullAccess" in access.rights else None

    @property
    def _sends(self) -> bool:
        return self._spoken == "smtp"

    def _on(self, mailbox: Mailbox) -> bool:
        if self._spoken == "imap":
            return mailbox.imap_enabled
        return mailbox.pop_enabled if self._spoken == "pop" else self._simulation.world.may_submit(mailbox)

    def _arrived(self, user: str, effective: float) -> bool:
        now = self._simulation.clock.now()
        if now >= effective:
            return True
        early = effective - (1 - _EARLY) * self._simulation.misbehaviour.preset.imap_lag[0]
        nth = str(self._simulation.chance.nth("front end", user))
        return now >= early and self._simulation.chance.draw("front end", user, nth) < 0.5  # noqa: PLR2004


def parsed(text: str) -> tuple[str, str]:
    """Return user and token of a SASL string, empty where it is not one."""
    try:
        match = _SASL.fullmatch(base64.b64decode(text, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (match[1], match[2]) if match else ("", "")
