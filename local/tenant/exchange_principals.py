"""Exchange's service principals: learn.microsoft.com/powershell/module/exchange/new-serviceprincipal.

It is Exchange's own object: it stays when the application in Entra is deleted, and a second one of the same ids gets
another SID. Whether Exchange resolves it by name without the application is not known
(``World.exchange_forgets_deleted``).
"""

from __future__ import annotations

from typing import Any

from local.tenant.exchange_answers import EXISTS, PARAMETERS, CmdletError, Output, missing
from local.tenant.founding import sid
from local.tenant.simulation import Simulation
from local.tenant.world import ExchangePrincipal

_KEY = "exchange-principal/"


class PrincipalCmdlets:
    """``New-``, ``Get-`` and ``Remove-ServicePrincipal`` on one replica; writes may be answered and not made."""

    def __init__(self, simulation: Simulation, replica: float, key: str) -> None:
        self._simulation = simulation
        self._key = key
        self._world = simulation.world
        self._replica = replica

    def new(self, parameters: dict[str, Any]) -> Output:
        """``New-ServicePrincipal``: believes any object id."""
        app_id, object_id = str(parameters.get("AppId", "")), str(parameters.get("ObjectId", ""))
        if not app_id or not object_id:
            raise CmdletError(PARAMETERS, "Parameter set cannot be resolved using the specified named parameters.")
        known = list(self._world.exchange_principals.values())
        if any(principal.app_id == app_id or principal.object_id == object_id for principal in known):
            raise CmdletError(EXISTS, f"The object 'CN={object_id},OU=contoso,DC=EURPR07A002' already exists.")
        if self._simulation.misbehaviour.silent(self._key):
            return Output()
        # The object id is believed: a wrong one, such as that of the app registration, shows itself only at sign-in.
        nth = str(self._simulation.chance.nth("exchange-principal", app_id))
        made = ExchangePrincipal(
            app_id=app_id,
            object_id=object_id,
            display_name=str(parameters.get("DisplayName", app_id)),
            sid=sid(self._simulation.chance, app_id, object_id, nth),
            effective=self._simulation.known_to_imap(app_id),
        )
        self._simulation.write_exchange(_KEY + app_id, None)
        self._world.exchange_principals[app_id] = made
        return Output([_printed(made)])

    def get(self, parameters: dict[str, Any]) -> Output:
        """``Get-ServicePrincipal``: one, or all of them."""
        shown = list(self._shown().values())
        found = [entry for entry in shown if entry.named(str(parameters.get("Identity", "")))]
        if self._world.exchange_lists_others:
            others = [f"{entry.app_id[:-8]}{'9' * 8}" for entry in shown]
            return Output([{"AppId": one, "ObjectId": one, "DisplayName": "of others"} for one in others])
        # Documented: a value that does not exist returns all objects.
        return Output([_printed(entry) for entry in found or shown])

    def remove(self, parameters: dict[str, Any]) -> Output:
        """``Remove-ServicePrincipal``: permissions given to it dangle."""
        found = self.named(str(parameters.get("Identity", "")))
        if self._simulation.misbehaviour.silent(self._key):
            return Output()
        self._simulation.write_exchange(_KEY + found.app_id, found)
        self._world.exchange_principals.pop(found.app_id, None)
        return Output()

    def named(self, identity: str) -> ExchangePrincipal:
        """Return the principal that this replica resolves ``identity`` to.

        Raises:
            CmdletError: there is none.
        """
        for principal in self._shown().values():
            if principal.named(identity) and not self._forgotten(principal):
                return principal
        raise missing(identity)

    def _forgotten(self, principal: ExchangePrincipal) -> bool:
        deleted = {entry.app_id for entry in list(self._world.deleted_applications.values())}
        return self._world.exchange_forgets_deleted and principal.app_id in deleted

    def _shown(self) -> dict[str, ExchangePrincipal]:
        current = dict(self._world.exchange_principals)
        return self._simulation.replication.seen_all(_KEY, current, self._replica)


def _printed(found: ExchangePrincipal) -> dict[str, Any]:
    return {
        "AppId": found.app_id,
        "ObjectId": found.object_id,
        "DisplayName": found.display_name,
        "Identity": found.object_id,
        "Id": found.object_id,
        "Sid": found.sid,
    }
