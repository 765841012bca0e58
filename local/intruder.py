"""A member of the tenant who means harm, at a random moment of a set-up: what he does, and how far it gets him."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal

from local.attacker import given, opened
from local.tenant import Tenant
from local.tenant.world import Application, Credential, ServicePrincipal

When = Literal["before", "after"]
_WRITES = 7
"""So many a calm set-up makes at least: he acts at one of them, before or after it."""


class Intruder:
    """Plants an application before ours is made, or co-owns ours and adds a credential, and may leave again."""

    def __init__(self, tenant: Tenant, unique_name: str, seed: int) -> None:
        chance = random.Random(seed)
        self._tenant = tenant
        self._unique_name = unique_name
        self._at = (chance.randrange(_WRITES), chance.choice(("before", "after")))
        self._stays, self._on_principal = chance.random() < 0.5, chance.random() < 0.7  # noqa: PLR2004 - even, and mostly
        tenant.world.locks_hold = chance.random() < 0.5  # noqa: PLR2004 - even
        tenant.world.tells_maker = chance.random() < 0.8  # noqa: PLR2004 - mostly
        self._writes = 0
        self._planted: Application | None = None
        self._password: tuple[str, Credential] | None = None

    def watch(self, stops: Callable[[When], bool]) -> Callable[[When], bool]:
        """Return what the tenant asks at each write: the intruder acts there, and then what was to happen happens."""

        def watched(when: When) -> bool:
            self._writes += when == "before"
            if self._password is None and (self._writes - 1, when) >= self._at:
                self._act()
            return stops(when)

        return watched

    def _act(self) -> None:
        tenant, member = self._tenant, self._tenant.member
        application = next(
            (one for one in tenant.world.applications.values() if one.unique_name == self._unique_name), None
        )
        if application is None:
            self._planted, password = member.plant(self._unique_name)
            self._password = (self._planted.app_id, password)
            return
        principal = tenant.world.service_principal(application.app_id)
        thing: Application | ServicePrincipal = (
            principal if principal is not None and self._on_principal else application
        )
        member.add_owner(thing)
        member.take_lock_off(application)
        self._password = (application.app_id, member.add_credential(thing))
        if not self._stays:
            member.leave(thing)

    async def faults(self, state: str) -> list[str]:
        """Return what must not be: a connection that is ready while he gets in, and gifts to what he has planted."""
        if self._password is None:
            return ["the intruder has not acted"]
        app_id, password = self._password
        wrong = []
        if state == "ready":
            wrong.append("ready, though somebody else has a credential")
        if self._planted is not None:
            wrong += [f"given to a planted application: {one}" for one in given(self._tenant, self._planted)]
            wrong += [f"opened by an intruder: {one}" for one in await opened(self._tenant, app_id, password.value)]
        return wrong
