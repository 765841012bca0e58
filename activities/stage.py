"""What a step is: observe, plan, apply, observe again. Without ``apply`` it is a look; errors become outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from activities.run import ENDING, WAIT, Ending, Order, Outcome, Run, not_now, record, translate
from connector.log import log
from connector.model import Connection, Finding, Wanted
from connector.plans.plan import Action, Change, Plan
from connector.steps import StepName, StepState

T = TypeVar("T")
_HARMLESS = frozenset({Action.UPDATE_APPLICATION})
"""What a set-up would put in order, and without which every mailbox still opens, to nobody else."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a delivery came to."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    changes: int = 0
    """How many writes it has made."""


class Stage(Generic[T]):
    """One step. Where it works on many things an order names a part of them, and ``look`` sees that batch by batch."""

    at_once: ClassVar[int] = 1
    """How many changes go into one request."""

    def __init__(self, step: StepName, plan: Callable[[T, Wanted], Plan]) -> None:
        self.step = step
        self.plan = plan
        """What is to be done, from what was observed and what is wanted: pure."""

    async def look(self, run: Run) -> AsyncIterator[T]:
        """Yield what there is to be seen, as much of it at a time as is planned and changed together."""
        yield await self.observe(run)

    async def observe(self, run: Run) -> T:
        """Read the world into a small value."""
        raise NotImplementedError

    async def apply(self, run: Run, observed: T, changes: Sequence[Change]) -> None:
        """Make some changes."""
        raise NotImplementedError

    async def confirm(self, run: Run, observed: T) -> T:  # noqa: ARG002 - for those that read back less than all
        """Read back what was changed."""
        return await self.observe(run)

    def record(self, observed: T, connection: Connection) -> None:
        """Note in the document what was observed; the default is nothing, since it is looked up each time."""

    def looks(self, run: Run, observed: T) -> bool:  # noqa: ARG002 - for those of which only a part is looked at
        """Return whether nothing is to be changed."""
        return run.looks(self.step)

    async def told(self, run: Run, observed: T, plan: Plan, changes: int) -> Result:
        """Return what one look came to, after so many changes."""
        if plan.blocked:
            return Result(Outcome(StepState.ACTION_REQUIRED), plan.findings, changes)
        if plan.changes and (self.looks(run, observed) or _had_its_time(run, self.step)):
            return _lacking(self.step, plan, changes)
        if plan.changes:
            return Result(Outcome(WAIT, "replication"), changes=changes)
        if plan.wait is not None:
            return Result(Outcome(WAIT, plan.wait), plan.findings, changes)
        done = changes or run.connection.step(self.step).changes
        return Result(Outcome(StepState.DONE if done else StepState.UNCHANGED), plan.findings, changes)

    async def failed(self, run: Run, error: Ending, change: Change | None) -> Result:  # noqa: ARG002 - as above
        """Return what an error means that has ended the delivery, while ``change`` was tried."""
        return Result(*translate(self.step, error, change))


async def deliver(stage: Stage[T], order: Order) -> Outcome:
    """Run one step as far as it goes now, store what came of it, and return the outcome."""
    run = await Run.open(order)
    if (instead := not_now(run, stage.step)) is not None:
        return instead
    delivery = Delivery(stage, run)
    result = await delivery.settle()
    return await record(run, stage.step, result.outcome, result.findings, result.changes, delivery.recorders)


class Delivery(Generic[T]):
    """One delivery of one step."""

    def __init__(self, stage: Stage[T], run: Run) -> None:
        self._stage = stage
        self._run = run
        self._changes = 0
        self._tried: Change | None = None
        self.recorders: list[Callable[[Connection], None]] = []
        """What is noted in the document, in this order."""

    async def settle(self) -> Result:
        """Look, plan and apply, batch by batch; return what the last one came to, or the error that came between."""
        result = Result(Outcome(StepState.UNCHANGED))
        try:
            async for observed in self._stage.look(self._run):
                result = await self._settle(observed)
        except ENDING as error:
            failed = await self._stage.failed(self._run, error, self._tried)
            return replace(failed, changes=failed.changes + self._changes)
        return result

    async def _settle(self, observed: T) -> Result:
        stage, run = self._stage, self._run
        plan = self._plan(observed)
        if plan.changes and not plan.blocked and not stage.looks(run, observed):
            for start in range(0, len(plan.changes), stage.at_once):
                await self._apply(observed, plan.changes[start : start + stage.at_once])
            observed = await stage.confirm(run, observed)
            plan = self._plan(observed)
        return await stage.told(run, observed, plan, self._changes)

    def _plan(self, observed: T) -> Plan:
        self.recorders.append(lambda connection: self._stage.record(observed, connection))
        return self._stage.plan(observed, self._run.connection.wanted)

    async def _apply(self, observed: T, changes: Sequence[Change]) -> None:
        self._tried = changes[0]
        await self._stage.apply(self._run, observed, changes)
        self._tried = None
        self._changes += len(changes)
        for change in changes:
            step, name = self._stage.step, self._run.order.name
            log("change", connection=name, step=step, action=change.action, reason=change.reason)


def _lacking(step: StepName, plan: Plan, changes: int) -> Result:
    """Return what is told of changes that are not made, or show nothing: each is a finding, with its remedy."""
    findings = (*plan.findings, *missing(step, plan.changes))
    errors = any(finding.severity == "error" for finding in findings)
    return Result(Outcome(StepState.ACTION_REQUIRED if errors else StepState.UNCHANGED), findings, changes)


def _had_its_time(run: Run, step: StepName) -> bool:
    """Return whether a write that shows nothing is for a person: its half hour is over, in this round or before."""
    entry = run.connection.step(step)
    return run.order.last or (entry.state is StepState.ACTION_REQUIRED and entry.changes > 0)


def missing(step: StepName, changes: Sequence[Change]) -> tuple[Finding, ...]:
    """Return changes as findings, for a step that only looks."""
    return tuple(
        Finding(
            code=change.reason,
            severity="warning" if change.action in _HARMLESS else "error",
            step=step,
            subject=change.subject,
        )
        for change in changes
    )
