"""The app without a host or a network: the real orchestration and step 7 against the simulated Exchange, on one clock.

What is not step 7 is answered for: the other steps are done, and a login opens what it would open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import uuid4

from activities import registered, verification
from activities.results import Result, record
from activities.run import Run
from connector.admission import admit
from connector.caller import Caller
from connector.case import Kind, Refuse, Request, Start
from connector.clients.exchange import ExchangeAdmin
from connector.documents import Documents
from connector.dry_runs import Plans
from connector.lost import Live
from connector.mailbox import MailboxRecord
from connector.observed import LoginAnswer
from connector.operation import Operation, StepRecord
from connector.orders import Order, parsed
from connector.planned import Planned
from connector.services import services
from connector.steps import ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.wanted import Wanted
from local.tenant import PresetName, Tenant
from local.tenant.exchange_rights import CMDLETS
from tests.activity_code import codes
from tests.walks.durable import Durable
from tests.walks.inside import APPLICATION, PRINCIPAL, Directory, InProcess, MemoryStore

NAME = "hq"
_DONE = (StepName.PREREQUISITES, StepName.APPLICATION, StepName.ENTERPRISE_APPLICATION, StepName.CONSENT,
         StepName.SECRET, StepName.EXCHANGE)  # fmt: skip
_LASTING = frozenset({"mailbox-not-found", "imap-disabled"})
"""What only a person can change; everything else passes by itself in the end."""
Activity = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Desk(Durable):
    """One connection, its store and its tenant."""

    def __init__(self, preset: PresetName, seed: int, *, chunk: int, mailboxes: int, twice: bool = False) -> None:
        super().__init__()
        self.tenant = Tenant(preset=preset, seed=seed, clock=0, mailboxes=mailboxes)
        self.world, self.administrator = self.tenant.world, self.tenant.administrator
        self.sid = self.administrator.new_service_principal(APPLICATION, PRINCIPAL, "UTM").sid
        self.store = MemoryStore()
        self.transport = InProcess(self.tenant)
        self.twice = twice
        """Whether every activity is delivered twice."""
        self._wire(chunk)

    def _wire(self, chunk: int) -> None:
        clients, admin = services(), ExchangeAdmin.__new__(ExchangeAdmin)
        admin._transport = self.transport
        clients.settings = clients.settings.model_copy(update={"mailbox_chunk": chunk})
        for name in ("documents", "plans", "acceptances", "exchange", "graph", "identity", "vault"):
            clients.__dict__.pop(name, None)
        ours = Directory()
        clients.__dict__.update(
            graph=ours,
            identity=ours,
            vault=ours,
            store=self.store,
            documents=Documents(self.store),
            plans=Plans(self.store),
            exchange=admin,
        )
        self.clients = clients

    def pass_time(self, seconds: float) -> None:
        """Let the one clock go on."""
        super().pass_time(seconds)
        self.tenant.advance(seconds)

    async def ask(self, wanted: list[str], kind: OperationKind = OperationKind.SET_UP, *, imap: bool = False) -> None:
        """Ask for a list of mailboxes, or for a verification, and let it come to rest."""
        now, found = self.current_utc_datetime, await self.clients.documents.load(NAME)
        revision = found.connection.wanted.revision + 1 if found else 1
        wish = Wanted(revision=revision, display_name="UTM", mailboxes=wanted, enable_imap=imap)
        set_up = kind is OperationKind.SET_UP
        request = Request(Kind.SET_UP if set_up else Kind.VERIFY, NAME, str(uuid4()), wish)
        caller = Caller(function="create_connection" if set_up else "verify_connection")
        done = admit(request, caller, found.connection if found else None, Live("Running", now), now)
        assert not isinstance(done, Refuse)
        connection, revision = done.connection, done.connection.wanted.revision
        connection.ids.tenant_id, connection.ids.application_id = self.world.tenant_id, APPLICATION
        connection.ids.enterprise_application_id, connection.ids.object_id = PRINCIPAL, "object"
        await self.clients.documents.save(connection, found.etag if found else None)
        await self._rest({"name": NAME, "revision": revision, "attempt": connection.operation.attempt})

    async def plan(self, wanted: list[str], *, imap: bool = False) -> list[tuple[str, str]] | None:
        """Return what a dry run says that this list would change; None where it says that it could not look."""
        now, found = self.current_utc_datetime, await self.clients.documents.load(NAME)
        wish = Wanted(revision=1, display_name="UTM", mailboxes=wanted, enable_imap=imap)
        request = Request(Kind.DRY_RUN, NAME, f"plan-{now.isoformat()}", wish)
        caller = Caller(function="create_connection")
        done = admit(request, caller, found.connection if found else None, Live(), now)
        assert isinstance(done, Start)
        connection, operation = done.connection, done.connection.operation
        connection.ids.tenant_id, connection.ids.application_id = self.world.tenant_id, APPLICATION
        connection.ids.enterprise_application_id, connection.ids.object_id = PRINCIPAL, "object"
        connection.rights.cmdlets = sorted(CMDLETS)
        await self.clients.plans.start(Planned(id=operation.id, connection=connection, started=now))
        self.input = {"name": NAME, "plan": operation.id}
        await self.play("plan")
        planned = await self.clients.plans.load(NAME)
        assert planned is not None
        assert planned.ended is not None
        changes, findings = await self.clients.plans.found(planned)
        if {finding.code for finding in findings} - _LASTING:
            return None
        return sorted((one.action.value, one.subject) for one in changes)

    async def state(self) -> ConnectionState:
        """Return the connection's state."""
        found = await self.clients.documents.load(NAME)
        assert found is not None
        return found.connection.state

    async def entries(self) -> list[MailboxRecord]:
        """Return all that the chunks hold."""
        return [entry async for chunk in self.clients.documents.chunks(NAME, 0) for entry in chunk.mailboxes]

    def lose_store(self) -> None:
        """Lose every document."""
        self.store.documents.clear()

    async def _rest(self, order: dict[str, Any]) -> None:
        """Let rounds pass until the run has ended, or nothing but a person can move it."""
        self.input, still = order, 0
        while still < 2:
            self.continued = None
            await self.play("connection")
            if self.continued is None:
                return
            self.input = self.continued
            found = await self.clients.documents.load(NAME)
            assert found is not None
            moving = any(_moves(entry, found.connection.operation) for entry in await self.entries())
            still = 0 if moving else still + 1
            assert self.input["round"] < 200, "it does not come to rest"

    async def activity(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        self.pass_time(1.0)
        code: Activity = _activities().get(name, _done)
        if self.twice and name != "verification":
            await code(value)
        if name == "verification":
            return await _log_in(self, value)
        return await code(value)


def _moves(entry: MailboxRecord, operation: Operation) -> bool:
    """Return whether a mailbox may still change without a person."""
    looks = operation.only_looks(entry.settled_in)
    if not entry.wanted:
        return not looks or entry.leaving_since is None
    lasting = _LASTING | ({"access-missing"} if looks else set())
    told = entry.finding is not None and entry.finding.code in lasting and entry.resolved_in == operation.id
    return entry.state is not MailboxState.OPEN and not told


def _activities() -> dict[str, Activity]:
    every = codes(registered)
    return {name: _named(every[name]) for name in ("mailboxes", "begin", "conclude", "fail", "plan_begin", "plan_end")}


def _named(code: Any) -> Activity:
    return lambda value: code(order=value)


async def _done(value: dict[str, Any]) -> dict[str, Any]:
    """Answer for a step that is done."""
    if value.get("plan"):
        planned = await services().plans.load(value["name"])
        assert planned is not None
        planned.connection.steps = {step: StepRecord(state=StepState.DONE) for step in _DONE}
        await services().plans.save(planned)
        return {"state": "planned"}
    await services().documents.update(
        value["name"],
        lambda connection: connection.steps.update({step: StepRecord(state=StepState.UNCHANGED) for step in _DONE}),
    )
    return {"state": "unchanged"}


async def _log_in(desk: Desk, value: dict[str, Any]) -> dict[str, Any]:
    """Try the mailboxes as step 8 does; each opens that would."""
    run = await Run.open(parsed(Order, value))
    chosen = await verification._candidates(run)
    for chunk, entries in chosen:
        for entry in entries:
            mailbox = desk.world.mailboxes.get((entry.address or entry.requested).lower())
            opens = mailbox is not None and mailbox.imap_enabled and desk.sid in mailbox.access
            verification._note(run, entry, LoginAnswer("open" if opens else "mailbox"), ())
        await run.services.documents.save_chunk(run.order.name, chunk)
    outcome = verification._outcome(run, [chunk for chunk, _ in chosen])
    notes = (partial(verification._keep, [chunk for chunk, _ in chosen]),)
    await record(run, StepName.VERIFICATION, Result(outcome, notes=notes))
    return outcome.to_json()
