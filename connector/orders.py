"""The messages between triggers, orchestrations and activities, and the names of the activities.

A message is flat JSON of names, numbers and times; everything else stands in the store. What another version has added
is ignored, and what an earlier one did not say has a default: a run under way goes on after an update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter

from connector.steps import PROGRAMMES, OperationKind, StepName, StepState

BEGIN, CONCLUDE, FAIL = "begin", "conclude", "fail"
PLAN_BEGIN, PLAN_END = "plan_begin", "plan_end"
DELIVER = "deliver_event"
DELIVERY = "deliver"
"""The orchestration that sends one event to one target."""
CHECK_BEGIN, CHECK_END = "check_begin", "check_end"
AGAIN = "again"
"""The state of a look that is to be made a second time."""
WAIT = "wait"
MORE = "more"
"""The reason of a wait that is none: the delivery's time was over, and the next one goes on at once."""
SUPERSEDED = "superseded"
UNREADABLE = "unreadable"
"""The state where a document cannot be read: nothing is done or noted before somebody has repaired it."""
POINTLESS = frozenset({StepState.FAILED.value, StepState.PENDING.value, SUPERSEDED, UNREADABLE, WAIT})
"""Outcomes after which the other parts of a step would come to the same."""
PROBES = 3
"""How many mailboxes a pass tries while none has opened."""


def activity_of(step: StepName) -> str:
    """Return the name of a step's activity."""
    return step.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Message:
    """What one part of the app tells another through Durable."""

    def to_json(self) -> dict[str, object]:
        """Return it as Durable keeps it."""
        told = dict[str, object]()
        for one in fields(self):
            value = getattr(self, one.name)
            told |= value.to_json() if isinstance(value, Message) else {one.name: _plain(value)}
        return told


M = TypeVar("M", bound=Message)
_readers: dict[type[Message], TypeAdapter[Message]] = {}


def parsed(message: type[M], value: object) -> M:
    """Read a message; an order says beside all else what its part is.

    Raises:
        ValueError: it is none.
    """
    reader = _readers.get(message) or _readers.setdefault(message, TypeAdapter(message))
    read = reader.validate_python({"part": value, **value} if isinstance(value, Mapping) else value)
    if not isinstance(read, message):
        raise TypeError(type(read).__name__)
    return read


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class RunOrder(Message):
    """What a run is started with, and what one generation hands to the next."""

    name: str
    revision: int
    attempt: int = 0
    round: int = 0


@dataclass(frozen=True, slots=True)
class PlanOrder(Message):
    """What a dry run is started with."""

    name: str
    plan: str


@dataclass(frozen=True, slots=True)
class DeliverOrder(Message):
    """What the delivery of an event to a target is started with."""

    event: str
    target: str
    run: int = 1

    @property
    def instance(self) -> str:
        """Return the id of the instance: of each run another one."""
        return f"deliver-{self.event}-{self.target}-{self.run}"


@dataclass(frozen=True, slots=True)
class CheckOrder(Message):
    """What the daily check of a connection is started with."""

    name: str
    check: str
    """Which check it is: one whose place another has taken ends."""
    delay: float = 0.0
    """Seconds to wait first, so that many do not begin at one moment."""


@dataclass(frozen=True, slots=True)
class Part(Message):
    """What one delivery of a step is for, where the step works on many mailboxes; of the others there is one."""

    chunk: int = 0
    probe: int = 0
    """So many mailboxes of any chunk; the others are tried only when one of these opens."""
    taking_back: bool = False
    """Whether all chunks are through, and what is no longer wanted is taken back."""
    sending: bool = False
    """Whether it is looked at, over all chunks, as whom the mailboxes may send."""
    last: bool = False
    """Whether nobody waits any longer: what is still delayed is said of the one that it concerns."""

    def ends(self, outcome: Outcome) -> bool:
        """Return whether the parts after this one are not worth trying."""
        none_opens = self.probe and (outcome.state == StepState.DONE or not outcome.open)
        return outcome.state in POINTLESS or bool(none_opens)


@dataclass(frozen=True, slots=True)
class Order(RunOrder):
    """What an orchestration hands to an activity, with its clock."""

    now: datetime = field(kw_only=True)
    operation: str = ""
    """For which operation; "" where only the activity finds out, and from versions that did not say it."""
    plan: str = ""
    """For which dry run; "" for none."""
    check: str = ""
    """For which daily check; "" for none. Its ``round`` is how often it was looked before."""
    part: Part = Part()

    def next(self) -> RunOrder:
        """Return what the next generation is started with."""
        return RunOrder(self.name, self.revision, self.attempt, self.round)

    def failure(self, step: StepName, code: str) -> FailOrder:
        """Return the order to note that a step has failed."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return FailOrder(**given, step=step.value, code=code)


@dataclass(frozen=True, slots=True)
class FailOrder(Order):
    """What is noted of a step that has failed."""

    step: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Message):
    """What an activity hands back: a state and, where it has to wait, why and how long. Safe to be kept for ever."""

    state: str
    reason: str | None = None
    seconds: float | None = None
    throttled: bool = False
    patient: bool = False
    """Whether it is a service that gives no answer, or asks for time: that fails no step."""
    open: int = 0
    """How many mailboxes have opened."""
    service: str | None = None
    """Which one does not answer."""


@dataclass(frozen=True, slots=True)
class Work(Message):
    """What a round has to do."""

    state: str
    revision: int | None = None
    """None where the document could not be read."""
    operation: str = ""
    steps: tuple[StepName, ...] = ()
    """Those that are not settled, in their order."""
    chunks: tuple[int, ...] = ()
    """Those in which access is not settled."""
    prove: tuple[int, ...] = ()
    """Those with mailboxes that have not opened."""
    open: int = 0
    """How many mailboxes have opened."""
    thorough: bool = False
    """Whether all are tried although none has opened: waiting alone will not help."""
    orphans: int = 0
    """How many credentials an earlier run may have left behind."""
    sends: bool = False
    """Whether the mailboxes send, or have sent, as other addresses."""

    def parts(self, step: StepName, *, first: bool = True) -> Iterator[Part]:
        """Yield the parts of a step: access is given over all chunks first, a few logins come before the others.

        Who has been waited for in the first round is only looked at afterwards: the others are to be proven.
        """
        if step is StepName.MAILBOXES:
            yield from (Part(chunk=number, last=not first) for number in self.chunks)
            yield from [Part(sending=True, last=not first)] if self.sends else []
            yield Part(taking_back=True, last=not first)
        elif step is StepName.VERIFICATION:
            if not self.open and not self.thorough:
                yield Part(probe=PROBES)
            yield from (Part(chunk=number) for number in self.prove or (0,))
        else:
            yield Part()


@dataclass(frozen=True, slots=True)
class PlanWork(Message):
    """What a dry run has to look at."""

    state: str
    chunks: int = 0
    """How many chunks of mailboxes are looked at."""
    steps: tuple[StepName, ...] = PROGRAMMES[OperationKind.PLAN].steps
    sends: bool = False
    """As ``Work`` has it."""


@dataclass(frozen=True, slots=True)
class Conclusion(Message):
    """Where a connection stands after a round; of a run that is over it is the output."""

    state: str
    revision: int | None = None
    """None where the document could not be read."""
    seconds: float | None = None
    """When to look again; None where the run is over."""


@dataclass(frozen=True, slots=True)
class Progress(Message):
    """The custom status: the safe view of what a run does now, a few hundred characters at most."""

    revision: int | None = None
    step: str | None = None
    state: str | None = None
    reason: str | None = None
    """Why it waits."""
    service: str | None = None
    """Which service does not answer, or has not so far."""
    seconds: float | None = None
    """For how long it says that it will wait."""


def progress(status: object) -> Progress:
    """Return what a custom status says; of one that is none of ours nothing."""
    try:
        return parsed(Progress, status)
    except ValueError:
        return Progress()
