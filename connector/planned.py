"""A dry run's own documents: what a set-up would change. No connection is made or touched by them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, Field

from connector.document import Document
from connector.finding import Finding
from connector.mailbox import Chunk
from connector.model import Connection
from connector.objects import Rights
from connector.plans.plan import Action, Change
from connector.plans.prerequisites import may
from connector.steps import SETTLED, StepName
from connector.wanted import MAX_MAILBOXES

K = TypeVar("K", bound=Document)
LIFE = timedelta(days=7)
"""What would change is not true for longer, and the documents hold addresses."""


class PlannedChange(Document):
    """One write that a set-up would make."""

    step: StepName
    action: Action
    subject: str
    reason: str
    by_hand: bool = False
    """Whether the app lacks the right, so that a person has to do it."""


class Planned(Document):
    """A dry run: the connection as it would be, and what the steps before the mailboxes would change."""

    id: str
    connection: Connection
    started: AwareDatetime
    ended: AwareDatetime | None = None
    changes: list[PlannedChange] = Field(default=[])
    findings: list[Finding] = Field(default=[])
    chunks: Annotated[int, Field(ge=0, le=MAX_MAILBOXES)] = 0
    basis: str = ""
    """Of a look: the operation after which it is made; when another one begins it gives way."""

    @property
    def complete(self) -> bool:
        """Return whether every step was looked at, so that there are no more changes than these."""
        steps = self.connection.steps
        seen = all(step in steps and steps[step].state in SETTLED for step in self.connection.programme)
        return self.ended is not None and seen


class PlannedChunk(Document):
    """What a dry run found for one chunk of mailboxes."""

    chunk: Chunk
    changes: list[PlannedChange] = Field(default=[])
    findings: list[Finding] = Field(default=[])


def listed(step: StepName, changes: Iterable[Change], rights: Rights) -> list[PlannedChange]:
    """Return changes as a plan shows them, with who makes them."""
    return [
        PlannedChange(
            step=step,
            action=change.action,
            subject=change.subject,
            reason=change.reason,
            by_hand=not may(change.action, rights),
        )
        for change in changes
    ]


def union(*lists: list[K]) -> list[K]:
    """Return the lists as one in which nothing stands twice: of a delivery that comes again, or of two names."""
    return [*{one.model_dump_json(): one for many in lists for one in many}.values()]
