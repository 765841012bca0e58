"""A service that misbehaves costs seconds and ends nothing; ``python -m tests.outages --misbehave`` tries every way."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.steps import ConnectionState, OperationKind, StepName
from tests.connector.clients.misbehaving import Authority
from tests.outages.misbehaviour import BRIEF, STEPS, misbehaving
from tests.outages.misbehaviour_table import wrong
from tests.outages.run import Outage

MANNERS = {
    "graph": ("breaks off after it has done it", "batch: one part twice", "a page, 200"),
    "exchange": ("batch: answers exchanged", "unpacks to 200 MB", "429 for a year"),
    "vault": ("half of the answer", "a list that leads to itself", "a page, 403"),
    "token": ("a token that is none", "refuses in words of nobody", "half of the answer"),
    "identity": ("ends never", "a token with line breaks", "headers without end"),
    "imap": ("BYE at the inbox", "another tag", "a literal without end"),
}
_MINUTES = 3
_LONGEST = 20 * BRIEF.graph.seconds
"""Seconds for an activity, which asks some services several things, on a machine that has more to do."""
_MOST = 8_000_000
"""Bytes for one answer: what the sockets hold, and what is taken in."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("service", MANNERS)
async def test_a_run_bears_a_service_that_misbehaves_and_says_which(
    authority: Authority, service: str, tmp_path: Path
) -> None:
    async with misbehaving(tmp_path, authority, mailboxes=2) as one:
        for manner in MANNERS[service]:
            kind = OperationKind.SET_UP if manner == MANNERS[service][0] else OperationKind.VERIFY
            borne = await one.bear(Outage(service, STEPS[service][-1], _MINUTES, kind, manner=manner))
            assert (manner, wrong(borne)) == (manner, "")
            assert borne.end.state is ConnectionState.READY
            assert (borne.end.longest < _LONGEST, borne.sent < _MOST) == (True, True)
            assert borne.sent > 0, "nothing has misbehaved"


@pytest.mark.parametrize("manner", ["nothing but null", "empty, 200", "batch: answers exchanged"])
async def test_what_exchange_does_not_say_to_be_gone_is_not_taken_back(
    authority: Authority, manner: str, tmp_path: Path
) -> None:
    async with misbehaving(tmp_path, authority, mailboxes=2) as one:
        await one.run(Outage("exchange", StepName.VERIFICATION, 0))
        one.pass_time(86_400)
        end = await one.run(Outage("exchange", StepName.MAILBOXES, 99_999, OperationKind.REMOVE, manner=manner), 3)
        assert end.state in {ConnectionState.WAITING, ConnectionState.ACTION_REQUIRED}
        world = one.tenant.world
        assert [found.unique_name for found in world.applications.values() if found.unique_name] != []
        assert all(mailbox.access for mailbox in world.mailboxes.values())
