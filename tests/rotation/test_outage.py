"""A service is away while the next secret is proven: nobody gives it up for that, and nobody is told of it before."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from connector.case import Kind
from connector.credential import RotationState
from connector.microsoft import Protocol
from connector.rotation import handed_out
from tests.flow.app import running
from tests.rotation.life import Life

EVERY = os.environ.get("EVERY_WRITE") == "1"
SERVICES = ("imap", "pop", "smtp", *(("token", "vault", "graph") if EVERY else ()))
"""In a soak all."""


async def test_an_outage_during_the_proof_is_waited_for(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        life.wish = {"protocols": [*Protocol]}
        await life.ask(Kind.SET_UP)
        for service in SERVICES:
            await _rotated(life, service, 40 if EVERY or service == "imap" else 3)


async def _rotated(life: Life, service: str, minutes: int) -> None:
    """Let a service be away for some minutes, soon after the rotation has begun; then enter what is offered."""
    before = await life.connection()
    assert before is not None
    begun = life.current_utc_datetime + timedelta(seconds=20)
    ends, asked = begun + timedelta(minutes=minutes), 0

    def away(one: str) -> bool:
        nonlocal asked
        now = one == service and begun < life.current_utc_datetime < ends
        asked += now
        return now

    life.tenant.away = away
    life.waited_for.clear()
    await life.ask(Kind.ROTATE)
    assert life.waited_for == {service}  # whoever looks meanwhile is told which one
    life.tenant.away = lambda _: False
    found = await life.connection()
    assert asked > 0, service
    assert found is not None
    assert found.rest is None, service
    if found.rotation is None or found.rotation.state is not RotationState.OFFERED:
        assert handed_out(found, life.current_utc_datetime) == before.secret, service
        await life.timer()
        found = await life.connection()
        assert found is not None
    assert found.rotation is not None, service
    assert (found.rotation.state, found.state) == (RotationState.OFFERED, before.state), service
    assert found.rotation.next is not None
    await life.ask(Kind.CONFIRM, found.rotation.next.key_id)
    life.pass_days(1.01)
    await life.timer()
    assert life.live() == {found.rotation.next.key_id}, service
