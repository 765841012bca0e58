"""A service is away while the next secret is proven: nobody gives it up for that, and nobody is told of it before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connector.case import Kind
from connector.credential import RotationState
from connector.rotation import handed_out
from tests.flow.app import running
from tests.rotation.life import Life


@pytest.mark.parametrize("service", ["imap", "token", "vault", "graph"])
async def test_an_outage_during_the_proof_is_waited_for(tmp_path: Path, service: str) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        await life.ask(Kind.SET_UP)
        before = await life.connection()
        assert before is not None
        ends = life.current_utc_datetime + timedelta(minutes=40)
        begun = life.current_utc_datetime + timedelta(seconds=20)
        asked = 0

        def away(one: str) -> bool:
            nonlocal asked
            now = one == service and begun < life.current_utc_datetime < ends
            asked += now
            return now

        app.tenant.away = away
        await life.ask(Kind.ROTATE)
        app.tenant.away = lambda _: False
        assert asked > 0
        found = await life.connection()
        assert found is not None
        assert found.rest is None
        if found.rotation is None or found.rotation.state is not RotationState.OFFERED:
            out = handed_out(found, life.current_utc_datetime)
            assert out == before.secret
            life.pass_days(0.05)
            await life.timer()
            found = await life.connection()
            assert found is not None
        assert found.rotation is not None
        assert (found.rotation.state, found.state) == (RotationState.OFFERED, before.state)
        assert len(life.live()) == 2
