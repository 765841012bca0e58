"""Rights to send and switches, killed before and after each write of them: what is ours is known, and goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.case import Kind
from connector.microsoft import Protocol
from connector.steps import ConnectionState
from tests.flow.app import running
from tests.rotation.life import Life

TEAM = "team@contoso.example"
WRITES = frozenset({"enable", "switch_back", "grant_send_as", "revoke_send_as"})
RELAY = {"protocols": [Protocol.POP, Protocol.SMTP], "enable_pop": True, "enable_smtp": True}


async def is_at(life: Life, state: ConnectionState) -> None:
    found = await life.connection()
    assert found is not None
    assert (found.state, [one.code for one in found.findings() if one.severity == "error"]) == (state, [])


@pytest.mark.parametrize("before", [True, False])
async def test_killed_at_a_write_it_ends_as_if_it_had_not_been(tmp_path: Path, *, before: bool) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        life.counts_only({"exchange": WRITES})
        team = app.tenant.administrator.add_recipient(TEAM)
        (mailbox,) = app.tenant.world.mailboxes.values()
        app.tenant.world.submission_disabled = True
        mailbox.pop_enabled = False
        at, kills, more = 1, 0, True
        while more:
            more = False
            for senders in ([TEAM], []):
                life.wish = {**RELAY, "send_as": senders}
                hit = await life.killed(Kind.SET_UP, at, before=before)
                if hit:
                    await life.ask(Kind.SET_UP)
                more, kills = more or hit, kills + hit
                await is_at(life, ConnectionState.READY)
                assert (mailbox.pop_enabled, mailbox.submission_disabled) == (True, False)
                assert ({*team.send_as} == {mailbox.guid}) == bool(senders)
                life.pass_time(300)
            hit = await life.killed(Kind.REMOVE, at, before=before)
            more, kills = more or hit, kills + hit
            await is_at(life, ConnectionState.REMOVED)
            assert (mailbox.pop_enabled, mailbox.submission_disabled, {*team.send_as}) == (False, None, set())
            at += 1
        assert kills == 6
