"""Exchange is too busy for step 7: what the app has yet to do there is asked of no person, and heals by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.case import Kind
from connector.mailbox import MailboxRecord
from connector.microsoft import Protocol
from connector.orders import activity_of
from connector.steps import ConnectionState, MailboxState, StepName, StepState
from local.tenant.misbehaviour import PRESETS, Fault, Preset
from tests.flow.app import running
from tests.rotation.life import Life

BUSY = Preset(faults={"exchange": {Fault.CONCURRENT: 1.0}}, in_a_row=1_000_000)
"""No write in Exchange succeeds."""


class Disturbed(Life):
    """Exchange is busy from step 7 until each mailbox has been tried once."""

    seen: list[MailboxRecord]
    step: StepState | None = None

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        if name == activity_of(StepName.MAILBOXES) and self.step is None:
            self.tenant.misbehave(BUSY)
        told = await super().activity(name, value)
        if name == activity_of(StepName.VERIFICATION) and self.step is None:
            one = await self.connection()
            assert one is not None
            self.step = one.step(StepName.MAILBOXES).state
            self.seen = (await self.clients.documents.chunk(one.name, 0)).mailboxes
            self.tenant.misbehave(PRESETS["calm"])
        return told


@pytest.mark.parametrize("used", [[Protocol.IMAP], [Protocol.SMTP]])
async def test_a_mailbox_for_which_exchange_is_too_busy_waits(tmp_path: Path, used: list[Protocol]) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.world.submission_disabled = True
        life = Disturbed(app.tenant)
        life.wish = {"protocols": used, "enable_smtp": True}
        await life.ask(Kind.SET_UP)
        (seen,), found = life.seen, await life.connection()
        assert (life.step, seen.state) == (StepState.WAITING, MailboxState.WAITING)
        assert seen.finding is not None
        assert seen.finding.severity == "warning"
        assert found is not None
        assert (found.state, found.stuck_since) == (ConnectionState.READY, None)
