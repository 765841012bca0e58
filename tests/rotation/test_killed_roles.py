"""Consent and access that a role in Exchange makes needless, killed before and after each of them is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.case import Kind
from connector.microsoft import PROTOCOLS, ROLE_SPREAD, Protocol
from connector.steps import ConnectionState
from tests.flow.app import running
from tests.rotation.life import Life

WRITES = {"graph": frozenset({"withdraw_role"}), "exchange": frozenset({"revoke"})}


async def ready(life: Life) -> None:
    found = await life.connection()
    assert found is not None
    told = [one.code for one in found.findings() if one.severity in {"error", "warning"}]
    assert (found.state, told) == (ConnectionState.READY, [])


def held(life: Life) -> tuple[bool, bool]:
    """Return whether the application may send by a consent, and whether it has access to the mailbox."""
    (mailbox,) = life.world.mailboxes.values()
    roles = {one.role_id for one in life.world.assignments.values()}
    return PROTOCOLS[Protocol.SMTP].role_id in roles, bool(mailbox.access)


@pytest.mark.parametrize("before", [True, False])
async def test_killed_at_a_write_it_ends_as_if_it_had_not_been(tmp_path: Path, *, before: bool) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        life.counts_only(WRITES)
        life.wish = {"protocols": [Protocol.SMTP], "enable_smtp": True}
        await life.ask(Kind.SET_UP)
        assert held(life) == (True, True)
        (application,) = life.world.applications.values()
        app.tenant.administrator.assign_sending_role(application.app_id, *app.tenant.addresses)
        await life.ask(Kind.SET_UP)
        assert held(life) == (True, True)  # Exchange may not go by the role yet
        life.pass_time(ROLE_SPREAD.total_seconds() + 60)
        assert await life.killed(Kind.SET_UP, 1, before=before)
        await life.ask(Kind.SET_UP)
        await ready(life)
        assert held(life) == (False, True)
        life.pass_time(ROLE_SPREAD.total_seconds() + 60)
        assert await life.killed(Kind.SET_UP, 1, before=before)
        await life.ask(Kind.SET_UP)
        await ready(life)
        assert held(life) == (False, False)
        assert not await life.killed(Kind.SET_UP, 1, before=before)  # there is nothing more to be taken
        assert app.tenant.world.application_scopes


@pytest.mark.parametrize("before", [True, False])
async def test_a_consent_that_was_given_when_the_app_was_killed_is_known_to_be_ours(
    tmp_path: Path, *, before: bool
) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant)
        life.counts_only({"graph": frozenset({"assign_role"})})
        life.wish = {"protocols": [Protocol.SMTP], "enable_smtp": True}
        assert await life.killed(Kind.SET_UP, 1, before=before)
        await life.ask(Kind.SET_UP)
        await ready(life)
        found = await life.connection()
        assert (found and found.consents, held(life)) == ([PROTOCOLS[Protocol.SMTP].role], (True, True))
