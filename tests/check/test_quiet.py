"""A connection with which nothing is wrong is told of by nobody, however the services behave; and a look gives way."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connector.check import overall
from connector.checks import Answer
from connector.services import services
from connector.steps import ConnectionState, OperationKind, StepName
from local.tenant import Tenant
from tests.check.look import Looked, looked
from tests.connector.clients.misbehaving import Authority
from tests.outages.front import Front
from tests.outages.kinds import KINDS_OF
from tests.outages.misbehaviour import BRIEF
from tests.outages.run import NAME, installed

pytestmark = pytest.mark.asyncio(loop_scope="module")
FAST = 4
"""Days of the quick year; the soak has all of them (``python -m tests.check``)."""


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(one.getMessage()) for one in caplog.records if one.name == "connector"]


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return what somebody would have been told."""
    names = {"connection-drifted", "connection-not-readable", "connection-recovered"}
    return [(one["event"], one["findings"]) for one in events(caplog) if one["event"] in names]


async def test_in_quiet_days_nobody_is_told_of_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    async with looked(tmp_path, "normal", seed=7, mailboxes=1) as app:
        for _ in range(FAST):
            app.pass_time(86_400)
            check = await app.look()
            assert check.seen is not None
            assert {one.answer for one in check.seen.items} == {Answer.GOOD}
        assert told(caplog) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ready(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Looked]:
    """Have one connection for all that leave it as it is."""
    async with looked(tmp_path_factory.mktemp("ready"), mailboxes=1) as app:
        yield app


@pytest.mark.parametrize("service", ["graph", "exchange", "vault", "token", "identity", "imap"])
async def test_what_cannot_be_read_is_said_to_be_that_and_ends_nothing(ready: Looked, service: str) -> None:
    ready.tenant.away = lambda which: which == service
    check = await ready.look()
    assert check.seen is not None
    answers = {one.answer for one in check.seen.items}
    assert Answer.NOT_READABLE in answers
    assert Answer.DRIFTED not in answers
    assert (check.seen.drift, overall(check, ready.current_utc_datetime)) == ([], Answer.NOT_READABLE)
    assert (await ready.connection()).state is ConnectionState.READY


async def test_what_cannot_be_read_is_told_once_and_then_that_it_can(
    ready: Looked, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    ready.tenant.away = lambda _: False
    await ready.look()
    caplog.clear()
    for away in ("imap", "imap", ""):
        ready.tenant.away = lambda which, away=away: which == away  # type: ignore[misc] # a default says which
        await ready.look()
    first, last = told(caplog)
    assert (first[0], last[0]) == ("connection-not-readable", "connection-recovered")


class Disturbed(Looked):
    """A look in whose midst somebody asks for something."""

    at = 0
    count = 0

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Begin an operation before one of the activities."""
        self.count += 1
        if self.count == self.at:
            await self._ask(OperationKind.VERIFY)
        return await super().activity(name, value)


async def test_a_look_gives_way_to_an_operation_wherever_it_begins(tmp_path: Path) -> None:
    async with looked(tmp_path, mailboxes=1) as app:
        quiet = Disturbed(app.tenant, tmp_path)
        quiet.current_utc_datetime = app.current_utc_datetime
        await quiet.look()
        activities = quiet.count
        before = await services().checks.load(NAME)
        assert before.seen is not None
        for at in (1, 2, activities // 2, activities):
            one = Disturbed(app.tenant, tmp_path)
            one.current_utc_datetime = app.current_utc_datetime
            one.looks, one.at = at, at
            kept = (tmp_path / "connections" / f"{NAME}.json").read_bytes()
            check = await one.look()
            assert check.seen == before.seen
            assert check.run == f"look-{at + 1}"
            assert one.count <= at + 1
            (tmp_path / "connections" / f"{NAME}.json").write_bytes(kept)


async def test_a_look_whose_place_another_has_taken_notes_nothing(tmp_path: Path) -> None:
    async with looked(tmp_path, mailboxes=1) as app:
        await app.look()
        await services().checks.update(NAME, lambda one: one.model_copy(update={"run": "another"}))
        before = await services().checks.load(NAME)
        await app.play("check")
        assert await services().checks.load(NAME) == before


async def test_what_has_not_spread_yet_is_not_seen_to_be_good(tmp_path: Path) -> None:
    """Of a secret that was just made no server may know yet: that is neither in place nor gone."""
    async with Tenant(preset="calm", clock=0, mailboxes=1) as tenant, installed(tenant.endpoints, tmp_path):
        app = Looked(tenant, tmp_path)
        await app.set_up()
        app.application.credentials.clear()
        check = await app.look()
        assert check.seen is not None
        answers = {one.step: one.answer for one in check.seen.items}
        assert answers[StepName.SECRET] is answers[StepName.VERIFICATION] is Answer.NOT_READABLE
        assert (check.seen.drift, overall(check, app.current_utc_datetime)) == ([], Answer.NOT_READABLE)


class Behind(Looked):
    """A connection whose services stand behind something that may answer for them; waits are as brief."""

    async def restart(self) -> None:
        await super().restart()
        services().__dict__["limits"] = BRIEF


async def test_what_exchange_did_not_say_of_a_mailbox_is_not_good_because_it_opens(tmp_path: Path) -> None:
    async with (
        Tenant(preset="calm", clock=0, mailboxes=2) as tenant,
        Front(tenant, Authority.make(tmp_path)).opened(tmp_path) as front,
        installed(front.endpoints, tmp_path / "store"),
    ):
        app = Behind(tenant, tmp_path / "store")
        await app.set_up()
        app.pass_time(86_400)
        for manner in ("batch: one is missing", "batch: status in words"):
            front.turn("exchange", KINDS_OF["exchange"][manner])
            check = await app.look()
            assert check.seen is not None
            answers = {one.step: one.answer for one in check.seen.items}
            assert (answers[StepName.MAILBOXES], answers[StepName.VERIFICATION]) == (Answer.NOT_READABLE, Answer.GOOD)
            assert (check.seen.drift, overall(check, app.current_utc_datetime)) == ([], Answer.NOT_READABLE)
        front.turn("", None)
        assert overall(await app.look(), app.current_utc_datetime) is Answer.GOOD
