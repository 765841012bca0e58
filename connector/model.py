"""What a connection is: what is wanted of it, what came of that, and what is to be kept in between.

No document holds a secret. Field names in JSON are camelCase; times are aware, in UTC, ISO 8601.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from connector import dates
from connector.caller import KeptBy
from connector.credential import CredentialRecord, Intent, Refused, Rest, Rotation, RotationState
from connector.document import Document
from connector.event import Event
from connector.finding import LAST_KEPT, Finding
from connector.mailbox import ChunkSummary, SenderRecord
from connector.microsoft import Protocol
from connector.objects import Ids, Made, Making, Rights, RoleSeen
from connector.operation import Lost, Operation, StepRecord
from connector.removed import Removed, Taken
from connector.steps import PROGRAMMES, ConnectionState, MailboxState, OperationKind, StepName, StepState
from connector.wanted import MAX_MAILBOXES, MAX_SENDERS, MAX_SENDING, Absent, ConnectionName, Wanted


class Connection(Document):
    """The document of one connection."""

    name: ConnectionName
    wanted: Wanted
    wanted_by: KeptBy = None
    """Who has asked for the last set-up, which is what is wanted; an operation since then may be another's."""
    operation: Operation
    state: ConnectionState = ConnectionState.RUNNING
    since: AwareDatetime
    last_change: AwareDatetime
    """When we or a person last changed something in the tenant; ``VERIFY_MINUTES`` count from here."""
    steps: dict[StepName, StepRecord] = Field(default_factory=dict)
    ids: Ids = Field(default_factory=Ids)
    rights: Rights = Field(default_factory=Rights)
    secret: CredentialRecord | None = None
    """The credential in use; None before one was accepted, and where it is gone and another is offered."""
    secret_accepted: bool = False
    """Whether the token endpoint has ever accepted one of this connection: the UTM may have it."""
    rotation: Rotation | None = None
    rest: Rest | None = None
    """What became of the last rotation, where that was nothing."""
    intents: list[Intent] = Field(default_factory=list)
    secrets_begun: int = 0
    """How many secrets were ever begun: who looked before another one was begun has looked too early."""
    refused: Refused | None = None
    given: list[str] = Field(default_factory=list)
    """Thumbprints (SHA-256) of all certificates that somebody has given: whatever else is there is not ours."""
    federated_on: AwareDatetime | None = None
    """When the application was last made to trust our identity, which proves it where the UTM has a certificate."""
    recovered_in: str | None = None
    """The operation in which the secret was brought back after somebody had deleted it in the vault."""
    consents: list[str] | None = None
    """The roles that were read to be there by our own writes; None where a version before has kept no record of it."""
    consented: dict[str, list[AwareDatetime]] = Field(default_factory=dict)
    """When we have begun to give a role, but where that was refused: Entra dates what is ours so."""
    withdrawn: dict[str, AwareDatetime] = Field(default_factory=dict)
    """When we have begun to withdraw a role that we had given; what somebody gives after that is not ours."""
    assigned: list[Protocol] = Field(default_factory=list)
    """For what an administrator's role in Exchange was seen that permits it; it stands in the place of a consent."""
    roles_seen: dict[Protocol, RoleSeen] = Field(default_factory=dict)
    """Since when such a role is seen as it is: nothing that permits more is taken back before it has spread."""
    makings: list[Making] = Field(default_factory=list)
    made: list[Made] = Field(default_factory=list)
    chunks: Annotated[list[ChunkSummary], Field(max_length=MAX_MAILBOXES)] = Field(default_factory=list)
    """Of one mailbox each they are as many as mailboxes; more are of no connection."""
    senders: Annotated[list[SenderRecord], Field(max_length=2 * MAX_SENDERS * MAX_SENDING)] = Field(
        default_factory=list
    )
    """As whom which mailbox may send, as far as we had to do with it."""
    taken_back_on: AwareDatetime | None = None
    """When access was last taken back: for a while a server may show it still."""
    stuck_since: AwareDatetime | None = None
    """Since when nothing moves before a person acts, however often it has been looked at anew."""
    taken: list[Taken] = Field(default_factory=list)
    """What the removal under way takes back besides mailbox access."""
    removed: Removed | None = None
    """What was taken back; nothing else of the connection is left then but its name and its numbers."""
    former: list[str] = Field(default_factory=list)
    """The ids of the applications that earlier removals of this name have deleted: they may stay so."""
    outbox: list[Event] = Field(default_factory=list)
    """What has happened and is not handed on yet: written with what it tells of, so that none is without the other."""
    told: str = ""
    """What was last told of its state, so that it is not told twice."""
    events: int = 0
    """How many there ever were: what happens again is another event."""

    @property
    def goal(self) -> Wanted | Absent:
        """Return what its operation is to bring about."""
        absent = PROGRAMMES[self.operation.kind].absent
        return Absent(revision=self.wanted.revision) if absent else self.wanted

    @property
    def sends(self) -> bool:
        """Return whether a mailbox sends as another address, or one that did is to stop."""
        return bool(self.wanted.senders or self.senders)

    @property
    def by_role(self) -> list[Protocol]:
        """Return the wanted protocols that a role in Exchange permits, as somebody wishes or an administrator has done.

        A role that is no longer seen is not replaced by itself: a consent permits more.
        """
        return [one for one in self.wanted.with_role if self.wanted.role_based_sending or one in self.assigned]

    @property
    def by_consent(self) -> list[Protocol]:
        """Return the wanted protocols that need their permission in Entra, and full access to the mailboxes."""
        return [one for one in self.wanted.protocols if one not in self.by_role]

    def secret_records(self) -> tuple[CredentialRecord | None, ...]:
        """Return what is kept of each credential: the one of now, the one to come, and the one before."""
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
        """Return the present operation's record of a step; whoever changes it puts it among ``records``."""
        return self.records.get(name, StepRecord())

    def progress(self) -> dict[StepName, StepState]:
        """Return how far the present operation is; a step that is none of its own is as it was left."""
        own = PROGRAMMES[self.operation.kind].steps if self.operation.apart else ()
        return self.step_states() | {step: self.record(step).state for step in own}

    def step_states(self) -> dict[StepName, StepState]:
        """Return the state of each step."""
        return {step: self.step(step).state for step in StepName}

    @property
    def programme(self) -> tuple[StepName, ...]:
        """Return the steps that its own records are of, in their order."""
        return PROGRAMMES[OperationKind.SET_UP if self.operation.apart else self.operation.kind].steps

    def step(self, name: StepName) -> StepRecord:
        """Return the record of a step; whoever changes it puts it among ``steps``."""
        return self.steps.get(name, StepRecord())

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
        return self.operation.begun or self.operation.verifies or self.operation.apart

    @property
    def verified(self) -> bool:
        """Return whether every wanted mailbox has opened since the last request."""
        return self.taken_up and self.step(StepName.VERIFICATION).state in {StepState.DONE, StepState.UNCHANGED}

    def findings(self) -> list[Finding]:
        """Return what all steps found, and that a run was lost and begun anew.

        What stops an operation that works apart is in nobody's way, unless it has seen that the secret in use is dead.
        """
        told = [_begun_anew(self.operation.lost)] if self.operation.lost is not None else []
        found = [finding for step in self.programme for finding in self.step(step).findings]
        apart = [_warning(finding) for record in self.operation.steps.values() for finding in record.findings]
        return [*told, *found, *(finding for finding in apart if finding.id not in {one.id for one in found})]


def _warning(finding: Finding) -> Finding:
    lowered = finding.severity == "error" and finding.code != LAST_KEPT
    return finding.model_copy(update={"severity": "warning"}) if lowered else finding


def _begun_anew(lost: Lost) -> Finding:
    values: dict[str, str | int] = {"how": lost.how, "attempt": lost.attempt, "on": dates.value(lost.on)}
    return Finding(code="run-lost", severity="info", step=StepName.PREREQUISITES, values=values)
