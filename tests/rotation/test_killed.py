"""A rotation, its retirement and its giving up, killed before and after each write: the end is always the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.case import Kind
from connector.credential import RotationState
from connector.rotation import handed_out
from connector.steps import ConnectionState
from tests.flow.app import running
from tests.rotation.life import Life

EVERY = int(os.environ.get("EVERY_WRITE", "15"))
"""Which writes are tried: each fifteenth, and in a soak all."""


async def _offered(life: Life) -> str:
    """Return the key that is offered, also where nobody had begun yet when it was killed."""
    found = await life.connection()
    assert found is not None
    if found.rotation is None or found.rotation.state is RotationState.PREPARING:
        await life.ask(Kind.ROTATE)
        found = await life.connection()
        assert found is not None
    assert found.rotation is not None
    assert found.rotation.state is RotationState.OFFERED
    assert found.state is ConnectionState.READY
    secret = handed_out(found, life.current_utc_datetime)
    assert secret is not None
    assert found.secret is not None
    assert life.live() == {found.secret.key_id, secret.key_id}
    return secret.key_id


async def _one(life: Life, key: str) -> None:
    """Check that one secret is left, in the document, in the vault and in Entra."""
    found = await life.connection()
    assert found is not None
    assert (found.rotation, found.secret and found.secret.key_id, found.state) == (None, key, ConnectionState.READY)
    assert life.live() == {key}
    assert [one.tags["keyId"] for one in life.versions() if one.enabled] == [key]
    assert not [one for one in found.intents if one.key_id is None]


@pytest.mark.parametrize("before", [True, False])
async def test_killed_at_a_write_it_ends_as_if_it_had_not_been(tmp_path: Path, *, before: bool) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        await life.ask(Kind.SET_UP)
        at, more = 1, True
        while more:
            more = await life.killed(Kind.ROTATE, at, before=before)
            key = await _offered(life)
            assert await life.ask(Kind.CONFIRM, key) == "done"
            life.pass_days(1.01)
            more = await life.killed(Kind.RETIRE, at, before=before) or more
            await life.timer()
            await _one(life, key)
            await life.ask(Kind.ROTATE)
            more = await life.killed(Kind.ABANDON, at, before=before, key=await _offered(life)) or more
            found = await life.connection()
            if found is not None and found.rotation is not None:
                await life.ask(Kind.ABANDON, await _offered(life))
            await _one(life, key)
            at += EVERY
        assert at > EVERY
