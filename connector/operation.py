"""One run on a connection, and how far each of its steps is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, AwareDatetime, BeforeValidator, Field

from connector.caller import KeptBy
from connector.document import Document
from connector.finding import PROVEN_BY_LOGIN, Finding
from connector.steps import PROGRAMMES, SETTLED, ConnectionState, Does, OperationKind, StepName, StepState

EARLIER = "earlier"
"""Stands for the operation in which something was settled, where a version before has not kept which one it was."""
SettledIn = Annotated[
    str | None,
    BeforeValidator(lambda value: (EARLIER if value else None) if isinstance(value, bool) else value),
    # Versions before kept ``check`` instead: that a verification only looks at it, since an earlier one had settled it.
    Field(validation_alias=AliasChoices("settledIn", "settled_in", "check"), serialization_alias="settledIn"),
]


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
    by: KeptBy = None
    """Who has asked for it."""
    by_hand: bool = False
    """Whether somebody says that what the app may not look at was taken back by hand."""
    steps: dict[StepName, StepRecord] = Field(default_factory=dict)
    """The records of one that works apart from the connection's own."""

    @property
    def dry(self) -> bool:
        """Return whether it has a document and a run of its own, and changes no other."""
        return PROGRAMMES[self.kind].does is Does.LOOKS

    @property
    def verifies(self) -> bool:
        """Return whether it only looks at what an earlier one has settled, and goes on with the rest."""
        return PROGRAMMES[self.kind].does is Does.VERIFIES

    @property
    def apart(self) -> bool:
        """Return whether it leaves the connection's state and steps as they are."""
        return PROGRAMMES[self.kind].apart

    def only_looks(self, settled_in: str | None) -> bool:
        """Return whether it changes nothing of what was settled in that operation; None where nobody has settled it."""
        return self.dry or (self.verifies and settled_in not in {None, self.id})


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
    findings: list[Finding] = Field(default_factory=list)
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
