"""What all activities have in common, and mailbox access against a scripted Exchange."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from activities.blueprint import activity
from activities.mailbox_chunk import ChunkRun
from activities.operation import fail
from activities.results import Result, held, record, translate
from activities.run import Run
from activities.secret import STAGE
from connector.clients.store import FolderStore
from connector.credential import Intent
from connector.documents import Documents
from connector.errors import (
    ForbiddenError,
    GrantMissingError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    UnforeseenError,
    WaitError,
)
from connector.left_there import LeftThere
from connector.mailbox import Chunk, ChunkSummary, MailboxRecord
from connector.microsoft import Protocol
from connector.model import Connection
from connector.objects import Ids
from connector.observed import Credential, CredentialVersion, ExchangePrincipal, Mailbox
from connector.operation import Operation
from connector.orders import Order, Outcome, Part
from connector.plans.secret_observed import Observed, credential_name
from connector.services import close_services
from connector.steps import MailboxState, OperationKind, StepName, StepState
from connector.wanted import Wanted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRINCIPAL = ExchangePrincipal("app", "sp", "UTM")


def connection(*addresses: str, enable_imap: bool = False) -> Connection:
    return Connection(
        name="hq",
        wanted=Wanted(revision=1, display_name="UTM", mailboxes=list(addresses), enable_imap=enable_imap),
        operation=Operation(id="op", kind=OperationKind.SET_UP, started=NOW),
        since=NOW,
        last_change=NOW,
        chunks=[ChunkSummary()],
        ids=Ids(tenant_id="tenant"),
    )


class Exchange:
    """Exchange as far as step 7 sees it: scripted failures, remembered access."""

    def __init__(self, **failing: ServiceError) -> None:
        self.failing = failing
        self.given: set[str] = set()
        self.imap: set[str] = set()
        self.unknown: set[str] = set()
        self.silent: set[str] = set()
        """Writes that are answered with success and not made."""
        self.visible = True
        """Whether access that was given can be read yet."""

    def _each(self, call: str, asked: list[Any], value: Any) -> list[Any]:
        names = [one if isinstance(one, str) else one.user_principal_name for one in asked]
        return [self.failing.get(f"{call}_{name[0]}", value(name)) for name in names]

    async def mailboxes(self, _: str, names: list[str]) -> list[Any]:
        unknown = NotFoundError("exchange", "not-found", "")
        return self._each(
            "mailboxes", names, lambda name: unknown if name in self.unknown else Mailbox(name, name, "UserMailbox")
        )

    async def recipients(self, _: str, names: list[str]) -> list[Any]:
        return self._each("recipients", names, lambda _: UnexpectedAnswerError("exchange", "x", ""))

    async def switches(self, _: str, names: list[Mailbox], protocols: list[Protocol]) -> list[Any]:
        if "switches" in self.failing:
            raise self.failing["switches"]
        return self._each("switches", names, lambda name: dict.fromkeys(protocols, name in self.imap))

    async def enable(self, _: str, names: list[Mailbox], protocol: Protocol) -> list[Any]:
        return self._write(f"enable_{protocol}", names, self.imap.add)

    async def access(self, _: str, names: list[Mailbox], __: ExchangePrincipal) -> list[Any]:
        return self._each("access", names, lambda name: self.visible and name in self.given)

    async def grant(self, _: str, names: list[Mailbox], __: ExchangePrincipal) -> list[Any]:
        return self._write("grant", names, self.given.add)

    async def revoke(self, _: str, names: list[Mailbox], __: ExchangePrincipal) -> list[Any]:
        return self._write("revoke", names, self.given.discard)

    async def switch_back(self, _: str, pairs: list[tuple[Mailbox, bool]], __: Protocol) -> list[Any]:
        return self._write("switch_back", [mailbox for mailbox, _ in pairs], self.imap.discard)

    def _write(self, call: str, mailboxes: list[Mailbox], make: Any) -> list[Any]:
        if call in self.failing:  # the whole request
            raise self.failing[call]
        results = self._each(call, mailboxes, lambda _: None)
        for mailbox, result in zip(mailboxes, results, strict=True):
            if result is None and call not in self.silent:
                make(mailbox.user_principal_name)
        return results


class Clients:
    """The services of one run."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        self.exchange = exchange
        self.documents = Documents(FolderStore(folder))
        self.left_there = LeftThere(FolderStore(folder))
        self.settings = SimpleNamespace(verify_minutes=60)


async def settle(exchange: Exchange, folder: Path, chunk: Chunk, wanted: Connection) -> ChunkRun:
    run: Any = Run(Clients(exchange, folder), Order("hq", 1, now=NOW), wanted)  # type: ignore[arg-type] # two of them
    work = ChunkRun(run, chunk, PRINCIPAL)
    await work.settled()
    return work


def chunk(*addresses: str) -> Chunk:
    return Chunk(number=0, mailboxes=[MailboxRecord(requested=address) for address in addresses])


async def test_a_mailbox_that_exchange_is_too_busy_for_is_not_taken_as_settled(tmp_path: Path) -> None:
    exchange = Exchange(grant_b=ThrottledError("exchange", "throttled", "", None, 7.0))
    exchange.imap = {"a@x.de", "b@x.de"}
    work = await settle(exchange, tmp_path, chunk("a@x.de", "b@x.de"), connection("a@x.de", "b@x.de"))
    assert [entry.settled_in for entry in work.chunk.mailboxes] == ["op", None]
    assert isinstance(work.wait, ThrottledError)
    exchange.failing.clear()
    again = await settle(exchange, tmp_path, work.chunk, connection("a@x.de", "b@x.de"))
    assert [entry.access for entry in again.chunk.mailboxes] == ["given", "given"]
    assert again.wait is None


async def test_a_delivery_ends_with_its_time_and_the_next_one_goes_on(tmp_path: Path) -> None:
    exchange, wanted = Exchange(), [f"{number}@x.de" for number in range(25)]
    exchange.imap = set(wanted)
    entries = chunk(*wanted)
    run: Any = Run(Clients(exchange, tmp_path), Order("hq", 1, now=NOW), connection(*wanted))  # type: ignore[arg-type]
    for settled, more in ((10, True), (20, True), (25, False)):
        work = ChunkRun(run, entries, PRINCIPAL, budget=0.0)
        await work.settled()
        assert (sum(entry.settled_in == "op" for entry in entries.mailboxes), work.more) == (settled, more)


async def test_what_is_wrong_with_some_does_not_keep_the_others_from_their_turn(tmp_path: Path) -> None:
    """However slow Exchange is: deliveries that are cut short come to their end."""
    exchange, wanted = Exchange(), [f"{number}@x.de" for number in range(25)]
    exchange.unknown = set(wanted[:12])
    exchange.imap = set(wanted)
    entries = chunk(*wanted)
    run: Any = Run(Clients(exchange, tmp_path), Order("hq", 1, now=NOW), connection(*wanted))  # type: ignore[arg-type]
    deliveries = []
    for _ in range(4):
        work = ChunkRun(run, entries, PRINCIPAL, budget=0.0)
        await work.settled()
        deliveries.append((sum(entry.settled_in == "op" for entry in entries.mailboxes), work.more))
    assert deliveries == [(0, True), (8, True), (13, False), (13, False)]


async def test_the_last_time_a_mailbox_that_is_still_delayed_does_not_stop_the_others(tmp_path: Path) -> None:
    exchange = Exchange(grant_b=UnavailableError("exchange", "unavailable", ""))
    exchange.imap = {"a@x.de", "b@x.de"}
    both = connection("a@x.de", "b@x.de")
    run: Any = Run(Clients(exchange, tmp_path), Order("hq", 1, now=NOW, part=Part(last=True)), both)  # type: ignore[arg-type]
    work = ChunkRun(run, chunk("a@x.de", "b@x.de"), PRINCIPAL)
    await work.settled()
    first, second = work.chunk.mailboxes
    assert (first.settled_in, work.wait) == ("op", None)
    assert second.finding is not None
    assert (second.finding.code, second.finding.severity, second.state) == (
        "mailbox-delayed", "warning", MailboxState.WAITING,
    )  # fmt: skip


async def test_access_that_cannot_be_read_back_yet_is_waited_for(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.imap, exchange.visible = {"a@x.de"}, False
    work = await settle(exchange, tmp_path, chunk("a@x.de"), connection("a@x.de"))
    assert isinstance(work.wait, ReplicationError)
    assert work.chunk.mailboxes[0].access == "giving"
    assert (await Documents(FolderStore(tmp_path)).chunk("hq", 0)).mailboxes[0].access == "giving"


async def test_imap_is_switched_on_only_where_it_was_asked_for(tmp_path: Path) -> None:
    off, on = Exchange(), Exchange()
    kept = await settle(off, tmp_path, chunk("a@x.de"), connection("a@x.de"))
    assert kept.chunk.mailboxes[0].finding is not None
    assert kept.chunk.mailboxes[0].finding.code == "imap-disabled"
    switched = await settle(on, tmp_path, chunk("a@x.de"), connection("a@x.de", enable_imap=True))
    assert switched.chunk.mailboxes[0].finding is None
    assert switched.chunk.mailboxes[0].imap_enabled_by_us
    assert (off.imap, on.imap) == (set(), {"a@x.de"})


async def test_a_mailbox_that_has_opened_stays_open_whatever_exchange_says_later(tmp_path: Path) -> None:
    opened = MailboxRecord(requested="a@x.de", state=MailboxState.OPEN, proven_in="op")
    exchange = Exchange(mailboxes_a=ForbiddenError("exchange", "403", ""))
    work = await settle(exchange, tmp_path, Chunk(number=0, mailboxes=[opened]), connection("a@x.de"))
    assert (work.chunk.mailboxes[0].state, work.chunk.mailboxes[0].finding) == (MailboxState.OPEN, None)


async def test_a_grant_that_did_nothing_is_told_with_the_line_when_its_time_is_over(tmp_path: Path) -> None:
    exchange, wanted = Exchange(), connection("a@x.de")
    exchange.imap, exchange.silent = {"a@x.de"}, {"grant"}
    first = await settle(exchange, tmp_path, chunk("a@x.de"), wanted)
    assert (isinstance(first.wait, ReplicationError), first.changes) == (True, 0)
    run: Any = Run(Clients(exchange, tmp_path), Order("hq", 1, now=NOW, part=Part(last=True)), wanted)  # type: ignore[arg-type]
    work = ChunkRun(run, first.chunk, PRINCIPAL)
    await work.settled()
    (entry,) = work.chunk.mailboxes
    assert (work.wait, entry.finding and entry.finding.code, entry.settled_in) == (None, "access-missing", None)
    assert entry.state is MailboxState.ACTION_REQUIRED
    exchange.silent = set()
    assert (await settle(exchange, tmp_path, work.chunk, wanted)).changes == 1


async def test_imap_that_stays_off_after_it_was_switched_on_is_not_done(tmp_path: Path) -> None:
    exchange, wanted = Exchange(), connection("a@x.de", enable_imap=True)
    exchange.silent = {"enable_imap"}
    work = await settle(exchange, tmp_path, chunk("a@x.de"), wanted)
    assert isinstance(work.wait, ReplicationError)
    assert (work.chunk.mailboxes[0].settled_in, work.chunk.mailboxes[0].imap_enabled_by_us) == (None, False)
    run: Any = Run(Clients(exchange, tmp_path), Order("hq", 1, now=NOW, part=Part(last=True)), wanted)  # type: ignore[arg-type]
    last = ChunkRun(run, work.chunk, PRINCIPAL)
    await last.settled()
    (entry,) = last.chunk.mailboxes
    assert (entry.finding and entry.finding.code, entry.state) == ("imap-disabled", MailboxState.ACTION_REQUIRED)


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ThrottledError("graph", "throttled", "", None, 9.0), "wait", "throttled"),
        (ReplicationError("graph", "replication", ""), "wait", "replication"),
        (ForbiddenError("graph", "403", ""), StepState.ACTION_REQUIRED, None),
        (UnavailableError("graph", "too-slow", ""), "wait", "too-slow"),
        (UnexpectedAnswerError("graph", "500", ""), StepState.ACTION_REQUIRED, None),
        (RefusedError("token", "AADSTS99999", "Who knows."), StepState.ACTION_REQUIRED, None),
        (GrantMissingError(), StepState.ACTION_REQUIRED, None),
    ],
)
def test_an_error_of_a_service_becomes_an_outcome(error: Any, state: str, reason: str | None) -> None:
    told = translate(StepName.CONSENT, error)
    outcome = told.outcome
    assert (outcome.state, outcome.reason) == (state, reason)
    assert bool(told.findings) is (state != "wait")
    assert outcome.throttled is (reason == "throttled")


async def test_what_nobody_foresaw_leaves_only_the_name_of_its_type(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def broken(order: Order) -> Outcome:
        raise ValueError(f"the secret of {order.name} is hunter2")

    registered = activity("broken", Order)(broken)
    code: Any = registered._function._func
    with pytest.raises(UnforeseenError) as caught:
        await code(order={"name": "hq", "revision": 1, "now": NOW.isoformat()})
    assert str(caught.value) == "ValueError"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    line = json.loads(caplog.records[0].getMessage())
    assert (line["event"], line["step"], line["code"]) == ("unforeseen", "broken", "ValueError")
    assert "hunter2" not in caplog.text


async def test_a_step_that_was_given_up_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_STORE", f"folder:{tmp_path}")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    documents = Documents(FolderStore(tmp_path))
    await documents.save(connection("a@x.de"), None)
    try:
        code: Any = fail._function._func
        value = {"name": "hq", "revision": 1, "now": NOW.isoformat(), "step": "consent", "code": "step-overdue"}
        assert (await code(order=value))["state"] == "failed"
    finally:
        await close_services()
    found = await documents.load("hq")
    assert found is not None
    entry = found.connection.step(StepName.CONSENT)
    assert (entry.state, [finding.code for finding in entry.findings]) == (StepState.FAILED, ["step-overdue"])


def test_an_outcome_is_plain_json() -> None:
    assert json.loads(json.dumps(Outcome("wait", "throttled", 3.0, throttled=True).to_json())) == {
        "state": "wait",
        "reason": "throttled",
        "seconds": 3.0,
        "throttled": True,
        "patient": False,
        "open": 0,
        "service": None,
    }


@pytest.mark.parametrize(("hours", "shown", "kept"), [(1, False, True), (30, False, False), (30, True, True)])
def test_an_intent_that_came_to_nothing_is_forgotten_after_a_day(hours: int, shown: bool, kept: bool) -> None:
    intent = Intent(id="i", started=NOW - timedelta(hours=hours))
    listed = (Credential("k", "secret", credential_name("i"), None),) if shown else ()
    document = connection()
    document.intents = [intent]
    seen = Observed((), listed, (intent,), None, now=NOW)
    STAGE.record(seen, document)
    assert document.intents == ([intent] if kept else [])


@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize("shown", [True, False])
def test_an_intent_knows_its_credential_as_long_as_that_is_shown(key: str | None, *, shown: bool) -> None:
    intent = Intent(id="i", started=NOW - timedelta(days=100), key_id=key)
    listed = (Credential("k", "secret", credential_name("i"), None),) if shown else ()
    version = CredentialVersion("u", "v", enabled=True, created=NOW, expires=None, tags={"keyId": "k", "state": "next"})
    document = connection()
    document.intents = [intent]
    STAGE.record(Observed((version,), listed, (intent,), None, now=NOW), document)
    assert [one.key_id for one in document.intents] == (["k"] if shown else [])


@pytest.mark.parametrize(
    ("error", "minutes", "codes", "held_for"),
    [
        (ThrottledError("graph", "throttled", "", None, 86_400.0), 0, ["service-asks-to-wait"], 3_600),
        (UnavailableError("graph", "unavailable", "", None, 86_400.0), 0, ["service-asks-to-wait"], 3_600),
        (ThrottledError("graph", "throttled", "", None, 600.0), 0, [], 600),
        (ThrottledError("graph", "throttled", ""), 0, [], None),
        (UnavailableError("graph", "too-large", "too much"), 0, [], None),
        (UnavailableError("graph", "too-large", "too much"), 11, ["service-unavailable"], None),
        (ReplicationError("graph", "replication", "", None, 60.0), 11, [], None),
    ],
)
async def test_a_wait_that_is_long_is_said_and_nobody_is_asked_before_its_time(
    error: WaitError, minutes: int, codes: list[str], held_for: int | None, tmp_path: Path
) -> None:
    clients: Any = Clients(Exchange(), tmp_path)
    await clients.documents.save(connection("a@x.de"), None)
    moment = NOW + timedelta(minutes=minutes)
    result = translate(StepName.CONSENT, error)
    run = Run(clients, Order("hq", 1, now=NOW), connection("a@x.de"))
    await record(run, StepName.CONSENT, result)
    run = Run(clients, Order("hq", 1, now=moment), run.connection)
    await record(run, StepName.CONSENT, result)
    entry = run.connection.step(StepName.CONSENT)
    assert ([finding.code for finding in entry.findings], entry.state) == (codes, StepState.WAITING)
    assert {finding.severity for finding in entry.findings} <= {"warning"}
    waits = held(run, StepName.CONSENT)
    assert (waits and round(waits.seconds or 0, -1)) == held_for
    assert held(Run(clients, Order("hq", 1, now=moment + timedelta(hours=1)), run.connection), StepName.CONSENT) is None
    await record(run, StepName.CONSENT, Result(Outcome(StepState.DONE)))
    assert (run.connection.step(StepName.CONSENT).not_before, held(run, StepName.CONSENT)) == (None, None)
