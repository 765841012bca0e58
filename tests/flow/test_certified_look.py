"""The daily look at a connection whose UTM has a certificate, or another one on its way: nothing has drifted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.flow.app import NAME, App, running
from tests.flow.certified import PATH, Utm


async def looked(app: App) -> dict[str, Any]:
    """Have it looked at, and return what was seen."""
    before = (await app.client.get(PATH)).json()["health"]["lookedOn"]
    (await app.client.post(f"/api/check?name={NAME}")).raise_for_status()
    async with asyncio.timeout(60):
        seen = await app.until(
            lambda one: one["health"]["lookedOn"] not in {None, before} and not one["health"]["looking"]
        )
    health: dict[str, Any] = seen["health"]
    return health


async def test_a_certificate_that_is_offered_or_confirmed_is_as_it_was_left(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        seen = await Utm().offered(app)
        health = await looked(app)
        assert (health["answer"], health["drift"], health["unread"]) == ("good", [], [])
        body = {"keyId": seen["rotation"]["keyId"]}
        (await app.client.post(f"{PATH}/confirm", json=body)).raise_for_status()
        health = await looked(app)
        assert (health["answer"], health["drift"], health["unread"]) == ("good", [], [])
