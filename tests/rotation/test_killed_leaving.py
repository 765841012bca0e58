"""A removal that leaves to another connection what that one uses, killed at its writes: it is left once, and known."""

from __future__ import annotations

import os
from pathlib import Path

from connector.case import Kind
from connector.microsoft import Protocol
from connector.model import Connection
from connector.operation import Operation
from connector.steps import ConnectionState, OperationKind
from connector.wanted import Wanted
from tests.flow.app import running
from tests.rotation.life import Life

EVERY = int(os.environ.get("EVERY_WRITE", "30"))
"""Which writes are tried: each thirtieth, and in a soak all."""
TEAM = "team@contoso.example"
RELAY = {"protocols": [Protocol.POP, Protocol.SMTP], "send_as": [TEAM]}


async def test_killed_at_a_write_it_leaves_what_another_connection_uses(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        team = app.tenant.administrator.add_recipient(TEAM)
        (mailbox,) = app.tenant.world.mailboxes.values()
        app.tenant.world.submission_disabled = True
        now = life.current_utc_datetime
        wanted = Wanted(revision=1, display_name="Other", mailboxes=app.tenant.addresses, **RELAY)
        operation = Operation(id="another", kind=OperationKind.SET_UP, started=now)
        other = Connection(name="other", wanted=wanted, operation=operation, since=now, last_change=now)
        await life.clients.documents.save(other, None)
        life.wish = {**RELAY, "enable_pop": True, "enable_smtp": True}
        at, more, before = 1, True, False
        while more:
            mailbox.pop_enabled, mailbox.submission_disabled = False, None
            team.send_as.clear()
            await life.clients.left_there.forget((await life.clients.left_there.load()).keys())
            await life.ask(Kind.SET_UP)
            more, before = await life.killed(Kind.REMOVE, at, before=before), not before
            found = await life.connection()
            assert found is not None
            assert found.state is ConnectionState.REMOVED
            seen: tuple[object, ...] = mailbox.pop_enabled, mailbox.submission_disabled, {*team.send_as}
            assert seen == (True, False, {mailbox.guid})
            left = await life.clients.left_there.load()
            assert {what: one.inherited for (_, what), one in left.items()} == {
                "pop": False, "smtp": True, team.guid.lower(): False,
            }  # fmt: skip
            life.pass_time(300)
            at += EVERY
        assert at > EVERY
