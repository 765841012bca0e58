"""What can be done in the simulated tenant by hand, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from itertools import product

from connector.microsoft import PROTOCOLS, Protocol
from local.tenant import Tenant
from local.tenant.catalogue import DIRECTORY_ROLES, EXCHANGE_APP_ID
from local.tenant.profile import ROLES
from local.tenant.world import Application, Mailbox

Act = Callable[[str], timedelta | None]
"""Takes what it is done to; returns the time that passes by it.

Raises:
    LookupError, ValueError: there is nothing that it could be done to.
"""
_OURS = "utm-mail-connect-"
_SLOW = 8.0
"""Seconds that Exchange takes for an answer when it is slow."""
_DIRECTORY = "Exchange Administrator"


class Acts:
    """The acts, and what they can be done to."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.slow = self.away = False
        self.by_name: dict[str, Act] = {
            "expire": self._expire,
            "consent": self._consent,
            "exchange": self._exchange,
            "revoke": self._revoke,
            "grant": self._grant,
            "slow": lambda _: self._be_slow(slow=True),
            "quick": lambda _: self._be_slow(slow=False),
            "away": lambda _: self._be_away(away=True),
            "back": lambda _: self._be_away(away=False),
            "rename": self._rename,
            "imap-off": lambda address: tenant.administrator.set_imap(address, enabled=False),
            "imap-on": lambda address: tenant.administrator.set_imap(address, enabled=True),
        }

    def held(self) -> list[tuple[str, str]]:
        """Return the rights that the identity holds, as they are named and as they are shown."""
        return [(name, name) for name in self._rights() if self._holds(name)]

    def not_held(self) -> list[tuple[str, str]]:
        """Return those that it could hold."""
        return [(name, name) for name in self._rights() if not self._holds(name)]

    def mailboxes(self) -> list[Mailbox]:
        """Return the mailboxes, by address; the first hundred."""
        return sorted(self._tenant.world.mailboxes.values(), key=lambda box: box.address)[:100]

    def _rights(self) -> list[str]:
        return [*ROLES, _DIRECTORY]

    def _holds(self, name: str) -> bool:
        world = self._tenant.world
        if name == _DIRECTORY:
            return DIRECTORY_ROLES[name] in world.directory_roles.get(world.identity.object_id, set())
        services = list(world.service_principals.values())
        role_ids = {role.id for one in services for role in one.roles if role.value == name}
        held = [
            entry.role_id
            for entry in list(world.assignments.values())
            if entry.principal_id == world.identity.object_id
        ]
        return not role_ids.isdisjoint(held)

    def _revoke(self, name: str) -> None:
        if name == _DIRECTORY:
            self._tenant.administrator.set_directory_roles()
        else:
            self._tenant.administrator.revoke(_known(name))
        self._tenant.forget_tokens()

    def _grant(self, name: str) -> None:
        if name == _DIRECTORY:
            self._tenant.administrator.set_directory_roles(DIRECTORY_ROLES[name])
        elif not self._holds(_known(name)):
            self._tenant.administrator.grant(name)
        self._tenant.forget_tokens()

    def _ours(self) -> list[Application]:
        found = [
            one for one in list(self._tenant.world.applications.values()) if (one.unique_name or "").startswith(_OURS)
        ]
        if not found:
            raise LookupError(_OURS)
        return found

    def _consent(self, _: str) -> None:
        world = self._tenant.world
        for application in self._ours():
            principal = world.service_principal(application.app_id)
            if principal is None:
                raise LookupError(application.app_id)
            held = world.roles_of(principal.id, EXCHANGE_APP_ID, math.inf)
            for role in self._asked(application):
                if role not in held:
                    self._tenant.administrator.consent(application.app_id, role)

    def _asked(self, application: Application) -> list[str]:
        """Return the roles of Exchange that an application asks for: what the portal's button consents to."""
        exchange = self._tenant.world.service_principal(EXCHANGE_APP_ID)
        ids = {
            access["id"]
            for resource in application.required_resource_access
            if resource["resourceAppId"] == EXCHANGE_APP_ID
            for access in resource["resourceAccess"]
        }
        return [role.value for role in exchange.roles if role.id in ids] if exchange is not None else []

    def _exchange(self, _: str) -> None:
        """Register every application of ours in Exchange and give it every mailbox, as the lines on the page do.

        Where it sends, each mailbox may send as any address.
        """
        world, administrator = self._tenant.world, self._tenant.administrator
        for application in self._ours():
            principal = world.service_principal(application.app_id)
            if principal is None:
                raise LookupError(application.app_id)
            if application.app_id not in world.exchange_principals:
                administrator.new_service_principal(application.app_id, principal.id)
            for address in list(world.mailboxes):
                administrator.add_mailbox_permission(address, application.app_id)
            if PROTOCOLS[Protocol.SMTP].role in self._asked(application):
                for sender, mailbox in product([*world.mailboxes, *world.recipients], world.mailboxes):
                    administrator.add_recipient_permission(sender, mailbox)

    def _expire(self, _: str) -> timedelta:
        """Return the time until the first secret of ours has ended."""
        ends = [one.end for application in self._ours() for one in application.credentials]
        coming = [end for end in ends if end > self._tenant.now()]
        if not coming:
            raise LookupError("no secret")
        return min(coming) - self._tenant.now() + timedelta(hours=1)

    def _rename(self, address: str) -> None:
        local, _, domain = address.partition("@")
        self._tenant.administrator.rename_mailbox(address, f"{local}-neu@{domain}", keep=False)

    def _be_slow(self, *, slow: bool) -> None:
        self.slow = slow
        self._tenant.latencies["exchange"] = _SLOW if slow else 0.0

    def _be_away(self, *, away: bool) -> None:
        self.away = away
        self._tenant.away = (lambda service: service in {"graph", "token"}) if away else (lambda _: False)


def _known(name: str) -> str:
    if name not in ROLES:
        raise LookupError(name)
    return name
