"""A renewal and a removal, and sending by a role, in a tenant that misbehaves: in ``make soak``, a minute each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.app import NAME, App, running
from tests.flow.test_exchange_roles import access
from tests.flow.test_protocols import roles
from tests.flow.test_removal import left
from tests.flow.test_rotation import PATH, keys, pass_days, post, shown, timer
from tests.flow.utm import accepted

FIRST = int(os.environ.get("FIRST_HOSTILE", "1"))
SEEDS = int(os.environ.get("HOSTILE", "0"))
MAILBOXES = tuple(map(int, os.environ.get("HOSTILE_MAILBOXES", "1").split(",")))
PROTOCOLS = tuple(one.split("+") for one in os.environ.get("HOSTILE_PROTOCOLS", "imap").split(","))
"""By which protocols the connections are used: ``imap,smtp,imap+smtp`` are three."""
ROLES = bool(int(os.environ.get("HOSTILE_ROLES", "0")))
"""Whether an administrator permits the sending by a role in Exchange; the protocols are then such with ``smtp``."""
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
        await _set_up(app, body)
        await _renewed(app)
        removed = await _removed(app)
        assert len(removed["removed"]["mailboxes"]) == mailboxes
        assert left(app) == []


@pytest.mark.parametrize("wished", [True, False])
@pytest.mark.parametrize("protocols", PROTOCOLS, ids="+".join)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS) if ROLES else ())
async def test_sending_by_a_role_ends_as_in_a_calm_tenant(
    tmp_path: Path, seed: int, protocols: list[str], *, wished: bool
) -> None:
    async with running(tmp_path, "hostile", seed=seed, mailboxes=2) as app:
        body = {"name": NAME, "mailboxes": app.tenant.addresses, "protocols": protocols, "roleBasedSending": wished}
        others = {*protocols} - {"smtp"}
        if wished:
            assigning = asyncio.create_task(_assigned(app))
            await _set_up(app, body)
            await assigning
        else:
            await _set_up(app, body)
            assert (roles(app), access(app)) == ({*protocols}, {*app.tenant.addresses})
            await _assigned(app)
            await _until_narrow(app, body, lambda: roles(app) == others)
            await _until_narrow(app, body, lambda: not access(app) or bool(others))
        assert (roles(app), access(app)) == (others, {*app.tenant.addresses} if others else set())
        await _renewed(app)
        removed = await _removed(app)
        assert len(removed["removed"]["mailboxes"]) == (2 if others else 0)
        assert "sending-role-left" in {one["code"] for one in removed["findings"]}
        assert (left(app), len(app.tenant.world.application_scopes)) == ([], 1)


async def _assigned(app: App) -> None:
    """Assign the role as soon as Exchange knows the application, with a scope of its mailboxes."""
    world, known = app.tenant.world, list[str]()
    async with asyncio.timeout(_HANGS):
        while not known:
            await asyncio.sleep(0.05)
            ours = [one.app_id for one in [*world.applications.values()] if NAME in (one.unique_name or "")]
            known = [one for one in ours if one in world.exchange_principals]
    app.tenant.administrator.assign_sending_role(known[0], *app.tenant.addresses)


async def _until_narrow(app: App, body: dict[str, Any], done: Callable[[], bool]) -> None:
    """Set up every two hours until nothing more is permitted than is needed; what permits goes no day too early.

    Where a refusal that comes and goes meets step 7, and every mailbox opens, a set-up ends without taking access back.
    """
    for _ in range(15):
        await _set_up(app, body)
        world, now = app.tenant.world, app.tenant._simulation.clock.now()
        assert "smtp" in roles(app) or all(effective <= now for effective in world.roles_effective.values())
        if done():
            return
        pass_days(app, 2.05 / 24)
    raise AssertionError(app.answers[-1][-3_000:])


async def _set_up(app: App, body: dict[str, Any]) -> None:
    async with asyncio.timeout(_HANGS):
        ready = await app.client.set_up(body, app.seen, patience=_PATIENCE)
    assert (ready["state"], ready["verified"]) == ("ready", True)


async def _renewed(app: App) -> None:
    """Renew the secret, and let the old one go."""
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


async def _removed(app: App) -> dict[str, Any]:
    sent = {"allowRemoval": len(app.tenant.addresses)}
    assert (await app.client.delete(PATH, params=sent)).status_code == 202
    return await _until(app, lambda seen: seen["state"] == "removed")


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
