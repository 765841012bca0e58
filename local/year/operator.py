"""Who looks after a connection in a year: enters what is offered, and does something when mail has stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from local.client import ApiClient
from local.tenant import Tenant
from local.year.happenings import Happenings
from local.year.utm import Utm

NAME = "utm-headquarters"


class Operator:
    """A person with the host key, and the UTM's administrator."""

    def __init__(
        self,
        client: ApiClient,
        utm: Utm,
        tenant: Tenant,
        happenings: Happenings,
        rest: Callable[[], Awaitable[None]],
        tell: Callable[..., None],
    ) -> None:
        self._client, self._utm, self._tenant, self._happenings = client, utm, tenant, happenings
        self._rest, self._tell = rest, tell
        self._offered: dict[str, int] = {}
        """On which day he has first seen each offered secret, in their order."""
        self._stops_since: int | None = None

    async def begin(self) -> None:
        """Set the connection up, and enter its values."""
        await self._set_up()
        self._tell(0, "set up; the values are entered in the UTM")
        self._utm.enter(await self._parameters())

    async def works(self, day: int, *, stops: bool) -> None:
        """Do what is to be done on a day; ``stops`` says that no mail came."""
        if not stops:
            self._stops_since = None
        elif self._stops_since is None:
            self._stops_since = day
            self._tell(day, "no mail")
        rotation = (await self._seen())["rotation"]
        offered = rotation["keyId"] if rotation is not None and rotation["state"] == "offered" else None
        if offered is not None and offered not in self._offered:
            self._offered[offered] = day
            self._tell(day, f"a new secret is offered ({offered[:8]})")
        if day in self._happenings.holiday:
            return
        if self._stops_since is not None and day - self._stops_since >= self._happenings.noticed:
            await self._repair(day)
        elif offered is not None and self._is_his_day(offered, day):
            await self._enter(day)

    def _is_his_day(self, offered: str, day: int) -> bool:
        number = [*self._offered].index(offered)
        return number != self._happenings.never and day - self._offered[offered] >= self._happenings.waits(number)

    async def _repair(self, day: int) -> None:
        """Set up again, accept that the application is gone, and enter what is handed out then."""
        await self._set_up()
        for finding in (await self._seen())["findings"]:
            if finding["code"] == "application-deleted":
                body = {"id": finding["id"], "applicationId": finding["applicationId"]}
                (await self._client.post(f"/api/connections/{NAME}/accept", json=body)).raise_for_status()
                await self._client.post(f"/api/connections/{NAME}/cancel")
                await self._rest()
                await self._set_up()
        self._tell(day, "set up again")
        await self._enter(day)

    async def _enter(self, day: int) -> None:
        """Type in what is handed out, and say so where it is a new one."""
        parameters = await self._parameters()
        self._utm.enter(parameters)
        key, rotation = parameters["secret"]["keyId"], parameters["rotation"]
        if rotation is not None and rotation["state"] == "offered":
            answer = await self._client.post(f"/api/connections/{NAME}/confirm", json={"keyId": key})
            answer.raise_for_status()
            self._tell(day, f"entered and confirmed ({key[:8]})")

    async def _set_up(self) -> None:
        body = {"name": NAME, "mailboxes": self._tenant.addresses}
        (await self._client.post("/api/connections", json=body)).raise_for_status()
        await self._rest()

    async def _seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = (await self._client.get(f"/api/connections/{NAME}")).json()
        return seen

    async def _parameters(self) -> dict[str, Any]:
        answer = await self._client.get(f"/api/connections/{NAME}/parameters")
        answer.raise_for_status()
        parameters: dict[str, Any] = answer.json()
        return parameters
