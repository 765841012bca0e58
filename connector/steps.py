"""The eight steps of the set-up in the order of the article, and the states that things can be in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StepName(StrEnum):
    """The steps, in the order in which they run."""

    PREREQUISITES = "prerequisites"
    APPLICATION = "application"
    ENTERPRISE_APPLICATION = "enterprise-application"
    CONSENT = "consent"
    SECRET = "secret"  # noqa: S105 - the name of a step
    EXCHANGE = "exchange"
    MAILBOXES = "mailboxes"
    VERIFICATION = "verification"


class StepState(StrEnum):
    """How far a step is."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    UNCHANGED = "unchanged"
    ACTION_REQUIRED = "action-required"
    FAILED = "failed"


SETTLED = frozenset({StepState.DONE, StepState.UNCHANGED})
"""The states after which a step is not run again in the same operation."""


class ConnectionState(StrEnum):
    """How a connection is, as a person sees it."""

    RUNNING = "running"
    WAITING = "waiting"
    ACTION_REQUIRED = "action-required"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    REMOVED = "removed"
    """All that it had made is taken back; what is left is the record of that."""
    UNREADABLE = "unreadable"
    """One of its documents cannot be read: nobody knows how it is before that is repaired."""


class MailboxState(StrEnum):
    """How far one mailbox is."""

    PENDING = "pending"
    WAITING = "waiting"
    OPEN = "open"
    ACTION_REQUIRED = "action-required"
    REMOVED = "removed"
    """Shown of one whose access a removal has taken back; none is kept in this state."""


class OperationKind(StrEnum):
    """What a run of the orchestration is for."""

    SET_UP = "set-up"
    VERIFY = "verify"
    PLAN = "plan"
    REMOVE = "remove"
    PLAN_REMOVAL = "plan-removal"
    ROTATE = "rotate"
    """Makes the next secret beside the present one, and proves it."""
    ABANDON = "abandon"
    """Takes the next secret away."""
    RETIRE = "retire"
    """Takes the old secret away."""
    CHECK = "check"
    """The daily check: nobody asked for it, and no connection is ever in it."""


class Does(StrEnum):
    """What a programme does to the tenant."""

    APPLIES = "applies"
    """Makes the changes that its steps plan."""
    VERIFIES = "verifies"
    """Only looks at what an earlier operation has settled, and goes on with the rest."""
    LOOKS = "looks"
    """Makes none, and writes only a document of its own."""


@dataclass(frozen=True, slots=True)
class Programme:
    """What a kind of operation is made of: its steps in their order, and what it does."""

    steps: tuple[StepName, ...]
    does: Does
    needs: Mapping[StepName, tuple[StepName, ...]]
    """What has to be settled before each step."""
    absent: bool = False
    """Whether nothing of the connection is wanted any more: its steps take back what it has made."""
    apart: bool = False
    """Whether it keeps records of its own: the connection's state and steps stay as they are, however it ends."""


# A right that is missing never stops what can be done without it: consent may be given by hand while the secret is
# made, and Exchange's part by hand while the mailboxes are already being tried. No secret proves anything before there
# is an enterprise application: the token endpoint does not know the application then (AADSTS700016).
_NEEDS: dict[StepName, tuple[StepName, ...]] = {
    StepName.PREREQUISITES: (),
    StepName.APPLICATION: (StepName.PREREQUISITES,),
    StepName.ENTERPRISE_APPLICATION: (StepName.APPLICATION,),
    StepName.CONSENT: (StepName.ENTERPRISE_APPLICATION,),
    StepName.SECRET: (StepName.APPLICATION, StepName.ENTERPRISE_APPLICATION),
    StepName.EXCHANGE: (StepName.ENTERPRISE_APPLICATION,),
    StepName.MAILBOXES: (StepName.ENTERPRISE_APPLICATION,),
    StepName.VERIFICATION: (StepName.SECRET,),
}
# Access ends with the credentials. Exchange takes it from the mailboxes only while it has the application's record, and
# may not know that any more when Entra's is gone: so the application is the last.
_BACK = (
    StepName.PREREQUISITES,
    StepName.SECRET,
    StepName.MAILBOXES,
    StepName.EXCHANGE,
    StepName.CONSENT,
    StepName.APPLICATION,
)
_NEEDS_BACK: dict[StepName, tuple[StepName, ...]] = {
    **dict.fromkeys(_BACK, (StepName.PREREQUISITES,)),
    StepName.PREREQUISITES: (),
    StepName.EXCHANGE: (StepName.MAILBOXES,),
    StepName.APPLICATION: (StepName.MAILBOXES, StepName.EXCHANGE),
}
_NEEDS_NOTHING: dict[StepName, tuple[StepName, ...]] = dict.fromkeys(_BACK, ())
"""A plan shows what would be taken back, whoever has to do it."""

# A login needs nobody else's answer: it is tried also where the directory cannot be read.
_NEEDS_TO_LOOK = {**_NEEDS, StepName.APPLICATION: (), StepName.VERIFICATION: ()}

_UP_TO_THE_SECRET = (StepName.PREREQUISITES, StepName.APPLICATION, StepName.SECRET)
PROGRAMMES: dict[OperationKind, Programme] = {
    OperationKind.SET_UP: Programme((*StepName,), Does.APPLIES, _NEEDS),
    OperationKind.VERIFY: Programme((*StepName,), Does.VERIFIES, _NEEDS),
    OperationKind.PLAN: Programme((*StepName,)[:-1], Does.LOOKS, _NEEDS),
    OperationKind.ROTATE: Programme((*_UP_TO_THE_SECRET, StepName.VERIFICATION), Does.APPLIES, _NEEDS, apart=True),
    OperationKind.ABANDON: Programme(_UP_TO_THE_SECRET, Does.APPLIES, _NEEDS, apart=True),
    OperationKind.RETIRE: Programme(_UP_TO_THE_SECRET, Does.APPLIES, _NEEDS, apart=True),
    OperationKind.CHECK: Programme((*StepName,), Does.LOOKS, _NEEDS_TO_LOOK),
    OperationKind.REMOVE: Programme(_BACK, Does.APPLIES, _NEEDS_BACK, absent=True),
    OperationKind.PLAN_REMOVAL: Programme(_BACK, Does.LOOKS, _NEEDS_NOTHING, absent=True),
}


def unsettled(states: dict[StepName, StepState], kind: OperationKind) -> list[StepName]:
    """Return the steps that this round has to run, in their order."""
    return [step for step in PROGRAMMES[kind].steps if states.get(step, StepState.PENDING) not in SETTLED]


def may_run(step: StepName, states: dict[StepName, StepState], kind: OperationKind = OperationKind.SET_UP) -> bool:
    """Return whether everything that ``step`` needs has been settled; a step of another programme never may."""
    needs = PROGRAMMES[kind].needs.get(step)
    return needs is not None and all(states.get(needed, StepState.PENDING) in SETTLED for needed in needs)
