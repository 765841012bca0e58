"""A renewal and a removal in a tenant that misbehaves: in ``make soak``, since each takes a minute."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.app import NAME, App, running
from tests.flow.test_removal import left
from tests.flow.test_rotation import PATH, keys, pass_days, post, shown, timer
from tests.flow.utm import accepted

FIRST = int(os.environ.get("FIRST_HOSTILE", "1"))
SEEDS = int(os.environ.get("HOSTILE", "0"))
MAILBOXES = tuple(map(int, os.environ.get("HOSTILE_MAILBOXES", "1").split(",")))
PROTOCOLS = tuple(one.split("+") for one in os.environ.get("HOSTILE_PROTOCOLS", "imap").split(","))
"""By which protocols the connections are used: ``imap,smtp,imap+smtp`` are three."""
_PATIENCE = 60.0
"""Real seconds for which what says that it needs a person is watched: a transient refusal heals by itself."""
_HANGS = 900.0
"""Real seconds after which what does not come is taken never to come, on a busy machine too."""


@pytest.mark.parametrize("mailboxes", MAILBOXES)
@pytest.mark.parametrize("protocols", PROTOCOLS, ids="+".join)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
async def test_a_renewal_and_a_removal_end_as_in_a_calm_tenant(
    tmp_path: Path, seed: int, protocols: list[str], mailboxes: int
) -> None:
    async with running(tmp_path, "hostile", seed=seed, mailboxes=mailboxes) as app:
        body = {"name": NAME, "mailboxes": app.tenant.addresses, "protocols": protocols}
        async with asyncio.timeout(_HANGS):
            ready = await app.client.set_up(body, app.seen, patience=_PATIENCE)
        assert (ready["state"], ready["verified"]) == ("ready", True)
        old = await _parameters(app)
        assert (await post(app, "rotate")).status_code == 202
        offered = await _until(app, lambda seen: (seen["rotation"] or {}).get("state") == "offered")
        key = offered["rotation"]["keyId"]
        assert set(keys(app)) == {old["secret"]["keyId"], key}
        assert (await post(app, "confirm", json={"keyId": key})).status_code == 200
        pass_days(app, 1.01)
        await _until(app, lambda seen: seen["rotation"] is None)
        # A probe that the vault would not let go is disabled, and bears no key.
        versions = [one for secret in app.tenant.world.secrets.values() for one in secret.versions if one.enabled]
        assert (keys(app), [one.tags["keyId"] for one in versions]) == ([key], [key])
        await _accepted(app, await _parameters(app))
        sent = {"allowRemoval": mailboxes}
        assert (await app.client.delete(PATH, params=sent)).status_code == 202
        removed = await _until(app, lambda seen: seen["state"] == "removed")
        assert len(removed["removed"]["mailboxes"]) == mailboxes
        assert left(app) == []


async def _until(app: App, done: Any) -> dict[str, Any]:
    """Wait, and let the hour strike now and then, as it does."""
    async with asyncio.timeout(_HANGS):
        while True:
            for _ in range(40):
                seen = await shown(app)
                app.seen(seen)
                if done(seen):
                    return seen
                await asyncio.sleep(0.1)
            await timer(app)
            await timer(app, "recover_runs")


async def _accepted(app: App, parameters: dict[str, Any]) -> None:
    """Ask for a token as a UTM does: again where it is throttled, cut off, or a server does not know the secret yet."""
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.TransportError):
                if await accepted(app, parameters):
                    return
            await asyncio.sleep(0.5)


async def _parameters(app: App) -> dict[str, Any]:
    """Read them, again where the vault is just throttling."""
    async with asyncio.timeout(60):
        while True:
            answer = await app.client.get(f"{PATH}/parameters")
            if answer.is_success:
                values: dict[str, Any] = answer.json()
                return values
            await asyncio.sleep(0.2)
