"""A service that does not answer for long ends nothing; ``python -m tests.outages`` tries all of them at every step."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.steps import ConnectionState, OperationKind, StepName
from tests.flow.test_rights import least
from tests.outages.run import Outage, played

ASKED = {
    "graph": StepName.APPLICATION,
    "exchange": StepName.MAILBOXES,
    "vault": StepName.SECRET,
    "identity": StepName.PREREQUISITES,
    "token": StepName.SECRET,
    "imap": StepName.VERIFICATION,
    "store": StepName.CONSENT,
}
"""Where a set-up asks each service."""
LONG = {"graph": 31, "identity": 31, "store": 31}
"""Minutes of those outages that last longer than replication may; the others cost more to play, and take 12."""


@pytest.mark.parametrize("service", ASKED)
async def test_a_run_waits_for_a_service_and_a_verification_leaves_what_worked(service: str, tmp_path: Path) -> None:
    step, minutes = ASKED[service], LONG.get(service, 12)
    async with played(tmp_path) as one:
        end = await one.run(Outage(service, step, minutes))
        assert (end.state, "step-overdue" in end.codes) == (ConnectionState.READY, False)
        assert minutes <= end.minutes < minutes + 6  # the longest wait between two rounds is five minutes
        assert end.waited_for == (frozenset() if service == "imap" else {service})
        told = {"imap": {"imap-server-error"}, "store": set()}.get(service, {"service-unavailable"})
        assert told <= end.codes

        verified = await one.run(Outage(service, step, 60, OperationKind.VERIFY))
        assert verified.state is ConnectionState.READY
        if service == "store":  # nothing can be noted without it
            assert verified.minutes >= 60
        else:
            assert 10 <= verified.minutes < 13
            assert "not-readable" in verified.codes
        assert {ConnectionState.FAILED, ConnectionState.ACTION_REQUIRED}.isdisjoint(end.states | verified.states)


async def test_five_hours_without_the_store_fill_no_history(tmp_path: Path) -> None:
    async with played(tmp_path) as one:
        end = await one.run(Outage("store", StepName.APPLICATION, 300))
        assert (end.state, end.events <= 150) == (ConnectionState.READY, True)


async def test_the_next_verification_looks_at_what_the_last_one_could_not_read(tmp_path: Path) -> None:
    async with played(tmp_path) as one:
        await one.run(Outage("graph", StepName.PREREQUISITES, 0))
        left = await one.run(Outage("graph", StepName.PREREQUISITES, 30, OperationKind.VERIFY))
        assert "not-readable" in left.codes
        again = await one.run(Outage("graph", StepName.PREREQUISITES, 0, OperationKind.VERIFY))
        assert (again.state, again.codes) == (ConnectionState.READY, frozenset())


async def test_a_verification_that_has_seen_something_foreign_says_so_although_graph_is_away_then(
    tmp_path: Path,
) -> None:
    async with played(tmp_path) as one:
        await one.run(Outage("graph", StepName.PREREQUISITES, 0))
        (ours,) = (each for each in one.tenant.world.applications.values() if each.unique_name)
        one.tenant.member.add_owner(ours)
        end = await one.run(Outage("graph", StepName.SECRET, 60, OperationKind.VERIFY), rounds=3)
        assert end.state is ConnectionState.ACTION_REQUIRED
        again = await one.run(Outage("graph", StepName.PREREQUISITES, 60, OperationKind.VERIFY), rounds=3)
        assert again.state is not ConnectionState.READY


async def test_a_connection_that_a_person_looks_after_in_exchange_stays_what_it_was_too(tmp_path: Path) -> None:
    async with played(tmp_path) as one:
        await one.run(Outage("graph", StepName.PREREQUISITES, 0))
        least(one.tenant)
        calm = await one.run(Outage("graph", StepName.PREREQUISITES, 0, OperationKind.VERIFY))
        assert calm.state is ConnectionState.READY
        away = await one.run(Outage("imap", StepName.VERIFICATION, 60, OperationKind.VERIFY))
        assert (away.state, "not-readable" in away.codes) == (ConnectionState.READY, True)


async def test_a_verification_that_sees_a_mailbox_closed_says_so_although_something_else_is_away(
    tmp_path: Path,
) -> None:
    async with played(tmp_path, mailboxes=2) as one:
        await one.run(Outage("graph", StepName.PREREQUISITES, 0))
        application = (await one.connection()).ids.application_id
        one.tenant.administrator.remove_mailbox_permission(one.tenant.addresses[0], application or "")
        end = await one.run(Outage("graph", StepName.PREREQUISITES, 60, OperationKind.VERIFY), rounds=3)
        assert end.state is ConnectionState.ACTION_REQUIRED
        assert {"imap-not-connected", "not-readable"} <= end.codes
