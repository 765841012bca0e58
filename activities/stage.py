"""What a step is: observe, plan, apply, observe again. Without ``apply`` it is a look; errors become outcomes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import ClassVar, Generic, TypeVar

from activities.check import missing, note_look
from activities.planning import PLANNED, note
from activities.results import ENDING, Ending, Result, not_now, record, translate
from activities.run import Run
from connector.background import background
from connector.errors import ForbiddenError
from connector.finding import Finding
from connector.log import log
from connector.microsoft import SPREAD
from connector.model import Connection
from connector.orders import WAIT, Order, Outcome
from connector.plans.plan import Change, Goal, Plan
from connector.steps import StepName, StepState

T = TypeVar("T")
DONE_BY_HAND = "taken-back-by-hand"


class Stage(Generic[T]):
    """One delivery of one step. Where that works on many things an order names a part of them, seen batch by batch.

    A dry run, and a verification of what was settled, do all of it but ``apply``.
    """

    step: ClassVar[StepName]

    def __init__(self, run: Run) -> None:
        self.run = run
        self.changes = 0
        """How many writes it has made."""
        self.notes: list[Callable[[Connection], None]] = []
        """What is noted in the document in the end, in this order, however it ends."""
        self.tried: Change | None = None
        """What it tries to make at this moment."""

    @staticmethod
    def plan(observed: T, wanted: Goal, /) -> Plan:
        """Return what is to be done, from what was observed and what is wanted: pure."""
        raise NotImplementedError

    @classmethod
    async def deliver(cls, order: Order) -> Outcome:
        """Run the step as far as it goes now, store what came of it, and return the outcome."""
        run = await Run.open(order)
        if (instead := not_now(run, cls.step)) is not None:
            return instead
        with background(really=run.looks_daily):
            result = await cls(run).settled()
        if run.draft is not None:
            noted = note_look if run.looks_daily else note
            return await noted(run, run.draft, cls.step, result)
        return await record(run, cls.step, result)

    async def settled(self) -> Result:
        """Look, plan and apply, batch by batch; return what it came to, or the error that came between."""
        result = Result(Outcome(StepState.UNCHANGED))
        try:
            async with aclosing(self.batches()) as batches:
                async for observed in batches:
                    result = await self._settle(observed)
            result = self.ended(result)
        except ENDING as error:
            result = await self.failed(error)
        return replace(result, changes=self.changes, notes=tuple(self.notes))

    async def _settle(self, observed: T) -> Result:
        wanted = self.run.connection.goal
        self.notes.append(partial(self.record, observed))
        plan = self.plan(observed, wanted)
        if plan.changes and not plan.blocked and not self.looks(observed):
            await self.apply(observed, plan.changes)
            observed = await self.confirm(observed)
            self.notes.append(partial(self.record, observed))
            plan = self.plan(observed, wanted)
        return await self.told(observed, plan)

    async def batches(self) -> AsyncGenerator[T, None]:
        """Yield what there is to be seen, as much of it at a time as is planned and changed together."""
        yield await self.observe()

    async def observe(self) -> T:
        """Read the world into a small value."""
        raise NotImplementedError

    async def apply(self, observed: T, changes: Sequence[Change]) -> None:
        """Make the changes, in their order; what is taken back is kept before."""
        await self.run.keep(self.step, changes)
        for change in changes:
            self.tried = change
            await self.make(observed, change)
            self.changes += 1
            log("change", connection=self.run.order.name, step=self.step, action=change.action, reason=change.reason)
        self.tried = None

    async def make(self, observed: T, change: Change) -> None:
        """Make one change."""
        raise NotImplementedError

    async def confirm(self, observed: T) -> T:  # noqa: ARG002 - for those that read back less than all
        """Read back what was changed."""
        return await self.observe()

    @staticmethod
    def record(observed: T, connection: Connection) -> None:
        """Note in the document what was observed; here nothing, where it is looked up each time."""

    @property
    def too_early(self) -> bool:
        """Return whether what is not shown may be there: for a while a server shows less than a run has just made.

        That run's place this operation has taken. What this one has itself seen and taken back is believed to be gone.
        """
        run, entry = self.run, self.run.connection.step(self.step)
        taken = self.changes > 0 or entry.changes > 0
        return not (run.dry or taken) and run.now - run.connection.operation.started < SPREAD

    def looks(self, observed: T) -> bool:  # noqa: ARG002 - for those of which only a part is looked at
        """Return whether nothing is to be changed."""
        return self.run.looks(self.step)

    async def told(self, observed: T, plan: Plan) -> Result:
        """Return what one look came to, with what is still to be changed afterwards."""
        if plan.blocked:
            return Result(Outcome(StepState.ACTION_REQUIRED), plan.findings)
        if self.run.dry:
            state = PLANNED if plan.wait is None else WAIT
            return Result(Outcome(state, plan.wait), plan.findings, plan.changes)
        if plan.changes and (self.looks(observed) or _had_its_time(self.run, self.step)):
            return _lacking(self.step, plan)
        if plan.changes:
            return Result(Outcome(WAIT, "replication"))
        if plan.wait is not None:
            return Result(Outcome(WAIT, plan.wait), plan.findings)
        done = self.changes or self.run.connection.record(self.step).changes
        return Result(Outcome(StepState.DONE if done else StepState.UNCHANGED), plan.findings)

    def ended(self, told: Result) -> Result:
        """Return what all of it came to: here what was told last."""
        return told

    async def failed(self, error: Ending) -> Result:
        """Return what an error means that has ended the delivery.

        What may not be looked at in Exchange counts as taken back where somebody says that he has done it.
        """
        if self.run.takes_back and self.run.connection.operation.by_hand and is_by_hand(error):
            return Result(Outcome(StepState.UNCHANGED), (done_by_hand(self.step),))
        if self.run.takes_back and self.tried is None and is_by_hand(error):
            return Result(Outcome(StepState.ACTION_REQUIRED), (self.left_to_person(),))
        return translate(self.step, error, self.tried)

    def left_to_person(self) -> Finding:
        """Return what a person has to take back where nobody may look."""
        subject = self.run.connection.ids.enterprise_application_id or ""
        return Finding(code="principal-left", step=self.step, subject=subject)


def _lacking(step: StepName, plan: Plan) -> Result:
    """Return what is told of changes that are not made, or show nothing: each is a finding, with its remedy."""
    findings = (*plan.findings, *missing(step, plan.changes))
    errors = any(finding.severity == "error" for finding in findings)
    return Result(Outcome(StepState.ACTION_REQUIRED if errors else StepState.UNCHANGED), findings)


def done_by_hand(step: StepName) -> Finding:
    """Return that somebody says that he has taken back what nobody may look at."""
    return Finding(code=DONE_BY_HAND, severity="info", step=step)


def is_by_hand(error: Ending) -> bool:
    """Return whether it says that Exchange's part is a person's: nobody will see what has come of it."""
    return isinstance(error, ForbiddenError) and error.service == "exchange"


def _had_its_time(run: Run, step: StepName) -> bool:
    """Return whether a write that shows nothing is for a person: its half hour is over, in this round or before."""
    entry = run.connection.record(step)
    return run.order.part.last or (entry.state is StepState.ACTION_REQUIRED and entry.changes > 0)
