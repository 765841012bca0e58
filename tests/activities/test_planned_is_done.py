"""What a dry run has planned is what the set-up right after it does: the same changes, in order, with the same reasons.

The real app against the tenant over TLS, in worlds in which people have done any of what people do; what is done is
read from the tenant's record of writes and from the log, not from the app.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connector.admission import admit
from connector.caller import Caller
from connector.case import Kind, Refuse, Request
from connector.lost import Live
from connector.model import Connection
from connector.operation import Operation
from connector.planned import Planned
from connector.plans.plan import Action
from connector.services import services
from connector.steps import OperationKind
from connector.wanted import Wanted
from local.tenant import Tenant
from local.tenant.record import Request as Asked
from local.tenant.world import Application, Mailbox
from tests.outages.run import NAME, Played, played

Done = list[tuple[str, str, str]]
"""Action, reason, and on what; the last only where the tenant's record tells it."""
_CMDLETS = {
    "Set-CASMailbox": (Action.ENABLE_IMAP, "imap-disabled"),
    "Add-MailboxPermission": (Action.GRANT_ACCESS, "access-missing"),
    "Remove-MailboxPermission": (Action.REVOKE_ACCESS, "access-unwanted"),
}


class World:
    """One connection in its tenant, and people who do things there."""

    def __init__(self, app: Played, dice: random.Random, caplog: pytest.LogCaptureFixture) -> None:
        self.app, self.dice, self.caplog = app, dice, caplog
        self.tenant: Tenant = app.tenant
        self.noted: list[str] = []

    def wish(self) -> tuple[list[str], bool]:
        """Return some list."""
        names = [*self.tenant.world.mailboxes]
        names += [alias for one in self.tenant.world.mailboxes.values() for alias in one.aliases]
        names.append("nobody@contoso.example")
        return self.dice.sample(names, self.dice.randint(1, min(5, len(names)))), self.dice.random() < 0.5

    async def plan(self, wanted: list[str], *, imap: bool) -> tuple[Done, set[str]]:
        """Return what a dry run says, and its findings."""
        now, found = self.app.current_utc_datetime, await services().documents.load(NAME)
        wish = Wanted(revision=1, display_name="UTM", mailboxes=wanted, enable_imap=imap)
        operation = Operation(id=str(uuid4()), kind=OperationKind.PLAN, started=now)
        if found is not None:
            connection = found.connection.model_copy(update={"wanted": wish, "operation": operation})
        else:
            connection = Connection(name=NAME, wanted=wish, operation=operation, since=now, last_change=now)
        await services().plans.start(Planned(id=operation.id, connection=connection, started=now))
        self.app.input = {"name": NAME, "plan": operation.id}
        await self.app.play("plan")
        planned = await services().plans.load(NAME)
        assert planned is not None
        assert planned.ended is not None
        changes, findings = await services().plans.found(planned)
        shown = [(one.action.value, one.reason, _shown(one.action, one.subject)) for one in changes if not one.by_hand]
        return shown, {finding.code for finding in findings}

    async def set_up(self, wanted: list[str], *, imap: bool) -> Done:
        """Set up, and return what was done."""
        self.caplog.clear()
        now, found = self.app.current_utc_datetime, await services().documents.load(NAME)
        present = found.connection if found is not None else None
        wish = Wanted(revision=1, display_name="UTM", mailboxes=wanted, enable_imap=imap)
        request = Request(Kind.SET_UP, NAME, str(uuid4()), wish)
        done = admit(request, Caller(function="create_connection"), present, Live("Completed", now), now)
        assert not isinstance(done, Refuse)
        connection = done.connection
        await services().documents.save(connection, found.etag if found is not None else None)
        given = {"name": NAME, "revision": connection.wanted.revision, "attempt": connection.operation.attempt}
        self.app.input = given
        for _ in range(2):
            self.app.continued = None
            await self.app.play("connection")
            if self.app.continued is None:
                break
            self.app.input = self.app.continued
        return [*self._logged(), *self._written()]

    def _logged(self) -> Done:
        lines = [json.loads(one.getMessage()) for one in self.caplog.records if one.name == "connector"]
        return [(line["action"], line["reason"], "") for line in lines if line["event"] == "change"]

    def _written(self) -> Done:
        guids = {one.guid: one.address for one in self.tenant.world.mailboxes.values()}
        made = [call for one in self.tenant.requests if one.service == "exchange" for call in _calls(one)]
        return [
            (*_CMDLETS[call["CmdletName"]], guids[call["Parameters"]["Identity"]])
            for call in made
            if call["CmdletName"] in _CMDLETS
        ]

    def disturb(self) -> None:
        """Do one of what people do."""
        act = self.dice.choice([*self._acts()])
        self.noted.append(act.__name__)
        act()

    def _acts(self) -> Iterator[Callable[[], None]]:
        """Yield what people can do now."""
        administrator, world = self.tenant.administrator, self.tenant.world
        mailbox = self.dice.choice([*world.mailboxes.values()])

        def imap() -> None:
            mailbox.imap_enabled = not mailbox.imap_enabled

        def renamed() -> None:
            administrator.rename_mailbox(mailbox.address, f"new{self.dice.random()}@contoso.example")

        def named_twice() -> None:
            administrator.add_alias(mailbox.address, f"also{self.dice.random()}@contoso.example")

        yield from (imap, renamed, named_twice)
        yield from (act for one in world.applications.values() if one.unique_name for act in self._to(one, mailbox))

    def _to(self, application: Application, mailbox: Mailbox) -> Iterator[Callable[[], None]]:
        """Yield what people can do to what the app has made."""
        administrator, world, app_id = self.tenant.administrator, self.tenant.world, application.app_id

        def access() -> None:
            self._by_hand(mailbox, app_id)

        def no_consent() -> None:
            administrator.withdraw_consent(app_id)

        def no_record() -> None:
            administrator.remove_service_principal(app_id)

        def another_name() -> None:
            application.display_name = "another"

        def no_secret() -> None:
            administrator.disable_secret(f"{NAME}-{app_id}")

        yield from (no_consent, another_name, no_secret)
        if app_id in world.exchange_principals:
            yield from (access, no_record)

    def _by_hand(self, mailbox: Mailbox, app_id: str) -> None:
        """Give or take access."""
        if {one.sid for one in self.tenant.world.exchange_principals.values()} & mailbox.access.keys():
            self.tenant.administrator.remove_mailbox_permission(mailbox.address, app_id)
        else:
            self.tenant.administrator.add_mailbox_permission(mailbox.address, app_id)


def _shown(action: Action, subject: str) -> str:
    return subject if action in {one for one, _ in _CMDLETS.values()} else ""


def _calls(asked: Asked) -> Iterator[dict[str, Any]]:
    """Yield the cmdlets of a request to Exchange, with what they are run on."""
    text, decoder = asked.about, json.JSONDecoder()
    while text.startswith("{"):
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


@pytest.mark.parametrize("seed", range(2))
async def test_what_was_planned_is_what_is_done(tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    caplog.set_level(logging.INFO, logger="connector")
    dice = random.Random(seed)  # noqa: S311 - chance, no secret
    async with played(tmp_path, mailboxes=5) as app:
        await app.restart()
        services().__dict__["settings"] = services().settings.model_copy(update={"mailbox_chunk": dice.randint(1, 3)})
        world = World(app, dice, caplog)
        seen: set[str] = set()
        for _ in range(4):
            wanted, imap = world.wish()
            world.noted.append(f"{wanted} {imap}")
            app.tenant.forget_requests()
            planned, told = await world.plan(wanted, imap=imap)
            assert app.tenant.writes() == []
            done = await world.set_up(wanted, imap=imap)
            assert (planned, "not-readable" in told) == (done, False), "\n".join(world.noted)
            seen |= {action for action, _, _ in done}
            for _ in range(dice.randint(0, 3)):
                world.disturb()
            app.pass_time(600)
        assert len(seen) > 5, seen
