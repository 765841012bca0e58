"""What a connection is: the wanted state, what came of it, and the documents that the store keeps of both.

No document holds a secret. Field names in JSON are camelCase; times are aware, in UTC, ISO 8601.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, AwareDatetime, BeforeValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from connector.credential import Intent, Rest, Rotation, RotationState, SecretRecord
from connector.document import Document
from connector.errors import MissingIdError
from connector.steps import PROGRAMMES, SETTLED, ConnectionState, Does, MailboxState, OperationKind, StepName, StepState

MAX_MAILBOXES = 5_000
NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_NAME = 40

ConnectionName = Annotated[str, Field(max_length=MAX_NAME, pattern=NAME_PATTERN)]
Severity = Literal["error", "warning", "info"]


def is_name(value: str) -> bool:
    """Return whether ``value`` could be the name of a connection."""
    return len(value) <= MAX_NAME and re.fullmatch(NAME_PATTERN, value) is not None


OF_OTHERS = frozenset(
    {
        "foreign-application",
        "foreign-owner",
        "foreign-credential",
        "foreign-enterprise-application",
        "foreign-enterprise-owner",
        "foreign-enterprise-credential",
        "maker-unknown",
    }
)
"""The findings that somebody else has made an application, owns it, or can sign in as it."""
ACCEPTABLE = OF_OTHERS | {"application-deleted", "principal-stale"}
"""The findings that somebody may accept: the set-up then goes on."""


PROVEN_BY_LOGIN = "proven-by-login"


EARLIER = "earlier"
"""Stands for the operation in which something was settled, where a version before has not kept which one it was."""
SettledIn = Annotated[
    str | None,
    BeforeValidator(lambda value: (EARLIER if value else None) if isinstance(value, bool) else value),
    # Versions before kept ``check`` instead: that a verification only looks at it, since an earlier one had settled it.
    Field(validation_alias=AliasChoices("settledIn", "settled_in", "check"), serialization_alias="settledIn"),
]


class Finding(Document):
    """What a check observed. The texts stand in ``connector/messages`` under ``code``; ``values`` fill them."""

    code: str
    severity: Severity = "error"
    step: StepName
    subject: str = ""
    values: dict[str, str | int] = {}
    causes: list[str] = []
    """What it may come from, where we may not look: keys of ``cause`` in ``connector/messages``."""
    request_id: str | None = None

    @property
    def id(self) -> str:
        """Return what an acceptance names: the code, what it is about, and the seal of what others could exchange."""
        return ":".join(part for part in (self.code, self.subject, str(self.values.get("seal", ""))) if part)

    @property
    def application_id(self) -> str | None:
        """Return which application it is about, where an acceptance could be bound to one."""
        return str(self.values["applicationId"]) if "applicationId" in self.values else None

    @property
    def acceptable(self) -> bool:
        """Return whether it may be accepted at all, for the one application that it is about."""
        return self.code in ACCEPTABLE and self.application_id is not None

    @property
    def awaits_acceptance(self) -> bool:
        """Return whether accepting it lets the set-up go on; what was accepted is only information."""
        return self.acceptable and self.severity != "info"


class Wanted(Document):
    """What the last accepted request asked for, written in one piece with its revision, before anybody works on it."""

    revision: int
    display_name: str
    mailboxes: list[str]
    """The list that is wanted: its only home. What came of each name stands in the chunks."""
    lifetime_days: int | None = None
    enable_imap: bool = False


class Absent(Document):
    """What is wanted when a connection is taken back: nothing."""

    revision: int


class Taken(Document):
    """Something that a removal takes back: kept before it is tried."""

    step: StepName
    action: str
    subject: str
    on: AwareDatetime | None = None
    """When it was read to be gone, whoever took it back."""

    def through(self, step: StepName, now: datetime) -> Taken:
        """Return it when a step is settled: gone now, where it is of that step and was not gone before."""
        return self.model_copy(update={"on": now}) if self.step is step and self.on is None else self


class Removed(Document):
    """What is kept of a connection that was taken back."""

    on: AwareDatetime
    asked_on: AwareDatetime
    by: str | None = None
    """Who has asked for it, as the log says."""
    taken: list[Taken] = []
    mailboxes: list[str] = []
    """From which the access was taken."""
    imap: list[str] = []
    """On which we had switched IMAP on, and it stays so: other programs may use it by now."""
    application_id: str | None = None
    """Of the application, which can be restored for 30 days; None where none was deleted."""
    stays: str | None = None
    """The id of an application that was not ours, and is still there."""
    findings: list[Finding] = []
    """What was to be said."""


class Lost(Document):
    """An attempt that Durable has lost, whose place another one has taken."""

    attempt: int
    how: str
    """Durable's word for what became of it; ``absent`` where it knows of none, ``silent`` where nothing was heard."""
    on: AwareDatetime
    """When that was found."""


class Operation(Document):
    """One run of the orchestration on this connection."""

    id: str
    kind: OperationKind
    started: AwareDatetime
    attempt: int = 0
    """Which instance of the orchestration works on it; counted over all operations of the connection. No other one
    does anything. 0 is that of a version which had one instance for a connection."""
    attempted: AwareDatetime | None = None
    """When this attempt took the place of one that was lost."""
    before: ConnectionState | None = None
    """What the connection was when a verification was asked for, where that was ready: it must not spoil it."""
    lost: Lost | None = None
    """The last attempt that was lost before it had ended."""
    begun: bool = False
    """Whether the orchestration has taken it up: the steps' records are those of this operation."""
    ended: AwareDatetime | None = None
    cancelled: bool = False
    """Whether somebody has asked to end it: no further activity does anything."""
    by: str | None = None
    """Who has asked for a removal, as the log says."""
    by_hand: bool = False
    """Whether somebody says that what the app may not look at was taken back by hand."""

    @property
    def dry(self) -> bool:
        """Return whether it has a document and a run of its own, and changes no other."""
        return PROGRAMMES[self.kind].does is Does.LOOKS

    steps: dict[StepName, StepRecord] = {}
    """The records of one that works apart from the connection's own."""

    @property
    def apart(self) -> bool:
        """Return whether it leaves the connection's state and steps as they are."""
        return PROGRAMMES[self.kind].apart

    def only_looks(self, settled_in: str | None) -> bool:
        """Return whether it changes nothing of what was settled in that operation; None where nobody has settled it."""
        does = PROGRAMMES[self.kind].does
        return does is Does.LOOKS or (does is Does.CHECKS and settled_in not in {None, self.id})


class StepRecord(Document):
    """How far a step is in the present operation, and what it found."""

    state: StepState = StepState.PENDING
    started: AwareDatetime | None = None
    ended: AwareDatetime | None = None
    changes: int = 0
    """How many writes the step made in this operation."""
    waits: int = 0
    """How often it had to wait for a service."""
    waits_since: AwareDatetime | None = None
    """Since when it waits for a service that does not answer as it should."""
    not_before: AwareDatetime | None = None
    """Until when a service has asked to be left alone, an hour ahead at most: nobody asks it before."""
    findings: list[Finding] = []
    settled_in: SettledIn = None
    """The operation that has last settled it, itself: one that only looks leaves this as it is."""

    def renewed(self) -> StepRecord:
        """Return what a verification takes up: what was settled it looks at anew, with the rest it goes on."""
        settled_in = self.settled_in or (EARLIER if self.state in SETTLED else None)
        if settled_in is not None:
            return StepRecord(settled_in=settled_in)
        return self.model_copy(update={"not_before": None})  # who asks for it asks the service anew

    @property
    def proven_by_login(self) -> bool:
        """Return whether nobody has seen that the step is done, but a mailbox could not have opened without it."""
        return any(finding.code == PROVEN_BY_LOGIN for finding in self.findings)


class Ids(Document):
    """The ids that the services gave."""

    tenant_id: str | None = None
    application_id: str | None = None
    object_id: str | None = None
    enterprise_application_id: str | None = None
    identity_object_id: str | None = None
    """Our own identity's service principal: an application is ours when this is among its owners."""

    def known(self, name: Literal["tenant_id", "application_id", "object_id", "enterprise_application_id"]) -> str:
        """Return an id that an earlier step has settled.

        Raises:
            MissingIdError: it has not, or it was lost.
        """
        value: str | None = getattr(self, name)
        if not value:
            raise MissingIdError(to_camel(name))
        return value


class Rights(Document):
    """What the identity may do, as ``prerequisites`` found it."""

    graph_roles: list[str] = []
    exchange_roles: list[str] = []
    cmdlets: list[str] = []
    secrets_allowed: bool = True
    longest_secret_days: int | None = None


class Refused(Document):
    """What the vault had against a new secret: none is made, and it is not asked all the time."""

    operation: str
    on: AwareDatetime
    tries: int
    """How often in this operation."""
    finding: Finding


class Making(Document):
    """Written before an application or an enterprise application is created, so that a crash does not lose whose it is.

    What is created carries ``note`` where people may write notes. Where somebody else was faster our write changes his
    (Graph answers 204 and not 201), and then the making is forgotten at once.
    """

    id: str
    started: AwareDatetime
    step: StepName
    tries: int = 0
    """How often the write was begun: only of the first is it known that a 204 means somebody else's."""

    @property
    def note(self) -> str:
        """Return what the object carries."""
        return f"utm-mail-connect {self.id}"


class Made(Document):
    """An object that was created by us, in Graph's own words (201): it counts where Entra does not say who made it."""

    object_id: str
    on: AwareDatetime


class MailboxRecord(Document):
    """One name of the wanted list, with the mailbox that it means, or a mailbox whose access is still to be taken back.

    The application exists for this connection alone: its access to any mailbox that was ever on the list is the list's,
    whoever gave it.
    """

    requested: str
    address: str | None = None
    """The user principal name: what the UTM must use."""
    guid: str | None = None
    """Exchange's ``Guid``: what the mailbox is, whatever it is called. None as long as nobody has looked."""
    exchange_guid: str | None = None
    """Another one after the mailbox was licensed again."""
    directory_id: str | None = None
    """The object id of its user in Entra."""
    wanted: bool = True
    """Whether the name was on the list that the operation has arranged; what is wanted now says ``Wanted``."""
    state: MailboxState = MailboxState.PENDING
    access: Literal["giving", "given", "foreign"] | None = None
    """``giving`` before the write, ``given`` when it was seen; ``foreign`` as versions before called what was there."""
    given_on: AwareDatetime | None = None
    """When it was last given, or seen first: for a while a server that shows less may not know it yet."""
    leaving_since: AwareDatetime | None = None
    """Since when it is tried to take the access back."""
    imap_enabled_by_us: bool = False
    taken_on: AwareDatetime | None = None
    """When its access was read to be gone, in a removal that keeps what it has taken back."""
    resolved_in: str | None = None
    """The operation in which it was last found out which mailbox the name means, or that it means none."""
    settled_in: SettledIn = None
    """The operation in which access was last found as wanted; in another one it is still to be looked at."""
    proven_in: str | None = None
    """The operation in which it last opened."""
    proven_on: AwareDatetime | None = None
    finding: Finding | None = None

    @property
    def key(self) -> str:
        """Return what tells this mailbox from others: its guid, or a name of it as long as that is not known."""
        return self.guid or (self.address or self.requested).lower()

    @property
    def held(self) -> bool:
        """Return whether the application has access, as far as was seen or tried out: it is taken back one day."""
        return self.access is not None or self.proven_on is not None

    @property
    def known(self) -> bool:
        """Return whether anybody has seen a mailbox behind the name."""
        return self.held or self.guid is not None or self.address is not None


class Chunk(Document):
    """The document of up to ``MAILBOX_CHUNK`` mailboxes."""

    number: int
    mailboxes: list[MailboxRecord] = []

    def counts(self) -> dict[MailboxState, int]:
        """Return how many wanted mailboxes are in each state."""
        counts: dict[MailboxState, int] = {}
        for mailbox in self.mailboxes:
            if mailbox.wanted:
                counts[mailbox.state] = counts.get(mailbox.state, 0) + 1
        return counts


class ChunkSummary(Document):
    """What the connection's own document knows of a chunk, so that no list has to open all of them."""

    counts: dict[MailboxState, int] = {}
    unsettled: int = 0
    """Wanted mailboxes whose access is not there yet in this operation."""
    leaving: list[str] = []
    """Mailboxes that are no longer wanted and whose access has not been taken back."""


class Connection(Document):
    """The document of one connection."""

    name: ConnectionName
    wanted: Wanted
    operation: Operation
    state: ConnectionState = ConnectionState.RUNNING
    since: AwareDatetime
    last_change: AwareDatetime
    """When we or a person last changed something in the tenant; ``VERIFY_MINUTES`` count from here."""
    steps: dict[StepName, StepRecord] = {}
    ids: Ids = Field(default_factory=Ids)
    rights: Rights = Field(default_factory=Rights)
    secret: SecretRecord | None = None
    """The one in use; None before the token endpoint has accepted one, and where it is gone and another is offered."""
    secret_accepted: bool = False
    """Whether the token endpoint has ever accepted one of this connection: the UTM may have it."""
    rotation: Rotation | None = None
    rest: Rest | None = None
    """What became of the last rotation, where that was nothing."""
    intents: list[Intent] = []
    secrets_begun: int = 0
    """How many secrets were ever begun: who looked before another one was begun has looked too early."""
    refused: Refused | None = None
    recovered_in: str | None = None
    """The operation in which the secret was brought back after somebody had deleted it in the vault."""
    makings: list[Making] = []
    made: list[Made] = []
    chunks: Annotated[list[ChunkSummary], Field(max_length=MAX_MAILBOXES)] = []
    """Of one mailbox each they are as many as mailboxes; more are of no connection."""
    taken_back_on: AwareDatetime | None = None
    """When access was last taken back: for a while a server may show it still."""
    stuck_since: AwareDatetime | None = None
    """Since when nothing moves before a person acts, however often it has been looked at anew."""
    taken: list[Taken] = []
    """What the removal under way takes back besides mailbox access."""
    removed: Removed | None = None
    """What was taken back; nothing else of the connection is left then but its name and its numbers."""
    former: list[str] = []
    """The ids of the applications that earlier removals of this name have deleted: they may stay so."""

    @property
    def goal(self) -> Wanted | Absent:
        """Return what its operation is to bring about."""
        absent = PROGRAMMES[self.operation.kind].absent
        return Absent(revision=self.wanted.revision) if absent else self.wanted

    def secret_records(self) -> tuple[SecretRecord | None, ...]:
        """Return what is kept of each secret: the one of now, the one to come, and the one before."""
        rotation = self.rotation
        return (self.secret, *((rotation.next, rotation.old) if rotation is not None else ()))

    @model_validator(mode="before")
    @classmethod
    def _replaced(cls, value: object) -> object:
        """Read a secret of a version before that was to be entered as one that is offered, without an old one."""
        if not isinstance(value, dict):
            return value
        secret = value.get("secret")
        if not isinstance(secret, dict) or not secret.get("replaces") or secret.get("confirmedOn"):
            return value
        offered = {"id": str(secret.get("keyId")), "state": RotationState.OFFERED, "begun": value.get("since")}
        offered |= {"offeredOn": value.get("since"), "next": secret, "alone": True}
        return {**value, "secret": None, "secretAccepted": True, "rotation": offered}

    @property
    def records(self) -> dict[StepName, StepRecord]:
        """Return the records that its operation writes: the connection's own, or those of one that works apart."""
        return self.operation.steps if self.operation.apart else self.steps

    def record(self, name: StepName) -> StepRecord:
        """Return the present operation's record of a step, made on first use."""
        return self.records.setdefault(name, StepRecord())

    def progress(self) -> dict[StepName, StepState]:
        """Return how far the present operation is; a step that is none of its own is as it was left."""
        own = PROGRAMMES[self.operation.kind].steps if self.operation.apart else ()
        return self.step_states() | {step: self.record(step).state for step in own}

    def step_states(self) -> dict[StepName, StepState]:
        """Return the state of each step."""
        return {step: self.steps[step].state if step in self.steps else StepState.PENDING for step in StepName}

    @property
    def programme(self) -> tuple[StepName, ...]:
        """Return the steps that its own records are of, in their order."""
        return PROGRAMMES[OperationKind.SET_UP if self.operation.apart else self.operation.kind].steps

    def step(self, name: StepName) -> StepRecord:
        """Return the record of a step, made on first use."""
        return self.steps.setdefault(name, StepRecord())

    def settle(self, step: StepName, entry: StepRecord, now: datetime) -> None:
        """Note by which operation a step was settled, and that what it has taken back is gone."""
        if not self.operation.only_looks(entry.settled_in):
            entry.settled_in = self.operation.id
        self.taken = [one.through(step, now) for one in self.taken]

    def counts(self) -> dict[MailboxState, int]:
        """Return how many wanted mailboxes are in each state; pending ones are those not counted yet."""
        counts: dict[MailboxState, int] = {}
        for chunk in self.chunks:
            for state, number in chunk.counts.items():
                counts[state] = counts.get(state, 0) + number
        return counts

    @property
    def taken_up(self) -> bool:
        """Return whether what the steps and the chunks say is of the list that is wanted.

        Of a set-up that nobody has begun they are those of another list; a verification leaves the list as it is.
        """
        return self.operation.begun or self.operation.kind is OperationKind.VERIFY or self.operation.apart

    @property
    def verified(self) -> bool:
        """Return whether every wanted mailbox has opened since the last request."""
        return self.taken_up and self.step(StepName.VERIFICATION).state in {StepState.DONE, StepState.UNCHANGED}

    def findings(self) -> list[Finding]:
        """Return what all steps found, and that a run was lost and begun anew.

        What stops an operation that works apart is in nobody's way.
        """
        told = [_begun_anew(self.operation.lost)] if self.operation.lost is not None else []
        found = [finding for step in self.programme for finding in self.step(step).findings]
        apart = [_warning(finding) for record in self.operation.steps.values() for finding in record.findings]
        return [*told, *found, *(finding for finding in apart if finding.id not in {one.id for one in found})]


def _warning(finding: Finding) -> Finding:
    return finding.model_copy(update={"severity": "warning"}) if finding.severity == "error" else finding


def _begun_anew(lost: Lost) -> Finding:
    values: dict[str, str | int] = {"how": lost.how, "attempt": lost.attempt, "on": lost.on.strftime("%Y-%m-%d %H:%M")}
    return Finding(code="run-lost", severity="info", step=StepName.PREREQUISITES, values=values)
