"""The messages between triggers, orchestrations and activities, and the names of the activities.

A message is flat JSON of names, numbers and times; everything else stands in the store. What another version has added
is ignored, and what an earlier one did not say has a default: a run under way goes on after an update.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from connector.steps import StepName, StepState

M = TypeVar("M")
BEGIN, CONCLUDE, FAIL = "begin", "conclude", "fail"
PLAN_BEGIN, PLAN_END = "plan_begin", "plan_end"
POINTLESS = frozenset({"failed", "pending", "superseded", "unreadable", "wait"})
"""Outcomes after which the other parts of a step would come to the same."""
PROBES = 3
"""How many mailboxes a pass tries while none has opened."""


def activity_of(step: StepName) -> str:
    """Return the name of a step's activity."""
    return step.replace("-", "_")


def parsed(message: type[M], value: Any) -> M:
    """Read a message."""
    known = {one.name: value[one.name] for one in fields(message) if one.name in value}  # type: ignore[arg-type] # M is a dataclass
    if "now" in known:
        known["now"] = datetime.fromisoformat(known["now"])
    return message(**known)


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What a run is started with, and what one generation hands to the next."""

    name: str
    revision: int
    attempt: int = 0
    round: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as Durable keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """What a dry run is started with."""

    name: str
    plan: str

    def to_json(self) -> dict[str, Any]:
        """Return it as Durable keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Order:
    """What an orchestration hands to an activity, with its clock; which part of a step is a ``Part``'s."""

    name: str
    revision: int
    now: datetime
    operation: str = ""
    """For which operation; "" where only the activity finds out, and from versions that did not say it."""
    attempt: int = 0
    round: int = 0
    plan: str = ""
    """For which dry run; "" for none."""
    chunk: int = 0
    probe: int = 0
    taking_back: bool = False
    last: bool = False
    """Whether nobody waits any longer: what is still delayed is said of the one that it concerns."""


@dataclass(frozen=True, slots=True)
class FailOrder(Order):
    """What is noted of a step that has failed."""

    step: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one delivery of a step is for, where the step works on many mailboxes; of the others there is one."""

    chunk: int | None = None
    probe: int | None = None
    """A few mailboxes of any chunk; the others are tried only when one of these opens."""
    taking_back: bool | None = None
    """Whether all chunks are through, and what is no longer wanted is taken back."""

    def to_json(self) -> dict[str, Any]:
        """Return what an order says of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def ends(self, outcome: dict[str, Any]) -> bool:
        """Return whether the parts after this one are not worth trying."""
        none_opens = self.probe is not None and (outcome["state"] == StepState.DONE or not outcome.get("open"))
        return outcome["state"] in POINTLESS or none_opens


@dataclass(frozen=True, slots=True)
class Work:
    """What a round has to do."""

    state: str
    revision: int
    operation: str = ""
    steps: tuple[str, ...] = ()
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

    def to_json(self) -> dict[str, Any]:
        """Return it as Durable keeps it."""
        return asdict(self)

    def parts(self, step: StepName) -> Iterator[Part]:
        """Yield the parts of a step: access is given over all chunks first, a few logins come before the others."""
        if step is StepName.MAILBOXES:
            yield from (Part(chunk=number) for number in self.chunks)
            yield Part(taking_back=True)
        elif step is StepName.VERIFICATION:
            if not self.open and not self.thorough:
                yield Part(probe=PROBES)
            yield from (Part(chunk=number) for number in self.prove or (0,))
        else:
            yield Part()
